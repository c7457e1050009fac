import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Client, openConnection } from '../../src/postgres/connection.js'
import { fingerprintDatabase } from '../../src/steps/fingerprint.js'
import { compareRestored, type DumpedFingerprint } from '../../src/steps/rehearsal/compare-restored.js'
import { connectTo } from '../support/address.js'
import { useOwnServer } from '../support/own-server.js'
import { dump, openForFile, restore } from '../support/rehearsal.js'
import { createTestDatabase } from '../support/test-database.js'

useOwnServer({})

const sql = `
CREATE ROLE auditor;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE customers (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL, balance numeric NOT NULL, mood mood,
  seen timestamptz, CONSTRAINT paid CHECK (balance > -100));
INSERT INTO customers (email, balance, mood, seen)
  SELECT 'person' || i || '@example.com', i * 1.10, 'good', timestamptz '2026-01-01' + i * interval '1 hour'
    FROM generate_series(1, 200) i;
CREATE INDEX customers_seen ON customers (seen);
CREATE TABLE log (at int, what text);
INSERT INTO log SELECT i, 'entry ' || i FROM generate_series(1, 50) i;
CREATE SEQUENCE tickets;
SELECT nextval('tickets'), nextval('tickets');
CREATE VIEW rich AS SELECT id FROM customers WHERE balance > 100;
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * n';
GRANT SELECT ON customers TO auditor;
COMMENT ON COLUMN customers.balance IS 'in euro';
SELECT lo_from_bytea(4711, 'contents of a large object');
`

const screen = { print: () => undefined, progress: () => undefined, clearProgress: () => undefined }

let dumped: DumpedFingerprint
let copy: Client

beforeAll(async () => {
  const target = await createTestDatabase({ sql })
  const client = await connectTo(target)
  dumped = { ...(await fingerprintDatabase([client], screen)), sequencesAfter: {} }
  await client.end()
  const database = await openForFile(target, { place: 'same-server' })
  await restore(database, await dump(target))
  copy = await openConnection(database.ownerAddress, { applicationName: 'test copy', runsUserSql: true })
})

// The copy goes with the server of this file.
afterAll(() => copy?.end())

const compare = async () =>
  compareRestored(dumped, await fingerprintDatabase([copy], screen)).map(({ object, message }) => ({
    object,
    what: message.replace('the restored backup is not what the snapshot was: ', ''),
  }))

test('the copy is exact', async () => {
  expect(await compare()).toEqual([])
})

test.each<[what: string, statement: string, object: string, said: string]>([
  ['one value', "UPDATE customers SET email = 'x' WHERE id = 7", 'customers', 'email" has other values'],
  ['the case of a letter', "UPDATE log SET what = 'Entry 7' WHERE at = 7", 'log', 'what" has other values'],
  ['a microsecond', "UPDATE customers SET seen = seen + '1 us' WHERE id = 7", 'customers', 'seen" has other'],
  [
    'a trailing zero',
    'UPDATE customers SET balance = balance::numeric(20,3) WHERE id = 7',
    'customers',
    'balance" has other values',
  ],
  ['a value made NULL', 'UPDATE customers SET mood = NULL WHERE id = 7', 'customers', 'mood" has 1 NULL'],
  [
    'a value made empty',
    "UPDATE customers SET email = '' WHERE id = 7",
    'customers',
    'email" has other values',
  ],
  [
    'one swapped pair',
    'UPDATE customers a SET email = b.email FROM customers b WHERE (a.id, b.id) IN ((7, 8), (8, 7))',
    'customers',
    'email" has other values than before, or in other rows',
  ],
  [
    'one swapped pair in a table without a key',
    'UPDATE log a SET what = b.what FROM log b WHERE (a.at, b.at) IN ((7, 8), (8, 7))',
    'log',
    'in other rows',
  ],
  ['one row lost', 'DELETE FROM customers WHERE id = 7', 'customers', 'has lost 1 row'],
  ['one row twice', 'INSERT INTO log SELECT * FROM log WHERE at = 7', 'log', 'has gained 1 row'],
  [
    'one row in the place of another',
    `DELETE FROM customers WHERE id = 7;
     INSERT INTO customers OVERRIDING SYSTEM VALUE SELECT 999, email, balance, mood, seen FROM customers WHERE id = 8`,
    'customers',
    'id" has other values',
  ],
  ['a lost table', 'DROP TABLE log', 'log', 'is missing, which held 50 rows'],
  ['a table more', 'CREATE TABLE more ()', 'more', 'is new'],
  ['one index', 'DROP INDEX customers_seen', 'public.customers_seen', 'is missing'],
  ['one constraint', 'ALTER TABLE customers DROP CONSTRAINT paid', 'paid', 'is missing'],
  [
    'one constraint that is not valid',
    'ALTER TABLE customers DROP CONSTRAINT paid; ALTER TABLE customers ADD CONSTRAINT paid CHECK (balance > -100) NOT VALID',
    'paid',
    'valid',
  ],
  ['one default', "ALTER TABLE log ALTER what SET DEFAULT 'x'", 'public.log.what', 'default'],
  ['one grant', 'REVOKE SELECT ON customers FROM auditor', 'public.customers', 'without auditor=SELECT'],
  ['one grant more', 'GRANT SELECT ON log TO auditor', 'public.log', 'with auditor=SELECT'],
  ['one owner', 'ALTER TABLE log OWNER TO auditor', 'public.log', 'owner'],
  ['one sequence', "SELECT setval('tickets', 1)", 'public.tickets', 'last value 2'],
  [
    'one sequence that was never asked',
    "SELECT setval('tickets', 2, false)",
    'public.tickets',
    'is called yes → no',
  ],
  ['one identity', 'ALTER TABLE customers ALTER id RESTART WITH 5', 'public.customers_id_seq', 'last value'],
  [
    'one comment',
    "COMMENT ON COLUMN customers.balance IS 'in dollar'",
    'public.customers.balance',
    'in dollar',
  ],
  ['one comment lost', 'COMMENT ON COLUMN customers.balance IS NULL', 'public.customers.balance', 'comment'],
  [
    'one view',
    'CREATE OR REPLACE VIEW rich AS SELECT id FROM customers WHERE balance > 101',
    'public.rich',
    '',
  ],
  [
    'one function',
    "CREATE OR REPLACE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 3 * n'",
    'public.twice',
    '',
  ],
  ['one enum value', "ALTER TYPE mood RENAME VALUE 'bad' TO 'sad'", 'public.mood', ''],
  ['one policy', 'ALTER TABLE log ENABLE ROW LEVEL SECURITY', 'public.log', 'row security'],
  ['the contents of one large object', "SELECT lo_put(4711, 3, 'X')", 'large objects', 'with other contents'],
  ['one large object lost', 'SELECT lo_unlink(4711)', 'large objects', 'are 0 large objects'],
  [
    'one large object of another number',
    "SELECT lo_unlink(4711), lo_from_bytea(4712, 'contents of a large object')",
    'large objects',
    'other contents',
  ],
])('%s is seen', async (_, statement, object, said) => {
  await copy.query('BEGIN')
  try {
    await copy.query(statement)
    const found = await compare()
    expect(found).toContainEqual({
      object: expect.stringContaining(object),
      what: expect.stringContaining(said),
    })
  } finally {
    await copy.query('ROLLBACK')
  }
  // A sequence does not roll back.
  if (statement.includes('setval')) await copy.query("SELECT setval('tickets', 2)")
})

test('after all of them the copy is exact again', async () => {
  expect(await compare()).toEqual([])
})
