import type { Node, ParsedStatement } from '../../sql/parser.js'
import type { CatalogModel, Relation } from '../model.js'
import { claimAlter } from './alter-table.js'
import { Claims, type LockClaim } from './claim.js'
import { claimCreateFunction, claimCreatePolicy, claimCreateRule, claimCreateTrigger } from './code.js'
import { claimComment, claimGrant, claimLock, claimPublication, claimStatistics } from './commands.js'
import { claimCreateTable } from './create-table.js'
import { claimDrop } from './drop-statement.js'
import { claimCluster, claimCreateIndex, claimReindex, claimVacuum } from './indexes.js'
import { claimQuery } from './queries.js'
import { claimPutOffChecks, claimReached } from './reached.js'
import { claimOwner, claimRename, claimSetSchema } from './renames.js'
import { claimSequenceOptions } from './sequences.js'
import { claimTruncate } from './truncate.js'
import { claimAlterDomain } from './types.js'
import { claimCreateTableAs, claimCreateView, claimRefresh } from './views.js'

/**
 * What a statement locks, and what it does meanwhile, on relations that are there before it. Locks are kept until the
 * transaction ends; those that the server gives back with the statement are left out, except where a statement may not
 * run in a transaction at all.
 *
 * Of code that runs (DO, CALL, functions, triggers) only the tables are in it whose rows it may write.
 *
 * @param catalog as it is before the statement
 * @param written relations whose rows earlier statements of its transaction may have written
 */
export function lockClaimsOf(
  { kind, node, sql = '' }: Pick<ParsedStatement, 'kind' | 'node'> & { readonly sql?: string },
  catalog: CatalogModel,
  written?: ReadonlySet<Relation>,
): LockClaim[] {
  const claims = new Claims(catalog, written)
  const query = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'].includes(kind)
  if (query) claimQuery(claims, kind, node)
  else claimants[kind]?.(claims, node)
  claimReached(claims, kind, sql)
  return claims.list()
}

/** By kind of statement. What is not here locks no relation, or none that is there before it. */
const claimants: Readonly<Record<string, (claims: Claims, node: Node) => void>> = {
  AlterTableStmt: claimAlter,
  RenameStmt: claimRename,
  AlterObjectSchemaStmt: claimSetSchema,
  AlterOwnerStmt: claimOwner,
  CreateStmt: claimCreateTable,
  CreateTableAsStmt: claimCreateTableAs,
  ViewStmt: claimCreateView,
  RefreshMatViewStmt: claimRefresh,
  IndexStmt: claimCreateIndex,
  ReindexStmt: claimReindex,
  ClusterStmt: claimCluster,
  VacuumStmt: claimVacuum,
  DropStmt: claimDrop,
  TruncateStmt: claimTruncate,
  LockStmt: claimLock,
  CreateTrigStmt: claimCreateTrigger,
  CreatePolicyStmt: claimCreatePolicy,
  AlterPolicyStmt: claimCreatePolicy,
  RuleStmt: claimCreateRule,
  CreateFunctionStmt: claimCreateFunction,
  CreateStatsStmt: claimStatistics,
  CreatePublicationStmt: claimPublication,
  AlterPublicationStmt: claimPublication,
  CommentStmt: claimComment,
  GrantStmt: claimGrant,
  AlterSeqStmt: claimSequenceOptions,
  CreateSeqStmt: claimSequenceOptions,
  AlterDomainStmt: claimAlterDomain,
  ConstraintsSetStmt: claimPutOffChecks,
}
