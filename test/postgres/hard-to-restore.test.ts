import { beforeAll, expect, test } from '@jest/globals'
import type { Finding } from '../../src/domain/finding.js'
import { takeSnapshot } from '../../src/postgres/snapshot.js'
import { addressOf } from '../support/address.js'
import { differingParts, readDumpText } from '../support/dump-text.js'
import { useOwnServer } from '../support/own-server.js'
import { proveBackup, type RestoreOptions, withBackupRun } from '../support/proven-backup.js'
import { createTestDatabase, queryOnce, type TestDatabase } from '../support/test-database.js'

// Small but legal databases that backups are known to lose something of.

useOwnServer({ fsync: 'off' })

beforeAll(async () => {
  const url = process.env.MIGRATE_GUARD_TEST_URL as string
  await queryOnce(url, "CREATE ROLE clerk LOGIN PASSWORD 'x'; CREATE ROLE app")
})

/** What differs by our comparison, and by what pg_dump says of both. */
async function differencesOf(database: TestDatabase, options: RestoreOptions = { place: 'same-server' }) {
  const address = addressOf(database)
  return proveBackup(address, options, async (copy, { findings, backupLevel, disarmed }) => ({
    findings: findings.map(({ message }: Finding) => message),
    backupLevel,
    disarmed,
    different: differingParts(await readDumpText(address), await readDumpText(copy.ownerAddress)),
  }))
}

const exact = { findings: [], backupLevel: 'exact', disarmed: [], different: [] }
const eventTriggerStays = expect.stringMatching(/^the event trigger "watching" stays/)

test('a role from which row-level security hides rows makes no backup', async () => {
  const database = await createTestDatabase({
    sql: `CREATE TABLE t (i int); INSERT INTO t SELECT generate_series(1, 10); ALTER TABLE t ENABLE ROW LEVEL SECURITY;
      CREATE POLICY half ON t USING (i <= 5); GRANT SELECT ON t TO clerk`,
  })
  const address = addressOf({
    url: Object.assign(new URL(database.url), { username: 'clerk', password: 'x' }).href,
  })
  await withBackupRun(address, async (run) => {
    const snapshot = await takeSnapshot(address, { applicationName: 'test snapshot' })
    const failure = await run.backUp(snapshot).catch((error) => error)
    await snapshot.release()
    expect(failure).toMatchObject({ exitCode: 4 })
    expect(failure.message).toMatch(/^row level security hides rows of public\.t /)
  })
})

test('large objects, extensions and other schemas; object ids; odd names: exact', async () => {
  const database = await createTestDatabase({
    sql: `SELECT lo_from_bytea(4711, '\\x00ff'); SELECT lo_create(4712);
      CREATE SCHEMA other; CREATE EXTENSION citext SCHEMA other; CREATE EXTENSION hstore;
      CREATE TABLE other.t (a other.citext, b hstore); INSERT INTO other.t VALUES ('A', 'a=>NULL');
      CREATE TABLE ids (i int, scan oid, relation regclass, dangling oid);
      INSERT INTO ids VALUES (1, 4711, 'other.t', 999999), (2, 4712, 'ids', 'ids'::regclass::oid);
      CREATE TABLE "a ""b"" ; DROP TABLE ids; --" ("Ünï çode 🐘" int, "line
break" text, "${'y'.repeat(63)}" int);
      INSERT INTO "a ""b"" ; DROP TABLE ids; --" VALUES (1, E'tab\\t \\\\N', 3);
      CREATE TABLE "Case" (i int); CREATE TABLE "case" (i int); INSERT INTO "case" VALUES (1)`,
  })
  expect(await differencesOf(database)).toEqual(exact)
})

test('an extension of another role than the superuser: exact here, a warning where a restore cannot bring it', async () => {
  const database = await createTestDatabase()
  await database.query(
    `GRANT CREATE ON DATABASE "${database.name}" TO app; GRANT CREATE ON SCHEMA public TO app`,
  )
  await database.query('SET ROLE app; CREATE EXTENSION citext')
  await database.query('GRANT EXECUTE ON FUNCTION public.citext_hash(citext) TO clerk')
  const here = await differencesOf(database, { place: 'local' })
  expect(here).toMatchObject({ findings: [], backupLevel: 'exact' })
  const { findings } = await differencesOf(database)
  expect(findings).toEqual([
    'the restored backup is not what the snapshot was: extension citext: owner app → postgres',
  ])
})

test('every kind of table, constraint, index and sequence: exact', async () => {
  const database = await createTestDatabase({
    sql: `CREATE TABLE p (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
      CREATE TABLE p_old PARTITION OF p FOR VALUES FROM (MINVALUE) TO ('2026-01-01') PARTITION BY HASH (id);
      CREATE TABLE p_old_0 PARTITION OF p_old FOR VALUES WITH (MODULUS 1, REMAINDER 0);
      CREATE TABLE p_rest PARTITION OF p DEFAULT;
      INSERT INTO p SELECT i, date '2025-12-28' + i FROM generate_series(1, 9) i;
      CREATE TABLE mother (id int CHECK (id > 0)); CREATE TABLE child (extra text) INHERITS (mother);
      INSERT INTO mother VALUES (1); INSERT INTO child VALUES (2, 'x');
      CREATE UNLOGGED TABLE scratch (id serial PRIMARY KEY, note text); INSERT INTO scratch (note) VALUES ('kept');
      CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int, b text, at date,
        UNIQUE NULLS NOT DISTINCT (a), UNIQUE (b) DEFERRABLE INITIALLY DEFERRED, FOREIGN KEY (id, at) REFERENCES p);
      INSERT INTO t (a, b) VALUES (NULL, 'x'), (1, 'y');
      ALTER TABLE t ADD CHECK (a > 5) NOT VALID, ADD FOREIGN KEY (a) REFERENCES t NOT VALID;
      CREATE INDEX ON t (lower(b)) WHERE a > 0; CREATE SEQUENCE s START 7; SELECT nextval('s'); SELECT setval('t_id_seq', 40, false);
      CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'`,
  })
  await database.query('CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION watch()')
  expect(await differencesOf(database)).toEqual({ ...exact, disarmed: [eventTriggerStays] })
})

