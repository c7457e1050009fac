import type { Reader } from '../../domain/reader.js'
import { relationOf, relationOfParts } from '../../sql/names.js'
import type { Node, ParsedStatement } from '../../sql/parser.js'
import type { CatalogModel } from '../model.js'
import { requireAlterTable } from './alter-table.js'
import { requireCommented } from './comments.js'
import { requireCreateIndex } from './create-index.js'
import { requireCreateTable, requireCreateTableAs, requireCreateView } from './create-table.js'
import {
  requireAlterPublication,
  requireAlterSequence,
  requireAlterSystem,
  requireCreateEventTrigger,
  requireCreateExtension,
  requireCreatePublication,
  requireCreateRole,
  requireCreateSchema,
  requireCreateSequence,
  requireExtension,
} from './databases.js'
import { requireDrop, requireDropRole } from './drops.js'
import { requireNoVeto } from './event-triggers.js'
import type { OutputColumn } from './expressions.js'
import { requireAlterOwner, requireDefaultPrivileges, requireGrant, requireGrantRole } from './grants.js'
import {
  requireCluster,
  requireCopied,
  requireRefresh,
  requireReindex,
  requireTruncate,
  requireVacuumed,
} from './maintenance.js'
import { requireNamedRoutine } from './named-routine.js'
import { requireNeeds } from './privileges.js'
import { requireRename, requireSetSchema } from './renames.js'
import { requireCreateFunction } from './routines.js'
import { serverFactsOf } from './server-facts.js'
import { requireRelation, type Situation, visibleOnly } from './situation.js'
import { readStatement, statementScope } from './statements.js'
import { Refusal, type StaticFailure } from './static-failure.js'
import { requireNoTransaction, requireTimelySetting, requireWritable } from './transactions.js'
import { requireCreateTrigger, requirePolicy } from './triggers.js'
import {
  requireAlterEnum,
  requireCreateComposite,
  requireCreateDomain,
  requireCreateType,
} from './type-statements.js'

/** What is known beside the catalog. */
export interface FactsContext {
  /** Asks today's server. */
  readonly reader: Reader
  /** The file runs in one transaction, or an explicit BEGIN is open. */
  readonly inTransaction: boolean
  /** Every pending statement before this one: they may have made roles, casts and other things that the model leaves out. */
  readonly earlier: readonly ParsedStatement[]
  /** Of these, the ones of the transaction that it runs in, its BEGIN among them. */
  readonly inSameTransaction?: readonly ParsedStatement[]
  /** It stands in a block of PL/pgSQL, where a name that is no column may be a variable. */
  readonly inBlock?: boolean
}

/**
 * Whether the statement fails whatever rows there are: the first error that the server would raise, going by the
 * catalog before the statement. Says nothing where it is not sure how the server would read a name.
 */
export async function staticFailureOf(
  statement: ParsedStatement,
  catalog: CatalogModel,
  { reader, inTransaction, earlier, inSameTransaction = [], inBlock = false }: FactsContext,
): Promise<StaticFailure | undefined> {
  const ofTransaction = await transactionFailureOf(statement, catalog, {
    reader,
    inTransaction,
    inSameTransaction,
  })
  if (ofTransaction) return ofTransaction
  const situation = await situationOf(catalog, reader, earlier, inBlock)
  return failureIn(async () => {
    await requireStatement(situation, reader, statement)
    requireNoVeto(situation, statement)
  }, catalog.opaque === undefined)
}

/** Whether it fails for the transaction that it runs in, e.g. one that the file makes READ ONLY. */
export async function transactionFailureOf(
  statement: ParsedStatement,
  catalog: CatalogModel,
  { reader, inTransaction, inSameTransaction = [] }: Omit<FactsContext, 'earlier'>,
): Promise<StaticFailure | undefined> {
  if (!inTransaction) return undefined
  const { defaultIsolation } = await serverFactsOf(reader)
  return failureIn(() => {
    requireNoTransaction(statement)
    requireTimelySetting(statement, inSameTransaction, defaultIsolation)
    requireWritable(statement, inSameTransaction, catalog)
  }, true)
}

async function failureIn(
  require: () => void | Promise<void>,
  isKnown: boolean,
): Promise<StaticFailure | undefined> {
  try {
    await require()
    return undefined
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { sqlstate, code, message, object, isWeak } = error
    return {
      sqlstate,
      code,
      message,
      ...(object === undefined ? {} : { object }),
      isCertain: !isWeak && isKnown,
    }
  }
}

/**
 * The columns of a query, named and typed as the server would by the catalog before it. Where today's server lacks what
 * the query names, it cannot be asked.
 * @param query a tree with `SelectStmt`
 * @returns undefined when they cannot be told
 */
