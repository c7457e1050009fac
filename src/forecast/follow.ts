import { relationOf } from '../sql/names.js'
import type { Node, ParsedStatement } from '../sql/parser.js'
import { type Followed, followBlock } from './block/block.js'
import { NotFollowed } from './casts.js'
import { followTruncate } from './data/delete.js'
import { hitsNoRow } from './data/idle.js'
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
import type { TwinFollower } from './from-twin/follow-on-twin.js'
import { isSettledByTwin } from './from-twin/settled.js'
import { findColumn, findRelation } from './lookup.js'
import type { Column } from './model.js'
import { changesNothing } from './outward-functions.js'
import { isOwnError, ownErrorReason } from './own-error.js'
import { needNothingPutOff } from './put-off-checks.js'
import { codeKinds, reachOf } from './reach.js'
import { emptyScope, Rewriter, type Scope, writes } from './rewrite.js'
import { rememberRows } from './runs/remember.js'
import { setSequence } from './sequences.js'
import { followDiscard, followSet, followSetConfig } from './session-statements.js'
import { followTransaction, setConstraints } from './transaction.js'
import { lastName, NotDeparsed, visitTree } from './tree.js'
import { blurReached } from './triggers/effects.js'
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
  const itself = () => follow(walk, statement, scope)
  await (walk.codeOnTwin ? walk.codeOnTwin.run(statement, itself) : itself())
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
   CreateForeignServerStmt CreateUserMappingStmt CreateFdwStmt
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
      return unlessIdle(
        walk,
        statement,
        async () => void (await followDataStatement(walk, kind, node, scope)),
      )
    case 'SelectStmt':
      return unlessIdle(walk, statement, () => followSelect(walk, node, scope))
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

/**
 * Follows a statement that reads or writes rows. Where it can hit none, nothing about rows is unknown: only what its
 * constants raise may matter.
 */
async function unlessIdle(walk: Walk, { kind, node }: Followed, work: () => Promise<void>): Promise<void> {
  // The twin has run it over tables as empty as these.
  const isProven = walk.onTwin.get(node)?.isProven === true
  if (!hitsNoRow(walk.content, kind, node, isProven)) return work()
  const goBack = rememberRows(walk)
  const [start, doubts] = [walk.requirements.length, walk.doubts.length]
  try {
    await work()
  } catch (error) {
    if (!(error instanceof NotFollowed || error instanceof NotDeparsed)) throw error
  }
  goBack()
  walk.doubts.splice(doubts)
  const known = walk.requirements.splice(start).filter(({ opaque }) => opaque.length === 0 && !isProven)
  walk.requirements.push(...known)
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
  DiscardStmt: followDiscard,
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

function leaveToRehearsal(walk: Walk, statement: Followed, reason: string, ownError?: Error): void {
  if (isSettledByTwin(walk, statement)) return
  // One fault often shows in several parts of the work on a statement.
  if (walk.doubts.some((doubt) => doubt.place === walk.place && doubt.ownError)) return
  walk.doubt(reason, undefined, ownError)
  loseSight(walk, statement, `line ${walk.place.line} is not followed: ${reason}`, reason)
}

/**
 * Goes on behind a statement that fails, as if it had been corrected: what it does to rows and objects is not known.
 * @param isRefused the server refuses it before it does anything, and nothing of it has been followed
 */
export async function leaveFailing(walk: Walk, statement: Followed, isRefused: boolean): Promise<void> {
  if (isRefused) await walk.watcher.beforeStatement(statement)
  const reason = `line ${walk.place.line} fails`
  loseSight(walk, statement, reason, 'it fails as it stands')
  noteCatalogChange(walk, statement)
}

/**
 * Goes on behind a statement of which the twin cannot say what it does. Of a block the walk may know it by the rows: then the
 * twin is made to do the same.
 * @param reason why the twin does not say it
 */
export async function leaveOpen(
  walk: Walk,
  statement: Followed,
  reason: string,
  onTwin: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<void> {
  try {
    if (statement.kind !== 'DoStmt') {
      await walk.watcher.beforeStatement(statement)
      throw new NotFollowed(reason)
    }
    await onTwin(() => follow(walk, statement))
  } catch (error) {
    if (!(error instanceof NotFollowed || error instanceof NotDeparsed)) throw error
    leaveToRehearsal(walk, statement, reason)
  }
  noteCatalogChange(walk, statement)
}

/**
 * Follows a block that catches errors, with the twin step by step. Where the walk does not come to the end of it, the twin
 * runs it as it stands.
 */
export async function followStepByStep(
  walk: Walk,
  statement: ParsedStatement,
  twin: Pick<TwinFollower, 'replay' | 'runWhole' | 'sync'>,
): Promise<void> {
  try {
    await twin.replay(() => follow(walk, statement))
  } catch (error) {
    if (!(error instanceof NotFollowed || error instanceof NotDeparsed)) throw error
    const { ran } = await twin.runWhole(statement)
    leaveToRehearsal(walk, statement, error.message)
    await twin.sync(ran, statement)
  }
  noteCatalogChange(walk, statement)
}

/** Nothing is known any more of what the statement may touch. */
function loseSight(walk: Walk, { kind, node, sql }: Followed, why: string, reason: string): void {
  const isCode = codeKinds.has(kind)
  const reach = reachOf(walk.catalog, sql, isCode)
  walk.watcher.notFollowed({ kind, node, sql }, reason, reach)
  if (writesNoRows.has(kind) && !movesRows(node))
    for (const column of columnsAltered(walk, kind, node)) column.opaque ??= why
  else blurReached(walk, reach, why)
  const isDefinition = !isCode && !dataKinds.has(kind)
  if (isDefinition || reach.mayChangeCatalog || (kind === 'SelectStmt' && node.intoClause))
    walk.catalog.opaque ??= why
}

/** Of the tables that are there, they change no rows. */
const writesNoRows: ReadonlySet<string> = new Set([
  ...['AlterTableStmt', 'RenameStmt', 'AlterObjectSchemaStmt', 'IndexStmt', 'ViewStmt', 'DropStmt'],
  ...['CreateTrigStmt', 'CreateFunctionStmt', 'RuleStmt', 'CreateSeqStmt', 'AlterSeqStmt'],
  ...['CreateEnumStmt', 'AlterEnumStmt', 'CreateDomainStmt', 'CompositeTypeStmt', 'CreateExtensionStmt'],
])

/** The rows of a partition, or of a child, are rows of its parent. */
function movesRows({ cmds = [] }: Node): boolean {
  return cmds.some(({ AlterTableCmd }: Node) => /Partition|Inherit/.test(AlterTableCmd.subtype))
}

/** The columns that an ALTER TABLE is about. */
function columnsAltered({ catalog }: Walk, kind: string, node: Node): Column[] {
  const relation = kind === 'AlterTableStmt' ? findRelation(catalog, relationOf(node.relation)) : undefined
  if (!relation) return []
  return (node.cmds ?? []).flatMap(
    ({ AlterTableCmd: { name, def } }: Node) =>
      findColumn(relation, name ?? def?.ColumnDef?.colname ?? '') ?? [],
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
  const writing = walk.catalog.functions.find((one) => called.has(one.name) && mayAct(walk, one.body))
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

/** Whether code changes anything, itself or by what it calls. */
function mayAct({ catalog }: Walk, body: string): boolean {
  const { texts, relations, mayWriteAny } = reachOf(catalog, body, true)
  return mayWriteAny || relations.size > 0 || texts.some(writes)
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
