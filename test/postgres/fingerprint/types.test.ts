import { beforeAll, describe, expect, test } from '@jest/globals'
import type { TableFingerprint } from '../../../src/domain/fingerprint.js'
import { readFingerprintRequests } from '../../../src/postgres/fingerprint/read-requests.js'
import { fingerprintTables } from '../../../src/postgres/fingerprint/tables.js'
import { fingerprint, nameless } from '../../support/fingerprint.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'
import { literalOf, makeTypes, type TypedValues } from '../../support/typed-values.js'

type Fingerprints = Record<string, TableFingerprint>

/** Of every type a table with a key, `keyed_3`; of every eighth also one without, `keyless_8`, with the same rows. */
let database: TestDatabase
let types: readonly TypedValues[]
let tables: string[]
let before: Fingerprints

beforeAll(async () => {
  database = await createTestDatabase()
  types = await makeTypes(database)
  await database.query(types.map(tablesOf).join('\n'))
  before = await fingerprint(database)
  tables = Object.keys(before).filter((table) => table.startsWith('key'))
})

function tablesOf(typed: TypedValues, number: number): string {
  const [one, other] = valuesOf(typed)
  const rows = `VALUES (1, ${one}), (2, ${other}), (3, NULL), (4, ${one})`
  return `
    CREATE TABLE keyed_${number} (id int PRIMARY KEY, x ${typed.type}); INSERT INTO keyed_${number} ${rows};
    ${number % 8 === 0 ? `CREATE TABLE keyless_${number} AS TABLE keyed_${number};` : ''}`
}

function valuesOf(typed: TypedValues): [string, string] {
  return typed.values.slice(0, 2).map((value) => literalOf(typed, value)) as [string, string]
}

/** Runs a statement on every table of its own type and gives the types whose fingerprint stays the same. */
async function blindTo(sql: (table: string, one: string, other: string) => string): Promise<string[]> {
  return withChanged(
    (table, typed) => sql(table, ...valuesOf(typed)),
    (after) =>
      tables
        .filter((table) => JSON.stringify(before[table]) === JSON.stringify(after[table]))
        .map((table) => `${table} ${before[table]?.columns[1]?.type}`),
  )
}

/** In a copy of the database. */
async function withChanged<T>(
  sql: (table: string, typed: TypedValues) => string,
  look: (after: Fingerprints) => T,
): Promise<T> {
  const copy = await createTestDatabase({ template: database.name })
  try {
    const statements = tables.map((table) => {
      const [, number] = table.split('_')
      return `${sql(table, types[Number(number)] as TypedValues)};`
    })
    await copy.query(statements.join('\n'))
    return look(await fingerprint(copy))
  } finally {
    await copy.drop()
  }
}

test('tells all stored values of a type apart, however equal its operators hold them', async () => {
  const sql = types.flatMap((typed, number) =>
    typed.values.map(
      (value, place) =>
        `CREATE TABLE one_${number}_${place} (id int PRIMARY KEY, x ${typed.type}); INSERT INTO one_${number}_${place} VALUES (7, ${literalOf(typed, value)});`,
    ),
  )
  const singles = await createTestDatabase({ template: database.name, sql: sql.join('\n') })
  const found = await fingerprint(singles)
  const same = types.flatMap(({ type, values }, number) => {
    const sums = values.map((_, place) => found[`one_${number}_${place}`]?.columns[1]?.sum)
    return values.filter((_, place) => sums.indexOf(sums[place]) !== place).map((value) => `${type} ${value}`)
  })
  expect(same).toEqual([])
  await singles.drop()
})

test('counts the values that are not NULL', () => {
  const counts = types.map((_, number) => before[`keyed_${number}`]?.columns.map(({ values }) => values))
  expect(new Set(counts.map(String))).toEqual(new Set(['4,3']))
})

describe('sees of every type, with and without a key,', () => {
  const changes: Record<string, (table: string, one: string, other: string) => string> = {
    'a changed value': (table, _, other) => `UPDATE ${table} SET x = ${other} WHERE id = 1`,
    'values swapped between rows': (table, one, other) =>
      `UPDATE ${table} SET x = CASE id WHEN 1 THEN ${other} ELSE ${one} END WHERE id IN (1, 2)`,
    'a value that became NULL': (table) => `UPDATE ${table} SET x = NULL WHERE id = 1`,
    'a NULL that became a value': (table, one) => `UPDATE ${table} SET x = ${one} WHERE id = 3`,
    'a value that moved to the row of a NULL': (table, _, other) =>
      `UPDATE ${table} SET x = CASE id WHEN 3 THEN ${other} END WHERE id IN (2, 3)`,
    'a duplicated row': (table, one) => `INSERT INTO ${table} VALUES (5, ${one})`,
    'an added row of NULL': (table) => `INSERT INTO ${table} VALUES (5, NULL)`,
    'a missing row': (table) => `DELETE FROM ${table} WHERE id = 2`,
    'another key': (table) => `UPDATE ${table} SET id = 9 WHERE id = 2`,
  }
  test.each(Object.keys(changes))('%s', async (name) => {
    expect(await blindTo(changes[name] as never)).toEqual([])
  })
})

