import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import type pg from 'pg'
import type { LockGroup } from '../../src/domain/lock-group.js'
import type { EngineEventBody } from '../../src/prisma/engine-events.js'
import { runScript, type ScriptOptions } from '../../src/prisma/engine-host/run-script.js'
import { deployOnce, makeFolder } from '../support/engine-host.js'
import { lockGroupsOf } from '../support/lock-first.js'
import '../support/parse.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'
import { until } from '../support/waiting.js'

const tables = `
  CREATE TABLE customers (id int PRIMARY KEY, orders int NOT NULL DEFAULT 0);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers);
  INSERT INTO customers VALUES (1);`

const both: LockGroup[] = [
  {
    beforeStatement: 1,
    tables: [
      { schema: 'public', name: 'customers', mode: 'ACCESS EXCLUSIVE' },
      { schema: 'public', name: 'orders', mode: 'ACCESS EXCLUSIVE' },
    ],
  },
]

interface Deploy {
  readonly events: (EngineEventBody & { readonly at: number })[]
  /** Undefined when all went well, else the SQLSTATE. */
  readonly ended: Promise<string | undefined>
}

function deploy(client: pg.Client, sql: string, options: Partial<ScriptOptions> = {}): Deploy {
  const events: Deploy['events'] = []
  const ended = runScript(client, sql, {
    lockTimeoutMs: 0,
    retries: 0,
    onEvent: (event) => events.push({ ...event, at: performance.now() }),
    ...options,
  }).then(
    () => undefined,
    (error) => error.code as string,
  )
  return { events, ended }
}

/** Waits until somebody waits for a lock on the table. */
function waitsFor(database: TestDatabase, table: string): Promise<void> {
  return until(async () => {
    const found = await database.query('SELECT FROM pg_locks WHERE relation = $1::regclass AND NOT granted', [
      table,
    ])
    return found.length > 0
  })
}

function codeOf(running: Promise<unknown>): Promise<string | undefined> {
  return running.then(
    () => undefined,
    (error) => error.code as string,
  )
}

/** An application writes a parent, then its child, while the child's table is being dropped. */
async function dropUnderTraffic(groupsOf: (client: pg.Client) => Promise<readonly LockGroup[]>) {
  const database = await createTestDatabase({ sql: tables })
  const [app, engine] = [await database.client(), await database.client()]
  const groups = await groupsOf(engine)
  // It is the application that looks for the deadlock first.
  await app.query("SET deadlock_timeout = '50ms'")
  await engine.query("SET deadlock_timeout = '60s'")
  await app.query('BEGIN; UPDATE customers SET orders = orders + 1 WHERE id = 1')
  const { ended } = deploy(engine, 'DROP TABLE orders', { lockFirst: groups })
  await waitsFor(database, 'customers')
  const insert = await codeOf(app.query('INSERT INTO orders VALUES (1, 1)'))
  const commit = await codeOf(app.query('COMMIT'))
  const migration = await ended
  const [{ dropped, written }] = await database.query(
    "SELECT to_regclass('orders') IS NULL AS dropped, (SELECT orders FROM customers) AS written",
  )
  return { insert, commit, migration, dropped, written }
}

test('DROP TABLE of a child kills the transaction of an application that writes parent, then child', async () => {
  expect(await dropUnderTraffic(async () => [])).toMatchObject({ insert: '40P01', dropped: true, written: 0 })
})

test('with the locks taken up front, it does not', async () => {
  expect(await dropUnderTraffic((client) => lockGroupsOf(client, 'DROP TABLE orders'))).toEqual({
    insert: undefined,
    commit: undefined,
    migration: undefined,
    dropped: true,
    written: 1,
  })
})

