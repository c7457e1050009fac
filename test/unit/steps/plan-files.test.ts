import { describe, expect, test } from '@jest/globals'
import { catalogExpectationsOf } from '../../../src/sql/expectations.js'
import { rowEffectsOf } from '../../../src/sql/row-effects.js'
import type { ScriptEngine } from '../../../src/sql/script-engine.js'
import { planFiles } from '../../../src/steps/plan-files.js'

const engines: ScriptEngine[] = ['hosted', 'one-query', 'split']

const plan = (sql: string | Uint8Array, engine: ScriptEngine = 'hosted') =>
  planFiles(
    [{ name: 'm', file: 'm/migration.sql', directory: '/m', checksum: 'c', bytes: Buffer.from(sql) }],
    engine,
  )

/** One statement of every kind that Postgres 18 parses; some with all their trimmings. */
const everyKind = [
  "ALTER AGGREGATE a(int) RENAME TO b; ALTER COLLATION c REFRESH VERSION; ALTER DATABASE d SET work_mem = '1MB'; ALTER DATABASE d TABLESPACE s; ALTER DATABASE d WITH CONNECTION LIMIT 1",
  'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC; ALTER DOMAIN d SET NOT NULL; ALTER DOMAIN d ADD CHECK (VALUE > 0); ALTER EVENT TRIGGER e DISABLE',
  "ALTER EXTENSION e UPDATE TO '2'; ALTER EXTENSION e ADD TABLE t; ALTER FOREIGN DATA WRAPPER w OPTIONS (ADD a 'b'); ALTER FUNCTION f(int) STABLE; ALTER FUNCTION f() DEPENDS ON EXTENSION e",
  'ALTER INDEX i RENAME TO j; ALTER INDEX i ATTACH PARTITION j; ALTER INDEX i SET (fillfactor = 70); ALTER LARGE OBJECT 1 OWNER TO r; ALTER MATERIALIZED VIEW m SET SCHEMA s',
  'ALTER OPERATOR + (int, int) OWNER TO r; ALTER OPERATOR + (int, int) SET (RESTRICT = f); ALTER OPERATOR FAMILY o USING btree ADD FUNCTION 1 f(int, int); ALTER OPERATOR CLASS o USING btree RENAME TO p',
  'ALTER POLICY p ON t USING (true); ALTER PUBLICATION p ADD TABLE t; ALTER ROLE r SET work_mem = 1; ALTER ROLE r NOLOGIN; ALTER ROUTINE f OWNER TO r; ALTER RULE r ON t RENAME TO q; ALTER SCHEMA s RENAME TO q',
  "ALTER SEQUENCE s RESTART; ALTER SERVER s OPTIONS (SET a 'b'); ALTER STATISTICS s SET STATISTICS 1; ALTER SUBSCRIPTION s DISABLE; ALTER SYSTEM SET work_mem = 1",
  'ALTER TABLE t ADD a int NOT NULL DEFAULT 1, DROP b CASCADE, ALTER c TYPE text USING c::text, ALTER d SET STORAGE plain, ALTER e ADD GENERATED ALWAYS AS IDENTITY, ALTER f DROP EXPRESSION, ADD CONSTRAINT g UNIQUE USING INDEX h, ADD FOREIGN KEY (a) REFERENCES u NOT VALID, ADD EXCLUDE USING gist (a WITH =), VALIDATE CONSTRAINT i, ENABLE ROW LEVEL SECURITY, DISABLE TRIGGER ALL, SET LOGGED, INHERIT u, OWNER TO r, REPLICA IDENTITY FULL, SET TABLESPACE s, OF y, CLUSTER ON z',
  'ALTER TABLE t ATTACH PARTITION u FOR VALUES FROM (1) TO (2); ALTER TABLE t DETACH PARTITION u CONCURRENTLY; ALTER TABLE ALL IN TABLESPACE s SET TABLESPACE q; ALTER TABLE t RENAME a TO b; ALTER TABLE t RENAME CONSTRAINT a TO b; ALTER TABLE IF EXISTS t SET SCHEMA s',
  "ALTER TABLESPACE s SET (seq_page_cost = 1); ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH d; ALTER TEXT SEARCH DICTIONARY d (a = 'b'); ALTER TRIGGER t ON u DEPENDS ON EXTENSION e; ALTER TRIGGER t ON u RENAME TO v",
  "ALTER TYPE t ADD VALUE IF NOT EXISTS 'a' BEFORE 'b'; ALTER TYPE t RENAME VALUE 'a' TO 'b'; ALTER TYPE t ADD ATTRIBUTE a int; ALTER TYPE t RENAME ATTRIBUTE a TO b; ALTER TYPE t SET (SEND = f); ALTER TYPE t OWNER TO r; ALTER USER MAPPING FOR r SERVER s OPTIONS (a 'b'); ALTER VIEW v ALTER a SET DEFAULT 1",
  "ANALYZE; ANALYZE t (a); BEGIN ISOLATION LEVEL SERIALIZABLE; CALL p(1); CHECKPOINT; CLOSE c; CLUSTER t USING i; CLUSTER; COMMENT ON COLUMN t.a IS 'x'; COMMENT ON FUNCTION f(int) IS NULL; COMMIT AND CHAIN; COMMIT PREPARED 'g'",
  "COPY t FROM '/x'; COPY (SELECT 1) TO STDOUT; CREATE ACCESS METHOD a TYPE TABLE HANDLER h; CREATE AGGREGATE a (int) (SFUNC = f, STYPE = int); CREATE CAST (a AS b) WITHOUT FUNCTION; CREATE COLLATION c (LOCALE = 'C'); CREATE CONVERSION c FOR 'a' TO 'b' FROM f; CREATE DATABASE d",
  'CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f(); CREATE EXTENSION IF NOT EXISTS e WITH SCHEMA s CASCADE; CREATE FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE t (a int) SERVER s',
  "CREATE FUNCTION f(a int, OUT b int) LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION g() RETURNS int LANGUAGE c AS 'o', 's'; CREATE FUNCTION h() RETURNS int BEGIN ATOMIC SELECT 1; END; CREATE OR REPLACE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$",
  'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY t USING btree (a DESC, (lower(b)) text_pattern_ops) INCLUDE (c) NULLS NOT DISTINCT WITH (fillfactor = 70) WHERE d; CREATE INDEX ON t (a); CREATE LANGUAGE l',
  'CREATE MATERIALIZED VIEW m AS SELECT 1 WITH NO DATA; CREATE OPERATOR + (FUNCTION = f, LEFTARG = int); CREATE OPERATOR CLASS o FOR TYPE int USING btree AS OPERATOR 1 <; CREATE OPERATOR FAMILY o USING btree; CREATE POLICY p ON t FOR SELECT TO PUBLIC USING (true)',
  'CREATE PUBLICATION p FOR TABLE t (a) WHERE (b), TABLES IN SCHEMA s; CREATE ROLE r LOGIN; CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING; CREATE SCHEMA s CREATE TABLE t (a int); CREATE SCHEMA AUTHORIZATION r; CREATE SEQUENCE s OWNED BY t.a; CREATE SERVER s FOREIGN DATA WRAPPER w',
  "CREATE STATISTICS s ON a, b FROM t; CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p; CREATE TABLE t (a int GENERATED ALWAYS AS (b * 2) STORED, LIKE u INCLUDING ALL, PRIMARY KEY (a), FOREIGN KEY (a, b) REFERENCES u MATCH FULL DEFERRABLE) INHERITS (u) PARTITION BY RANGE (a)",
  'CREATE TABLE t OF y; CREATE TABLE t PARTITION OF u DEFAULT; CREATE TEMP TABLE t (a int) ON COMMIT DROP; CREATE UNLOGGED TABLE t (); CREATE TABLE t AS SELECT 1; CREATE TABLE t AS EXECUTE q; CREATE TABLE t AS TABLE u',
  "CREATE TABLESPACE s LOCATION '/x'; CREATE TEXT SEARCH PARSER p (START = f); CREATE TEXT SEARCH CONFIGURATION c (COPY = d); CREATE TRANSFORM FOR t LANGUAGE l (FROM SQL WITH FUNCTION f(int)); CREATE CONSTRAINT TRIGGER t AFTER INSERT ON u DEFERRABLE FOR EACH ROW EXECUTE FUNCTION f()",
  "CREATE TYPE t AS ENUM ('a'); CREATE TYPE t AS (a int); CREATE TYPE t AS RANGE (SUBTYPE = int); CREATE TYPE t (INPUT = f, OUTPUT = g); CREATE TYPE t; CREATE USER MAPPING FOR r SERVER s; CREATE OR REPLACE RECURSIVE VIEW v (a) AS SELECT 1; CREATE TEMP VIEW v AS SELECT 1",
  'DEALLOCATE ALL; DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT 1; DELETE FROM ONLY t AS u USING v WHERE a RETURNING *; DISCARD ALL; DO LANGUAGE plpgsql $$ BEGIN NULL; END $$; DO $$ BEGIN ROLLBACK; END $$',
  'DROP ACCESS METHOD a; DROP AGGREGATE a(int); DROP CAST (a AS b); DROP DATABASE d; DROP DOMAIN d CASCADE; DROP EVENT TRIGGER e; DROP EXTENSION e; DROP FUNCTION f(int), g; DROP INDEX CONCURRENTLY i; DROP INDEX i, j; DROP MATERIALIZED VIEW m; DROP OPERATOR + (int, int)',
  'DROP OPERATOR CLASS o USING btree; DROP OWNED BY r; DROP POLICY p ON t; DROP PROCEDURE p(int); DROP PUBLICATION p; DROP ROLE r; DROP RULE r ON t; DROP SCHEMA s, q CASCADE; DROP SEQUENCE s; DROP SERVER s; DROP STATISTICS s; DROP SUBSCRIPTION s; DROP TABLE IF EXISTS a.t, u CASCADE; DROP TABLESPACE s; DROP TEXT SEARCH CONFIGURATION c; DROP TRANSFORM FOR t LANGUAGE l; DROP TRIGGER t ON a.u; DROP TYPE a.t; DROP USER MAPPING FOR r SERVER s; DROP VIEW v',
  "EXECUTE q(1); EXPLAIN ANALYZE SELECT 1; FETCH 1 FROM c; GRANT SELECT ON t TO r; GRANT r TO q; IMPORT FOREIGN SCHEMA s FROM SERVER q INTO p; INSERT INTO t DEFAULT VALUES; INSERT INTO t (a) SELECT 1 ON CONFLICT (a) DO UPDATE SET a = 2 RETURNING *; LISTEN c; LOAD 'l'; LOCK TABLE t, u",
  "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (1); MOVE 1 FROM c; NOTIFY c; PREPARE q AS SELECT 1; PREPARE TRANSACTION 'g'; REASSIGN OWNED BY r TO q; REFRESH MATERIALIZED VIEW CONCURRENTLY m; REINDEX (CONCURRENTLY) INDEX i; REINDEX DATABASE; RELEASE s; RESET ALL; REVOKE ALL ON ALL TABLES IN SCHEMA s FROM r; ROLLBACK TO s; ROLLBACK AND CHAIN",
  "SAVEPOINT s; SECURITY LABEL ON TABLE t IS 'x'; SELECT 1 INTO t; SELECT f(); SELECT; SELECT 1 UNION SELECT 2; VALUES (1); TABLE t; SET search_path = s; SET LOCAL a = 1; SET CONSTRAINTS ALL DEFERRED; SET ROLE r; SET SESSION AUTHORIZATION r; SET TRANSACTION READ ONLY; SET TIME ZONE LOCAL; SHOW ALL; START TRANSACTION; TRUNCATE t, ONLY u CASCADE; UNLISTEN *; UPDATE t SET (a, b) = (SELECT 1, 2) FROM u; VACUUM (FULL) t; WITH c AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM c; WITH c AS (MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE RETURNING *) SELECT 1",
]

