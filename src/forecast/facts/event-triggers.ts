import { relationOfParts } from '../../sql/names.js'
import type { Node, ParsedStatement } from '../../sql/parser.js'
import { findFunctions } from '../lookup.js'
import type { CatalogModel } from '../model.js'
import type { EventTrigger } from './server-facts.js'
import type { Situation } from './situation.js'
import { invalid, Refusal } from './static-failure.js'

/** Commands that fire none: they define nothing, or something that all databases share. */
const silent: ReadonlySet<string> = new Set([
  ...[
    'SelectStmt',
    'InsertStmt',
    'UpdateStmt',
    'DeleteStmt',
    'MergeStmt',
    'TruncateStmt',
    'CopyStmt',
    'DoStmt',
  ],
  ...['CallStmt', 'TransactionStmt', 'VariableSetStmt', 'VariableShowStmt', 'ConstraintsSetStmt', 'LockStmt'],
  ...[
    'ExplainStmt',
    'VacuumStmt',
    'ClusterStmt',
    'ReindexStmt',
    'CheckPointStmt',
    'DiscardStmt',
    'NotifyStmt',
  ],
  ...['ListenStmt', 'UnlistenStmt', 'PrepareStmt', 'ExecuteStmt', 'DeallocateStmt', 'LoadStmt', 'FetchStmt'],
  ...['CreateEventTrigStmt', 'AlterEventTrigStmt', 'CreatedbStmt', 'DropdbStmt', 'AlterDatabaseStmt'],
  ...['AlterDatabaseSetStmt', 'CreateRoleStmt', 'AlterRoleStmt', 'AlterRoleSetStmt', 'DropRoleStmt'],
  ...['GrantRoleStmt', 'CreateTableSpaceStmt', 'DropTableSpaceStmt', 'AlterSystemStmt', 'DeclareCursorStmt'],
])

const tags: Readonly<Record<string, string>> = {
  CreateStmt: 'CREATE TABLE',
  IndexStmt: 'CREATE INDEX',
  ViewStmt: 'CREATE VIEW',
  CreateEnumStmt: 'CREATE TYPE',
  CompositeTypeStmt: 'CREATE TYPE',
  CreateRangeStmt: 'CREATE TYPE',
  AlterEnumStmt: 'ALTER TYPE',
  CreateDomainStmt: 'CREATE DOMAIN',
  AlterDomainStmt: 'ALTER DOMAIN',
  CreateSeqStmt: 'CREATE SEQUENCE',
  AlterSeqStmt: 'ALTER SEQUENCE',
  CreateSchemaStmt: 'CREATE SCHEMA',
  CreateExtensionStmt: 'CREATE EXTENSION',
  CreateTrigStmt: 'CREATE TRIGGER',
  CreatePolicyStmt: 'CREATE POLICY',
  CommentStmt: 'COMMENT',
  RuleStmt: 'CREATE RULE',
  RefreshMatViewStmt: 'REFRESH MATERIALIZED VIEW',
}

const objectWords: Readonly<Record<string, string>> = { OBJECT_MATVIEW: 'MATERIALIZED VIEW' }

/** The tag of a command; undefined where it is not known. */
function tagOf({ kind, node }: ParsedStatement): string | undefined {
  const words = (type: string) => objectWords[type] ?? type.replace('OBJECT_', '').replaceAll('_', ' ')
  if (kind === 'DropStmt') return `DROP ${words(node.removeType)}`
  if (kind === 'AlterTableStmt') return `ALTER ${words(node.objtype)}`
  if (kind === 'CreateFunctionStmt') return node.is_procedure ? 'CREATE PROCEDURE' : 'CREATE FUNCTION'
  return tags[kind]
}

const dropping = ['AT_DropColumn', 'AT_DropConstraint', 'AT_DropIdentity', 'AT_DropExpression']

/** Whether the command causes an event of this kind; `maybe` where that depends on more than the statement. */
function causes({ kind, node }: ParsedStatement, event: string): 'yes' | 'maybe' | 'no' {
  if (silent.has(kind) || node.removeType === 'OBJECT_EVENT_TRIGGER') return 'no'
  const commands: string[] = (node.cmds ?? []).map((one: Node) => one.AlterTableCmd?.subtype)
  switch (event) {
    case 'sql_drop':
      if (kind === 'DropStmt') return node.missing_ok ? 'maybe' : 'yes'
      if (commands.some((one) => dropping.includes(one))) return 'yes'
      return commands.includes('AT_ColumnDefault') || kind === 'DropOwnedStmt' ? 'maybe' : 'no'
    case 'table_rewrite':
      return commands.some((one) => /AlterColumnType|AddColumn|Logged|AccessMethod/.test(one))
        ? 'maybe'
        : 'no'
    default:
      return 'yes'
  }
}

