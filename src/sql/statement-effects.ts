import { formatRelation, relationOf, relationOfParts } from './names.js'
import type { Node, ParsedStatement } from './parser.js'
import { summarizeSql } from './summary.js'
import { mayCommit, refusedInTransaction } from './transaction-rules.js'

/** What is in the database once the statement is committed, e.g. `column customers.fax dropped`; nothing for a question. */
export function effectsOfStatement({ kind, node, sql }: ParsedStatement): string[] {
  switch (kind) {
    case 'CreateStmt':
      return isTemporary(node.relation) ? [] : [`table ${nameOf(node.relation)} created`]
    case 'CreateTableAsStmt':
      if (isTemporary(node.into.rel)) return []
      return [
        `${node.objtype === 'OBJECT_MATVIEW' ? 'materialized view' : 'table'} ${nameOf(node.into.rel)} created`,
      ]
    case 'ViewStmt':
      return isTemporary(node.view) ? [] : [`view ${nameOf(node.view)} created`]
    case 'IndexStmt':
      return [`index ${node.idxname ?? `on ${nameOf(node.relation)}`} created`]
    case 'CreateEnumStmt':
      return [`type ${formatParts(node.typeName)} created`]
    case 'AlterEnumStmt':
      return [alteredEnum(node)]
    case 'CreateSchemaStmt':
      return [`schema ${node.schemaname ?? node.authrole?.rolename ?? ''} created`]
    case 'CreateExtensionStmt':
      return [`extension ${node.extname} created`]
    case 'CreateSeqStmt':
      return [`sequence ${nameOf(node.sequence)} created`]
    case 'AlterSeqStmt':
      return [`sequence ${nameOf(node.sequence)} altered`]
    case 'CreateTrigStmt':
      return [`trigger ${node.trigname} on ${nameOf(node.relation)} created`]
    case 'CreateFunctionStmt':
      return [`${node.is_procedure ? 'procedure' : 'function'} ${formatParts(node.funcname)} created`]
    case 'AlterTableStmt':
      return alteredTable(node)
    case 'RenameStmt':
      return [renamed(node, sql)]
    case 'DropStmt':
      return dropped(node, sql)
    case 'TruncateStmt':
      return (node.relations as Node[]).map(({ RangeVar }) => `table ${nameOf(RangeVar)} emptied`)
    case 'InsertStmt':
    case 'UpdateStmt':
    case 'DeleteStmt':
    case 'MergeStmt':
      return [`rows of ${nameOf(node.relation)} ${rowVerbs[kind]}`]
    case 'CopyStmt':
      return node.is_from && node.relation ? [`rows of ${nameOf(node.relation)} inserted`] : []
    case 'DoStmt':
      return ['whatever the DO block did']
    case 'CallStmt':
      return [`whatever ${formatParts(node.funccall?.funcname)}() did`]
    case 'SelectStmt':
      return selected(node)
    default:
      return leavesNothing.has(kind) ? [] : [`${summarizeSql(sql)}: done`]
  }
}

/**
 * What stays although the statement fails outside a transaction:
 * https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
 */
export function leftByFailureOf(statement: ParsedStatement): string | undefined {
  const { kind, node } = statement
  if (kind === 'CallStmt' || (kind === 'DoStmt' && mayCommit(node))) return 'what it had committed by then'
  if (refusedInTransaction(statement) === undefined) return undefined
  switch (kind) {
    case 'IndexStmt':
      return `index ${node.idxname ?? `on ${nameOf(node.relation)}`}, which is not valid`
    case 'DropStmt':
      return `index ${objectNames(node).join(', ')}, which is not valid`
    case 'ReindexStmt':
      return 'a copy of an index, which is not valid'
    case 'AlterTableStmt':
      return 'a partition that is detached in part'
    default:
      return undefined
  }
}

const rowVerbs = {
  InsertStmt: 'inserted',
  UpdateStmt: 'updated',
  DeleteStmt: 'deleted',
  MergeStmt: 'merged',
} as const

/** Settings, questions, upkeep. What a sequence of transactions leaves is told by its statements, not by BEGIN. */
const leavesNothing = new Set([
  ...['TransactionStmt', 'VariableSetStmt', 'VariableShowStmt', 'LockStmt', 'DiscardStmt', 'PrepareStmt'],
  ...[
    'VacuumStmt',
    'ClusterStmt',
    'ReindexStmt',
    'CheckPointStmt',
    'NotifyStmt',
    'ListenStmt',
    'UnlistenStmt',
  ],
  ...[
    'DeclareCursorStmt',
    'FetchStmt',
    'ClosePortalStmt',
    'DeallocateStmt',
    'ConstraintsSetStmt',
    'LoadStmt',
  ],
])

