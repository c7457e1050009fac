import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { makeForecast } from '../../src/forecast/forecast.js'
import { findUnreadable } from '../../src/postgres/target-parser.js'
import { executionModelOf } from '../../src/sql/execution-model.js'
import { markUnreadable } from '../../src/steps/ask-parser.js'
import { filesOf } from '../support/forecast.js'
import { parse } from '../support/parse.js'
import { createTestDatabase } from '../support/test-database.js'

const schema = `
  CREATE TABLE t (id int PRIMARY KEY, a int, b int, at tstzrange, j jsonb, gen int GENERATED ALWAYS AS (a) STORED);
  CREATE TABLE u (id int PRIMARY KEY, a int);
  CREATE TABLE old (id int, a int);
  CREATE VIEW v AS SELECT 1 AS one;
  CREATE PUBLICATION p`

/** Statements that some version since 14 has brought, and beside them what every one reads. */
const statements = [
  'ALTER TABLE t ADD c int GENERATED ALWAYS AS (a) VIRTUAL',
  'ALTER TABLE t ADD c int GENERATED ALWAYS AS (a)',
  'ALTER TABLE t ADD c int GENERATED ALWAYS AS (a) STORED',
  'ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT ENFORCED',
  'ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID',
  'ALTER TABLE t ADD CONSTRAINT c NOT NULL a',
  'ALTER TABLE t ADD CONSTRAINT c NOT NULL a NOT VALID',
  'ALTER TABLE t ALTER COLUMN gen SET EXPRESSION AS (a + 1)',
  'ALTER TABLE t ALTER COLUMN a SET DEFAULT 1_000',
  'ALTER TABLE t ALTER COLUMN a SET DEFAULT 0x1F',
  'ALTER TABLE t ALTER COLUMN a SET DEFAULT 0b11',
  'ALTER TABLE t ALTER COLUMN a SET STATISTICS DEFAULT',
  'CREATE TABLE x (a text STORAGE EXTERNAL)',
  'CREATE TABLE x (a text COMPRESSION pglz)',
  'CREATE UNIQUE INDEX x ON t (a) NULLS NOT DISTINCT',
  'ALTER TABLE t ADD CONSTRAINT x UNIQUE NULLS NOT DISTINCT (a)',
  'CREATE STATISTICS ON a, b FROM t',
  'CREATE STATISTICS x ON a, b FROM t',
  'MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN UPDATE SET a = u.a',
  'MERGE INTO t USING u ON t.id = u.id WHEN NOT MATCHED BY SOURCE THEN DELETE',
  'MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE RETURNING t.id',
  'MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE RETURNING merge_action()',
  'UPDATE t SET a = 1 RETURNING old.a, new.a',
  'UPDATE t SET a = 1 RETURNING new.*',
  'UPDATE t SET a = 1 RETURNING WITH (OLD AS o) o.a',
  'UPDATE t SET a = 1 FROM old RETURNING old.a',
  'DELETE FROM t USING u AS old WHERE old.id = t.id RETURNING old.a',
  'INSERT INTO old VALUES (1) RETURNING old.a',
  'WITH x AS (DELETE FROM t RETURNING old.a) SELECT * FROM x',
  'CREATE VIEW w WITH (security_invoker = true) AS SELECT 1 AS one',
  'CREATE VIEW w WITH (security_barrier = true) AS SELECT 1 AS one',
  'ALTER VIEW v SET (security_invoker = on)',
  "SELECT * FROM JSON_TABLE(jsonb '[1]', '$[*]' COLUMNS (a int PATH '$')) AS x",
  "SELECT JSON_OBJECT('a': 1)",
  'SELECT JSON_OBJECT()',
  'SELECT JSON_ARRAY(1, 2)',
  'SELECT JSON_ARRAYAGG(a) FROM t',
  "SELECT JSON_OBJECTAGG('a': a) FROM t",
  "SELECT '1' IS JSON",
  "SELECT JSON('1')",
  'SELECT JSON_SCALAR(1)',
  "SELECT JSON_SERIALIZE('1')",
  "SELECT JSON_EXISTS(j, '$') FROM t",
  "SELECT JSON_VALUE(j, '$') FROM t",
  "SELECT JSON_VALUE(j, '$' RETURNING int) FROM t",
  "SELECT JSON_QUERY(j, '$') FROM t",
  "ALTER TABLE t ADD c boolean GENERATED ALWAYS AS (JSON_EXISTS(j, '$')) STORED",
  "CREATE VIEW w AS SELECT JSON_VALUE(j, '$') AS one FROM t",
  'ALTER TABLE t ADD c text DEFAULT SYSTEM_USER',
  'SELECT * FROM (SELECT 1)',
  'SELECT * FROM (SELECT 1) AS x',
  'SELECT any_value(1)',
  'SELECT now() AT LOCAL',
  'CREATE TABLE x (id int, CONSTRAINT k FOREIGN KEY (id) REFERENCES t ON DELETE SET NULL (id))',
  'CREATE TABLE x (id int4range, at int4range, PRIMARY KEY (id, at WITHOUT OVERLAPS))',
  'CREATE TABLE x (a int) PARTITION BY RANGE (a)',
  'CREATE OR REPLACE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
  'CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END',
  'CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT a FROM (SELECT 1 AS a); END',
  'CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM (SELECT 1) $$',
  'CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM (SELECT 1) AS x -- $$',
  "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS ''",
  `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE n int := 1; r record; BEGIN
     MERGE INTO t USING u ON t.id = u.id WHEN NOT MATCHED BY SOURCE THEN DELETE;
     NEW.a := n; RETURN NEW; END $$`,
  `CREATE FUNCTION f(x int, y text) RETURNS int LANGUAGE plpgsql AS $$ DECLARE n int := 1; r record; k int[]; BEGIN
     k[1] := x + $1; r := NULL; n = CASE WHEN y = 'a' THEN 1 ELSE 2 END; k[CASE WHEN n = 1 THEN 2 END] := 3;
     SELECT a INTO STRICT n FROM t WHERE id = x LIMIT 1; INSERT INTO u VALUES (x, n) RETURNING a INTO n;
     FOR r IN SELECT * FROM t ORDER BY id LOOP PERFORM r.a, y; END LOOP; EXECUTE 'SELECT ' || n INTO n USING x;
     GET DIAGNOSTICS n = ROW_COUNT; RAISE NOTICE '% %', n, y; ASSERT n > 0, 'no'; CREATE TEMP TABLE z AS SELECT 1;
     RETURN (SELECT max(a) FROM t); EXCEPTION WHEN OTHERS THEN RETURN n; END $$`,
  'CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1_000; END $$',
  'CREATE FUNCTION f() RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT 1 FROM (SELECT 1); END $$',
  'DO $$ BEGIN IF false THEN ALTER TABLE t ADD c int GENERATED ALWAYS AS (a) VIRTUAL; END IF; END $$',
  "DO $$ BEGIN IF false THEN EXECUTE 'ALTER TABLE t ADD c int GENERATED ALWAYS AS (a) VIRTUAL'; END IF; END $$",
  'SET check_function_bodies = off; CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1_000; END $$',
  'SET transaction_timeout = 0',
  'SET LOCAL Statement_Timeout = 0',
  "SET TIME ZONE 'UTC'",
  'SET ROLE NONE',
  'SET SESSION AUTHORIZATION DEFAULT',
  'SET TRANSACTION ISOLATION LEVEL READ COMMITTED',
  "SET NAMES 'utf8'",
  'RESET ALL',
  "SET my.setting = 'x'",
  'SET no_such_setting = 1',
  'CREATE FUNCTION f() RETURNS int LANGUAGE sql SET transaction_timeout = 0 AS $$ SELECT 1 $$',
  'CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path FROM CURRENT AS $$ SELECT 1 $$',
  'GRANT MAINTAIN ON t TO PUBLIC',
  'GRANT SELECT ON t TO PUBLIC',
  'GRANT ALL ON t TO PUBLIC',
  'EXPLAIN (MEMORY) SELECT 1',
  'EXPLAIN (GENERIC_PLAN) SELECT 1',
  'EXPLAIN (COSTS OFF) SELECT 1',
  'ANALYZE (BUFFER_USAGE_LIMIT 256) t',
  'ANALYZE (SKIP_LOCKED) t',
  'COPY (SELECT 1) TO STDOUT (FORMAT csv, LOG_VERBOSITY verbose)',
  'CREATE PUBLICATION q WITH (publish_generated_columns = stored)',
  'CREATE PUBLICATION q FOR TABLE t WHERE (a > 1)',
  'CREATE PUBLICATION q FOR TABLES IN SCHEMA public',
  "CREATE COLLATION c (provider = icu, locale = 'en', rules = '')",
  'ALTER TABLE t SET (autovacuum_vacuum_max_threshold = 10)',
  'ALTER TABLE t SET (fillfactor = 70, toast.autovacuum_enabled = off)',
  'ALTER TABLE t SET ACCESS METHOD heap',
  'ALTER TABLE t SET ACCESS METHOD DEFAULT',
  'GRANT pg_read_all_data TO CURRENT_USER WITH INHERIT TRUE',
  "COMMENT ON TABLE t IS 'it''s \\ $x$ /* -- ; END'",
  'SELECT $x$ END; COMMIT; $x$ -- the end',
  'SAVEPOINT s',
  'DECLARE c CURSOR FOR SELECT 1',
  'PREPARE x AS SELECT 1',
  'SELECT a INTO TEMP made FROM t',
  'CALL no_such_procedure()',
]

