import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type pg from 'pg'
import { blocksWriters, type LockMode, lockModes } from '../../src/domain/lock-mode.js'
import { runScript } from '../../src/prisma/engine-host/run-script.js'
import type { ScriptClient } from '../../src/prisma/engine-host/script-client.js'
import { formatGroups, lockGroupsOf } from '../support/lock-first.js'
import '../support/parse.js'
import { isLong } from '../support/long.js'
import { createTestDatabase } from '../support/test-database.js'

const fixture = readFileSync(
  fileURLToPath(new URL('../fixtures/forecast/locks.sql', import.meta.url)),
  'utf8',
)

let client: pg.Client
let watcher: pg.Client

beforeAll(async () => {
  const database = await createTestDatabase({
    sql: `${fixture};
      CREATE TABLE one (id int PRIMARY KEY, two_id int);
      CREATE TABLE two (id int PRIMARY KEY, one_id int REFERENCES one);
      ALTER TABLE one ADD FOREIGN KEY (two_id) REFERENCES two;
      CREATE TABLE large (id int, customer_id int, note text);
      CREATE TABLE half (id int, note text);
      INSERT INTO half SELECT i, repeat('x', 1000) FROM generate_series(1, 5000) i;
      INSERT INTO large SELECT i, i, repeat('x', 1000) FROM generate_series(1, 10000) i;
      ANALYZE`,
  })
  client = await database.client()
  watcher = await database.client()
})

const groups = async (sql: string) => formatGroups(await lockGroupsOf(client, sql))

test('DROP TABLE takes the parents of its foreign keys first', async () => {
  expect(await groups('DROP TABLE order_lines')).toEqual([
    '1: ACCESS EXCLUSIVE orders, ACCESS EXCLUSIVE order_lines',
  ])
  expect(await groups('DROP TABLE order_lines; DROP TABLE orders CASCADE')).toEqual([
    '1: ACCESS EXCLUSIVE customers, ACCESS EXCLUSIVE orders, ACCESS EXCLUSIVE order_lines',
  ])
})

test('a partitioned parent comes first with its partitions', async () => {
  // Whether the partitioned table itself is locked depends on the server's version.
  const [group] = await groups('DROP TABLE payments')
  expect(group).toMatch(/accounts_0.*accounts_1, ACCESS EXCLUSIVE payments$/)
})

test('the strongest mode of each table, under the name that it has then', async () => {
  expect(
    await groups(`CREATE INDEX ON orders (total); ALTER TABLE customers RENAME TO people;
      ALTER TABLE people DROP COLUMN nick CASCADE; ALTER TABLE orders SET SCHEMA archive; ALTER TABLE archive.orders ADD x int`),
  ).toEqual(['1: ACCESS EXCLUSIVE customers, ACCESS EXCLUSIVE orders'])
  expect(
    await groups(`ALTER TABLE customers RENAME TO people; DO $$ BEGIN END $$;
      CREATE INDEX ON orders (total); ALTER TABLE members ADD x int`),
  ).toEqual(['3: SHARE orders, ACCESS EXCLUSIVE members'])
})

test('a foreign key that the file adds counts as one', async () => {
  expect(
    await groups(
      'ALTER TABLE members ADD x int; ALTER TABLE members ADD FOREIGN KEY (document_id) REFERENCES documents',
    ),
  ).toEqual(['1: SHARE ROW EXCLUSIVE documents, ACCESS EXCLUSIVE members'])
})

test('tables that reference each other stay as the file has them', async () => {
  expect(await groups('ALTER TABLE two ADD x int; ALTER TABLE one ADD x int')).toEqual([
    '1: ACCESS EXCLUSIVE two, ACCESS EXCLUSIVE one',
  ])
  expect(await groups('ALTER TABLE one ADD x int; ALTER TABLE two ADD x int')).toEqual([
    '1: ACCESS EXCLUSIVE one, ACCESS EXCLUSIVE two',
  ])
})

test('nothing is locked early for the long work of somebody else', async () => {
  for (const work of [
    'CREATE INDEX ON large (id)',
    'UPDATE large SET id = id + 1',
    'DO $$ BEGIN PERFORM 1; END $$',
    'SELECT 1',
    'CREATE TABLE filled AS SELECT * FROM large',
  ]) {
    expect([
      work,
      ...(await groups(`ALTER TABLE members ADD x int; ${work}; ALTER TABLE customers ADD x int`)),
    ]).toEqual([work])
    expect([
      work,
      ...(await groups(
        `ALTER TABLE members ADD x int; ALTER TABLE customers ADD x int; ${work}; ALTER TABLE orders ADD x int; ALTER TABLE documents ADD x int`,
      )),
    ]).toEqual([
      work,
      '1: ACCESS EXCLUSIVE members, ACCESS EXCLUSIVE customers',
      '4: ACCESS EXCLUSIVE orders, ACCESS EXCLUSIVE documents',
    ])
  }
  // Short work becomes long where there is much of it.
  const short = 'UPDATE half SET id = id + 1'
  expect(
    await groups(`ALTER TABLE members ADD x int; ${short}; ALTER TABLE customers ADD x int`),
  ).toHaveLength(1)
  expect(
    await groups(`ALTER TABLE members ADD x int; ${short}; ${short}; ALTER TABLE customers ADD x int`),
  ).toEqual([])
  // The long statement itself: its own locks only.
  expect(
    await groups(
      'ALTER TABLE large ADD FOREIGN KEY (customer_id) REFERENCES customers; ALTER TABLE members ADD x int; ALTER TABLE orders ADD x int',
    ),
  ).toEqual([
    '1: SHARE ROW EXCLUSIVE customers, SHARE ROW EXCLUSIVE large',
    '2: ACCESS EXCLUSIVE members, ACCESS EXCLUSIVE orders',
  ])
})