/**
 * An event trigger that may refuse the command. One whose body is read and raises whatever comes is certain; any other that
 * may raise leaves the statement to the rehearsal.
 * @throws Refusal
 */
export function requireNoVeto(situation: Situation, statement: ParsedStatement): void {
  for (const trigger of triggersNow(situation)) {
    const caused = causes(statement, trigger.event)
    const tag = tagOf(statement)
    const isMeant = trigger.tags === null || tag === undefined || trigger.tags.includes(tag)
    if (!trigger.isEnabled || caused === 'no' || !isMeant) continue
    const body = bodyOf(situation.catalog, trigger)
    const may = mayRaise(situation.catalog, body)
    if (may === 'no') continue
    const words = `event trigger "${trigger.name}" calls ${trigger.functionName}(), which refuses commands`
    const isCertain = may === 'yes' && caused === 'yes' && (trigger.tags === null || tag !== undefined)
    if (isCertain) throw invalid('P0001', words, trigger.name)
    throw new Refusal('invalid-statement', 'P0001', words, trigger.name, true)
  }
}

/** Those of today, as the pending statements before have left them, and those that they have made. */
function triggersNow({ server, earlier }: Situation): readonly EventTrigger[] {
  let triggers = server.eventTriggers
  const change = (name: string, to: Partial<EventTrigger>) => {
    triggers = triggers.map((one) => (one.name === name ? { ...one, ...to } : one))
  }
  for (const { kind, node } of earlier) {
    if (kind === 'CreateEventTrigStmt') triggers = [...triggers, made(node)]
    if (kind === 'AlterEventTrigStmt')
      change(node.trigname, { isEnabled: !['D', 'R'].includes(node.tgenabled) })
    if (kind === 'RenameStmt' && node.renameType === 'OBJECT_EVENT_TRIGGER')
      change(node.object?.String?.sval, { name: node.newname })
    if (kind === 'DropStmt' && node.removeType === 'OBJECT_EVENT_TRIGGER') {
      const names = node.objects.map((one: Node) => one.String?.sval)
      triggers = triggers.filter(({ name }) => !names.includes(name))
    }
  }
  return triggers
}

function made(node: Node): EventTrigger {
  const { schema = null, name } = relationOfParts(node.funcname)
  const conditions: Node[] = node.whenclause ?? []
  const named = conditions.flatMap(({ DefElem }) =>
    (DefElem.arg?.List?.items ?? []).map((one: Node) => one.String?.sval?.toUpperCase()),
  )
  return {
    name: node.trigname,
    event: node.eventname,
    tags: conditions.length > 0 ? named : null,
    functionSchema: schema,
    functionName: name,
    isEnabled: true,
  }
}

/** Undefined for one that cannot be read. */
function bodyOf(catalog: CatalogModel, { functionSchema, functionName }: EventTrigger): string | undefined {
  const place = { name: functionName, ...(functionSchema === null ? {} : { schema: functionSchema }) }
  return findFunctions(catalog, place)[0]?.body
}

const raises = /\braise\b(?!\s+(notice|warning|info|log|debug)\b)|\bassert\b/i

/** The first thing that it does is to raise, and nothing catches it or gives it another state. */
const alwaysRaises = /^\s*begin\s+raise\s+exception\s+'(?:[^']|'')*'\s*(?:,[^;]*)?;\s*(?:end\b|return\b)/i

function mayRaise(catalog: CatalogModel, body: string | undefined): 'yes' | 'maybe' | 'no' {
  if (body === undefined) return 'maybe'
  if (alwaysRaises.test(body) && !/\b(using|when)\b/i.test(body)) return 'yes'
  if (raises.test(body)) return 'maybe'
  const words = new Set(body.toLowerCase().match(/[a-z_][a-z0-9_]*/g) ?? [])
  const isCalling = catalog.functions.some(
    ({ name, body: inner }) => inner !== body && words.has(name.toLowerCase()) && raises.test(inner),
  )
  return isCalling ? 'maybe' : 'no'
}
