import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { tryStatement } from '../../support/static-facts.js'
import { createTestDatabase } from '../../support/test-database.js'

// Each row changes into a role without rights, and is rolled back with it.

type Row = readonly [before: string, statement: string]

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

describe('42501', () => {
  test.each<Row>([
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'ALTER TABLE t ADD b int'],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'ALTER TABLE IF EXISTS t ADD COLUMN a int'],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'DROP TABLE t'],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'CREATE INDEX ON t(a)'],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'CREATE INDEX ON t(b)'],
    ['CREATE TABLE t(a int); CREATE INDEX i ON t(a); CREATE ROLE r; SET LOCAL ROLE r', 'DROP INDEX i'],
    [
      'CREATE TABLE t(a int); CREATE INDEX i ON t(a); CREATE ROLE r; SET LOCAL ROLE r',
      'ALTER INDEX i RENAME TO j',
    ],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'SELECT * FROM t'],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'INSERT INTO t VALUES (1)'],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'UPDATE t SET a = 1'],
    ['CREATE TABLE t(a int); CREATE ROLE r; GRANT SELECT ON t TO r; SET LOCAL ROLE r', 'UPDATE t SET a = 1'],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'DELETE FROM t'],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'TRUNCATE t'],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'CREATE POLICY p ON t'],
    [
      "CREATE TABLE t(a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE ROLE r; SET LOCAL ROLE r",
      'CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()',
    ],
    [
      'CREATE TABLE t(a int primary key); CREATE ROLE r; GRANT CREATE ON SCHEMA public TO r; SET LOCAL ROLE r',
      'CREATE TABLE u(a int references t)',
    ],
    ['CREATE ROLE r; REVOKE CREATE ON SCHEMA public FROM public; SET LOCAL ROLE r', 'CREATE TABLE u(a int)'],
    [
      'CREATE ROLE r; REVOKE CREATE ON SCHEMA public FROM public; SET LOCAL ROLE r',
      "CREATE TYPE u AS ENUM ('a')",
    ],
    [
      'CREATE ROLE r; REVOKE CREATE ON SCHEMA public FROM public; SET LOCAL ROLE r',
      'CREATE VIEW u AS SELECT 1',
    ],
    [
      'CREATE ROLE r; REVOKE CREATE ON SCHEMA public FROM public; SET LOCAL ROLE r',
      "CREATE FUNCTION u() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
    ['CREATE ROLE r; REVOKE CREATE ON SCHEMA public FROM public; SET LOCAL ROLE r', 'CREATE SEQUENCE s'],
    [
      'CREATE ROLE r; REVOKE CREATE ON SCHEMA public FROM public; SET LOCAL ROLE r',
      'CREATE TABLE s AS SELECT 1',
    ],
    ['CREATE ROLE r; SET LOCAL ROLE r', 'CREATE SCHEMA s'],
    ['CREATE ROLE r; SET LOCAL ROLE r', 'CREATE SCHEMA IF NOT EXISTS public'],
    ['CREATE ROLE r; SET LOCAL ROLE r', 'CREATE EXTENSION pgcrypto'],
    [
      "CREATE ROLE r; DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO r', current_database()); END $$; SET LOCAL ROLE r",
      'CREATE EXTENSION pg_stat_statements',
    ],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'ALTER TABLE t RENAME TO u'],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'ALTER TABLE t RENAME a TO b'],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'ALTER TABLE t RENAME x TO b'],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', "COMMENT ON TABLE t IS 'x'"],
    ["CREATE TYPE e AS ENUM ('a'); CREATE ROLE r; SET LOCAL ROLE r", "ALTER TYPE e ADD VALUE 'b'"],
    ["CREATE TYPE e AS ENUM ('a'); CREATE ROLE r; SET LOCAL ROLE r", 'DROP TYPE e'],
    ['CREATE SEQUENCE e; CREATE ROLE r; SET LOCAL ROLE r', 'ALTER SEQUENCE e RESTART'],
    ['CREATE SCHEMA s; CREATE ROLE r; SET LOCAL ROLE r', 'SELECT * FROM s.t'],
    [
      'CREATE SCHEMA s; CREATE TABLE s.t(a int); CREATE ROLE r; GRANT ALL ON s.t TO r; SET LOCAL ROLE r',
      'SELECT * FROM s.t',
    ],
    [
      'CREATE SCHEMA s; CREATE TABLE s.t(a int); CREATE ROLE r; GRANT ALL ON s.t TO r; SET LOCAL ROLE r',
      'SELECT nosuch FROM s.t',
    ],
    [
      'CREATE SCHEMA s; CREATE TABLE s.t(a int); CREATE ROLE r; SET LOCAL ROLE r',
      'ALTER TABLE s.t ADD b int',
    ],
    [
      'CREATE ROLE q; CREATE TABLE t(a int); CREATE ROLE r; ALTER TABLE t OWNER TO r; SET LOCAL ROLE r',
      'ALTER TABLE t OWNER TO q',
    ],
    [
      'CREATE VIEW v AS SELECT 1 a; CREATE ROLE r; SET LOCAL ROLE r',
      'CREATE OR REPLACE VIEW v AS SELECT 1 a',
    ],
    [
      'CREATE MATERIALIZED VIEW v AS SELECT 1 a; CREATE ROLE r; SET LOCAL ROLE r',
      'REFRESH MATERIALIZED VIEW v',
    ],
    [
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE ROLE r; SET LOCAL ROLE r",
      'DROP FUNCTION f()',
    ],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'ALTER TABLE t ENABLE ROW LEVEL SECURITY'],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'CREATE TEMP TABLE v AS SELECT * FROM t'],
    ['CREATE ROLE r; SET LOCAL ROLE r', 'CREATE ROLE x'],
    ['CREATE ROLE r; SET LOCAL ROLE r', 'CREATE PUBLICATION x FOR ALL TABLES'],
    [
      'CREATE ROLE r; SET LOCAL ROLE r',
      'CREATE EVENT TRIGGER x ON ddl_command_end EXECUTE FUNCTION nosuch()',
    ],
    ['CREATE ROLE r; SET LOCAL ROLE r', "CREATE FUNCTION u() RETURNS int LANGUAGE c AS 'x', 'y'"],
  ])('%s → %s', async (before, statement) => {
    const { foretold, happened } = await tryStatement(client, before, statement)
    expect(happened).toBe('42501')
    expect(foretold).toMatchObject({ sqlstate: '42501', code: 'missing-privilege', isCertain: true })
  })
})

