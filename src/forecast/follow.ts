import { type RelationName, relationOf, relationOfParts } from '../sql/names.js'
import type { Node } from '../sql/parser.js'
import { type Followed, followBlock } from './block/block.js'
import { NotFollowed } from './casts.js'
import { followTruncate } from './data/delete.js'
import { followDataStatement, followQuery } from './data/statement.js'
import { columnOf } from './data/target.js'
import { followAlterTable } from './ddl/alter-table.js'
import {
  followCreateFromQuery,
  followCreateIndex,
  followCreateTable,
  followCreateView,
} from './ddl/create.js'
import { followAlterDomain, followCreateDomain } from './ddl/domains.js'
import { followDrop } from './ddl/drop.js'
import { followRefresh } from './ddl/refresh.js'
import { followRename, followSetSchema } from './ddl/rename.js'
import { followAlterEnum, followCreateComposite, followCreateEnum } from './ddl/types.js'
import { creationSchema, findFunctions, findRelation, findSequence } from './lookup.js'
import { changesNothing } from './outward-functions.js'
import { needNothingPutOff } from './put-off-checks.js'
import { emptyScope, Rewriter, type Scope, writes } from './rewrite.js'
import { setSequence } from './sequences.js'
import { followTransaction, setConstraints } from './transaction.js'
import { lastName, NotDeparsed, namesOf, visitTree } from './tree.js'
import { triggerOf } from './triggers/definition.js'
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
const unchanging: ReadonlySet<string> = new Set([
  ...[
    'GrantStmt',
    'GrantRoleStmt',
    'CommentStmt',
    'AlterOwnerStmt',
    'AlterDefaultPrivilegesStmt',
    'SecLabelStmt',
  ],
  ...[
    'VariableShowStmt',
    'LockStmt',
    'NotifyStmt',
    'ListenStmt',
    'UnlistenStmt',
    'ExplainStmt',
    'VacuumStmt',
    'ReindexStmt',
  ],
  ...[
    'ClusterStmt',
    'CheckPointStmt',
    'CreateStatsStmt',
    'AlterStatsStmt',
    'CreatePolicyStmt',
    'AlterPolicyStmt',
  ],
  ...[
    'CreatePublicationStmt',
    'AlterPublicationStmt',
    'CreateSubscriptionStmt',
    'AlterSubscriptionStmt',
    'DropSubscriptionStmt',
  ],
  ...[
    'CreateRoleStmt',
    'AlterRoleStmt',
    'AlterRoleSetStmt',
    'DropRoleStmt',
    'AlterDatabaseSetStmt',
    'AlterDatabaseStmt',
    'AlterSystemStmt',
  ],
  ...[
    'CreateForeignServerStmt',
    'CreateUserMappingStmt',
    'CreateFdwStmt',
    'DiscardStmt',
    'AlterExtensionStmt',
    'AlterTSConfigurationStmt',
  ],
  ...[
    'AlterFunctionStmt',
    'CreateEventTrigStmt',
    'AlterEventTrigStmt',
    'AlterTableSpaceOptionsStmt',
    'AlterObjectDependsStmt',
  ],
])

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
    case 'TruncateStmt':
      return followTruncate(walk, node)
    case 'SelectStmt':
      return followSelect(walk, node, scope)
    case 'AlterTableStmt':
      return followAlterTable(walk, node)
    case 'CreateStmt':
      return followCreateTable(walk, node)
    case 'CreateTableAsStmt':
      return followCreateFromQuery(
        walk,
        node.into,
        node.query.SelectStmt ?? {},
        node.objtype === 'OBJECT_MATVIEW' ? 'materialized view' : 'table',
        node.if_not_exists === true,
      )
    case 'ViewStmt':
      return followCreateView(walk, node)
    case 'IndexStmt':
      return followCreateIndex(walk, node)
    case 'CreateEnumStmt':
      return followCreateEnum(walk, node)
    case 'CreateDomainStmt':
      return followCreateDomain(walk, node)
    case 'AlterDomainStmt':
      return followAlterDomain(walk, node)
    case 'CompositeTypeStmt':
      return followCreateComposite(walk, node)
    case 'AlterEnumStmt':
      return followAlterEnum(walk, node)
    case 'DropStmt':
      return followDrop(walk, node)
    case 'RenameStmt':
      return followRename(walk, node)
    case 'AlterObjectSchemaStmt':
      return followSetSchema(walk, node)
    case 'CreateSchemaStmt':
      return createSchema(walk, node)
    case 'DefineStmt':
      if (node.kind === 'OBJECT_TYPE') throw new NotFollowed('a base type is made')
      return
    case 'CreateSeqStmt':
      return createSequence(walk, node)
    case 'AlterSeqStmt':
      return alterSequence(walk, node)
    case 'CreateExtensionStmt':
      walk.catalog.extensions.add(node.extname)
      return
    case 'CreateFunctionStmt':
      return createFunction(walk, node)
    case 'CreateTrigStmt':
      return createTrigger(walk, node)
    case 'RuleStmt':
      return createRule(walk, node, sql)
    case 'VariableSetStmt':
      return setVariable(walk, node)
    case 'ConstraintsSetStmt':
      return setConstraints(walk, node)
    case 'TransactionStmt':
      return followTransaction(walk, node)
    case 'DoStmt':
      return followBlock(walk, node, followInBlock)
    case 'RefreshMatViewStmt':
      return followRefresh(walk, node)
    default:
      if (!unchanging.has(kind)) throw new NotFollowed(`${kind.replace(/Stmt$/, '')} is not followed`)
  }
}

