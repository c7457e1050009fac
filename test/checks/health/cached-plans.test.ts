import { beforeEach, expect, test } from '@jest/globals'
import type pg from 'pg'
import type { ConcernedTables } from '../../../src/checks/check.js'
import { breakingStatements, cachedPlans } from '../../../src/checks/health/cached-plans.js'
import { concernedTables } from '../../../src/forecast/concerned.js'
import { makeForecast } from '../../../src/forecast/forecast.js'
import { ownSearchPath } from '../../../src/sql/search-path.js'
import { ask } from '../../support/ask.js'
import { filesOf } from '../../support/forecast.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'

const tables = `
  CREATE TYPE mood AS ENUM ('sad', 'glad');
  CREATE TABLE customers (id int PRIMARY KEY, name varchar(40), mood mood DEFAULT 'sad', born date);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total int, fax text, note text);
  CREATE TABLE animals (id int); CREATE TABLE cats () INHERITS (animals);
  CREATE VIEW big AS SELECT id, total FROM orders WHERE total > 10;
  INSERT INTO customers VALUES (1, 'a'); INSERT INTO orders VALUES (1, 1, 20);`

let database: TestDatabase
let client: pg.Client
beforeEach(async () => {
  database = await createTestDatabase({ sql: tables })
  client = await database.client()
})

/** What a run would know of the migration. */
async function concernedBy(sql: string): Promise<ConcernedTables> {
  const reader = await database.client()
  await reader.query(`SET search_path = ${ownSearchPath}`)
  await reader.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  const { failure, lockClaims, rowTypes } = await makeForecast(filesOf([sql]), [reader], 'public')
  await reader.end()
  expect([sql, failure]).toEqual([sql, undefined])
  return concernedTables(lockClaims, rowTypes)
}

const statements = [
  'SELECT * FROM orders',
  'SELECT * FROM public.orders',
  'SELECT o.* FROM orders o JOIN customers c ON c.id = o.customer_id',
  'SELECT c.* FROM orders o JOIN customers c ON c.id = o.customer_id',
  'SELECT * FROM orders o JOIN customers c ON c.id = o.customer_id',
  'TABLE orders',
  'SELECT id, customer_id FROM orders',
  'SELECT fax, note FROM orders',
  'SELECT id, total FROM orders',
  'SELECT o.total FROM orders AS o',
  'SELECT total AS sum FROM orders ORDER BY total LIMIT 1',
  'SELECT orders FROM orders',
  'SELECT count(*) FROM orders',
  'SELECT c, o.id FROM customers c JOIN orders o ON true',
  'SELECT row_to_json(orders) FROM orders',
  'SELECT * FROM (SELECT * FROM orders) AS x',
  'SELECT x.id FROM (SELECT * FROM orders) AS x',
  'SELECT x.total FROM (SELECT * FROM orders) AS x',
  'WITH x AS (SELECT * FROM orders) SELECT * FROM x',
  'WITH orders AS (SELECT 1 AS one) SELECT * FROM orders',
  'WITH gone AS (DELETE FROM orders WHERE false RETURNING *) SELECT * FROM gone',
  'SELECT 1 WHERE EXISTS (SELECT * FROM orders)',
  'SELECT * FROM big',
  'SELECT name, mood FROM customers',
  'SELECT born FROM customers',
  'SELECT * FROM customers',
  'SELECT * FROM animals',
  'SELECT * FROM cats',
  'INSERT INTO orders (id) VALUES (2) RETURNING *',
  'INSERT INTO orders (id) VALUES (3) RETURNING id',
  'UPDATE orders SET customer_id = 1 RETURNING *',
  'UPDATE orders o SET customer_id = 1 FROM customers c RETURNING c.*',
  'DELETE FROM orders WHERE id = 0 RETURNING total',
  'UPDATE orders SET customer_id = 1',
]

