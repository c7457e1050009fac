import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { announceGivingWay } from '../../src/prisma/gave-way.js'
import { deployOnce, makeFolder } from '../support/engine-host.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

async function databaseWith(sql: string): Promise<TestDatabase> {
  const database = await createTestDatabase()
  await deployOnce(database.url, { a: sql })
  return database
}

function history(database: TestDatabase) {
  return database.query(
    `SELECT migration_name AS name, finished_at IS NOT NULL AS finished, logs
       FROM _prisma_migrations WHERE migration_name <> 'a' ORDER BY started_at`,
  )
}

/** A foreign key that is checked at the COMMIT. */
const deferredTables = `CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1);
  CREATE TABLE child (parent int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);`

const waitsForRow = `EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
  WHERE datname = current_database() AND locktype = 'transactionid' AND NOT granted)`

/** Waits until the condition holds on the server. */
async function until(database: TestDatabase, condition: string, timeoutMs = 120_000): Promise<void> {
  // One session for all looks: to connect takes a busy machine longer than some of what is looked for.
  const client = await database.client()
  const deadline = Date.now() + timeoutMs
  while (!(await client.query(`SELECT (${condition}) AS holds`)).rows[0].holds) {
    if (Date.now() > deadline) throw new Error(`it never came to ${condition}`)
    await sleep(25)
  }
  await client.end()
}

test('a file that meets a lock rolls back, tries again and leaves one finished row', async () => {
  const database = await databaseWith('CREATE TABLE t (id int)')
  const other = await database.client()
  await other.query('BEGIN; LOCK TABLE t IN ACCESS SHARE MODE')
  const deploying = deployOnce(
    database.url,
    { m: 'CREATE TABLE before_it (id int);\nALTER TABLE t ADD COLUMN note text;' },
    { lockTimeoutMs: 500, retries: 5 },
  )
  await until(database, "EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted)")
  await until(database, "NOT EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted)")
  // Between two attempts nothing of the file is there, and nobody waits behind it.
  expect(await database.query("SELECT to_regclass('before_it')")).toEqual([{ to_regclass: null }])
  await other.query('COMMIT')

  const { error, events } = await deploying
  expect(error).toBeUndefined()
  expect(await history(database)).toEqual([{ name: 'm', finished: true, logs: null }])
  expect(await database.query('SELECT note FROM t, before_it')).toEqual([])
  const retries = events.filter((event) => event.type === 'retry')
  expect(retries.length).toBeGreaterThan(0)
  expect(retries[0]).toMatchObject({ attempt: 1, sqlstate: '55P03' })
  const attempts = events.filter((event) => event.type === 'transaction-started')
  expect(attempts.map(({ attempt }) => attempt)).toEqual(
    retries.map((_, i) => i + 1).concat(retries.length + 1),
  )
})

test('when the retries are used up the migration has failed and nothing of it is there', async () => {
  const database = await databaseWith('CREATE TABLE t (id int)')
  const other = await database.client()
  await other.query('BEGIN; LOCK TABLE t IN ACCESS SHARE MODE')
  const { error, events } = await deployOnce(
    database.url,
    { m: 'CREATE TABLE before_it (id int);\nALTER TABLE t ADD COLUMN note text;' },
    { lockTimeoutMs: 50, retries: 1 },
  )
  await other.query('COMMIT')
  expect(error).toContain('Database error code: 55P03')
  expect(await history(database)).toMatchObject([{ name: 'm', finished: false }])
  expect(await database.query("SELECT to_regclass('before_it')")).toEqual([{ to_regclass: null }])
  expect(events.filter(({ type }) => type === 'transaction-started')).toHaveLength(2)
  expect(events.filter(({ type }) => type === 'transaction-rolled-back')).toHaveLength(2)
  expect(events.filter(({ type }) => type === 'retry')).toHaveLength(1)
})

test('a deadlock is tried again', async () => {
  const database = await databaseWith('CREATE TABLE t (id int); CREATE TABLE u (id int);')
  const other = await database.client()
  // The other session finds out too late: the victim is the migration.
  await other.query("SET deadlock_timeout = '60s'; BEGIN; LOCK TABLE u")
  const deploying = deployOnce(
    database.url,
    {
      m: "SET LOCAL deadlock_timeout = '1s';\nLOCK TABLE t;\nLOCK TABLE u;\nALTER TABLE t ADD COLUMN note text;",
    },
    { retries: 3 },
  )
  await until(database, "EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND granted)")
  const waiting = other.query('LOCK TABLE t')
  await waiting
  await other.query('COMMIT')

  const { error, events } = await deploying
  expect(error).toBeUndefined()
  expect(await history(database)).toEqual([{ name: 'm', finished: true, logs: null }])
  expect(events.filter((event) => event.type === 'retry')).toMatchObject([{ attempt: 1, sqlstate: '40P01' }])
})