/** Nothing is known any more of what the statement may touch. */
function leaveToRehearsal(walk: Walk, { kind, node, sql }: Followed, reason: string): void {
  walk.doubt(reason)
  walk.watcher.notFollowed({ kind, node, sql }, reason)
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
  if (called.has('set_config')) return setConfig(walk, node)
  if (called.size > 0 && !node.fromClause && [...called].every(changesNothing)) return
  const { query, scope } = await followQuery(walk, select, outer)
  const { sql, opaque } = new Rewriter(walk.content, scope).query(query)
  walk.need({
    code: 'invalid-value',
    sqlstate: '22000',
    object: 'query',
    title: 'every row of the query can be computed',
    question: { kind: 'evaluates', from: `(${sql}) AS q`, alias: 'q' },
    opaque,
  })
}

function createSequence(walk: Walk, node: Node): void {
  const { schema, name } = relationOf(node.sequence)
  if (findSequence(walk.catalog, named(schema, name)) && node.if_not_exists) return
  const options = optionsOf(node.options)
  walk.catalog.sequences.push({
    schema: creationSchema(walk.catalog, schema),
    name,
    increment: Number(options.increment ?? 1),
    start: Number(options.start ?? 1),
    taken: [],
  })
}

function alterSequence(walk: Walk, node: Node): void {
  const sequence = findSequence(walk.catalog, relationOf(node.sequence))
  const options = optionsOf(node.options)
  if (!sequence) throw new NotFollowed('the sequence is not known')
  const owner: Node[] | undefined = node.options?.find(({ DefElem }: Node) => DefElem.defname === 'owned_by')
    ?.DefElem.arg?.List?.items
  if (owner && owner.length > 1) {
    const relation = findRelation(walk.catalog, relationOfParts(owner.slice(0, -1)))
    const column = relation && columnOf(relation, lastName(owner))
    if (column) {
      sequence.ownedBy = column
      column.sequence = sequence
    }
  }
  if ('restart' in options) {
    walk.content.sequenceStarts.set(sequence, String(options.restart ?? sequence.start))
    sequence.taken = []
  }
  if ('increment' in options) throw new NotFollowed('the increment of a sequence changes')
}

function optionsOf(options: Node[] = []): Record<string, unknown> {
  return Object.fromEntries(
    options.map(({ DefElem: { defname, arg } }) => [
      defname,
      arg?.Integer ? (arg.Integer.ival ?? 0) : arg?.Float?.fval,
    ]),
  )
}

function named(schema: string | undefined, name: string): RelationName {
  return schema ? { schema, name } : { name }
}

function createFunction(walk: Walk, node: Node): void {
  const { schema, name } = relationOfParts(node.funcname)
  const options: Node[] = (node.options ?? []).map(({ DefElem }: Node) => DefElem)
  const bodies = options.find(({ defname }) => defname === 'as')?.arg?.List?.items ?? []
  const made = {
    schema: creationSchema(walk.catalog, schema),
    name,
    language: options.find(({ defname }) => defname === 'language')?.arg?.String?.sval ?? 'sql',
    body: namesOf(bodies).join('\n') || JSON.stringify(node.sql_body ?? ''),
    volatility: 'volatile' as const,
    isLive: false,
  }
  walk.catalog.functions = [
    ...walk.catalog.functions.filter((one) => one.name !== name || one.schema !== made.schema),
    made,
  ]
}

function createTrigger(walk: Walk, node: Node): void {
  const relation = findRelation(walk.catalog, relationOf(node.relation))
  if (!relation) throw new NotFollowed(`relation "${node.relation.relname}" is not known`)
  const name = relationOfParts(node.funcname)
  const known = findFunctions(walk.catalog, name)[0]
  const schema = known?.schema ?? creationSchema(walk.catalog, name.schema)
  const trigger = triggerOf(relation, node, { schema, name: name.name })
  relation.triggers = [...relation.triggers.filter((one) => one.name !== trigger.name), trigger]
}

function createRule(walk: Walk, node: Node, definition: string): void {
  const relation = findRelation(walk.catalog, relationOf(node.relation))
  if (!relation) throw new NotFollowed(`relation "${node.relation.relname}" is not known`)
  const event = node.event.replace('CMD_', '').toLowerCase()
  const others = relation.rules.filter(({ name }) => name !== node.rulename)
  relation.rules = [...others, { name: node.rulename, event, definition }]
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

/** `SELECT set_config('search_path', …)`, as dumps write it. */
function setConfig(walk: Walk, { targetList }: Node): void {
  const [name, value] = (targetList?.[0]?.ResTarget.val.FuncCall?.args ?? []).map(
    (one: Node) => one.A_Const?.sval?.sval,
  )
  if (name !== 'search_path') return
  if (value === undefined) throw new NotFollowed('the search path is computed')
  const path = value.split(',').map((one: string) => one.trim().replace(/^"(.*)"$/, '$1'))
  walk.catalog.searchPath = path.filter((one: string) => one !== '')
}

function setVariable(walk: Walk, node: Node): void {
  if (node.name === 'session_replication_role')
    walk.catalog.isReplica = node.args?.[0]?.A_Const?.sval?.sval === 'replica'
  if (node.name !== 'search_path') return
  const path = (node.args ?? []).map((one: Node) => one.A_Const?.sval?.sval ?? '')
  if (path.length > 0) walk.catalog.searchPath = path.filter((one: string) => one !== '')
}