test('all of them together wait as long as one may', async () => {
  const database = await createTestDatabase({ sql: tables })
  const [parent, child, engine] = [await database.client(), await database.client(), await database.client()]
  await engine.query("SET deadlock_timeout = '60s'")
  await parent.query('BEGIN; LOCK TABLE customers IN ACCESS SHARE MODE')
  await child.query('BEGIN; LOCK TABLE orders IN ACCESS SHARE MODE')
  const { events, ended } = deploy(engine, 'DROP TABLE orders', { lockTimeoutMs: 6_000, lockFirst: both })
  await waitsFor(database, 'customers')
  await sleep(4_000)
  await parent.query('COMMIT')
  expect(await ended).toBe('55P03')
  const at = (type: string) => events.find((event) => event.type === type)?.at ?? 0
  const waitedMs = at('statement-failed') - at('statement-started')
  expect(waitedMs).toBeGreaterThan(5_500)
  // With a whole lock_timeout for the second it would be 10,000.
  expect(waitedMs).toBeLessThan(9_500)
  expect(events.map(({ type }) => type)).not.toContain('locks-taken')
})

test('the lock time-out that the file has is set back', async () => {
  const database = await createTestDatabase({ sql: tables })
  const engine = await database.client()
  const { events, ended } = deploy(
    engine,
    "SET LOCAL lock_timeout = '1234ms'; DROP TABLE orders; CREATE TABLE seen AS SELECT current_setting('lock_timeout') AS value",
    { lockTimeoutMs: 500, lockFirst: both.map((group) => ({ ...group, beforeStatement: 2 })) },
  )
  expect(await ended).toBeUndefined()
  expect(await database.query('SELECT value FROM seen')).toEqual([{ value: '1234ms' }])
  expect(events.find(({ type }) => type === 'locks-taken')).toMatchObject({
    before: 2,
    tables: both[0]?.tables,
  })
})

test('who waits for a lock that was taken up front is not the victim of a deadlock', async () => {
  const database = await createTestDatabase({ sql: tables })
  const [app, engine] = [await database.client(), await database.client()]
  await app.query('BEGIN; LOCK TABLE orders IN ROW EXCLUSIVE MODE')
  const { events, ended } = deploy(engine, 'DROP TABLE orders', {
    lockTimeoutMs: 10_000,
    retries: 3,
    lockFirst: both,
  })
  await waitsFor(database, 'orders')
  expect(await codeOf(app.query('SELECT FROM customers'))).toBeUndefined()
  expect(await codeOf(app.query('COMMIT'))).toBeUndefined()
  expect(await ended).toBeUndefined()
  expect(events.find(({ type }) => type === 'retry')).toMatchObject({ sqlstate: '55P03' })
})

test('a table that is gone, is no table or may not be locked does not make the migration fail', async () => {
  const role = `guard_test_owner_${process.pid}`
  const database = await createTestDatabase({
    sql: `${tables} CREATE TABLE own (id int PRIMARY KEY); CREATE MATERIALIZED VIEW seen AS SELECT 1 AS one;
      CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA public TO ${role};
      ALTER TABLE orders OWNER TO ${role}; ALTER TABLE own OWNER TO ${role}; REVOKE ALL ON own FROM ${role}; GRANT ALL ON seen TO ${role};`,
  })
  const engine = await database.client()
  try {
    await engine.query(`SET SESSION AUTHORIZATION ${role}`)
    const wanted = ['customers', 'gone', 'seen', 'own', 'orders'].map((name) => ({
      schema: 'public',
      name,
      mode: 'ACCESS EXCLUSIVE' as const,
    }))
    const { events, ended } = deploy(engine, 'ALTER TABLE own ADD x int; DROP TABLE orders', {
      lockFirst: [{ beforeStatement: 1, tables: wanted }],
    })
    expect(await ended).toBeUndefined()
    // One is left, for which there is no order.
    expect(events.map(({ type }) => type)).not.toContain('locks-taken')
  } finally {
    await engine.end()
    await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  }
})

