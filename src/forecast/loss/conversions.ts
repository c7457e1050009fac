import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { bindColumns } from '../bind.js'
import { castTo, liveTypeText } from '../casts.js'
import type { Column, ColumnType, Relation } from '../model.js'
import { Rewriter } from '../rewrite.js'
import { lastName, visitTree } from '../tree.js'
import type { Walk } from '../walk.js'
import { differs, textsDiffer } from './values.js'

/** What becomes of the values of a column when its type changes. */
export interface Conversion {
  /** SQL over the relation's row: true for a value that cannot be read back from the new one. */
  readonly isLost: string
  /** What `isLost` looks into beside the relation's rows, to stand after them. */
  readonly join?: string
  /** The moments of time become wall-clock times, as the session's TimeZone says. */
  readonly losesTimeZone: boolean
  /** Why the new values cannot be known. */
  readonly opaque?: string
}

/** Functions that keep a part of their argument. */
const cutting: ReadonlySet<string> = new Set([
  ...['substring', 'substr', 'left', 'right', 'split_part', 'regexp_replace', 'regexp_substr'],
  ...['round', 'trunc', 'floor', 'ceil', 'ceiling', 'date_trunc', 'date_part', 'extract'],
  ...['jsonb_extract_path', 'jsonb_extract_path_text', 'json_extract_path', 'json_extract_path_text'],
])

/**
 * How ALTER COLUMN … TYPE … [USING …] treats the values that are there; undefined when it cannot lose any. A value
 * survives when it can be read back from the new one. Where an expression gives it another form (a CASE, to_jsonb), it
 * is enough that different values stay different.
 */
export function conversionOf(
  walk: Walk,
  relation: Relation,
  column: Column,
  type: ColumnType,
  using: Node | undefined,
): Conversion | undefined {
  const tree = using && bindColumns(relation, using)
  const zone = tree && zoneOf(tree)
  const isPlain = tree === undefined || isCastOnly(tree) || zone !== undefined
  if (isPlain && zone === undefined && tree === undefined && isWidening(column.type, type)) return undefined
  const old = quoteIdentifier(column.name)
  const value = new Rewriter(walk.content).expression(
    tree ?? { ColumnRef: { fields: [{ String: { sval: column.name } }] } },
    [relation],
  )
  const now = castTo(value.sql, type, 'assignment')
  const back = zone ? `pg_catalog.timezone(${new Rewriter(walk.content).expression(zone).sql}, ${now})` : now
  const changes = isReversible(column.type, type)
    ? differs(old, `CAST(${back} AS ${liveTypeText(column.type)})`, column.type)
    : textsDiffer(old, now)
  const mayTakeAnotherForm = isPlain ? !isReversible(column.type, type) : !cuts(tree)
  const reason = relation.opaque ?? column.opaque ?? value.opaque[0]
  const isMerged = `(${now} IS NULL OR ${merged} IS NOT NULL)`
  return {
    isLost: [`${old} IS NOT NULL`, changes, ...(mayTakeAnotherForm ? [isMerged] : [])].join(' AND '),
    ...(mayTakeAnotherForm ? { join: joinMerged(walk, relation, old, now) } : {}),
    losesTimeZone: isZoned(column.type) && isZoneless(type) && isPlain && zone === undefined,
    ...(reason === undefined ? {} : { opaque: reason }),
  }
}

/** Finds the new values that several different old ones become. A join, because a subquery is run for each row where its answer is large. */
function joinMerged(walk: Walk, relation: Relation, old: string, now: string): string {
  const pairs = `SELECT (${now})::pg_catalog.text AS n, (${old})::pg_catalog.text AS o FROM ${walk.rowsOf(relation)} WHERE ${old} IS NOT NULL`
  const values = `SELECT n AS "~value" FROM (${pairs}) AS pairs WHERE n IS NOT NULL GROUP BY n HAVING pg_catalog.min(o) OPERATOR(pg_catalog.<>) pg_catalog.max(o)`
  return ` LEFT JOIN (${values}) AS "~merged" ON ${merged} OPERATOR(pg_catalog.=) (${now})::pg_catalog.text`
}

const merged = '"~merged"."~value"'

/** Types whose values can be cast back and compared: numbers, dates, strings and enums among themselves. */
function isReversible(from: ColumnType, to: ColumnType): boolean {
  if (from.isArray !== to.isArray || from.object.live === undefined) return false
  if (from.object === to.object) return true
  const [one, other] = [from.object.category, to.object.category]
  if (to.object.category === 'S') return !from.isArray
  if (one === 'S') return other === 'N' || other === 'D'
  return one === other && (one === 'N' || one === 'D')
}

/** Of whole numbers, by the bytes that they take. */
const integers: Readonly<Record<string, number>> = { int2: 2, int4: 4, int8: 8 }

/** Whether every value of one type is a value of the other as well. */
function isWidening(from: ColumnType, to: ColumnType): boolean {
  if (from.isArray !== to.isArray) return false
  const [one, other] = [from.object, to.object]
  if (one.kind === 'enum' && other.kind === 'enum') return true
  if (other.name === 'text' && other.schema === 'pg_catalog') return true
  const [bytes, newBytes] = [integers[one.name], integers[other.name]]
  if (bytes !== undefined && newBytes !== undefined) return bytes <= newBytes
  if (bytes !== undefined) return other.name === 'numeric' && to.modifiers === ''
  if (one !== other) return one.name === 'varchar' && other.name === 'varchar' && to.modifiers === ''
  return to.modifiers === '' || isWithin(numbersIn(from.modifiers), numbersIn(to.modifiers))
}

/** `(3)` within `(6)`; of numeric, digits before the point as well as after it. */
function isWithin(
  [one, scale = 0]: readonly number[],
  [other = 0, otherScale = 0]: readonly number[],
): boolean {
  return one !== undefined && scale <= otherScale && one - scale <= other - otherScale
}

function numbersIn(modifiers: string): number[] {
  return (modifiers.match(/-?\d+/g) ?? []).map(Number)
}

/** `"c"`, `"c"::text::int` */
function isCastOnly(tree: Node): boolean {
  if (tree.TypeCast) return isCastOnly(tree.TypeCast.arg)
  return tree.ColumnRef !== undefined
}

/** The zone of `"c" AT TIME ZONE 'UTC'`, which gives back a value in the same words. */
function zoneOf(tree: Node): Node | undefined {
  const call = tree.FuncCall
  if (lastName(call?.funcname) !== 'timezone' || call.args?.length !== 2) return undefined
  return isCastOnly(call.args[1]) ? call.args[0] : undefined
}

function cuts(tree: Node | undefined): boolean {
  let found = false
  visitTree(tree, (kind, node) => {
    if (kind === 'FuncCall') found ||= cutting.has(lastName(node.funcname))
    if (kind === 'A_Indirection') found = true
    if (kind === 'A_Expr') found ||= ['->', '->>', '#>', '#>>'].includes(lastName(node.name))
  })
  return found
}

function isZoned({ object }: ColumnType): boolean {
  return object.name === 'timestamptz' || object.name === 'timetz'
}

function isZoneless({ object }: ColumnType): boolean {
  return object.name === 'timestamp' || object.name === 'time'
}