describe('a file that runs as written', () => {
  const concurrently = 'CREATE INDEX CONCURRENTLY i ON u (id);'

  test('repeats a statement that commits by itself, and nothing before it', async () => {
    const database = await databaseWith('CREATE TABLE t (id int); CREATE TABLE counter (n int);')
    const other = await database.client()
    await other.query('BEGIN; LOCK TABLE t IN ACCESS SHARE MODE')
    const deploying = deployOnce(
      database.url,
      {
        m: `CREATE TABLE u (id int);\nINSERT INTO counter VALUES (1);\n${concurrently}\nALTER TABLE t ADD COLUMN note text;`,
      },
      { lockTimeoutMs: 500, retries: 5 },
    )
    await until(database, "EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted)")
    await until(database, "NOT EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted)")
    await other.query('COMMIT')
    const { error, events } = await deploying
    expect(error).toBeUndefined()
    expect(await history(database)).toEqual([{ name: 'm', finished: true, logs: null }])
    expect(await database.query('SELECT count(*)::int AS n FROM counter')).toEqual([{ n: 1 }])
    expect(await database.query('SELECT note FROM t')).toEqual([])
    const [retry] = events.filter((event) => event.type === 'retry')
    expect(retry).toMatchObject({ attempt: 1, sqlstate: '55P03', reason: 'lock-timeout', statement: 4 })
  })

  test('repeats a written block from its BEGIN', async () => {
    const database = await databaseWith('CREATE TABLE t (id int); CREATE TABLE counter (n int);')
    const other = await database.client()
    await other.query('BEGIN; LOCK TABLE t IN ACCESS SHARE MODE')
    const deploying = deployOnce(
      database.url,
      {
        m: `INSERT INTO counter VALUES (1);\nBEGIN;\nINSERT INTO counter VALUES (2);\nALTER TABLE t ADD COLUMN note text;\nCOMMIT;\nINSERT INTO counter VALUES (3);`,
      },
      { lockTimeoutMs: 500, retries: 5 },
    )
    await until(database, "EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted)")
    await until(database, "NOT EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted)")
    await other.query('COMMIT')
    const { error, events } = await deploying
    expect(error).toBeUndefined()
    expect(await database.query('SELECT n FROM counter ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
    const retries = events.filter((event) => event.type === 'retry')
    expect(retries.length).toBeGreaterThan(0)
    expect(retries[0]).toMatchObject({ statement: 2 })
  })

  test('repeats a block whose COMMIT was refused', async () => {
    const database = await databaseWith(deferredTables)
    const other = await database.client()
    await other.query('BEGIN; UPDATE parent SET id = 2')
    const deploying = deployOnce(
      database.url,
      {
        m: `BEGIN;\nINSERT INTO child VALUES (1);\nCOMMIT;\n${concurrently.replace('u (id)', 'child (parent)')}`,
      },
      { lockTimeoutMs: 500, retries: 5 },
    )
    await until(database, waitsForRow)
    await until(database, `NOT ${waitsForRow}`)
    await other.query('ROLLBACK')
    const { error, events } = await deploying
    expect(error).toBeUndefined()
    expect(await database.query('SELECT parent FROM child')).toEqual([{ parent: 1 }])
    const [retry] = events.filter((event) => event.type === 'retry')
    expect(retry).toMatchObject({ sqlstate: '55P03', statement: 1 })
    expect(events.filter((event) => event.type === 'statement-failed')[0]).toMatchObject({ statement: 3 })
  })

  test('has one budget for all of its statements', async () => {
    const database = await databaseWith('CREATE TABLE t (id int)')
    const other = await database.client()
    await other.query('BEGIN; LOCK TABLE t IN ACCESS SHARE MODE')
    const { error, events } = await deployOnce(
      database.url,
      { m: `CREATE TABLE u (id int);\n${concurrently}\nALTER TABLE t ADD COLUMN note text;` },
      { lockTimeoutMs: 50, retries: 1 },
    )
    await other.query('COMMIT')
    expect(error).toContain('Database error code: 55P03')
    expect(events.filter(({ type }) => type === 'retry')).toHaveLength(1)
    expect(await history(database)).toMatchObject([{ name: 'm', finished: false }])
  })

  test('never repeats a block of code, which may have committed', async () => {
    const database = await databaseWith('CREATE TABLE t (id int); CREATE TABLE counter (n int);')
    const other = await database.client()
    await other.query('BEGIN; LOCK TABLE t IN ACCESS SHARE MODE')
    const { error, events } = await deployOnce(
      database.url,
      {
        m: 'DO $$ BEGIN INSERT INTO counter VALUES (1); COMMIT; ALTER TABLE t ADD COLUMN note text; END $$;',
      },
      { lockTimeoutMs: 500, retries: 5 },
    )
    await other.query('COMMIT')
    expect(error).toContain('Database error code: 55P03')
    expect(events.filter(({ type }) => type === 'retry')).toEqual([])
    expect(await database.query('SELECT n FROM counter')).toEqual([{ n: 1 }])
    const [started] = events.filter((event) => event.type === 'statement-started')
    expect(started).toMatchObject({ cannotGiveWay: 'DO may do its work in several transactions' })
  })
})

describe('lock_timeout is in force', () => {
  test('at the COMMIT, where deferred constraints are checked', async () => {
    const database = await databaseWith(deferredTables)
    const other = await database.client()
    await other.query('BEGIN; UPDATE parent SET id = 2')
    const { error, events } = await deployOnce(
      database.url,
      { m: 'INSERT INTO child VALUES (1);' },
      { lockTimeoutMs: 50, retries: 0 },
    )
    await other.query('ROLLBACK')
    expect(error).toContain('Database error code: 55P03')
    expect(events.find((event) => event.type === 'statement-failed')).not.toHaveProperty('statement')
    expect(await database.query('SELECT FROM child')).toEqual([])
  })

  test.each([
    ['all-or-nothing', ''],
    ['as written', 'CREATE INDEX CONCURRENTLY i ON u (id);\n'],
  ])('again after the file has reset its settings: %s', async (_, first) => {
    const database = await databaseWith('CREATE TABLE t (id int); CREATE TABLE u (id int);')
    const other = await database.client()
    await other.query('BEGIN; LOCK TABLE t IN ACCESS SHARE MODE')
    const { error } = await deployOnce(
      database.url,
      { m: `${first}RESET ALL;\nRESET lock_timeout;\nALTER TABLE t ADD COLUMN note text;` },
      { lockTimeoutMs: 50, statementTimeoutMs: 5_000, retries: 0 },
    )
    await other.query('COMMIT')
    expect(error).toContain('Database error code: 55P03')
  })

  test.each([
    ['all-or-nothing', ''],
    ['as written', 'CREATE INDEX CONCURRENTLY i ON u (id);\n'],
  ])('but the one that the migration sets itself wins: %s', async (_, first) => {
    const database = await databaseWith('CREATE TABLE t (id int); CREATE TABLE u (id int);')
    const other = await database.client()
    await other.query('BEGIN; LOCK TABLE t IN ACCESS SHARE MODE')
    const deploying = deployOnce(
      database.url,
      { m: `SET lock_timeout = '30s';\n${first}ALTER TABLE t ADD COLUMN note text;` },
      { lockTimeoutMs: 50, retries: 0 },
    )
    await until(database, "EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted)")
    await sleep(300)
    await other.query('COMMIT')
    expect((await deploying).error).toBeUndefined()
  })
})

describe('a cancelled statement', () => {
  async function cancelOnce(file: string, { announced }: { announced: boolean }) {
    const database = await databaseWith('CREATE TABLE t (id int)')
    const gaveWayFile = join(await makeFolder(), 'gave-way')
    const other = await database.client()
    await other.query('BEGIN; LOCK TABLE t IN ACCESS SHARE MODE')
    const deploying = deployOnce(database.url, { m: file }, { retries: 2, gaveWayFile })
    await until(database, "EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted)")
    if (announced) await announceGivingWay(gaveWayFile)
    await database.query(
      "SELECT pg_cancel_backend(pid) FROM pg_locks WHERE relation = 't'::regclass AND NOT granted",
    )
    await until(database, "NOT EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted)")
    await other.query('COMMIT')
    const result = await deploying
    return { database, ...result, retries: result.events.filter((event) => event.type === 'retry') }
  }

  test.each([
    ['all-or-nothing', 'ALTER TABLE t ADD COLUMN note text;', {}],
    ['as written', 'BEGIN;\nALTER TABLE t ADD COLUMN note text;\nCOMMIT;\nSELECT 1;', { statement: 1 }],
  ])('is repeated when the guard says that it gave way: %s', async (_, file, statement) => {
    const { error, retries, database } = await cancelOnce(file, { announced: true })
    expect(error).toBeUndefined()
    expect(retries).toMatchObject([{ sqlstate: '57014', reason: 'gave-way', ...statement }])
    expect(await history(database)).toEqual([{ name: 'm', finished: true, logs: null }])
  })

  test('is final when anybody else did it', async () => {
    const { error, retries, database } = await cancelOnce('ALTER TABLE t ADD COLUMN note text;', {
      announced: false,
    })
    expect(error).toContain('Database error code: 57014')
    expect(retries).toEqual([])
    expect(await history(database)).toMatchObject([{ finished: false }])
  })
})

test.each(['INSERT', 'UPDATE'])(
  "a cancel that hits Prisma's own %s of its history leaves no unfinished row",
  async (command) => {
    const database = await databaseWith(`CREATE TABLE t (id int);
      CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.4); RETURN new; END'`)
    await database.query(
      `CREATE TRIGGER slow BEFORE ${command} ON _prisma_migrations FOR EACH ROW EXECUTE FUNCTION slow()`,
    )
    const deploying = deployOnce(database.url, { m: 'ALTER TABLE t ADD COLUMN note text;' })
    const noting = `query LIKE '${command}%_prisma_migrations%' AND wait_event = 'PgSleep'`
    await until(
      database,
      `EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND ${noting})`,
    )
    const cancelledOnes = await database.query(
      `SELECT pg_cancel_backend(pid) AS done FROM pg_stat_activity WHERE datname = current_database() AND ${noting}`,
    )
    expect(cancelledOnes).toEqual([{ done: true }])
    expect((await deploying).error).toBeUndefined()
    expect(await history(database)).toEqual([{ name: 'm', finished: true, logs: null }])
  },
)
