import { expect, test } from '@jest/globals'
import { deployOnce, type Migrations, startHost } from '../support/engine-host.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'
import { until } from '../support/waiting.js'

type Options = { readonly before?: string } & NonNullable<Parameters<typeof deployOnce>[2]>

/** Deploys into a new database, after `before`, and gives what is there afterwards. */
async function deploy(migrations: Migrations, { before, ...options }: Options = {}) {
  const database = await createTestDatabase()
  const all = before === undefined ? migrations : { before, ...migrations }
  const { error, events } = await deployOnce(database.url, all, options)
  const rows = await database.query(
    `SELECT migration_name AS name, finished_at IS NOT NULL AS finished, applied_steps_count AS steps, logs
       FROM public._prisma_migrations WHERE migration_name <> 'before' ORDER BY started_at`,
  )
  const own = events.filter(({ migration }) => migration !== 'before')
  const started = own.find((event) => event.type === 'migration-started')
  return { database, error, events: own, rows, mode: started?.mode }
}

/** Names of the tables beside Prisma's own. */
async function tablesIn(database: TestDatabase): Promise<string[]> {
  const rows = await database.query(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND relname <> '_prisma_migrations' ORDER BY 1`,
  )
  return rows.map(({ name }) => name)
}

const finished = [{ name: 'm', finished: true, steps: 1, logs: null }]

test('dollar quotes, DO blocks and functions may hold semicolons', async () => {
  const { database, error, rows, mode, events } = await deploy({
    m: `CREATE FUNCTION one() RETURNS int LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM 1; -- $$ ; $$
  RETURN 1;
END;
$body$;
CREATE FUNCTION two() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;
DO $$ BEGIN CREATE TABLE made (id int); INSERT INTO made VALUES (one()), (two()); END $$;`,
  })
  expect(error).toBeUndefined()
  expect(rows).toEqual(finished)
  expect(mode).toBe('all-or-nothing')
  expect(events.filter(({ type }) => type === 'statement-finished')).toHaveLength(3)
  expect(await database.query('SELECT id FROM made ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }])
})

test('strings, names and comments may hold semicolons, and block comments nest', async () => {
  const { database, error, rows } = await deploy({
    m: `-- first; DROP TABLE nothing;
/* outer ; /* inner ; */ still a comment ; DROP TABLE nothing; */
CREATE TABLE "a;b" (note text DEFAULT 'x;y''; z', e text DEFAULT E'\\';' /* ; */); -- ;
COMMENT ON TABLE "a;b" IS $q$ ; -- /* $q$;
INSERT INTO "a;b" DEFAULT VALUES`,
  })
  expect(error).toBeUndefined()
  expect(rows).toEqual(finished)
  expect(await database.query('SELECT * FROM "a;b"')).toEqual([{ note: "x;y'; z", e: "';" }])
})

test('CREATE INDEX CONCURRENTLY alone', async () => {
  const { database, error, rows, mode } = await deploy(
    { m: 'CREATE INDEX CONCURRENTLY t_id ON t (id);' },
    { before: 'CREATE TABLE t (id int)' },
  )
  expect(error).toBeUndefined()
  expect(rows).toEqual(finished)
  expect(mode).toBe('statement-by-statement')
  expect(await database.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_id'::regclass")).toEqual(
    [{ indisvalid: true }],
  )
})

test('CREATE INDEX CONCURRENTLY beside other statements', async () => {
  const { database, error, rows } = await deploy({
    m: 'CREATE TABLE t (id int);\nCREATE INDEX CONCURRENTLY t_id ON t (id);\nCREATE TABLE u (id int);',
  })
  expect(error).toBeUndefined()
  expect(rows).toEqual(finished)
  expect(await tablesIn(database)).toEqual(['t', 'u'])
})

test('a failed migration is told as by Prisma', async () => {
  const { error } = await deploy({
    m: 'CREATE TABLE a (id int PRIMARY KEY);\nINSERT INTO a VALUES (1), (1);',
  })
  expect(
    error,
  ).toBe(`A migration failed to apply. New migrations cannot be applied before the error is recovered from. Read more about how to resolve migration issues in a production database: https://pris.ly/d/migrate-resolve

Migration name: m

Database error code: 23505

Database error:
ERROR: duplicate key value violates unique constraint "a_pkey"

Line: 2
`)
})

test('a failing last statement leaves nothing of the file', async () => {
  const { database, error, rows, events } = await deploy({
    m: 'CREATE TABLE a (id int);\nCREATE TABLE b (id int);\nSELECT 1/0;',
  })
  expect(error).toContain('division by zero')
  expect(rows).toEqual([
    { name: 'm', finished: false, steps: 0, logs: expect.stringContaining('division by zero') },
  ])
  expect(await tablesIn(database)).toEqual([])
  expect(events.at(-1)?.type).toBe('transaction-rolled-back')
})

test('a failing third statement of a statement-by-statement file leaves exactly the first two', async () => {
  const { database, error, rows, events } = await deploy({
    m: 'CREATE TABLE a (id int);\nCREATE INDEX CONCURRENTLY a_id ON a (id);\nSELECT 1/0;\nCREATE TABLE b (id int);',
  })
  expect(error).toContain('division by zero')
  expect(rows).toMatchObject([{ name: 'm', finished: false }])
  expect(await tablesIn(database)).toEqual(['a'])
  expect(await database.query("SELECT to_regclass('a_id')::text AS index")).toEqual([{ index: 'a_id' }])
  expect(events.at(-1)).toMatchObject({
    type: 'statement-failed',
    statement: 3,
    line: 3,
    sqlstate: '22012',
  })
})

test('a file that is one transaction block by hand is all or nothing', async () => {
  const good = await deploy({ m: 'BEGIN;\nCREATE TABLE a (id int);\nCREATE TABLE b (id int);\nCOMMIT;' })
  expect(good.error).toBeUndefined()
  expect(good.mode).toBe('all-or-nothing')
  expect(good.rows).toEqual(finished)
  expect(await tablesIn(good.database)).toEqual(['a', 'b'])

  const bad = await deploy({ m: 'BEGIN;\nCREATE TABLE a (id int);\nSELECT 1/0;\nCOMMIT;' })
  expect(bad.error).toContain('division by zero')
  expect(bad.rows).toMatchObject([{ finished: false }])
  expect(await tablesIn(bad.database)).toEqual([])
})

test('a COMMIT in the middle of the file does what is written', async () => {
  const { database, error, rows, mode } = await deploy({
    m: 'BEGIN;\nCREATE TABLE a (id int);\nCOMMIT;\nBEGIN;\nCREATE TABLE b (id int);\nSELECT 1/0;\nCOMMIT;',
  })
  expect(error).toContain('division by zero')
  expect(mode).toBe('statement-by-statement')
  expect(rows).toMatchObject([{ finished: false }])
  expect(await tablesIn(database)).toEqual(['a'])
})

test('a file that begins a transaction and never ends it is refused, not lost', async () => {
  const { database, error, rows } = await deploy({
    m: 'CREATE TABLE a (id int);\nBEGIN;\nCREATE TABLE b (id int);',
  })
  expect(error).toContain('ERROR: the file begins a transaction that it does not end\n\nLine: 2\n')
  expect(rows).toMatchObject([{ finished: false }])
  expect(await tablesIn(database)).toEqual([])
})

test('SET TRANSACTION comes first in the transaction that the file begins', async () => {
  const { database, error, rows } = await deploy({
    m: `BEGIN;
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
CREATE TABLE a AS SELECT current_setting('transaction_isolation') AS level;
COMMIT;`,
  })
  expect(error).toBeUndefined()
  expect(rows).toEqual(finished)
  expect(await database.query('SELECT level FROM a')).toEqual([{ level: 'serializable' }])
})

test.each([
  ['first', 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;'],
  [
    'after a comment and another SET',
    "-- why\nSET lock_timeout = '5s';\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;",
  ],
  ['as a variable', "SET transaction_isolation = 'serializable';"],
  ['after a lock', 'LOCK TABLE t;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;'],
  ['in the BEGIN of the file', 'BEGIN ISOLATION LEVEL SERIALIZABLE;'],
])('a level of isolation holds where it stands %s', async (_, begin) => {
  const end = begin.startsWith('BEGIN') ? 'COMMIT;' : ''
  const sql = `${begin}\nCREATE TABLE a AS SELECT current_setting('transaction_isolation') AS level;\nCREATE TABLE b (id int);\n${end}`
  const { database, error, rows, mode, events } = await deploy(
    { m: sql },
    { before: 'CREATE TABLE t (id int)' },
  )
  expect(error).toBeUndefined()
  expect(rows).toEqual(finished)
  expect(mode).toBe('all-or-nothing')
  expect(events.some(({ type }) => type === 'transaction-started')).toBe(true)
  expect(await database.query('SELECT level FROM a')).toEqual([{ level: 'serializable' }])
  expect(await database.query('SHOW transaction_isolation')).toEqual([
    { transaction_isolation: 'read committed' },
  ])
})

test('SET SESSION CHARACTERISTICS is for later transactions, and for none of another file', async () => {
  const level = (name: string) =>
    `CREATE TABLE ${name} AS SELECT current_setting('transaction_isolation') AS level;`
  const { database, error } = await deploy({
    m1: `SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n${level('a')}`,
    m2: level('b'),
  })
  expect(error).toBeUndefined()
  expect(await database.query('SELECT * FROM a UNION ALL SELECT * FROM b')).toEqual([
    { level: 'read committed' },
    { level: 'read committed' },
  ])
})

test('SET TRANSACTION behind a query is refused, and nothing of the file is left', async () => {
  const { database, error } = await deploy({
    m: 'CREATE TABLE a (id int);\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;',
  })
  expect(error).toContain('25001')
  expect(await tablesIn(database)).toEqual([])
})

test('a file whose transaction others have overtaken is run again, at its level', async () => {
  const database = await createTestDatabase()
  const other = await database.client()
  await other.query('BEGIN; SELECT pg_advisory_xact_lock(4711)')
  const deployed = deployOnce(
    database.url,
    {
      before: 'CREATE TABLE t (n int); INSERT INTO t VALUES (1)',
      m: `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
SELECT pg_advisory_xact_lock_shared(4711);
UPDATE t SET n = n * 10;
CREATE TABLE a AS SELECT current_setting('transaction_isolation') AS level;`,
    },
    { retries: 2 },
  )
  // Its snapshot is taken, and it waits: what is written now it may not overwrite.
  await until(async () => {
    const waiting = await database.query(
      "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 4711",
    )
    return waiting.length === 1
  })
  await other.query('UPDATE t SET n = 2; COMMIT')
  const { error, events } = await deployed
  expect(error).toBeUndefined()
  expect(events.filter(({ type }) => type === 'retry')).toEqual([
    expect.objectContaining({ sqlstate: '40001', reason: 'serialization' }),
  ])
  expect(await database.query('SELECT n, level FROM t, a')).toEqual([{ n: 20, level: 'repeatable read' }])
})

test('an enum value is added and used in one file', async () => {
  const { database, error, rows, mode } = await deploy(
    { m: "ALTER TYPE mood ADD VALUE 'fine';\nINSERT INTO t VALUES ('fine');" },
    { before: "CREATE TYPE mood AS ENUM ('bad'); CREATE TABLE t (mood mood)" },
  )
  expect(error).toBeUndefined()
  expect(mode).toBe('statement-by-statement')
  expect(rows).toEqual(finished)
  expect(await database.query('SELECT mood::text FROM t')).toEqual([{ mood: 'fine' }])
})

test.each([
  ['an empty file', ''],
  ['white space only', ' \n\t\n'],
  ['comments only', '-- nothing; to do\n/* here /* ; */ */\n'],
  ['lone semicolons', ';;\n;'],
])('%s is applied', async (_name, sql) => {
  const { error, rows } = await deploy({ m: sql })
  expect(error).toBeUndefined()
  expect(rows).toEqual(finished)
})

test('CRLF line ends', async () => {
  const { database, error, rows, events } = await deploy({
    m: "-- one\r\nCREATE TABLE a (id int);\r\n\r\n-- two\r\nCREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$\r\nSELECT 'x;';\r\n$$;\r\n",
  })
  expect(error).toBeUndefined()
  expect(rows).toEqual(finished)
  expect(events.filter((event) => event.type === 'statement-started').map(({ line }) => line)).toEqual([2, 5])
  expect(await database.query('SELECT f()')).toEqual([{ f: 'x;' }])
})

test.each([
  ['a byte order mark', '\uFEFFCREATE TABLE a (id int);', 1, 'the file begins with a byte order mark'],
  ['a NUL', 'CREATE TABLE a (id int);\n-- \u0000', 2, 'the file holds a NUL byte'],
  [
    'a merge conflict',
    'CREATE TABLE a (id int);\n<<<<<<< HEAD\n',
    2,
    'the file holds an unresolved merge conflict',
  ],
  [
    'SQL that cannot be parsed',
    'CREATE TABLE a (id int);\nCREATE TABEL b;',
    2,
    'syntax error at or near "TABEL"',
  ],
  [
    'rows of COPY FROM stdin in the file',
    'CREATE TABLE a (id int);\nCOPY a FROM stdin;\n1\n2\n\\.\n',
    3,
    'syntax error at or near "1"',
  ],
])('%s: nothing of the file runs', async (_name, sql, line, reason) => {
  const { database, error, rows, events } = await deploy({ m: sql })
  expect(error).toContain(`ERROR: ${reason}`)
  expect(error).toContain(`Line: ${line}\n`)
  expect(rows).toMatchObject([{ name: 'm', finished: false, logs: expect.stringContaining(reason) }])
  expect(await tablesIn(database)).toEqual([])
  expect(events).toMatchObject([
    { type: 'history-row' },
    { type: 'statement-failed', line, message: expect.stringContaining(reason) },
  ])
})

test('COPY FROM stdin without rows is refused, and the file rolls back', async () => {
  const { database, error, rows } = await deploy({ m: 'CREATE TABLE a (id int);\nCOPY a FROM stdin;' })
  expect(error).toContain('COPY from stdin failed')
  expect(rows).toMatchObject([{ finished: false }])
  expect(await tablesIn(database)).toEqual([])
})

test('a file of 5,000 statements', async () => {
  const sql = Array.from(
    { length: 5_000 },
    (_, i) => `INSERT INTO t (id, note) VALUES (${i}, 'row; number ${i}');`,
  ).join('\n')
  const before = performance.now()
  const { database, error, rows } = await deploy({ m: sql }, { before: 'CREATE TABLE t (id int, note text)' })
  process.stderr.write(`5,000 statements deployed in ${Math.round(performance.now() - before)} ms\n`)
  expect(error).toBeUndefined()
  expect(rows).toEqual(finished)
  expect(await database.query('SELECT count(*)::int FROM t')).toEqual([{ count: 5_000 }])
})

test('savepoints stay within the one transaction', async () => {
  const sql = `CREATE TABLE a (id int);
SAVEPOINT s;
CREATE TABLE b (id int);
ROLLBACK TO SAVEPOINT s;
RELEASE SAVEPOINT s;
CREATE TABLE c (id int);`
  const good = await deploy({ m: sql })
  expect(good.error).toBeUndefined()
  expect(good.mode).toBe('all-or-nothing')
  expect(await tablesIn(good.database)).toEqual(['a', 'c'])

  const bad = await deploy({ m: `${sql}\nSELECT 1/0;` })
  expect(bad.error).toContain('division by zero')
  expect(await tablesIn(bad.database)).toEqual([])
})

test('what a file sets does not leak into the next one', async () => {
  const role = `guard_test_role_${process.pid}`
  const { database, error, rows } = await deploy(
    {
      a: `SET statement_timeout = '7s'; SET ROLE ${role};`,
      b: `SET lock_timeout = '9s'; SET SESSION AUTHORIZATION ${role};
          CREATE TABLE x (id int); CREATE INDEX CONCURRENTLY i ON x (id);`,
      c: `CREATE TABLE seen AS
          SELECT current_setting('statement_timeout') AS statement, session_user::text AS session,
                 current_user::text AS own, current_setting('search_path') AS path;`,
    },
    { before: `CREATE ROLE ${role}; GRANT ALL ON SCHEMA public TO ${role};` },
  )
  const seen = error ?? (await database.query('SELECT * FROM seen'))
  await database.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role};`)
  expect(seen).toEqual([{ statement: '0', session: 'postgres', own: 'postgres', path: '"public"' }])
  expect(rows.map((row) => row.finished)).toEqual([true, true, true])
})

test("the file's own lock_timeout holds, in both modes", async () => {
  const { database, error } = await deploy(
    {
      a: "SET lock_timeout = '9s'; CREATE TABLE a AS SELECT current_setting('lock_timeout') AS lock;",
      b: `CREATE TABLE b (lock text);
          SET lock_timeout = '8s';
          CREATE INDEX CONCURRENTLY i ON b (lock);
          INSERT INTO b SELECT current_setting('lock_timeout');`,
    },
    { lockTimeoutMs: 1_000 },
  )
  expect(error).toBeUndefined()
  expect(await database.query('SELECT lock FROM a UNION ALL SELECT lock FROM b')).toEqual([
    { lock: '9s' },
    { lock: '8s' },
  ])
})

test("the guard's lock_timeout holds, except for CONCURRENTLY", async () => {
  const { database, error } = await deploy(
    {
      a: `CREATE TABLE a AS SELECT current_setting('lock_timeout') AS lock;
          CREATE FUNCTION unlimited() RETURNS text IMMUTABLE LANGUAGE plpgsql AS
            $$ BEGIN ASSERT current_setting('lock_timeout') = '0'; RETURN ''; END $$;`,
      b: `CREATE INDEX CONCURRENTLY i ON a (unlimited());
          DROP INDEX i;
          INSERT INTO a SELECT current_setting('lock_timeout');`,
    },
    { lockTimeoutMs: 1_500 },
  )
  expect(error).toBeUndefined()
  expect(await database.query('SELECT lock FROM a')).toEqual([{ lock: '1500ms' }, { lock: '1500ms' }])
})

test('the empty search_path of a pg_dump baseline', async () => {
  const { database, error, rows } = await deploy({
    a: `SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
CREATE TABLE public.a (id integer NOT NULL);
ALTER TABLE ONLY public.a ADD CONSTRAINT a_pkey PRIMARY KEY (id);`,
    b: 'CREATE TABLE b (id int);',
  })
  expect(error).toBeUndefined()
  expect(rows.map((row) => row.finished)).toEqual([true, true])
  expect(await tablesIn(database)).toEqual(['a', 'b'])
})

test('a deferred constraint that fails at COMMIT rolls the file back', async () => {
  const { database, error, rows, events } = await deploy({
    m: `CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (parent int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
INSERT INTO child VALUES (42);`,
  })
  expect(error).toContain('violates foreign key constraint')
  expect(rows).toMatchObject([{ finished: false }])
  expect(await tablesIn(database)).toEqual([])
  expect(events.slice(-2)).toMatchObject([
    { type: 'statement-failed', sqlstate: '23503' },
    { type: 'transaction-rolled-back' },
  ])
  expect(events.at(-2)).not.toHaveProperty('statement')
})

test('statement_timeout rolls the file back, once', async () => {
  const { database, error, rows, events } = await deploy(
    { m: 'CREATE TABLE a (id int);\nSELECT pg_sleep(30);' },
    { statementTimeoutMs: 300, retries: 3 },
  )
  expect(error).toContain('canceling statement due to statement timeout')
  expect(rows).toMatchObject([{ finished: false }])
  expect(await tablesIn(database)).toEqual([])
  expect(events.filter(({ type }) => type === 'retry')).toEqual([])
})

test('the migrations before the failing one stay, those behind it do not run', async () => {
  const { database, rows } = await deploy({
    a: 'CREATE TABLE a (id int);',
    b: 'CREATE TABLE b (id int); SELECT 1/0;',
    c: 'CREATE TABLE c (id int);',
  })
  expect(rows).toMatchObject([
    { name: 'a', finished: true },
    { name: 'b', finished: false },
  ])
  expect(await tablesIn(database)).toEqual(['a'])
})

test('the server refuses what a read-only engine would write', async () => {
  const database = await createTestDatabase()
  const host = await startHost(database.url, { readOnly: true })
  const answer = await host.deploy({ m: 'CREATE TABLE a (id int);' })
  await host.close()
  expect(answer?.error?.message).toContain('read-only transaction')
  expect(await tablesIn(database)).toEqual([])
})