/** What a server says of a statement whose words it does not know, if it does not say it of a name of ours. */
const isOfWords = (error: { code?: string; message: string }) =>
  error.code === '42601' ||
  error.message.includes('column reference in DEFAULT') ||
  /unrecognized|JSON|json_|merge_action|system_user|table "(old|new)"/i.test(error.message)

let client: pg.Client
let version: number
let readOnly: pg.Client

beforeAll(async () => {
  const database = await createTestDatabase({ sql: schema })
  client = await database.client()
  readOnly = await database.client()
  await readOnly.query('SET default_transaction_read_only = on')
  const { rows } = await client.query("SELECT current_setting('server_version_num')::int AS n")
  version = rows[0].n
})

async function marked(sql: string) {
  const trees = parse(sql)
  const [file] = filesOf([sql])
  const migration = {
    ...{ name: 'm', file: 'm', directory: 'm', checksum: '', dataChanges: [] },
    ...{ statements: file?.statements ?? [], execution: executionModelOf(trees) },
  }
  const [found] = await markUnreadable([migration], [trees], readOnly, { serverVersionNum: version })
  return found?.statements ?? []
}

async function run(sql: string): Promise<{ code?: string; message: string } | undefined> {
  await client.query('BEGIN')
  try {
    for (const statement of parse(sql)) await client.query(statement.sql)
    return undefined
  } catch (error) {
    return error as Error
  } finally {
    await client.query('ROLLBACK; RESET ALL')
  }
}

