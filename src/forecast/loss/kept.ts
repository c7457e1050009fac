// Whether what a statement takes away is found again in another place when all statements have run. The rows decide, not
// the text of the statement that copied them.

import { quoteIdentifier } from '../../sql/names.js'
import { equals } from '../../sql/operators.js'
import { equalityOf } from '../equality.js'
import type { Column, ColumnType, Relation } from '../model.js'
import { allOf } from './all-of.js'
import { amount, type LossContext, rowsOf } from './context.js'
import type { Measure, Measures, Weighed } from './loss.js'
import type { SqlOf } from './today.js'
import { type Transfer, targetName } from './transfers.js'
import { differs, isComparedAsText, textsDiffer } from './values.js'

/** A value that goes: its column, and SQL of it over the rows that lose it. */
interface Value {
  readonly column: Column
  /** Absent where it is read as it is today, and the chain may have changed its type since. */
  readonly type?: ColumnType
  readonly sql: string
}

/** What a statement takes away, as it is right before the statement. */
export interface Going {
  readonly relation: Relation
  /** The one column whose values go; absent where whole rows do. */
  readonly column?: Column
  readonly key: readonly Value[] | undefined
  readonly values: readonly Value[]
}

/** Notes the names and types that the columns have now. To be called before the statement is followed. */
export function goingValues({ today }: LossContext, relation: Relation, column: Column, sqlOf: SqlOf): Going {
  const key = today.keyOf(relation)
  // Without a key a value is told from others by the row that it stands in.
  const values = key ? [column] : keepableColumns(relation)
  return { relation, column, key: key?.map(valuesOver(sqlOf)), values: values.map(valuesOver(sqlOf)) }
}

/**
 * Of a column that the chain has written, today's values are what can be lost: they are read from today's table, of
 * the rows that are still there. Undefined where rows cannot be told from one another.
 *
 * @param left the rows that are still there
 */
export function goingToday(
  { today }: LossContext,
  relation: Relation,
  column: Column,
  left: Measure,
): { going: Going; lost: Measure } | undefined {
  const key = today.keyOf(relation)
  if (!key || relation.live === undefined || column.liveName === undefined) return undefined
  const alias = quoteIdentifier(relation.name)
  const todays = ({ liveName = '' }: Column) => `${live}.${quoteIdentifier(liveName)}`
  const pairs = key.map(
    (one) => `${alias}.${quoteIdentifier(one.name)} ${equalityOf(one.type)} ${todays(one)}`,
  )
  const isThere = `EXISTS (SELECT 1 FROM ${left.from} WHERE ${allOf(left.condition, ...pairs)})`
  const value = { column, sql: todays(column) }
  return {
    going: { relation, column, key: key.map(valuesOver(todays)), values: [value] },
    lost: { from: `${relation.live} AS ${live}`, condition: allOf(`${value.sql} IS NOT NULL`, isThere) },
  }
}

/** The same for whole rows. */
export function goingRows({ today }: LossContext, relation: Relation, sqlOf: SqlOf): Going {
  const key = today.keyOf(relation)
  return {
    relation,
    key: key?.map(valuesOver(sqlOf)),
    values: keepableColumns(relation).map(valuesOver(sqlOf)),
  }
}

/** What the server computes from other columns need not be kept, and what is not there today is nobody's loss. */
export function keepableColumns({ columns }: Relation): Column[] {
  return columns.filter(({ liveName, generated }) => liveName !== undefined && !generated)
}

function valuesOver(sqlOf: SqlOf) {
  return (column: Column): Value => ({ column, type: column.type, sql: sqlOf(column) })
}

/**
 * Of the rows lost, those whose values are found in no other place in the end; undefined where no statement puts all of
 * them into another place that lasts, or where that cannot be told. To be called when all statements have been followed.
 *
 * @param lost exact: a row of its FROM is a row that loses something
 */
export function keptNowhere(context: LossContext, going: Going, lost: Measure): Measure | undefined {
  const { relation, column, key, values } = going
  if (values.length === 0) return undefined
  if ([...(key ?? []), ...values].some((one) => one.column.opaque !== undefined)) return undefined
  const places = placesOf(context, going).flatMap((place) => transferSql(context, place, going) ?? [])
  if (key === undefined) {
    if (places.length === 0) return undefined
    const list = values.map(({ sql }) => `(${sql})::pg_catalog.text`).join(', ')
    const kept = places.map(({ rows }) => rows).join(' UNION ALL ')
    return {
      from: `(SELECT ${list} FROM ${lost.from} WHERE ${lost.condition} EXCEPT ALL (${kept})) AS "~left"`,
      condition: 'true',
    }
  }
  const heir = column && heirSql(context, relation, column, key, values[0])
  const conditions = [...places.map(({ isMissing }) => isMissing), ...(heir === undefined ? [] : [heir])]
  if (conditions.length === 0) return undefined
  return { from: lost.from, condition: allOf(lost.condition, ...conditions) }
}

/** `keptNowhere` as a part of what is counted for a loss; `lost` is undefined where it is not exact. */
export function keptMeasure(
  context: LossContext,
  going: Going,
  lost: Measure | undefined,
): Pick<Measures, 'notKept'> {
  const notKept = lost && keptNowhere(context, going, lost)
  return notKept ? { notKept } : {}
}

/** The rows of a measure with all their columns, where it reads only the key. */
export function wholeRows(
  { walk }: LossContext,
  { relation, values }: Going,
  { condition }: Measure,
): Measure {
  return {
    from: rowsOf(
      walk,
      relation,
      values.map(({ column }) => column),
    ),
    condition,
  }
}

