import { quoteIdentifier, quoteRelation } from '../../sql/names.js'
import { combine, type HashedValue, hashOf, mix } from './hash.js'
import type { FingerprintColumn, FingerprintRequest } from './request.js'

const noSeed = "'0'::pg_catalog.int8"
const integerTypes = ['smallint', 'integer', 'bigint']

/**
 * The statement that reads a table once for the fingerprints of some of its columns: `rows`; the arrays `sums` and `values`, one
 * entry a column; and, when asked for, `row_sum` of all the request's columns. All as text.
 */
export function fingerprintStatement(
  request: FingerprintRequest,
  columns: readonly FingerprintColumn[],
  withRowSum: boolean,
): string {
  const seed = seedOf(request.key)
  const hashes = columns.map((column) => hashOf(hashedValueOf(column), seed))
  return `
    SELECT pg_catalog.count(*)::text AS rows,
           ${arrayOf(hashes.map((hash) => `pg_catalog.sum(${hash})::text`))} AS sums,
           ${arrayOf(hashes.map(countOf))} AS values,
           ${withRowSum ? `pg_catalog.sum(${hashOfRow(request.columns)})::text` : 'NULL'} AS row_sum
      FROM ${rowsOf(request)}`
}

function rowsOf({ schema, table, condition }: FingerprintRequest): string {
  return `ONLY ${quoteRelation(schema, table)} AS t${condition === undefined ? '' : ` WHERE ${condition}`}`
}

/** The statement that counts the values of one column the plain way. */
export function countStatement(request: FingerprintRequest, column: FingerprintColumn): string {
  return `SELECT pg_catalog.count(${hashedValueOf(column).sql})::text AS values FROM ${rowsOf(request)}`
}

/** One array, because a select list may have no more than 1664 entries. */
function arrayOf(expressions: readonly string[]): string {
  return `ARRAY[${expressions.join(', ')}]::text[]`
}

/**
 * How many values were hashed, for nothing: avg() and sum() of the same share their work, and a count() of its own was measured
 * to cost 11 %. Both are numeric with at least 16 significant digits. NULL when the sum is 0, by a chance of one in 2^64.
 */
function countOf(hash: string): string {
  return `pg_catalog.round(pg_catalog.sum(${hash}) / NULLIF(pg_catalog.avg(${hash}), 0))::text`
}

/** One integer is its own seed; of any other key each column's hash is the seed of the next. */
function seedOf(key: readonly FingerprintColumn[]): string {
  if (key.some(({ nullable }) => nullable)) return hashOfRow(key)
  const values = key.map(hashedValueOf)
  const [first] = values
  if (first && values.length === 1 && integerTypes.includes(first.baseType))
    return `CAST(${first.sql} AS pg_catalog.int8)`
  return values.reduce((seed, value) => hashOf(value, seed), noSeed)
}

/**
 * Puts together the hashes of the columns, each seeded with the column's place: it survives other names, and another order of
 * the columns only when the request keeps to the one of before.
 */
function hashOfRow(columns: readonly FingerprintColumn[]): string {
  const hashes = columns.map(
    (column, place) => `COALESCE(${hashOf(hashedValueOf(column), `'${place + 1}'::pg_catalog.int8`)}, 0)`,
  )
  return mix(combine(hashes))
}

function hashedValueOf(column: FingerprintColumn): HashedValue {
  const sql = `t.${quoteIdentifier(column.name)}`
  if (column.castTo === undefined) return { sql, baseType: column.baseType }
  return { sql: `CAST(${sql} AS ${column.castTo})`, baseType: column.castTo.replace(/\(.*?\)/, '') }
}