test.each(statements)('the target is asked for its words: %s', async (sql) => {
  const refusal = (await marked(sql)).find((one) => one.refusal)?.refusal
  const error = await run(sql)
  if (!error || !isOfWords(error)) return expect(refusal).toBeUndefined()
  expect(refusal?.sqlstate).toBe(error.code)
  // The words that a question stands for have other arguments than the statement, and 14 reads MERGE in a body otherwise.
  if (error.code !== '42883' && !error.message.includes('not a known variable'))
    expect(refusal?.message).toBe(error.message)
})

test('what a number means that an older server cuts in two is not known', async () => {
  const [number] = await marked('INSERT INTO u SELECT 1_000, 2')
  if (version >= 160_000) expect(number?.refusal).toBeUndefined()
  else if (version >= 150_000) expect(number?.refusal?.sqlstate).toBe('42601')
  else expect(number?.refusal).toMatchObject({ isMisread: true, object: '1_000' })
  const [text] = await marked("COMMENT ON TABLE t IS '1_000'; INSERT INTO u (id) VALUES (1)")
  expect(text?.refusal).toBeUndefined()
})

test('the target only reads what it is asked about', async () => {
  const acting = [
    'DROP TABLE t',
    'INSERT INTO u VALUES (1, 1)',
    "SELECT nextval('counter')",
    'COMMIT',
    'ROLLBACK AND CHAIN',
    'DO $$ BEGIN DELETE FROM old; END $$',
    'DO $$ BEGIN END; DROP TABLE t; BEGIN END $$',
    'CREATE TABLE made AS SELECT 1',
    'NOTIFY somebody',
  ]
  await client.query('CREATE SEQUENCE counter; INSERT INTO old VALUES (1, 1)')
  const broken = ['); DROP TABLE t; --', 'SELECT 1; DROP TABLE t; SELECT FROM FROM', "'; DROP TABLE t", '/*']
  expect(await findUnreadable(client, [...acting, acting.join(';\n')])).toEqual(new Map())
  expect([...(await findUnreadable(client, broken)).keys()]).toEqual([0, 1, 2, 3])
  const { rows } = await client.query(`
    SELECT (SELECT is_called FROM counter) AS called, (SELECT count(*)::int FROM old) AS old,
           to_regclass('t') IS NOT NULL AS t, to_regclass('made') IS NULL AS made, (SELECT count(*)::int FROM u) AS u`)
  expect(rows).toEqual([{ called: false, old: 1, t: true, made: true, u: 0 }])
  await client.query('DROP SEQUENCE counter; DELETE FROM old')
})

test.each([true, false])('a command of a block counts where the block comes to it: %s', async (isReached) => {
  const sql = `DO $$ BEGIN IF ${isReached} THEN EXECUTE 'ALTER TABLE u ADD c int GENERATED ALWAYS AS (a) VIRTUAL'; END IF; END $$`
  const trees = parse(sql)
  const marks = await marked(sql)
  const statements = trees.map((tree, at) => ({ ...tree, ...marks[at], kind: tree.kind }))
  const file = { migration: 'm', file: 'm', statements, execution: executionModelOf(trees) }
  await readOnly.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  const { failure } = await makeForecast([file], [readOnly], 'public')
  await readOnly.query('ROLLBACK')
  expect(failure?.sqlstate).toBe(isReached && version < 180_000 ? '42601' : undefined)
})
