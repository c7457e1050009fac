import type { ColumnType, IndexKey } from './model.js'

/** Hash functions that a query may call, by the name of the type; equal values have equal hashes. */
const hashFunctions: Readonly<Record<string, string>> = {
  int2: 'hashint2extended',
  int4: 'hashint4extended',
  int8: 'hashint8extended',
  text: 'hashtextextended',
  varchar: 'hashtextextended',
  uuid: 'uuid_hash_extended',
  numeric: 'hash_numeric_extended',
  float8: 'hashfloat8extended',
  timestamp: 'timestamp_hash_extended',
}

/**
 * SQL of one number for a whole key, each column seeded with the hash of those before it. Undefined where a collation of
 * its own says what is equal. A function for the type was measured to be faster than hashing the key as a row.
 */
export function keyHashOf(keys: readonly IndexKey[], sqls: readonly string[]): string | undefined {
  if (keys.some(({ column, collation }) => collation !== undefined || column?.collation !== undefined))
    return undefined
  return keys.reduce((seed, { column }, i) => {
    const hash = column && functionFor(column.type)
    return hash
      ? `pg_catalog.${hash}(${sqls[i]}, ${seed})`
      : `pg_catalog.hash_record_extended(ROW(${sqls[i]}), ${seed})`
  }, '0')
}

function functionFor({ object, isArray }: ColumnType): string | undefined {
  return isArray || object.schema !== 'pg_catalog' ? undefined : hashFunctions[object.name]
}
