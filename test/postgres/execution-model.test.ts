import { describe, expect, test } from '@jest/globals'
import { transactionModeOf } from '../../src/sql/execution-model.js'
import { parse } from '../support/parse.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

const before = `CREATE TYPE status AS ENUM ('open'); CREATE TABLE t (a int, s status, txt text); CREATE INDEX i ON t(a);
  CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
  CREATE PROCEDURE commits() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'`

/** Runs a file as the deploy would: in one transaction, or as written. Gives the SQLSTATE of a failure. */
async function run(
  sql: string,
  mode: 'all-or-nothing' | 'statement-by-statement',
  database: TestDatabase,
): Promise<string | undefined> {
  const client = await database.client()
  try {
    if (mode === 'all-or-nothing') await client.query('BEGIN')
    for (const statement of parse(sql)) await client.query(statement.sql)
    if (mode === 'all-or-nothing') await client.query('COMMIT')
    return undefined
  } catch (error) {
    return (error as { code?: string }).code
  } finally {
    await client.end()
  }
}

// Postgres itself says that these cannot run in one transaction, and that they can as written.
describe('statement by statement', () => {
  test.each<[string, string, string]>([
    [
      'CREATE INDEX CONCURRENTLY j ON t(a)',
      'line 1: CREATE INDEX CONCURRENTLY cannot run in a transaction',
      '25001',
    ],
    [
      'SELECT 1;\nDROP INDEX CONCURRENTLY i',
      'line 2: DROP INDEX CONCURRENTLY cannot run in a transaction',
      '25001',
    ],
    ['REINDEX TABLE CONCURRENTLY t', 'line 1: REINDEX CONCURRENTLY cannot run in a transaction', '25001'],
    [
      'REINDEX SCHEMA public',
      'line 1: REINDEX of a whole schema or database cannot run in a transaction',
      '25001',
    ],
    [
      'ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY',
      'line 1: DETACH PARTITION CONCURRENTLY cannot run in a transaction',
      '25001',
    ],
    ['CLUSTER', 'line 1: CLUSTER without a table cannot run in a transaction', '25001'],
    ['VACUUM t', 'line 1: VACUUM cannot run in a transaction', '25001'],
    ['DISCARD ALL', 'line 1: DISCARD ALL cannot run in a transaction', '25001'],
    ['ALTER SYSTEM RESET work_mem', 'line 1: ALTER SYSTEM cannot run in a transaction', '25001'],
    [
      'DO $$\nBEGIN\n\tUPDATE t SET a = 1;\nCOMMIT;\nEND $$',
      'line 1: a block that commits cannot run in a transaction',
      '2D000',
    ],
    ['CALL commits()', 'line 1: the procedure that it calls may commit', '2D000'],
    [
      `CREATE PROCEDURE mine() LANGUAGE plpgsql AS $$\nBEGIN\nCOMMIT;\nEND $$;\nCALL public.mine()`,
      'line 5: the procedure that it calls may commit',
      '2D000',
    ],
    [
      "ALTER TYPE status ADD VALUE 'paid';\nUPDATE t SET s = 'paid'",
      "line 2 uses the enum value 'paid' that line 1 adds",
      '55P04',
    ],
    [
      "ALTER TYPE public.status ADD VALUE 'it''s';\n\nALTER TABLE t ALTER s SET DEFAULT E'it\\'s'",
      "line 3 uses the enum value 'it's' that line 1 adds",
      '55P04',
    ],
    [
      "ALTER TYPE status ADD VALUE 'paid';\nDO $$ BEGIN UPDATE t SET s = 'paid'; END $$",
      "line 2 uses the enum value 'paid' that line 1 adds",
      '55P04',
    ],
    [
      "ALTER TYPE status ADD VALUE 'paid';\nINSERT INTO t (s) SELECT unnest('{open,paid}'::status[])",
      "line 2 uses the enum value 'paid' that line 1 adds",
      '55P04',
    ],
    [
      "ALTER TYPE status ADD VALUE 'paid';\nINSERT INTO t (s) VALUES ($$paid$$)",
      "line 2 uses the enum value 'paid' that line 1 adds",
      '55P04',
    ],
    [
      "ALTER TYPE status ADD VALUE 'paid';\nALTER TYPE status RENAME VALUE 'paid' TO 'settled';\nUPDATE t SET s = 'settled';\nINSERT INTO t (s) VALUES ('settled')",
      "line 3 uses the enum value 'settled' that line 2 adds",
      '55P04',
    ],
  ])('%s', async (sql, reason, sqlstate) => {
    expect(transactionModeOf(parse(sql))).toEqual({ mode: 'statement-by-statement', reason })
    const database = await createTestDatabase({ sql: before })
    expect(await run(sql, 'all-or-nothing', database)).toBe(sqlstate)
    expect(await run(sql, 'statement-by-statement', database)).toBeUndefined()
    await database.drop()
  })

  test.each(['BEGIN; SELECT 1; COMMIT; SELECT 2', 'START TRANSACTION; SELECT 1; END; BEGIN; COMMIT'])(
    '%s: the file controls its transactions itself',
    async (sql) => {
      expect(transactionModeOf(parse(sql))).toEqual({
        mode: 'statement-by-statement',
        reason: 'line 1: the file controls its transactions itself',
      })
      expect(await run(sql, 'statement-by-statement', await createTestDatabase())).toBeUndefined()
    },
  )

  // The server of the tests shall keep out of these.
  test.each([
    ['CREATE DATABASE d', 'line 1: CREATE DATABASE cannot run in a transaction'],
    ['DROP DATABASE d', 'line 1: DROP DATABASE cannot run in a transaction'],
    ["CREATE TABLESPACE s LOCATION '/x'", 'line 1: CREATE TABLESPACE cannot run in a transaction'],
    ['DROP TABLESPACE s', 'line 1: DROP TABLESPACE cannot run in a transaction'],
    [
      "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p",
      'line 1: CREATE and DROP SUBSCRIPTION cannot run in a transaction',
    ],
    ['DROP SUBSCRIPTION s', 'line 1: CREATE and DROP SUBSCRIPTION cannot run in a transaction'],
    ['BEGIN; COMMIT AND CHAIN', 'line 1: the file controls its transactions itself'],
    ['BEGIN; ROLLBACK', 'line 1: the file controls its transactions itself'],
    [
      'BEGIN; CREATE INDEX CONCURRENTLY i ON t(a); COMMIT',
      'line 1: CREATE INDEX CONCURRENTLY cannot run in a transaction',
    ],
  ])('%s', (sql, reason) => {
    expect(transactionModeOf(parse(sql))).toEqual({ mode: 'statement-by-statement', reason })
  })
})

