import { afterEach, expect, test } from '@jest/globals'
import type { TargetAddress } from '../../../src/domain/target.js'
import { withConnection } from '../../../src/postgres/connection.js'
import { disarm } from '../../../src/postgres/rehearsal-database/disarm.js'
import { addressOf } from '../../support/address.js'
import { useOwnServer } from '../../support/own-server.js'
import { askAs, dump, openFor, rehearsalCopy, restore } from '../../support/rehearsal.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'

useOwnServer({ wal_level: 'logical' })

/** A database with every way out that comes with PostgreSQL; the ways lead to another database, which must not change. */
async function makeOutgoing(outside: TestDatabase): Promise<TestDatabase> {
  const there = addressOf(outside)
  const password = there.password?.reveal()
  const connection = `host=127.0.0.1 port=${there.port} dbname=${outside.name} user=postgres password=${password}`
  const target = await createTestDatabase({
    sql: `CREATE EXTENSION postgres_fdw; CREATE EXTENSION dblink; CREATE EXTENSION file_fdw; CREATE EXTENSION adminpack;
      CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw
        OPTIONS (host '127.0.0.1', port '${there.port}', dbname '${outside.name}');
      CREATE SERVER "odd ""server" FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname '${outside.name}');
      CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
      CREATE USER MAPPING FOR postgres SERVER away OPTIONS (user 'postgres', password '${password}');
      CREATE USER MAPPING FOR PUBLIC SERVER "odd ""server" OPTIONS (user 'postgres', password '${password}');
      CREATE FOREIGN TABLE remote (i int) SERVER away OPTIONS (table_name 'outside');
      CREATE FOREIGN TABLE from_program (line text) SERVER files OPTIONS (program 'echo hello');
      CREATE FUNCTION reach_out() RETURNS text LANGUAGE sql AS $$ SELECT public.dblink_exec('${connection}', 'INSERT INTO outside VALUES (7)') $$;
      CREATE FUNCTION noticed() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM public.reach_out(); END';
      CREATE TABLE t (i int); INSERT INTO t VALUES (1);
      CREATE MATERIALIZED VIEW pulled AS SELECT i FROM remote WITH NO DATA;
      CREATE PUBLICATION everything FOR ALL TABLES;
      CREATE SUBSCRIPTION copies CONNECTION 'host=127.0.0.1 port=1 dbname=x password=hidden' PUBLICATION p
        WITH (connect = false, enabled = false, slot_name = 'copies')`,
  })
  await target.query(
    "CREATE EVENT TRIGGER watching ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION public.noticed()",
  )
  made.push(target)
  return target
}

/** A database with a subscription cannot be dropped. */
afterEach(async () => {
  for (const target of made.splice(0)) {
    await target.query('ALTER SUBSCRIPTION copies SET (slot_name = NONE)')
    await target.query('DROP SUBSCRIPTION copies')
  }
})

const made: TestDatabase[] = []

const disarmedLocally = [
  'the foreign data wrapper "file_fdw" cannot be called: a call ends with an error',
  'the foreign data wrapper "postgres_fdw" cannot be called: a call ends with an error',
  'the functions of the extension "adminpack" cannot be called: a call ends with an error',
  'the functions of the extension "dblink" cannot be called: a call ends with an error',
  'the foreign server "away" points to rehearsal.invalid',
  'the foreign server "odd "server" points to rehearsal.invalid',
  'the password of "postgres" for the foreign server "away" was removed',
  'the password of "public" for the foreign server "odd "server" was removed',
  'the subscription "copies" was dropped without a word to its publisher',
  'the event trigger "watching" stays: it runs at ddl_command_end, here as on the target, and cannot call what was disabled',
]