describe('every statement is read', () => {
  test.each(engines)('of every kind, by %s', async (engine) => {
    for (const sql of everyKind) {
      const { pending, findings } = await plan(sql, engine)
      expect(findings.filter(({ code }) => code === 'sql-not-parsed')).toEqual([])
      expect(pending[0]?.statements.length).toBeGreaterThan(0)
      // Each by itself, too: what is around it can hide a statement.
      for (const statement of pending[0]?.statements ?? []) {
        const alone = await plan(statement.sql, engine)
        expect(alone.pending[0]?.statements.map((one) => one.sql)).toEqual([statement.sql])
        const statements = alone.statements[0] ?? []
        expect(() => catalogExpectationsOf([{ migration: 'm', statements }])).not.toThrow()
        expect(() => rowEffectsOf(statements, 'public')).not.toThrow()
        const { execution, dataChanges } = alone.pending[0] ?? {}
        expect(JSON.stringify({ execution, dataChanges })).not.toMatch(/undefined|null| {2}/)
      }
    }
  })

  test('however deep or long', async () => {
    const many = (count: number, part: string, by: string) => Array(count).fill(part).join(by)
    for (const sql of [
      `SELECT ${many(5000, '1', ' + ')}`,
      `SELECT ${many(5000, 'SELECT 1', ' UNION ')}`.slice(7),
      `INSERT INTO t VALUES ${many(20_000, "(1, 'paid')", ', ')}`,
      `SELECT ${'('.repeat(2000)}1${')'.repeat(2000)}`,
      many(3000, 'ALTER TABLE t ADD COLUMN a int', ';'),
    ]) {
      const { pending, findings } = await plan(`ALTER TYPE s ADD VALUE 'other';${sql}`)
      expect(findings).toEqual([])
      expect(pending[0]?.statements.length).toBeGreaterThan(0)
    }
  })
})

