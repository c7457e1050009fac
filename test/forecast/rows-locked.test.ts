import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { forecastOf } from '../support/losses.js'
import { createTestDatabase } from '../support/test-database.js'

let client: pg.Client
beforeAll(async () => {
  const database = await createTestDatabase({
    sql: `
      CREATE TABLE orders (id int PRIMARY KEY, state text, total int);
      INSERT INTO orders SELECT n, CASE WHEN n <= 110000 THEN 'old' ELSE 'new' END, n FROM generate_series(1, 120000) n;
      CREATE TABLE events (id int, at date, state text) PARTITION BY RANGE (at);
      CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
      CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
      INSERT INTO events SELECT n, DATE '2025-01-01' + n % 700, 'a' FROM generate_series(1, 110000) n;
      ANALYZE`,
  })
  client = await database.client()
})

/** What is said of row locks and of kept locks, without the sizes of the tables. */
async function locksOf(sql: string): Promise<string[]> {
  const { lockFindings } = await forecastOf(client, [sql])
  return lockFindings.map(
    ({ code, message }) => `${code}: ${message.replace(/\([\d.]+ [kMG]B/g, '(size').replace(/\s+/g, ' ')}`,
  )
}

const writersWait = 'in one transaction: writers of these rows wait until it ends'

test.each([
  [
    "UPDATE orders SET total = 0 WHERE state = 'old'",
    [
      `rows-locked: UPDATE orders SET total = 0 WHERE state = 'old' changes 110,000 rows of "orders" (size with about 120,000 rows) ${writersWait}`,
    ],
  ],
  ["UPDATE orders SET total = 0 WHERE state = 'new'", []],
  ["UPDATE orders SET total = 0 WHERE state = 'none'", []],
  ["UPDATE orders SET state = md5(random()::text) WHERE state = 'new'", []],
  [
    'UPDATE orders SET total = 0 WHERE random() < 2',
    [
      `rows-locked: UPDATE orders SET total = 0 WHERE random() < 2 changes up to 120,000 rows of "orders" (size) ${writersWait}`,
    ],
  ],
  ["DELETE FROM orders WHERE state = 'new'", []],
  ['UPDATE orders o SET total = 0 FROM events e WHERE e.id = o.id AND e.id > 100000', []],
  ['DELETE FROM orders o USING events e WHERE e.id = o.id AND e.id > 100000', []],
  [
    'WITH few AS (SELECT id FROM events WHERE id < 9) DELETE FROM orders WHERE id IN (SELECT id FROM few)',
    [],
  ],
  [
    "DELETE FROM orders WHERE state = 'old'",
    [
      `rows-locked: DELETE FROM orders WHERE state = 'old' changes 110,000 rows of "orders" (size with about 120,000 rows) ${writersWait}`,
    ],
  ],
  ["ALTER TABLE orders ADD COLUMN kind text; UPDATE orders SET kind = 'x' WHERE state = 'new'", []],
  [
    "UPDATE events SET state = 'b' WHERE id > 0",
    [
      `rows-locked: UPDATE events SET state = 'b' WHERE id > 0 changes 110,000 rows of "events" (size with about 110,000 rows) ${writersWait}`,
    ],
  ],
  ["UPDATE events SET state = 'b' WHERE id > 100000", []],
  [
    "UPDATE events SET state = 'b'",
    [
      `rows-locked: UPDATE events SET state = 'b' changes "events" (size with about 110,000 rows) ${writersWait}`,
    ],
  ],
])('%s', async (sql, expected) => {
  expect(await locksOf(sql)).toEqual(expected)
})