describe('all or nothing', () => {
  test.each([
    '',
    'CREATE INDEX j ON t(a); DROP INDEX i; ALTER TABLE p DETACH PARTITION p1; CLUSTER t USING j; ANALYZE t; REINDEX TABLE t',
    'SAVEPOINT s; UPDATE t SET a = 1; ROLLBACK TO s; RELEASE s',
    "DO $$ BEGIN RAISE NOTICE 'no word of it'; END $$; COMMENT ON TABLE t IS 'commit'",
    'CREATE PROCEDURE quiet() LANGUAGE sql AS $$ SELECT 1 $$; CALL quiet()',
    "ALTER TYPE status ADD VALUE 'paid'",
    "ALTER TYPE status ADD VALUE 'paid'; ALTER TYPE status ADD VALUE 'sent' AFTER 'paid'",
    "ALTER TYPE status ADD VALUE 'paid'; -- 'paid' comes later\nUPDATE t SET a = 1 /* not 'paid' */ WHERE a = 2",
    "ALTER TYPE status ADD VALUE 'paid'; ALTER TABLE t ADD COLUMN paid boolean; COMMENT ON COLUMN t.paid IS 'paid'",
    "CREATE TYPE mine AS ENUM ('a', 'b'); CREATE TABLE u (m mine DEFAULT 'b'); ALTER TYPE mine ADD VALUE 'c'",
    "UPDATE t SET txt = 'paid'; ALTER TYPE status ADD VALUE 'paid'",
    "ALTER TYPE status RENAME VALUE 'open' TO 'new'; UPDATE t SET s = 'new'; INSERT INTO t (s) VALUES ('new')",
  ])('%s', async (sql) => {
    expect(transactionModeOf(parse(sql))).toEqual({ mode: 'all-or-nothing' })
    const database = await createTestDatabase({ sql: before })
    expect(await run(sql, 'all-or-nothing', database)).toBeUndefined()
    await database.drop()
  })

  test.each([
    'BEGIN; UPDATE t SET a = 1; COMMIT',
    'START TRANSACTION; SAVEPOINT s; RELEASE s; END',
    'BEGIN; COMMIT',
  ])('%s: a file that is one transaction already', async (sql) => {
    expect(transactionModeOf(parse(sql))).toEqual({ mode: 'all-or-nothing' })
  })
})