test('a folder without migration.sql is left to the history to tell of', async () => {
  const folder = { name: 'm', file: 'm/migration.sql', directory: '/m' }
  expect(await planFiles([folder], 'hosted')).toEqual({ pending: [], statements: [], findings: [] })
})

test('what cannot be read is a finding at its line, and what can is read', async () => {
  const codes = async (sql: string | Uint8Array) =>
    (await plan(sql)).findings.map(({ code, line, verdict }) => `${code} ${line} ${verdict}`)
  expect(await codes('')).toEqual(['empty-migration 1 warn'])
  expect(await codes('SELECT 1;\nSELEC 2;')).toEqual(['sql-not-parsed 2 block'])
  expect(await codes('\ufeffSELECT 1;')).toEqual(['byte-order-mark 1 block'])
  expect(await codes(Buffer.from([0x0a, 0xff]))).toEqual(['invalid-utf8 2 block'])
  expect(await codes('SELECT 1;\nBEGIN;')).toEqual(['transaction-left-open 2 block'])
  expect(await codes('-- migrate-guard-accept drop-column\nSELECT 1')).toEqual([
    'acceptance-not-readable 1 warn',
  ])
  expect(await codes('SELECT 1')).toEqual([])
})

test('a comment that accepts is kept with its migration', async () => {
  const { pending } = await plan('SELECT 1;\n-- migrate-guard-accept drop-table:t: copied\nDROP TABLE t;')
  expect(pending[0]?.acceptances).toEqual([
    {
      code: 'drop-table',
      object: 't',
      reason: 'copied',
      migration: 'm',
      file: 'm/migration.sql',
      line: 2,
      lines: { first: 3, last: 3 },
    },
  ])
})