const columnWords: Readonly<Record<string, string>> = {
  AT_AddColumn: 'added',
  AT_DropColumn: 'dropped',
  AT_AlterColumnType: 'given another type',
  AT_SetNotNull: 'set NOT NULL',
  AT_DropNotNull: 'no longer NOT NULL',
  AT_ColumnDefault: 'given another default',
}

function alteredTable(node: Node): string[] {
  const table = nameOf(node.relation)
  const effects = (node.cmds as Node[]).map(({ AlterTableCmd: { subtype, name, def } }) => {
    const column = name ?? def?.ColumnDef?.colname
    if (columnWords[subtype]) return `column ${table}.${column} ${columnWords[subtype]}`
    const constraint = def?.Constraint?.conname
    if (subtype === 'AT_AddConstraint')
      return `constraint ${constraint ?? ''} on ${table} added`.replace('  ', ' ')
    if (subtype === 'AT_DropConstraint') return `constraint ${name} on ${table} dropped`
    if (subtype === 'AT_ValidateConstraint') return `constraint ${name} on ${table} validated`
    return `${table} altered`
  })
  return [...new Set(effects)]
}

function alteredEnum(node: Node): string {
  const type = formatParts(node.typeName)
  return node.oldVal
    ? `value '${node.oldVal}' of type ${type} renamed to '${node.newVal}'`
    : `value '${node.newVal}' added to type ${type}`
}

const objectWords: Readonly<Record<string, string>> = {
  OBJECT_TABLE: 'table',
  OBJECT_INDEX: 'index',
  OBJECT_VIEW: 'view',
  OBJECT_MATVIEW: 'materialized view',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_TYPE: 'type',
  OBJECT_DOMAIN: 'domain',
  OBJECT_SCHEMA: 'schema',
  OBJECT_EXTENSION: 'extension',
  OBJECT_FOREIGN_TABLE: 'foreign table',
  OBJECT_FUNCTION: 'function',
  OBJECT_PROCEDURE: 'procedure',
}

function dropped(node: Node, sql: string): string[] {
  const word = objectWords[node.removeType]
  return word ? objectNames(node).map((name) => `${word} ${name} dropped`) : [`${summarizeSql(sql)}: done`]
}

function objectNames(node: Node): string[] {
  return (node.objects as Node[]).map((object) =>
    formatParts(object.List?.items ?? object.TypeName?.names ?? object.ObjectWithArgs?.objname ?? [object]),
  )
}

function renamed(node: Node, sql: string): string {
  const table = nameOf(node.relation)
  switch (node.renameType) {
    case 'OBJECT_COLUMN':
      return `column ${table}.${node.subname} renamed to ${node.newname}`
    case 'OBJECT_TABCONSTRAINT':
      return `constraint ${node.subname} on ${table} renamed to ${node.newname}`
    case 'OBJECT_TYPE':
      return `type ${formatParts(node.object?.List?.items)} renamed to ${node.newname}`
    default:
      return node.relation && objectWords[node.renameType]
        ? `${objectWords[node.renameType]} ${table} renamed to ${node.newname}`
        : `${summarizeSql(sql)}: done`
  }
}

/** A migration selects into a table, or for the sake of what a function does. */
function selected(node: Node): string[] {
  if (node.intoClause)
    return isTemporary(node.intoClause.rel) ? [] : [`table ${nameOf(node.intoClause.rel)} created`]
  const functions = (node.targetList as Node[] | undefined)?.flatMap(({ ResTarget }) => {
    const parts: Node[] | undefined = ResTarget?.val?.FuncCall?.funcname
    return parts ? [`whatever ${formatParts(parts)}() did`] : []
  })
  return functions ?? []
}

function nameOf(rangeVar: Node | undefined): string {
  return formatRelation(relationOf(rangeVar))
}

function formatParts(parts: readonly Node[] = []): string {
  return formatRelation(relationOfParts(parts))
}

/** It is gone with the session. */
function isTemporary(rangeVar: Node | undefined): boolean {
  return rangeVar?.relpersistence === 't' || rangeVar?.schemaname?.startsWith('pg_temp') === true
}