test('a domain that got its constraint after the rows which do not keep it: exact, at any number of jobs', async () => {
  const database = await createTestDatabase({
    sql: `CREATE SCHEMA "odd schema"; CREATE DOMAIN "odd schema".percent AS int; CREATE TABLE t AS SELECT i::"odd schema".percent FROM generate_series(1, 50000) i;
      ALTER DOMAIN "odd schema".percent ADD CONSTRAINT "not yet" CHECK (VALUE < 1) NOT VALID;
      COMMENT ON CONSTRAINT "not yet" ON DOMAIN "odd schema".percent IS 'one day';
      CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$`,
  })
  await database.query('CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION refuse()')
  expect(await differencesOf(database)).toEqual({ ...exact, disarmed: [eventTriggerStays] })
})

test('a materialized view that is filled anew by the restore counts by its definition', async () => {
  const database = await createTestDatabase({
    sql: `CREATE MATERIALIZED VIEW filled AS SELECT clock_timestamp() AS at, random() AS r;
      CREATE MATERIALIZED VIEW unfilled AS SELECT 1 AS i WITH NO DATA`,
  })
  expect(await differencesOf(database)).toEqual(exact)
})

test('a materialized view whose query depends on the search path: its data alone is missing, by name and with the reason', async () => {
  const database = await createTestDatabase({
    sql: `CREATE TABLE t AS SELECT 'a' AS x; CREATE FUNCTION helper(text) RETURNS text LANGUAGE sql AS $$ SELECT $1 $$;
      CREATE FUNCTION f(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN helper($1); END $$;
      CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
      CREATE MATERIALIZED VIEW broken AS SELECT f(x) AS y FROM t; CREATE UNIQUE INDEX ON broken (y);
      CREATE MATERIALIZED VIEW filled AS SELECT x FROM t`,
  })
  await database.query('CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION watch()')
  const { findings, backupLevel } = await differencesOf(database)
  expect(backupLevel).toBe('restored')
  expect(findings).toEqual([
    'the restored backup is not what the snapshot was: the data of the materialized view public.broken is missing: function helper(text) does not exist',
  ])
})

test.each([
  [
    'constraint',
    'CREATE TABLE t (i int); CREATE FUNCTION f(int) RETURNS boolean LANGUAGE sql AS $$ SELECT $1 >= (SELECT count(*) FROM t) $$; CREATE TABLE c (i int CHECK (f(i))); INSERT INTO c VALUES (1)',
    'the rows of "c": relation "t" does not exist',
  ],
  [
    'generated column',
    "CREATE FUNCTION helper(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT $1 $$; CREATE FUNCTION f(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN helper($1); END $$; CREATE TABLE c (i text, g text GENERATED ALWAYS AS (f(i)) STORED); INSERT INTO c VALUES ('a')",
    'the rows of "c": function helper(text) does not exist',
  ],
])('a %s that depends on the search path: no backup, with what helps', async (_, sql, what) => {
  const database = await createTestDatabase({ sql })
  await expect(differencesOf(database)).rejects.toMatchObject({
    code: 'restore-failed',
    exitCode: 4,
    message: `the dump does not restore: pg_restore ended with exit code 1 at ${what}`,
    hint: expect.stringContaining('ALTER FUNCTION … SET search_path'),
  })
})

test('an extension that the server of the copy does not have is named', async () => {
  const database = await createTestDatabase({ sql: 'CREATE EXTENSION hstore; CREATE TABLE t (h hstore)' })
  await database.query("UPDATE pg_extension SET extname = 'not_here' WHERE extname = 'hstore'")
  await expect(differencesOf(database)).rejects.toMatchObject({
    code: 'extension-missing',
    exitCode: 5,
    message: `the target uses the extension "not_here", which the copy's server does not have`,
  })
})

test('what leads out of the copy is cut there and said, and everything else is exact', async () => {
  const database = await createTestDatabase({
    sql: `CREATE EXTENSION postgres_fdw; CREATE EXTENSION dblink;
      CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'production.example.com');
      CREATE USER MAPPING FOR postgres SERVER away OPTIONS (user 'u', password 'canary');
      CREATE FOREIGN TABLE remote (i int) SERVER away; CREATE TABLE t AS SELECT 1 AS i`,
  })
  const { findings, backupLevel, disarmed, different } = await differencesOf(database, { place: 'local' })
  expect({ findings, backupLevel }).toEqual({ findings: [], backupLevel: 'exact' })
  expect(disarmed).toEqual([
    'the foreign data wrapper "postgres_fdw" cannot be called: a call ends with an error',
    'the functions of the extension "dblink" cannot be called: a call ends with an error',
    'the foreign server "away" points to rehearsal.invalid',
    'the password of "postgres" for the foreign server "away" was removed',
  ])
  expect(different).toEqual([
    expect.stringMatching(/^Name: away; Type: SERVER;/),
    expect.stringMatching(/^Name: USER MAPPING postgres SERVER away; Type: USER MAPPING;/),
  ])
})
