/** A column, or what it is compared as, for SQL. */
export interface HashedValue {
  /** SQL that gives the value. */
  readonly sql: string
  /** The type below all domains, in the server's words without modifiers: `timestamp with time zone`. */
  readonly baseType: string
}

const isZero = "'0'::pg_catalog.float8"

/**
 * Types of which more is known than how they are written. Of few can their own 64-bit hash be trusted, another stored value,
 * another hash: hash_numeric_extended knows no sign and no scale, jsonb_hash_extended takes 1 for -1, hash_interval_extended a
 * month for thirty days, and the hash of an enum changes with its OIDs when it is restored. Numeric and jsonb are common
 * enough to have their text taken the short way.
 */
const typedHashes: Readonly<Record<string, (sql: string, seed: string) => string>> = {
  smallint: (sql, seed) => call('hashint2extended', cast(sql, 'int2'), seed),
  integer: (sql, seed) => call('hashint4extended', cast(sql, 'int4'), seed),
  bigint: (sql, seed) => hashInt8(cast(sql, 'int8'), seed),
  oid: (sql, seed) => call('hashoidextended', cast(sql, 'oid'), seed),
  boolean: (sql, seed) => call('hashint4extended', cast(sql, 'int4'), seed),
  real: hashFloat,
  'double precision': hashFloat,
  text: hashText,
  'character varying': hashText,
  numeric: (sql, seed) => hashText(call('textin', call('numeric_out', cast(sql, 'numeric'))), seed),
  jsonb: (sql, seed) => hashText(call('textin', call('jsonb_out', cast(sql, 'jsonb'))), seed),
  uuid: (sql, seed) => call('uuid_hash_extended', cast(sql, 'uuid'), seed),
  bytea: (sql, seed) => hashAsArray(cast(sql, 'bytea'), seed),
  date: (sql, seed) => hashAsArray(cast(sql, 'date'), seed),
  'timestamp without time zone': (sql, seed) => hashTimestamp(cast(sql, '"timestamp"'), seed, timestamp),
  'timestamp with time zone': (sql, seed) => hashTimestamp(cast(sql, 'timestamptz'), seed, timestamptz),
}

/**
 * SQL for a 64-bit hash of a value: NULL for NULL, and else (but for one in 2^64) as different as the stored bytes are: -0 is not
 * 0, 1.5 not 1.50, 'a' in citext not 'A', a month not thirty days. Types that are not known are hashed as the text they are
 * written as, so the session must have the settings of withFixedOutput().
 */
export function hashOf({ sql, baseType }: HashedValue, seed: string): string {
  return (typedHashes[baseType] ?? hashOutput)(sql, seed)
}

/** SQL that mixes all bits of a 64-bit value into another one. The seed goes through the hash in full, a value would be folded. */
export function mix(bits: string): string {
  return call('hashint4extended', '0', bits)
}

/** SQL for the exclusive or of 64-bit values. */
export function combine(bits: readonly string[]): string {
  return bits.reduce((one, other) => call('int8xor', one, other))
}

/** hashint8extended folds a value to 32 bits, 1 and 2^32 become the same; so the upper half goes into the seed. */
function hashInt8(sql: string, seed: string): string {
  return call('hashint8extended', sql, call('int8xor', seed, call('int8shr', sql, '32')))
}

/** As bytes, whatever the collation holds to be equal. */
function hashText(sql: string, seed: string): string {
  return call('hashtextextended', `${cast(sql, 'text')} COLLATE pg_catalog."C"`, seed)
}

/** What the type itself writes, which no cast that somebody has made can change. */
function hashOutput(sql: string, seed: string): string {
  return whenPresent(sql, hashText(call('concat', sql), seed))
}

/** The hash of the type takes -0 for 0. A real has the same hash as the double precision that it widens to. */
function hashFloat(sql: string, seed: string): string {
  const float = cast(sql, 'float8')
  const hash = call('hashfloat8extended', float, seed)
  return `CASE WHEN ${call('float8ne', float, isZero)} THEN ${hash} ELSE ${hashText(float, seed)} END`
}

/** Of timestamp or timestamptz, whose functions have like names. */
interface TimestampType {
  readonly name: 'timestamp' | 'timestamptz'
  /** SQL for the timestamp in UTC. */
  toTimestamp(sql: string): string
}

const timestamp: TimestampType = { name: 'timestamp', toTimestamp: (sql) => sql }
const timestamptz: TimestampType = {
  name: 'timestamptz',
  // An interval of nothing as the zone is many times faster than to look up the name of one.
  toTimestamp: (sql) => call('timezone', "'0'::pg_catalog.interval", sql),
}

/**
 * The hash of the type folds microseconds since 2000 to 32 bits, lower half xor upper half, that inverted when negative. So the
 * upper half goes into the seed, which is the value rounded down to a multiple of 2^32, and the sign.
 */
function hashTimestamp(sql: string, seed: string, { name, toTimestamp }: TimestampType): string {
  const literal = (text: string) => `'${text}'::pg_catalog."${name}"`
  const epoch = literal('2000-01-01 00:00:00+00')
  // Nothing can be rounded down in the first hour that there is.
  const roundable = call(`${name}_larger`, sql, literal('4714-11-24 02:00:00+00 BC'))
  const upperHalf = call('date_bin', "'4294.967296 s'::pg_catalog.interval", roundable, epoch)
  const sign = cast(call(`${name}_cmp`, sql, epoch), 'int8')
  const hashOfUpperHalf = call('timestamp_hash_extended', toTimestamp(upperHalf), seed)
  return call('timestamp_hash_extended', toTimestamp(sql), call('int8xor', hashOfUpperHalf, sign))
}

/** For a type whose hash function SQL cannot call. */
function hashAsArray(sql: string, seed: string): string {
  return whenPresent(sql, call('hash_array_extended', `ARRAY[${sql}]`, seed))
}

/** Not IS NOT NULL, which is false for a row that has a NULL in it. */
function whenPresent(sql: string, hash: string): string {
  return `CASE WHEN ${sql} IS DISTINCT FROM NULL THEN ${hash} END`
}

function cast(sql: string, type: string): string {
  return `CAST(${sql} AS pg_catalog.${type})`
}

function call(name: string, ...values: string[]): string {
  return `pg_catalog.${name}(${values.join(', ')})`
}