const migrations = [
  'ALTER TABLE orders ADD COLUMN added int',
  "ALTER TABLE orders ADD COLUMN added int NOT NULL DEFAULT 3, ADD COLUMN other text DEFAULT 'x'",
  'ALTER TABLE orders DROP COLUMN fax',
  'ALTER TABLE orders RENAME COLUMN fax TO telefax',
  'DROP VIEW big; ALTER TABLE orders ALTER COLUMN total TYPE bigint; CREATE VIEW big AS SELECT id, total FROM orders WHERE total > 10',
  'DROP VIEW big; ALTER TABLE orders ALTER COLUMN total TYPE int',
  'DROP VIEW big; CREATE VIEW big AS SELECT id, total FROM orders',
  'ALTER TABLE customers ALTER COLUMN name TYPE varchar(80)',
  'ALTER TABLE customers ALTER COLUMN name TYPE text',
  'ALTER TABLE customers ALTER COLUMN name TYPE varchar(40) COLLATE "C"',
  // As Prisma removes a value of an enum.
  `CREATE TYPE mood_new AS ENUM ('sad'); ALTER TABLE customers ALTER COLUMN mood DROP DEFAULT;
   ALTER TABLE customers ALTER COLUMN mood TYPE mood_new USING (mood::text::mood_new);
   ALTER TYPE mood RENAME TO mood_old; ALTER TYPE mood_new RENAME TO mood; DROP TYPE mood_old`,
  'ALTER TYPE mood RENAME TO feeling',
  "ALTER TYPE mood ADD VALUE 'angry'",
  'ALTER TABLE orders DROP COLUMN note; ALTER TABLE orders ADD COLUMN note text',
  'ALTER TABLE orders DROP COLUMN fax; ALTER TABLE orders ADD COLUMN fax text',
  'ALTER TABLE orders RENAME COLUMN fax TO x; ALTER TABLE orders RENAME COLUMN x TO fax',
  'ALTER TABLE orders ALTER COLUMN customer_id SET NOT NULL',
  'ALTER TABLE orders ALTER COLUMN total SET DEFAULT 3',
  'ALTER TABLE orders ALTER COLUMN total SET STATISTICS 50',
  'ALTER TABLE orders ALTER COLUMN note SET STORAGE external',
  'ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0)',
  'ALTER TABLE orders ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY',
  'CREATE INDEX ON orders (total)',
  'CREATE TABLE others (id int)',
  'ALTER TABLE animals ADD COLUMN legs int',
  'CREATE OR REPLACE VIEW big AS SELECT id, total, note FROM orders WHERE total > 10',
  'DROP VIEW big; ALTER TABLE orders RENAME TO purchases; CREATE VIEW orders AS SELECT id, customer_id, total, fax, note FROM purchases',
  // As Prisma makes a table anew.
  `CREATE TABLE "new_customers" (id int PRIMARY KEY, name varchar(40), mood mood, born timestamp);
   INSERT INTO "new_customers" SELECT id, name, mood, born FROM customers; DROP TABLE customers CASCADE;
   ALTER TABLE "new_customers" RENAME TO customers`,
]

test.each(migrations)('exactly what is foretold fails: %s', async (migration) => {
  const { rowTypes = [], rowTypesUnknown } = await concernedBy(migration)
  expect(rowTypesUnknown).toBeUndefined()
  const foretold = statements.filter((sql) =>
    rowTypes.some((changed) => breakingStatements(sql, changed).length > 0),
  )
  for (const [i, sql] of statements.entries()) await client.query(`PREPARE s${i} AS ${sql}`)
  // A value that was added cannot be taken back with the transaction, nor be added in one on every version.
  await client.query(`BEGIN; ${migration}`)
  const failing: string[] = []
  for (const [i, sql] of statements.entries()) {
    await client.query('SAVEPOINT before')
    await client.query(`EXECUTE s${i}`).catch(({ code }) => {
      if (code === '0A000') failing.push(sql)
      // The statement itself is wrong then, prepared or not.
      else expect(['42703', '42P01', '55000', '23502']).toContain(code)
    })
    await client.query('ROLLBACK TO before')
  }
  expect(foretold).toEqual(failing)
})

