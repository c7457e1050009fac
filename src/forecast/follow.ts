import type { Node } from '../sql/parser.js'
import { type Followed, followBlock } from './block/block.js'
import { NotFollowed } from './casts.js'
import { followTruncate } from './data/delete.js'
import { followDataStatement, followQuery } from './data/statement.js'
import { followAlterTable } from './ddl/alter-table.js'
import { followCreateFunction, followCreateRule, followCreateTrigger } from './ddl/code.js'
import {
  followCreateFromQuery,
  followCreateIndex,
  followCreateTable,
  followCreateView,
} from './ddl/create.js'
import { followAlterDomain, followCreateDomain } from './ddl/domains.js'
import { followDrop } from './ddl/drop.js'
import { followAlterPublication, followCreatePublication } from './ddl/publications.js'
import { followRefresh } from './ddl/refresh.js'
import { followRename, followSetSchema } from './ddl/rename.js'
import { followAlterSequence, followCreateSequence } from './ddl/sequences.js'
import { followAlterEnum, followCreateComposite, followCreateEnum } from './ddl/types.js'
import { changesNothing } from './outward-functions.js'
import { isOwnError, ownErrorReason } from './own-error.js'
import { needNothingPutOff } from './put-off-checks.js'
import { emptyScope, Rewriter, type Scope, writes } from './rewrite.js'
import { setSequence } from './sequences.js'
import { followSet, followSetConfig } from './session.js'
import { followTransaction, setConstraints } from './transaction.js'
import { lastName, NotDeparsed, visitTree } from './tree.js'
import { blurWritten } from './triggers/effects.js'
import type { Walk } from './walk.js'

/**
 * Carries one statement into the catalog and the contents. What cannot be followed becomes unknown, together with what
 * it may touch, and the statement is left to the rehearsal.
 */
export async function followStatement(walk: Walk, statement: Followed): Promise<void> {
  try {
    await follow(walk, statement)
  } catch (error) {
    if (!(error instanceof NotFollowed || error instanceof NotDeparsed)) throw error
    leaveToRehearsal(
      walk,
      statement,
      error instanceof NotDeparsed ? 'its text is not read with certainty' : error.message,
    )
  }
  noteCatalogChange(walk, statement)
}

/** A statement of a block, which gives up as a whole. */
async function followInBlock(walk: Walk, statement: Followed, scope?: Scope): Promise<void> {
  await follow(walk, statement, scope)
  noteCatalogChange(walk, statement)
}

function noteCatalogChange(walk: Walk, { kind }: Followed): void {
  if (!unchanging.has(kind) && !dataKinds.has(kind)) walk.content.isCatalogChanged = true
}

const dataKinds: ReadonlySet<string> = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'SelectStmt',
  'TruncateStmt',
])

/** Statements that change neither rows nor what later statements may use. */
const unchanging: ReadonlySet<string> = new Set(
  `GrantStmt GrantRoleStmt CommentStmt AlterOwnerStmt
   AlterDefaultPrivilegesStmt SecLabelStmt VariableShowStmt LockStmt
   NotifyStmt ListenStmt UnlistenStmt ExplainStmt
   VacuumStmt ReindexStmt ClusterStmt CheckPointStmt
   CreateStatsStmt AlterStatsStmt CreatePolicyStmt AlterPolicyStmt
   CreatePublicationStmt AlterPublicationStmt CreateSubscriptionStmt AlterSubscriptionStmt
   DropSubscriptionStmt CreateRoleStmt AlterRoleStmt AlterRoleSetStmt
   DropRoleStmt AlterDatabaseSetStmt AlterDatabaseStmt AlterSystemStmt
   CreateForeignServerStmt CreateUserMappingStmt CreateFdwStmt DiscardStmt
   AlterExtensionStmt AlterTSConfigurationStmt AlterFunctionStmt CreateEventTrigStmt
   AlterEventTrigStmt AlterTableSpaceOptionsStmt AlterObjectDependsStmt`.split(/\s+/),
)

async function follow(walk: Walk, statement: Followed, scope: Scope = emptyScope): Promise<void> {
  const { kind, node, sql } = statement
  await walk.watcher.beforeStatement(statement)
  needNothingPutOff(walk, kind, node)
  switch (kind) {
    case 'InsertStmt':
    case 'UpdateStmt':
    case 'DeleteStmt':
    case 'MergeStmt':
      await followDataStatement(walk, kind, node, scope)
      return
    case 'SelectStmt':
      return followSelect(walk, node, scope)
    case 'DoStmt':
      return followBlock(walk, node, followInBlock)
    case 'CreateSchemaStmt':
      return createSchema(walk, node)
    case 'RuleStmt':
      return followCreateRule(walk, node, sql)
    default:
      if (!followers[kind] && unchanging.has(kind)) return
      if (!followers[kind]) throw new NotFollowed(`${kind.replace(/Stmt$/, '')} is not followed`)
      await followers[kind](walk, node)
  }
}