test('one table alone, new ones, views and files that are not all-or-nothing need no order', async () => {
  for (const sql of [
    'ALTER TABLE members ADD x int; ALTER TABLE members ADD y int',
    'CREATE TABLE fresh (id int); ALTER TABLE fresh ADD x int; ALTER TABLE members ADD y int',
    'INSERT INTO members VALUES (1); INSERT INTO customers (email, name) VALUES (1, 1)',
    'CREATE INDEX CONCURRENTLY i ON members (id); ALTER TABLE members ADD x int; ALTER TABLE customers ADD x int',
  ]) {
    expect([sql, ...(await groups(sql))]).toEqual([sql])
  }
})

const statements = [
  'ALTER TABLE customers ADD COLUMN x1 int',
  'ALTER TABLE orders ALTER total SET DEFAULT 3',
  'ALTER TABLE orders DROP COLUMN reference',
  'DROP TABLE order_lines',
  'DROP TABLE payments',
  'DROP TABLE members CASCADE',
  'DROP TABLE cats',
  'ALTER TABLE animals ADD COLUMN x2 int',
  'ALTER TABLE events ADD COLUMN x3 int',
  'ALTER TABLE documents DROP CONSTRAINT documents_owner_fkey',
  'ALTER TABLE documents ALTER COLUMN owner_id TYPE bigint',
  'ALTER TABLE documents RENAME TO papers',
  'CREATE TABLE notes (id int PRIMARY KEY, order_id int REFERENCES orders, document int)',
  'CREATE INDEX large_idx ON large (id)',
  'CREATE INDEX measures_id_idx ON measures (id)',
  'CREATE TRIGGER again BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch()',
  'ALTER TABLE one ADD COLUMN x4 int REFERENCES orders',
  'ALTER TABLE two SET SCHEMA archive',
  'UPDATE customers SET credit = 1',
  'DROP INDEX orders_customer_idx',
  'TRUNCATE animals',
  'ALTER TABLE accounts ADD COLUMN x5 int',
  'DETACH',
].map((sql) => (sql === 'DETACH' ? 'ALTER TABLE measures DETACH PARTITION measures_1' : sql))

const strongLocks = `
  SELECT l.relation::int8::text AS oid, l.mode FROM pg_locks l
   WHERE l.pid = $1 AND l.locktype = 'relation' AND l.granted AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
     AND l.relation = ANY ($2::oid[])`

/** Runs the file and rolls back. Gives the strong locks that came later than with the LOCK TABLEs, as `large SHARE`. */
async function lateLocks(
  sql: string,
): Promise<{ late: string[]; error: string | undefined; groups: string[] }> {
  const found = await lockGroupsOf(client, sql)
  const { rows: before } = await client.query(
    `SELECT c.oid::int8::text AS oid, format('%s.%s', n.nspname, c.relname) AS name, pg_backend_pid() AS pid
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'archive')`,
  )
  const names = new Map(before.map(({ oid, name }) => [oid, name]))
  const look = async () => {
    const { rows } = await watcher.query(strongLocks, [before[0].pid, [...names.keys()]])
    return rows.map(({ oid, mode }) => [names.get(oid) as string, mode as string] as const)
  }
  const rank = (mode: string) =>
    lockModes.findIndex((one) => `${one.replaceAll(' ', '')}LOCK` === mode.toUpperCase())
  const held = new Map<string, number>()
  const late: string[] = []
  const note = async (isGathering: boolean) => {
    for (const [name, mode] of await look()) {
      if (rank(mode) <= (held.get(name) ?? -1)) continue
      held.set(name, rank(mode))
      if (!isGathering) late.push(`${name} ${mode}`)
    }
  }
  const watched: ScriptClient = {
    query: async (text) => {
      if (text === 'COMMIT') return client.query('ROLLBACK')
      const result = await client.query(text)
      await note(text.startsWith('LOCK TABLE'))
      return result
    },
  }
  let error: string | undefined
  await runScript(watched, sql, {
    lockTimeoutMs: 0,
    retries: 0,
    lockFirst: found,
    onEvent: () => undefined,
  }).catch((failure) => {
    error = failure.message
  })
  return { late, error, groups: formatGroups(found) }
}

test('after the LOCK TABLEs the file takes no strong lock on another table that was there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(statements, { minLength: 1, maxLength: 5 }), async (chosen) => {
      const { late, error, groups: found } = await lateLocks(chosen.join(';\n'))
      if (error !== undefined) {
        // What fails, fails by itself.
        const plain = await runReallyPlain(chosen.join(';\n'))
        expect(plain).toBe(error)
        return
      }
      // A group of one table is none, and a long statement has its own.
      const groupsEnd = chosen.some((sql) => sql.includes('large'))
      const tables = new Set(late.map((one) => one.split(' ')[0]))
      if (!groupsEnd) expect(found.length === 0 ? tables.size <= 1 : late.length === 0).toBe(true)
    }),
    { numRuns: isLong ? 1000 : 25, seed: isLong ? Date.now() : 5, endOnFailure: true },
  )
})

async function runReallyPlain(sql: string): Promise<string | undefined> {
  const plain: ScriptClient = {
    query: (text) => client.query(text === 'COMMIT' ? 'ROLLBACK' : text),
  }
  try {
    await runScript(plain, sql, { lockTimeoutMs: 0, retries: 0, onEvent: () => undefined })
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

test('only modes for which writers wait', async () => {
  for (const sql of statements) {
    for (const { tables } of await lockGroupsOf(client, `${sql}; ALTER TABLE members ADD z int`))
      expect(tables.every(({ mode }) => blocksWriters(mode as LockMode))).toBe(true)
  }
})
