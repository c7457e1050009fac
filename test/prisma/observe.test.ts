import { expect, test } from '@jest/globals'
import type { EngineEvent, Observation } from '../../src/prisma/engine-events.js'
import { deployOnce } from '../support/engine-host.js'
import { createTestDatabase } from '../support/test-database.js'

const seed = `
  CREATE TABLE users (id int PRIMARY KEY, email text);
  CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users, total int);
  CREATE INDEX orders_user_id_idx ON orders (user_id);
  INSERT INTO users SELECT i, 'u' || i FROM generate_series(1, 1000) i;
  INSERT INTO orders SELECT i, 1 + i % 1000, i FROM generate_series(1, 10000) i;`

async function observationsOf(sql: string, options = { observes: true }): Promise<Observation[]> {
  const database = await createTestDatabase()
  await deployOnce(database.url, { '20260101000000_init': seed })
  const { events } = await deployOnce(
    database.url,
    { '20260101000000_init': seed, '20260102000000_change': sql },
    options,
  )
  expect(events).not.toEqual([])
  expect(events.filter(({ type }) => type === 'statement-failed')).toEqual([])
  return events.flatMap((event: EngineEvent) =>
    event.type === 'statement-finished' && event.observed ? [event.observed] : [],
  )
}

test('locks that a statement takes, by the names that people know, and tables that it rewrites', async () => {
  const [rewrite, index, foreign, drop] = await observationsOf(`
    ALTER TABLE orders ALTER total TYPE bigint;
    CREATE INDEX users_email_idx ON users (email);
    CREATE TABLE items (id int, order_id int REFERENCES orders);
    DROP TABLE orders CASCADE;`)
  expect(rewrite?.locks).toContainEqual({ relation: 'public.orders', mode: 'ACCESS EXCLUSIVE' })
  expect(rewrite?.rewritten).toEqual(['public.orders'])
  expect(rewrite?.walBytes).toBeGreaterThan(100_000)
  expect(index?.locks).toEqual([{ relation: 'public.users', mode: 'SHARE' }])
  expect(index?.rewritten).toEqual([])
  // The new table itself is nobody's concern; its parent is, and is locked already.
  expect(foreign?.locks).toContainEqual({ relation: 'public.orders', mode: 'SHARE ROW EXCLUSIVE' })
  expect(foreign?.locks.map(({ relation }) => relation)).not.toContain('public.items')
  // DROP TABLE locks the foreign key's parent too.
  expect(drop?.locks).toContainEqual({ relation: 'public.users', mode: 'ACCESS EXCLUSIVE' })
})

test('a table goes by the name that others know, and one that is new concerns nobody', async () => {
  const [rename, alter, , index] = await observationsOf(`
    ALTER TABLE orders RENAME TO purchases;
    LOCK TABLE purchases IN EXCLUSIVE MODE;
    CREATE TABLE items (id int);
    CREATE INDEX ON items (id);`)
  expect(rename?.locks).toEqual([{ relation: 'public.orders', mode: 'ACCESS EXCLUSIVE' }])
  expect(alter?.locks).toEqual([{ relation: 'public.orders', mode: 'EXCLUSIVE' }])
  expect(index?.locks).toEqual([])
})

test('an index that is locked is a table that is locked', async () => {
  const [drop] = await observationsOf('DROP INDEX orders_user_id_idx;')
  expect(drop?.locks).toEqual([{ relation: 'public.orders', mode: 'ACCESS EXCLUSIVE' }])
})

test('the size of the database with what a rewrite keeps until its end', async () => {
  const [first, second] = await observationsOf(`
    INSERT INTO users VALUES (-1, '');
    ALTER TABLE orders ALTER total TYPE bigint;`)
  expect(Number(second?.databaseSizeBytes) - Number(first?.databaseSizeBytes)).toBeGreaterThan(400_000)
})

test('a file that commits by itself holds nothing afterwards', async () => {
  const [built, truncated] = await observationsOf(`
    CREATE INDEX CONCURRENTLY users_email_idx ON users (email);
    TRUNCATE orders;`)
  expect(built?.locks).toEqual([])
  expect(truncated).toMatchObject({ locks: [], rewritten: ['public.orders'] })
})

test('nothing is asked between BEGIN and SET TRANSACTION', async () => {
  const own = await observationsOf(`
    BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; UPDATE users SET email = ''; COMMIT;
    CREATE INDEX CONCURRENTLY users_email_idx ON users (email);`)
  expect(own[0]?.locks).toEqual([{ relation: 'public.users', mode: 'ROW EXCLUSIVE' }])
  const whole = await observationsOf(
    'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; UPDATE users SET email = 1;',
  )
  expect(whole).toHaveLength(1)
})

test('tables of which rows were updated or deleted, also by a foreign key, but not of an INSERT', async () => {
  const [insert, update, again, alter, remove] = await observationsOf(`
    INSERT INTO orders VALUES (-1, 1, 0);
    UPDATE users SET email = '' WHERE id = 1;
    UPDATE users SET email = '' WHERE id = -1;
    ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey, ADD FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE;
    DELETE FROM users WHERE id = 2;`)
  expect([insert, update, again, alter].map((one) => one?.rowsChanged)).toEqual([
    [],
    ['public.users'],
    [],
    [],
  ])
  expect(remove?.rowsChanged?.toSorted()).toEqual(['public.orders', 'public.users'])
})

test('a deploy is not observed', async () => {
  expect(await observationsOf('DROP INDEX orders_user_id_idx;', { observes: false })).toEqual([])
})