export async function columnsOfQuery(
  query: Node,
  catalog: CatalogModel,
  { reader, earlier }: Pick<FactsContext, 'reader' | 'earlier'>,
): Promise<readonly OutputColumn[] | undefined> {
  try {
    return readStatement(statementScope(await situationOf(catalog, reader, earlier, false)), query)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return undefined
  }
}

async function situationOf(
  catalog: CatalogModel,
  reader: Reader,
  earlier: readonly ParsedStatement[],
  seesVariables: boolean,
): Promise<Situation> {
  const typesByOid = new Map(
    catalog.types.flatMap((type) => (type.oid === undefined ? [] : [[type.oid, type] as const])),
  )
  return visibleOnly({ catalog, server: await serverFactsOf(reader), typesByOid, earlier, seesVariables })
}

/** @throws Refusal */
async function requireStatement(
  situation: Situation,
  reader: Reader,
  { kind, node }: ParsedStatement,
): Promise<void> {
  switch (kind) {
    case 'SelectStmt':
    case 'InsertStmt':
    case 'UpdateStmt':
    case 'DeleteStmt':
    case 'MergeStmt':
      return requireQuery(situation, reader, { [kind]: node })
    case 'CreateTableAsStmt':
      return requireTableAs(situation, reader, node)
    case 'AlterTableStmt':
      return requireAlterTable(situation, reader, node)
    case 'DropStmt':
      return requireDrop(situation, reader, node)
    case 'AlterSystemStmt':
      return requireAlterSystem(situation, reader, node)
    case 'CreateExtensionStmt':
      return requireCreateExtension(situation, reader, node)
    case 'CreateFunctionStmt':
      return requireCreateFunction(situation, reader, node)
    default:
      return requirements[kind]?.(situation, node)
  }
}

async function requireQuery(situation: Situation, reader: Reader, statement: Node): Promise<void> {
  const into: Node | undefined = statement.SelectStmt?.intoClause
  if (into) return requireTableAs(situation, reader, { into, query: statement })
  const scope = statementScope(situation)
  readStatement(scope, statement)
  await requireNeeds(situation, reader, scope.shared.needs)
}

async function requireTableAs(situation: Situation, reader: Reader, node: Node): Promise<void> {
  const scope = statementScope(situation)
  requireCreateTableAs(scope, node)
  if (!node.into.skipData) await requireNeeds(situation, reader, scope.shared.needs)
}

/** By the kind of statement. @throws Refusal */
const requirements: Readonly<Record<string, (situation: Situation, node: Node) => void>> = {
  CreateStmt: requireCreateTable,
  ViewStmt: (situation, node) => requireCreateView(statementScope(situation), node),
  IndexStmt: requireCreateIndex,
  RenameStmt: requireRename,
  AlterObjectSchemaStmt: requireSetSchema,
  CreateEnumStmt: (situation, node) => requireCreateType(situation, relationOfParts(node.typeName)),
  CreateRangeStmt: (situation, node) => requireCreateType(situation, relationOfParts(node.typeName)),
  CompositeTypeStmt: requireCreateComposite,
  CreateDomainStmt: requireCreateDomain,
  AlterEnumStmt: requireAlterEnum,
  CallStmt: (situation, node) => requireNamedRoutine(situation, node.funccall.funcname, 'procedure'),
  CreateEventTrigStmt: requireCreateEventTrigger,
  CreateRoleStmt: requireCreateRole,
  CreateTrigStmt: requireCreateTrigger,
  CreatePolicyStmt: (situation, node) => requirePolicy(situation, node, true),
  AlterPolicyStmt: (situation, node) => requirePolicy(situation, node, false),
  CreateSchemaStmt: requireCreateSchema,
  AlterExtensionStmt: (situation, node) => requireExtension(situation, node.extname),
  CreateSeqStmt: requireCreateSequence,
  AlterSeqStmt: requireAlterSequence,
  CreatePublicationStmt: requireCreatePublication,
  AlterPublicationStmt: requireAlterPublication,
  GrantStmt: requireGrant,
  GrantRoleStmt: requireGrantRole,
  AlterDefaultPrivilegesStmt: requireDefaultPrivileges,
  AlterOwnerStmt: requireAlterOwner,
  DropRoleStmt: requireDropRole,
  CommentStmt: requireCommented,
  TruncateStmt: requireTruncate,
  RefreshMatViewStmt: requireRefresh,
  ClusterStmt: requireCluster,
  ReindexStmt: requireReindex,
  VacuumStmt: requireVacuumed,
  CopyStmt: (situation, node) => requireCopied(statementScope(situation), node),
  LockStmt: (situation, node) => {
    for (const { RangeVar: rangeVar } of node.relations ?? [])
      requireRelation(situation, relationOf(rangeVar))
  },
  RuleStmt: (situation, node) => void requireRelation(situation, relationOf(node.relation)),
}