test('nothing that a migration calls on the copy reaches the outside', async () => {
  const outside = await createTestDatabase({
    sql: 'CREATE TABLE outside (i int); INSERT INTO outside VALUES (1)',
  })
  const target = await makeOutgoing(outside)
  // The ways out are real.
  await target.query('SELECT public.reach_out()')
  await target.query('UPDATE remote SET i = i + 10')
  expect(await outside.query('SELECT i FROM outside ORDER BY i')).toEqual([{ i: 11 }, { i: 17 }])

  const { database, restored } = await rehearsalCopy(target, { place: 'local' })
  expect([...restored.disarmed].sort()).toEqual([...disarmedLocally].sort())
  const attempts = [
    'SELECT public.reach_out()',
    'UPDATE remote SET i = 0',
    'SELECT * FROM remote',
    'SELECT * FROM from_program',
    'REFRESH MATERIALIZED VIEW pulled',
    "SELECT public.dblink_connect('host=127.0.0.1')",
    "SELECT pg_catalog.pg_file_write('/tmp/x', 'x', false)",
    'CREATE TABLE watched (i int)',
    'IMPORT FOREIGN SCHEMA public FROM SERVER away INTO public',
  ]
  for (const attempt of attempts) {
    await expect(askAs(database.address, attempt)).rejects.toThrow(
      /disabled-by-migrate-guard-in-the-rehearsal-database/,
    )
  }
  expect(await outside.query('SELECT i FROM outside ORDER BY i')).toEqual([{ i: 11 }, { i: 17 }])
  expect(await askAs(database.address, 'SELECT subname FROM pg_subscription')).toEqual([])
  // What is there can still be altered and dropped by a migration, and again be made harmless.
  await askAs(database.address, "ALTER USER MAPPING FOR postgres SERVER away OPTIONS (SET password 'new')")
  await askAs(database.address, 'ALTER FOREIGN TABLE remote ADD COLUMN j int')
  const maker = database.twoRoles?.maker as TargetAddress
  const again = await withConnection(maker, { applicationName: 'test' }, (client) => disarm(client))
  expect(again).toEqual([
    'the password of "postgres" for the foreign server "away" was removed',
    disarmedLocally.at(-1),
  ])
  await askAs(database.address, 'DROP EXTENSION postgres_fdw CASCADE')
  await askAs(database.address, 'DROP EXTENSION dblink')
  // The target is untouched.
  await target.query('SELECT public.reach_out()')
  expect(await outside.query('SELECT i FROM outside ORDER BY i')).toHaveLength(3)
})

test('what is restored cannot reach out either', async () => {
  const outside = await createTestDatabase({ sql: 'CREATE TABLE outside (i int)' })
  const target = await makeOutgoing(outside)
  await target.query(
    "CREATE TABLE calls (i int CHECK (public.reach_out() <> '')); INSERT INTO calls VALUES (1)",
  )
  const before = await outside.query('SELECT i FROM outside')
  await expect(rehearsalCopy(target, { place: 'local' })).rejects.toMatchObject({
    code: 'restore-failed',
    message: expect.stringMatching(
      /at the rows of "calls": could not access file .*disabled-by-migrate-guard/,
    ),
  })
  expect(await outside.query('SELECT i FROM outside')).toEqual(before)
})

test('beside the target, a role that cannot take away what it may call is refused', async () => {
  const outside = await createTestDatabase({ sql: 'CREATE TABLE outside (i int)' })
  const target = await makeOutgoing(outside)
  const database = await openFor(target, { place: 'same-server' })
  const path = await dump(target)
  const restored = await restore(database, path)
  expect([...restored.disarmed].sort()).toEqual([...disarmedLocally].sort())
  await expect(askAs(database.address, 'SELECT public.reach_out()')).rejects.toThrow(
    /disabled-by-migrate-guard/,
  )
  // Another role owns the copy, as where extensions are made by the provider's superuser.
  await target.query("CREATE ROLE deployer LOGIN PASSWORD 'x'")
  await target.query(`ALTER DATABASE "${database.address.database}" OWNER TO deployer`)
  const asDeployer: TargetAddress = addressOf({
    url: Object.assign(new URL(target.url), {
      username: 'deployer',
      password: 'x',
      pathname: `/${database.address.database}`,
    }).href,
  })
  await expect(withConnection(asDeployer, { applicationName: 'test' }, disarm)).rejects.toMatchObject({
    code: 'not-harmless',
    message:
      'the functions of the extension "adminpack", the functions of the extension "dblink" could reach other servers or files from the copy, and only a superuser can prevent it',
  })
})

test('a copy is dropped also when it is left with a subscription', async () => {
  const target = await createTestDatabase()
  const database = await openFor(target, { place: 'same-server' })
  await withConnection(database.ownerAddress, { applicationName: 'test' }, (client) =>
    client.query(
      "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false)",
    ),
  )
  await database.remove()
  expect(await target.query("SELECT datname FROM pg_database WHERE datname LIKE 'mg%'")).toEqual([])
})