describe('stays the same', () => {
  async function expectSame(sql: (table: string, typed: TypedValues) => string) {
    const changed = await withChanged(sql, (after) =>
      tables.filter((table) => JSON.stringify(before[table]) !== JSON.stringify(after[table])),
    )
    expect(changed).toEqual([])
  }

  test('when the rows come in another order', () =>
    expectSame(
      (table) =>
        `CREATE TEMP TABLE t AS SELECT * FROM ${table}; TRUNCATE ${table}; INSERT INTO ${table} SELECT * FROM t ORDER BY id DESC; DROP TABLE t`,
    ))

  test('when rows were written again', () =>
    expectSame((table) => `UPDATE ${table} SET id = id WHERE id < 3; UPDATE ${table} SET x = x`))

  test('when table and columns have other names', async () => {
    const renamed = await withChanged(
      (table) =>
        `ALTER TABLE ${table} RENAME id TO "Key"; ALTER TABLE ${table} RENAME x TO "a ""name"; ALTER TABLE ${table} RENAME TO "New ${table}"`,
      (after) => tables.map((table) => after[`New ${table}`] as TableFingerprint),
    )
    expect(renamed.map(nameless)).toEqual(tables.map((table) => nameless(before[table] as TableFingerprint)))
  })

  test('when a table was made again with its columns in another order', async () => {
    const reordered = await withChanged(
      (table, { type }) =>
        `CREATE TABLE "Other ${table}" (x ${type}, gone int, id int ${table.startsWith('keyed') ? 'PRIMARY KEY' : ''}); INSERT INTO "Other ${table}" SELECT x, 1, id FROM ${table}; ALTER TABLE "Other ${table}" DROP gone`,
      (after) => types.map((_, number) => after[`Other keyed_${number}`] as TableFingerprint),
    )
    expect(reordered.map(nameless)).toEqual(
      types.map((_, number) => nameless(before[`keyed_${number}`] as TableFingerprint)),
    )
  })

  test('when everything is packed and sorted', async () => {
    const copy = await createTestDatabase({ template: database.name })
    await copy.query('DELETE FROM keyed_1 WHERE id = 1')
    await copy.query(`INSERT INTO keyed_1 SELECT 1, x FROM keyed_1 WHERE id = 4`)
    await copy.query('VACUUM FULL')
    await copy.query(
      types.map((_, number) => `CLUSTER keyed_${number} USING keyed_${number}_pkey;`).join('\n'),
    )
    expect(await fingerprint(copy)).toEqual(before)
  })

  test('whatever the role has set, and whatever operators stand in its way', async () => {
    const copy = await createTestDatabase({ template: database.name })
    await copy.query(`
      CREATE SCHEMA evil;
      CREATE FUNCTION evil.wrong(float8, float8) RETURNS bool LANGUAGE sql AS 'SELECT true';
      CREATE OPERATOR evil.<> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = evil.wrong);
      CREATE FUNCTION evil.concat(VARIADIC text[]) RETURNS text LANGUAGE sql AS 'SELECT ''same''';
      CREATE FUNCTION evil.hashint4extended(int, bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
      CREATE FUNCTION evil.division(numeric, numeric) RETURNS numeric LANGUAGE sql AS 'SELECT 1::numeric';
      CREATE OPERATOR evil./ (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = evil.division);
      CREATE FUNCTION evil.as_text(pair) RETURNS text LANGUAGE sql AS 'SELECT ''same''';
      CREATE CAST (pair AS text) WITH FUNCTION evil.as_text(pair);
      CREATE FUNCTION evil.mood_as_text(mood) RETURNS text LANGUAGE sql AS 'SELECT ''same''';
      CREATE CAST (mood AS text) WITH FUNCTION evil.mood_as_text(mood);`)
    const client = await copy.client()
    await client.query(`
      SET search_path = evil, public, pg_catalog; SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German';
      SET IntervalStyle = 'iso_8601'; SET bytea_output = 'escape'; SET extra_float_digits = 0;
      SET quote_all_identifiers = on;`)
    // Not every machine has a locale with another currency.
    await client.query("SET lc_monetary = 'en_US.UTF-8'").catch(() => undefined)
    const found = await fingerprintTables([client], await readFingerprintRequests(client))
    expect(Object.fromEntries(found.map((table) => [table.table, table]))).toEqual(before)
  })
})