/** By kind of statement. */
const followers: Readonly<Record<string, (walk: Walk, node: Node) => void | Promise<void>>> = {
  TruncateStmt: followTruncate,
  AlterTableStmt: followAlterTable,
  CreateStmt: followCreateTable,
  CreateTableAsStmt: followCreateTableAs,
  ViewStmt: followCreateView,
  IndexStmt: followCreateIndex,
  CreateEnumStmt: followCreateEnum,
  AlterEnumStmt: followAlterEnum,
  CreateDomainStmt: followCreateDomain,
  AlterDomainStmt: followAlterDomain,
  CompositeTypeStmt: followCreateComposite,
  DropStmt: followDrop,
  RenameStmt: followRename,
  AlterObjectSchemaStmt: followSetSchema,
  DefineStmt: followDefine,
  CreateSeqStmt: followCreateSequence,
  AlterSeqStmt: followAlterSequence,
  CreateExtensionStmt: ({ catalog }, { extname }) => void catalog.extensions.add(extname),
  CreateFunctionStmt: followCreateFunction,
  CreateTrigStmt: followCreateTrigger,
  VariableSetStmt: followSet,
  ConstraintsSetStmt: setConstraints,
  TransactionStmt: followTransaction,
  RefreshMatViewStmt: followRefresh,
  CreatePublicationStmt: followCreatePublication,
  AlterPublicationStmt: followAlterPublication,
}

function followCreateTableAs(
  walk: Walk,
  { into, query, objtype, if_not_exists: mayExist }: Node,
): Promise<void> {
  const kind = objtype === 'OBJECT_MATVIEW' ? 'materialized view' : 'table'
  return followCreateFromQuery(walk, into, query.SelectStmt ?? {}, kind, mayExist === true)
}

/** CREATE TYPE of a base type, and of operators, aggregates and their like, which change nothing that is followed. */
function followDefine(_: Walk, { kind }: Node): void {
  if (kind === 'OBJECT_TYPE') throw new NotFollowed('a base type is made')
}

/**
 * Does a part of the work on one statement. An error of our own makes unknown what the statement may touch, and does not
 * end the run.
 */
export async function unlessOwnError(
  walk: Walk,
  statement: Followed,
  work: () => void | Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isOwnError(error)) throw error
    leaveToRehearsal(walk, statement, ownErrorReason(error), error)
  }
}

/** Nothing is known any more of what the statement may touch. */
function leaveToRehearsal(walk: Walk, { kind, node, sql }: Followed, reason: string, ownError?: Error): void {
  // One fault often shows in several parts of the work on a statement.
  const isNoted = walk.doubts.some((doubt) => doubt.place === walk.place && doubt.ownError)
  if (!isNoted) {
    walk.doubt(reason, undefined, ownError)
    walk.watcher.notFollowed({ kind, node, sql }, reason)
  }
  const why = `line ${walk.place.line} is not followed: ${reason}`
  blurWritten(walk, sql, why)
  const mayMake = kind === 'DoStmt' ? mayChangeCatalog(walk, sql) : !dataKinds.has(kind)
  if (mayMake || (kind === 'SelectStmt' && node.intoClause)) walk.catalog.opaque ??= why
}

/** A block that names no statement of definition, and nothing that may run one, leaves the catalog as it is. */
function mayChangeCatalog({ catalog }: Walk, sql: string): boolean {
  const words = new Set(sql.toLowerCase().match(/[a-z_][a-z0-9_]*/g) ?? [])
  const makers = ['create', 'alter', 'drop', 'execute', 'call', 'perform', 'import', 'reindex']
  return (
    makers.some((word) => words.has(word)) ||
    catalog.functions.some(({ name, body }) => words.has(name.toLowerCase()) && writes(body))
  )
}

/** A SELECT is run for the sake of what its functions do, or into a table. */
async function followSelect(walk: Walk, node: Node, outer: Scope): Promise<void> {
  const { intoClause, ...select } = node
  if (intoClause) return followCreateFromQuery(walk, intoClause, select, 'table')
  if (setSequence(walk, select)) return
  const called = new Set<string>()
  visitTree(node, (kind, inner) => {
    if (kind === 'FuncCall') called.add(lastName(inner.funcname))
  })
  const writing = walk.catalog.functions.find(({ name, body }) => called.has(name) && writes(body))
  if (writing) throw new NotFollowed(`function "${writing.name}" writes`)
  if (called.has('set_config')) return followSetConfig(walk, node)
  if (called.size > 0 && !node.fromClause && [...called].every(changesNothing)) return
  const { query, scope } = await followQuery(walk, select, outer)
  const { sql, opaque, takes } = new Rewriter(walk.content, scope).query(query)
  // SELECT nextval('…'): nobody gives them back.
  for (const sequence of takes) sequence.taken.push(`(SELECT pg_catalog.count(*) FROM (${sql}) AS c)`)
  walk.need({
    code: 'invalid-value',
    sqlstate: '22000',
    object: 'query',
    title: 'every row of the query can be computed',
    question: { kind: 'evaluates', from: `(${sql}) AS q`, alias: 'q' },
    opaque,
  })
}

/** CREATE SCHEMA, with the tables that may be made in it at once. */
async function createSchema(walk: Walk, node: Node): Promise<void> {
  const { catalog } = walk
  const schema: string = node.schemaname ?? ''
  catalog.schemas.add(schema)
  const { searchPath } = catalog
  catalog.searchPath = [schema, ...searchPath]
  for (const element of node.schemaElts ?? []) {
    const [kind = ''] = Object.keys(element)
    await follow(walk, { kind, node: element[kind], sql: '' })
  }
  catalog.searchPath = searchPath
}