describe('what the role may do', () => {
  test.each<Row>([
    [
      'CREATE TABLE t(a int, b int); CREATE ROLE r; GRANT UPDATE (a) ON t TO r; SET LOCAL ROLE r',
      'UPDATE t SET a = 1',
    ],
    [
      'CREATE TABLE t(a int primary key); CREATE ROLE r; GRANT CREATE ON SCHEMA public TO r; GRANT REFERENCES ON t TO r; SET LOCAL ROLE r',
      'CREATE TABLE u(a int references t)',
    ],
    [
      'CREATE ROLE r; REVOKE CREATE ON SCHEMA public FROM public; SET LOCAL ROLE r',
      'CREATE TEMP TABLE s (a int)',
    ],
    [
      "CREATE ROLE r; DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO r', current_database()); END $$; SET LOCAL ROLE r",
      'CREATE EXTENSION pgcrypto',
    ],
    ['CREATE ROLE r; SET LOCAL ROLE r', 'CREATE EXTENSION IF NOT EXISTS plpgsql'],
    [
      'CREATE TABLE t(a int); CREATE ROLE r; CREATE SCHEMA s AUTHORIZATION r; CREATE TABLE s.t (a int); SET LOCAL ROLE r',
      'DROP TABLE s.t',
    ],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'CREATE VIEW pg_temp.v AS SELECT * FROM t'],
  ])('%s → %s', async (before, statement) => {
    expect(await tryStatement(client, before, statement)).toEqual({
      foretold: undefined,
      happened: undefined,
    })
  })
})