test('nor does a parent in a schema that the role may not even look into', async () => {
  const role = `guard_test_outside_${process.pid}`
  const database = await createTestDatabase({
    sql: `CREATE SCHEMA hidden; CREATE TABLE hidden.parents (id int PRIMARY KEY); CREATE TABLE own (id int); CREATE ROLE ${role};
      CREATE TABLE children (id int REFERENCES hidden.parents);
      GRANT ALL ON ALL TABLES IN SCHEMA hidden TO ${role}; GRANT USAGE ON SCHEMA public TO ${role};
      ALTER TABLE children OWNER TO ${role}; ALTER TABLE own OWNER TO ${role};`,
  })
  const engine = await database.client()
  try {
    await engine.query(`SET SESSION AUTHORIZATION ${role}`)
    const wanted = [
      { schema: 'hidden', name: 'parents', mode: 'ACCESS EXCLUSIVE' },
      { schema: 'public', name: 'children', mode: 'ACCESS EXCLUSIVE' },
      { schema: 'public', name: 'own', mode: 'SHARE' },
    ] as const
    const { events, ended } = deploy(engine, 'DROP TABLE children', {
      lockFirst: [{ beforeStatement: 1, tables: wanted }],
    })
    expect(await ended).toBeUndefined()
    expect(events.find(({ type }) => type === 'locks-taken')).toMatchObject({ tables: wanted.slice(1) })
  } finally {
    await engine.end()
    await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  }
})

test('partitions and children are locked only where they are named', async () => {
  const database = await createTestDatabase({
    sql: `${tables} CREATE TABLE animals (id int); CREATE TABLE "Cats \\ ""'s" () INHERITS (animals);`,
  })
  const [reader, engine] = [await database.client(), await database.client()]
  await reader.query(`BEGIN; LOCK TABLE "Cats \\ ""'s" IN ACCESS SHARE MODE`)
  const lockFirst: LockGroup[] = [
    {
      beforeStatement: 1,
      tables: ['animals', 'customers'].map((name) => ({ schema: 'public', name, mode: 'ACCESS EXCLUSIVE' })),
    },
  ]
  const { events, ended } = deploy(engine, 'CREATE INDEX ON ONLY animals (id)', {
    lockTimeoutMs: 500,
    lockFirst,
  })
  expect(await ended).toBeUndefined()
  expect(events.find(({ type }) => type === 'locks-taken')).toBeDefined()
  await reader.query('COMMIT')
  const odd: LockGroup[] = [
    {
      beforeStatement: 1,
      tables: [`Cats \\ "'s`, 'customers'].map((name) => ({ schema: 'public', name, mode: 'SHARE' })),
    },
  ]
  const again = deploy(engine, 'SELECT 1', { lockFirst: odd })
  expect(await again.ended).toBeUndefined()
  expect(again.events.find(({ type }) => type === 'locks-taken')).toMatchObject({ tables: odd[0]?.tables })
})

test('the host reads them from its file, by the name of the migration', async () => {
  const database = await createTestDatabase()
  const file = join(await makeFolder(), 'lock-first.json')
  await writeFile(file, JSON.stringify({ b: both }))
  const { applied, events } = await deployOnce(
    database.url,
    { a: tables, b: 'DROP TABLE orders;', c: 'ALTER TABLE customers ADD x int;' },
    { lockFirstFile: file },
  )
  expect(applied).toEqual(['a', 'b', 'c'])
  expect(events.filter(({ type }) => type === 'locks-taken')).toMatchObject([
    { migration: 'b', before: 1, tables: both[0]?.tables },
  ])
})

test('a rehearsal shows them with the statement before which they are taken', async () => {
  const database = await createTestDatabase({ sql: tables })
  const engine = await database.client()
  const { events, ended } = deploy(engine, 'ALTER TABLE orders ADD x int; ALTER TABLE customers ADD x int', {
    lockFirst: both,
    observes: true,
  })
  expect(await ended).toBeUndefined()
  const [first, second] = events.flatMap((event) =>
    event.type === 'statement-finished' ? [event.observed?.locks ?? []] : [],
  )
  expect(first).toContainEqual({ relation: 'public.customers', mode: 'ACCESS EXCLUSIVE' })
  expect(second).toEqual([])
})