/** Nothing is lost where every value is found again. */
export function weighKept(weighed: Weighed, notKept: number | undefined): Weighed {
  if (notKept !== 0) return weighed
  const { fixSql: _fixSql, ...rest } = weighed
  return { ...rest, verdict: 'warn', hint: 'Nothing is to be done: all of it is found again there.' }
}

/** Where the values went that lasts: a table that is still there, and is neither temporary nor lost in a crash. */
function placesOf({ walk, lineage }: LossContext, { relation, key, values }: Going): Transfer[] {
  return lineage.transfersOf(relation).filter(({ into, columns }) => {
    const isThere =
      walk.catalog.relations.includes(into) && /table/.test(into.kind) && into.kind !== 'foreign table'
    const needed = [...(key ?? []), ...values]
    return (
      isThere &&
      lasts(into) &&
      into.opaque === undefined &&
      needed.every((one) => {
        const own = columns.get(one.column)
        return own !== undefined && own.opaque === undefined && into.columns.includes(own)
      })
    )
  })
}

function lasts({ isTemporary, isUnlogged }: Relation): boolean {
  return !isTemporary && isUnlogged !== true
}

function transferSql({ walk }: LossContext, { into, columns }: Transfer, { key, values }: Going) {
  const from = `${walk.content.read(into)} AS ${kept}`
  const ownSql = ({ column }: Value) => `${kept}.${quoteIdentifier(columns.get(column)?.name ?? '')}`
  const ownType = ({ column }: Value) => columns.get(column)?.type
  const pairs = (key ?? []).map((one) => sameKey(one.sql, one.type, ownSql(one), ownType(one)))
  const rest = values.filter(({ column }) => !key?.some((one) => one.column === column))
  const same = rest.map((one) => `NOT (${isDifferent(one.sql, one.type, ownSql(one), ownType(one))})`)
  const list = values.map((one) => `(${ownSql(one)})::pg_catalog.text`).join(', ')
  return {
    isMissing: `NOT EXISTS (SELECT 1 FROM ${from} WHERE ${allOf(...pairs, ...same)})`,
    rows: `SELECT ${list} FROM ${from}`,
  }
}

/** A row that is still there and does not hold the value in another column. One that goes later is counted there. */
function heirSql(
  { walk, lineage }: LossContext,
  relation: Relation,
  column: Column,
  key: readonly Value[],
  value: Value | undefined,
): string | undefined {
  const [heir] = lineage.heirsOf(relation, column).slice(-1)
  if (!heir || !value || heir.opaque !== undefined || relation.opaque !== undefined) return undefined
  if (!walk.catalog.relations.includes(relation)) return undefined
  if (key.some((one) => !relation.columns.includes(one.column))) return undefined
  const own = (name: string) => `${kept}.${quoteIdentifier(name)}`
  const pairs = key.map((one) => sameKey(one.sql, one.type, own(one.column.name), one.column.type))
  const differing = isDifferent(value.sql, value.type, own(heir.name), heir.type)
  return `EXISTS (SELECT 1 FROM ${walk.content.read(relation)} AS ${kept} WHERE ${allOf(...pairs, differing)})`
}

const kept = '"~kept"'
const live = '"~live"'

/** The operator `=` of the server's own types can be hashed; any other type is compared as text. */
function sameKey(
  one: string,
  type: ColumnType | undefined,
  other: string,
  otherType: ColumnType | undefined,
): string {
  if (isSameType(type, otherType) && !isComparedAsText(type)) return `${other} ${equals} ${one}`
  return `(${other})::pg_catalog.text ${equals} (${one})::pg_catalog.text`
}

function isDifferent(
  one: string,
  type: ColumnType | undefined,
  other: string,
  otherType: ColumnType | undefined,
): string {
  return isSameType(type, otherType) ? differs(one, other, type) : textsDiffer(one, other)
}

function isSameType(one: ColumnType | undefined, other: ColumnType | undefined): one is ColumnType {
  return one !== undefined && one.object === other?.object && one.isArray === other.isArray
}

/** How many of those lost an earlier statement put where, in brackets; empty where none did. Nothing is said of what was only read. */
export function copyNote(
  { lineage }: LossContext,
  { relation, column, values }: Going,
  lost: number,
  notKept: number | undefined,
): string {
  const transfers = lineage
    .transfersOf(relation)
    .filter(({ columns }) => (column ? columns.has(column) : values.some((one) => columns.has(one.column))))
  const copies = [
    ...(column
      ? lineage.copiesOf(column).map(({ target, place }) => ({ target, line: place.line, isLasting: true }))
      : []),
    ...transfers.map((one) => ({
      target: targetName(one, column),
      line: one.place.line,
      isLasting: lasts(one.into),
    })),
  ]
  const [copy] = notKept === undefined ? copies : copies.filter(({ isLasting }) => isLasting)
  if (!copy) return ''
  const { target, line, isLasting } = copy
  if (!isLasting)
    return ` (line ${line} puts them into ${target}, which is temporary or not logged and does not last)`
  if (notKept === 0)
    return ` (line ${line} copied ${lost === 1 ? 'it' : column ? 'it' : 'them'} to ${target})`
  if (notKept === undefined) return ` (line ${line} reads ${column ? 'it' : 'them'} for ${target})`
  if (notKept === lost)
    return ` (line ${line} reads ${column ? 'it' : 'them'} for ${target}, which does not hold ${column ? 'it' : 'them'} as before)`
  return ` (line ${line} copied a part to ${target}; ${amount(notKept, column ? 'value' : 'row', false)} of them ${notKept === 1 ? 'is' : 'are'} in no other place)`
}