test('what is connected and what was run stand in the finding, and values do not', async () => {
  const web = await database.client()
  await web.query("SET application_name = 'web'")
  await web.query("PREPARE all_of AS SELECT * FROM orders WHERE note = 'secret' AND total = 4711 -- by 'me'")
  const concerned = await concernedBy(
    'ALTER TABLE orders ADD COLUMN added int; ALTER TABLE orders DROP COLUMN fax; CREATE INDEX ON customers (born)',
  )
  const { results, findings } = await ask(cachedPlans, database, { concerned })
  expect(results).toMatchObject([{ id: 'cached-plan', outcome: 'warned' }])
  expect(findings).toHaveLength(1)
  const [finding] = findings
  expect(finding).toMatchObject({ code: 'cached-plan', kind: 'health', verdict: 'warn', object: 'orders' })
  expect(finding?.message).toMatch(
    /^"orders" loses "fax", gains "added": prepared statements that return all of its columns \(\*\) fail/,
  )
  expect(finding?.message).toMatch(
    /1 session is connected of "web" as "postgres", the oldest since [\d-]+ [\d:]+ UTC/,
  )
  expect(finding?.message).toContain(
    'seen: SELECT * FROM orders WHERE note = $1 AND total = $2 (pg_stat_activity); what other sessions have prepared cannot be read',
  )
  expect(JSON.stringify(findings)).not.toMatch(/secret|4711|'me'/)

  await database.query('ALTER TABLE orders ADD COLUMN added int; ALTER TABLE orders DROP COLUMN fax')
  const execute = () =>
    web.query('EXECUTE all_of').then(
      () => 'done',
      ({ code }) => code,
    )
  expect(await execute()).toBe('0A000')
  // What the hint says, and what it leaves out.
  await web.query('DISCARD PLANS')
  expect(await execute()).toBe('0A000')
  await web.query('DEALLOCATE ALL')
  await web.query('PREPARE all_of AS SELECT * FROM orders')
  expect(await execute()).toBe('done')
})

test('nobody connected and nothing seen: no finding, nor where no row looks different', async () => {
  await client.end()
  const concerned = await concernedBy('ALTER TABLE orders ADD COLUMN added int')
  expect(await ask(cachedPlans, database, { concerned })).toMatchObject({
    results: [{ outcome: 'passed' }],
    findings: [],
  })
  const web = await database.client()
  await web.query('SELECT * FROM orders')
  expect((await ask(cachedPlans, database, { concerned })).findings).toHaveLength(1)
  for (const sql of ['CREATE INDEX ON orders (total)', 'ALTER TABLE orders ALTER customer_id SET NOT NULL'])
    expect((await ask(cachedPlans, database, { concerned: await concernedBy(sql) })).findings).toEqual([])
})

test('where it is not known what changes, that is said', async () => {
  expect(await ask(cachedPlans, database)).toMatchObject({ results: [{ outcome: 'not-made' }], findings: [] })
  const rowTypesUnknown = 'the DO block on line 12'
  expect(
    await ask(cachedPlans, database, { concerned: { tables: [], rowTypes: [], rowTypesUnknown } }),
  ).toMatchObject({
    results: [{ outcome: 'passed', note: 'not known is what the DO block on line 12 changes' }],
  })
})

test('a pg_stat_statements that cannot be read ends nothing, and that is said', async () => {
  // Without its library the view fails.
  await client.query('CREATE EXTENSION pg_stat_statements')
  const concerned = await concernedBy('ALTER TABLE orders ADD COLUMN added int')
  const { results, findings } = await ask(cachedPlans, database, { concerned })
  expect(results).toMatchObject([{ outcome: 'warned' }])
  expect(findings[0]?.message).toMatch(/cannot be read, pg_stat_statements could not be read$/)
})

test('of other roles only the sessions are known, and that is said', async () => {
  const role = `guard_test_blind_${process.pid}`
  await client.query(`CREATE ROLE ${role}; SELECT * FROM orders`)
  try {
    const concerned = await concernedBy('ALTER TABLE orders ADD COLUMN added int')
    const { findings } = await ask(cachedPlans, database, { concerned, role })
    expect(findings[0]?.message).toContain('nor may this role read what other roles run')
    expect(findings[0]?.message).toContain('1 session is connected')
    expect(findings[0]?.message).not.toContain('SELECT')
  } finally {
    await database.query(`DROP ROLE ${role}`)
  }
})
