import type { ColumnFingerprint, DataFingerprint, TableFingerprint } from '../../domain/fingerprint.js'
import { plural } from '../../domain/quantities.js'
import { quoteIdentifier, quoteRelation } from '../../sql/names.js'

/** One thing in which the data before and after differ. */
export interface FingerprintDifference {
  readonly kind:
    | 'table-missing'
    | 'table-added'
    | 'rows-missing'
    | 'rows-added'
    | 'column-missing'
    | 'column-added'
    | 'nulls-differ'
    | 'values-differ'
    | 'rows-differ'
    | 'not-comparable'
    | 'large-objects-differ'
  /** Missing for large objects, which belong to no table. */
  readonly schema?: string
  readonly table?: string
  readonly column?: string
  /** One line that says what differs. */
  readonly message: string
}

/** What differs between two databases, or in one before and after. Tables and columns are matched by name. Empty: the same data. */
export function compareFingerprints(
  before: DataFingerprint,
  after: DataFingerprint,
): FingerprintDifference[] {
  const [tablesBefore, tablesAfter] = [before.tables, after.tables].map(
    (tables) => new Map(tables.map((table) => [quoteRelation(table.schema, table.table), table])),
  ) as [Map<string, TableFingerprint>, Map<string, TableFingerprint>]
  return [
    ...[...tablesBefore].flatMap(([name, table]) => {
      const other = tablesAfter.get(name)
      if (other) return compareTables(table, other)
      return differ(table, 'table-missing', `is missing, which held ${plural(table.rows, 'row')}`)
    }),
    ...[...tablesAfter]
      .filter(([name]) => !tablesBefore.has(name))
      .flatMap(([, table]) => differ(table, 'table-added', `is new and holds ${plural(table.rows, 'row')}`)),
    ...compareLargeObjects(before, after),
  ]
}

/**
 * What differs in one table. The caller has matched the two, so their names may differ; columns are matched by name, and differences
 * are given in the names of after. Where the number of rows differs, all sums do, and only the number is told.
 */
export function compareTables(before: TableFingerprint, after: TableFingerprint): FingerprintDifference[] {
  const columnsAfter = new Map(after.columns.map((column) => [column.column, column]))
  const namesBefore = new Set(before.columns.map(({ column }) => column))
  const shared = before.columns.flatMap((column) => {
    const other = columnsAfter.get(column.column)
    return other ? [[column, other] as const] : []
  })
  const missing = before.columns.filter(({ column }) => !columnsAfter.has(column))
  const added = after.columns.filter(({ column }) => !namesBefore.has(column))
  return [
    ...missing.flatMap(({ column, values }) =>
      differ(after, 'column-missing', `is missing, which held ${plural(values, 'value')}`, column),
    ),
    ...added.flatMap(({ column }) => differ(after, 'column-added', 'is new', column)),
    ...(before.rows === after.rows
      ? compareContents(before, after, shared)
      : compareRows(before.rows, after)),
  ]
}

function compareRows(rowsBefore: number, after: TableFingerprint): FingerprintDifference[] {
  const change = after.rows - rowsBefore
  const numbers = `${plural(rowsBefore, 'row')} before, ${plural(after.rows, 'row')} after`
  if (change < 0) return differ(after, 'rows-missing', `has lost ${plural(-change, 'row')}: ${numbers}`)
  return differ(after, 'rows-added', `has gained ${plural(change, 'row')}: ${numbers}`)
}

function compareContents(
  before: TableFingerprint,
  after: TableFingerprint,
  shared: readonly (readonly [ColumnFingerprint, ColumnFingerprint])[],
): FingerprintDifference[] {
  const differing = shared.flatMap(([one, other]) => compareColumn(one, other, after))
  if (before.key.length !== after.key.length && after.rows > 0) {
    const nulls = differing.filter(({ kind }) => kind === 'nulls-differ')
    const keys = `${formatKey(before.key)} before, ${formatKey(after.key)} after`
    return [...nulls, ...differ(after, 'not-comparable', `cannot be compared value by value: ${keys}`)]
  }
  const sameColumns = shared.length === before.columns.length && shared.length === after.columns.length
  if (differing.length === 0 && sameColumns && before.rowSum !== after.rowSum) {
    return differ(after, 'rows-differ', 'has the same values in every column, but in other rows')
  }
  return differing
}

function compareColumn(
  before: ColumnFingerprint,
  after: ColumnFingerprint,
  table: TableFingerprint,
): FingerprintDifference[] {
  const { column } = after
  if (before.values !== after.values) {
    const [one, other] = [before, after].map(({ values }) => plural(table.rows - values, 'NULL'))
    return differ(table, 'nulls-differ', `has ${other} where it had ${one}`, column)
  }
  if (before.sum === after.sum) return []
  const types = before.type === after.type ? '' : `; its type was ${before.type} and is ${after.type}`
  return differ(table, 'values-differ', `has other values than before, or in other rows${types}`, column)
}

function compareLargeObjects(before: DataFingerprint, after: DataFingerprint): FingerprintDifference[] {
  const [one, other] = [before.largeObjects, after.largeObjects]
  if (one.objects === other.objects && one.sum === other.sum) return []
  const message =
    one.objects === other.objects
      ? `${plural(one.objects, 'large object')} before and after, but with other contents`
      : `there were ${plural(one.objects, 'large object')} and are ${plural(other.objects, 'large object')}`
  return [{ kind: 'large-objects-differ', message }]
}

function differ(
  { schema, table }: TableFingerprint,
  kind: FingerprintDifference['kind'],
  what: string,
  column?: string,
): FingerprintDifference[] {
  const relation = quoteRelation(schema, table)
  if (column === undefined) return [{ kind, schema, table, message: `${relation} ${what}` }]
  return [{ kind, schema, table, column, message: `${relation}.${quoteIdentifier(column)} ${what}` }]
}

function formatKey(key: readonly string[]): string {
  return key.length === 0 ? 'no key' : `key (${key.map(quoteIdentifier).join(', ')})`
}
