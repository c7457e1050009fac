import { existsSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { withConnection } from '../../../src/postgres/connection.js'
import { createLikeTarget } from '../../../src/postgres/rehearsal-database/create-like-target.js'
import { readDatabaseProperties } from '../../../src/postgres/rehearsal-database/database-properties.js'
import { assertEnoughDisk } from '../../../src/postgres/rehearsal-database/disk.js'
import { readProviderDifferences } from '../../../src/postgres/rehearsal-database/roles.js'
import { findServerBinariesOf } from '../../../src/postgres/rehearsal-database/server-binaries.js'
import { startClusterLike } from '../../../src/postgres/rehearsal-database/start-cluster.js'
import { addressOf, connectTo } from '../../support/address.js'
import { isLong } from '../../support/long.js'
import { useOwnServer } from '../../support/own-server.js'
import { askAs, openFor, rehearsalCopy, requestFor } from '../../support/rehearsal.js'
import { createTestDatabase, queryOnce } from '../../support/test-database.js'

useOwnServer({
  work_mem: '7MB',
  jit: 'off',
  default_toast_compression: 'lz4',
  wal_level: 'minimal',
  max_wal_senders: '0',
})

test('a copy of the target lies on a server of our own, and goes with it', async () => {
  const target = await createTestDatabase({
    sql: "CREATE TABLE customer (id int PRIMARY KEY, name text); INSERT INTO customer VALUES (1, 'Ada'), (2, 'Bob')",
  })
  await target.query(`COMMENT ON DATABASE ${target.name} IS 'the real one'`)
  const { database, restored } = await rehearsalCopy(target, { place: 'local' })
  expect(database.address).toMatchObject({ host: '127.0.0.1', database: target.name, user: 'postgres' })
  expect(await askAs(database.address, 'SELECT name FROM customer ORDER BY id')).toEqual(['Ada', 'Bob'])
  // An index counts the rows, too; only ANALYZE looks at the values.
  expect(await askAs(database.address, "SELECT attname FROM pg_stats WHERE tablename = 'customer'")).toEqual([
    'id',
    'name',
  ])
  expect({ ...restored, durationMs: 0 }).toEqual({
    durationMs: 0,
    disarmed: [],
    differences: [],
    unfilled: new Map(),
  })
  expect(database.differences).toEqual([])
  expect(await askAs(database.address, 'SHOW listen_addresses')).toEqual(['127.0.0.1'])
  for (const [name, value] of [
    ['work_mem', '7MB'],
    ['jit', 'off'],
    ['default_toast_compression', 'lz4'],
    ['wal_level', 'minimal'],
    ['full_page_writes', 'off'],
  ])
    expect(await askAs(database.address, `SHOW ${name}`)).toEqual([value])
  const [directory = ''] = await askAs(database.ownerAddress, 'SHOW data_directory')
  expect(existsSync(directory)).toBe(true)
  await database.remove()
  await database.remove()
  expect(existsSync(directory)).toBe(false)
})

test('roles, owners, grants, policies, settings and tablespaces come along', async () => {
  const target = await createTestDatabase()
  const name = target.name
  await target.query(`
    CREATE ROLE "odd ""name" NOLOGIN CREATEDB CONNECTION LIMIT 3 VALID UNTIL '2031-01-02 03:04:05+00';
    CREATE ROLE group_of_it NOLOGIN BYPASSRLS; CREATE ROLE app LOGIN PASSWORD 'secret' NOINHERIT;
    GRANT group_of_it TO app WITH ADMIN OPTION; GRANT pg_read_all_data TO group_of_it;
    ALTER ROLE app SET search_path = "$user", 'odd, schema', public; ALTER ROLE app SET role = 'app';
    ALTER ROLE app IN DATABASE ${name} SET lock_timeout = '3s';
    ALTER DATABASE ${name} SET statement_timeout = '77s'; ALTER DATABASE ${name} SET my.own = 'a=b, ''c''';
    ALTER DATABASE ${name} SET default_transaction_read_only = on; ALTER DATABASE ${name} SET search_path = public;
    ALTER ROLE app SET session_preload_libraries = 'auto_explain';
    ALTER ROLE ALL SET statement_timeout = '66s';
    REVOKE CREATE, TEMPORARY ON DATABASE ${name} FROM PUBLIC; GRANT CREATE ON DATABASE ${name} TO "odd ""name" WITH GRANT OPTION;
    `)
  await target.query('SET allow_in_place_tablespaces = on').catch(() => undefined)
  const superuser = await target.client()
  await superuser.query('SET allow_in_place_tablespaces = on; SET default_transaction_read_only = off')
  await superuser.query("CREATE TABLESPACE other_disk LOCATION ''")
  await superuser.query(`
    CREATE SCHEMA app AUTHORIZATION app; CREATE TABLE app.t (i int, j int) TABLESPACE other_disk; ALTER TABLE app.t OWNER TO app;
    INSERT INTO app.t VALUES (1, 2); GRANT SELECT (i) ON app.t TO "odd ""name";
    ALTER TABLE app.t ENABLE ROW LEVEL SECURITY; ALTER TABLE app.t FORCE ROW LEVEL SECURITY;
    CREATE POLICY mine ON app.t TO group_of_it USING (i > 0);
    ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES TO group_of_it`)

  // As its own superuser dumps it, and as the role of the migrations opens it.
  const asApp = Object.assign(new URL(target.url), { username: 'app', password: 'secret' }).href
  const { database } = await rehearsalCopy(target, { place: 'local', ...(await requestPart(asApp)) })
  expect(database.differences).toEqual([
    'the setting session_preload_libraries = auto_explain of the role "app" does not hold here: it is not carried over',
  ])

  expect(database.address.user).toBe('app')
  const same = [
    'SELECT current_user, session_user',
    'SHOW search_path',
    'SHOW lock_timeout',
    'SHOW statement_timeout',
    'SHOW my.own',
    'SHOW default_transaction_read_only',
    "SELECT string_agg(r::text, E'\\n' ORDER BY rolname) FROM (SELECT rolname, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil FROM pg_roles WHERE rolname !~ '^migrate_guard_') r",
    "SELECT string_agg(concat_ws(' ', roleid::regrole, member::regrole, admin_option), ',' ORDER BY roleid::regrole::text) FROM pg_auth_members WHERE member <> 'postgres'::regrole AND member::regrole::text !~ '^migrate_guard_'",
    "SELECT string_agg(concat_ws(' ', d.datname, s.setrole::regrole, setconfig), ',' ORDER BY d.datname, s.setrole::regrole::text) FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = setdatabase WHERE (s.setrole <> 'app'::regrole OR setdatabase <> 0) AND s.setrole::regrole::text <> 'migrate_guard_restorer'",
    "SELECT datdba::regrole::text || ' ' || (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(datacl) a) FROM pg_database WHERE datname = current_database()",
    "SELECT relowner::regrole::text || ' ' || (SELECT spcname FROM pg_tablespace t WHERE t.oid = reltablespace) FROM pg_class WHERE oid = 'app.t'::regclass",
    "SELECT attacl FROM pg_attribute WHERE attrelid = 'app.t'::regclass AND attacl IS NOT NULL",
    'SELECT polroles::regrole[]::text FROM pg_policy',
    "SELECT defaclrole::regrole::text || (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(defaclacl) a) FROM pg_default_acl",
    'SELECT count(*) FROM app.t',
    "SELECT has_database_privilege(current_database(), 'CREATE')",
    "SELECT has_database_privilege(current_database(), 'TEMP')",
    "SELECT owner FROM (SELECT nspowner::regrole::text AS owner FROM pg_namespace WHERE nspname = 'public') n",
  ]
  for (const question of same) {
    const onTarget = await queryOnce(asApp, question)
    const onCopy = await queryOnce(urlOf(database.address), question)
    expect([question, onCopy]).toEqual([question, onTarget])
  }
  expect(await askAs(database.ownerAddress, 'SELECT j FROM app.t')).toEqual(['2'])
  await superuser.query('ALTER ROLE app RESET session_preload_libraries')
})

/** The request of another role than the one that dumps. */
async function requestPart(url: string) {
  const { target, targetIdentity, targetClient } = await requestFor({ url }, { place: 'local' })
  return { target, targetIdentity, targetClient }
}

function urlOf({
  host,
  port,
  user,
  password,
  database,
}: Awaited<ReturnType<typeof openFor>>['address']): string {
  return `postgresql://${encodeURIComponent(user)}:${password?.reveal()}@${host}:${port}/${encodeURIComponent(database)}`
}

const properties = [
  ['an encoding of one byte', "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"],
  ['ICU', "ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'de-u-kn'"],
]
test.each(isLong ? properties : properties.slice(1))(
  'a database with %s has it on the copy',
  async (_, options) => {
    const server = await createTestDatabase()
    await server.query(`CREATE DATABASE "odd ""name" TEMPLATE template0 ${options}`)
    const url = Object.assign(new URL(server.url), { pathname: `/${encodeURIComponent('odd "name')}` }).href
    const [address, client] = [addressOf({ url }), await connectTo({ url })]
    const wanted = await readDatabaseProperties(client)
    await client.end()
    const database = await openFor(address, { place: 'local' })
    expect(
      await withConnection(database.address, { applicationName: 'test' }, readDatabaseProperties),
    ).toEqual(wanted)
    expect(database.differences).toEqual([])
    await server.query('DROP DATABASE "odd ""name" WITH (FORCE)')
  },
)

test('a locale that is not there is replaced, and said', async () => {
  const server = await createTestDatabase()
  const client = await server.client()
  const properties = {
    ...(await readDatabaseProperties(client as never)),
    collate: 'xx_YY.UTF-8',
    characterType: 'xx_YY.UTF-8',
  }
  expect(await createLikeTarget(client as never, 'mg_locale', properties, {})).toEqual([
    'the locale xx_YY.UTF-8 is not on the server of the copy: text is ordered, and the case of letters changed, by C.UTF-8',
  ])
  await expect(createLikeTarget(client as never, 'mg_locale', properties, {})).rejects.toMatchObject({
    code: 'rehearsal-database-not-made',
  })
  await client.query('DROP DATABASE mg_locale')
})

test('says which server programs are missing', async () => {
  await expect(findServerBinariesOf(99)).rejects.toMatchObject({
    code: 'server-programs-missing',
    exitCode: 5,
    message: expect.stringMatching(
      /^the target is PostgreSQL 99, and its server programs are not on this machine: only those of [\d, ]+ are$/,
    ),
    hint: expect.stringContaining('postgresql-99'),
  })
  await expect(findServerBinariesOf(15, { MIGRATE_GUARD_POSTGRES_BIN: '/nowhere' })).rejects.toMatchObject({
    message: expect.stringMatching(/not on this machine: there are none$/),
  })
})

test('says how much disk is missing, before a server is started', async () => {
  await assertEnoughDisk(1_000_000)
  const target = await createTestDatabase()
  const request = await requestFor(target, { place: 'local' })
  const targetIdentity = { ...request.targetIdentity, databaseSizeBytes: 1e18 }
  await expect(openFor(target, { place: 'local', targetIdentity })).rejects.toMatchObject({
    code: 'disk-too-small',
    message: expect.stringMatching(
      /^a copy of the target needs about [\d.,]+ [A-Z]B, and .* has [\d.,]+ [A-Z]B free$/,
    ),
  })
})

test('an extension that the server of the copy does not have is named before anything is restored', async () => {
  const target = await createTestDatabase({ sql: 'CREATE EXTENSION citext' })
  await target.query("UPDATE pg_extension SET extname = 'postgis_of_tomorrow' WHERE extname = 'citext'")
  await expect(openFor(target, { place: 'local' })).rejects.toMatchObject({
    code: 'extension-missing',
    message: 'the target uses the extension "postgis_of_tomorrow", which the copy\'s server does not have',
  })
})

test('the database that every server has can be the target; its extensions come along, but not pg_cron', async () => {
  const server = await createTestDatabase()
  const target = { url: Object.assign(new URL(server.url), { pathname: '/postgres' }).href }
  await queryOnce(
    target.url,
    `CREATE EXTENSION pg_stat_statements; CREATE EXTENSION pg_trgm; CREATE EXTENSION citext; CREATE SCHEMA cron;
      CREATE TABLE cron.job (i int); INSERT INTO cron.job VALUES (1); COMMENT ON TABLE cron.job IS 'jobs';
      CREATE TABLE mine (cron int); UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'pg_trgm'`,
  )
  // There is no pg_cron here; a dump of another extension of that name says the same.
  await queryOnce(target.url, "UPDATE pg_extension SET extname = 'pg_cron' WHERE extname = 'citext'")
  const { database } = await rehearsalCopy(target, { place: 'local' })
  expect(database.differences).toEqual([
    expect.stringMatching(/^the extension "pg_cron" and its jobs are not here/),
    'the extension "pg_trgm" is 1.6 here and 0.9 on the target',
  ])
  expect(await askAs(database.address, 'SELECT count(*) >= 0 FROM pg_stat_statements')).toEqual(['true'])
  expect(await askAs(database.address, "SELECT to_regclass('cron.job')")).toEqual(['null'])
  expect(await askAs(database.address, "SELECT to_regclass('mine')")).toEqual(['mine'])
})

test('a setting that this server cannot have is left out, and said', async () => {
  const { cluster, differences } = await startClusterLike({
    settings: { wal_compression: 'of tomorrow', work_mem: '9MB' },
  })
  try {
    expect(differences).toEqual([
      'the setting wal_compression = of tomorrow of the target cannot be had here',
    ])
    expect(await queryOnce(cluster.url, 'SHOW work_mem')).toEqual([{ work_mem: '9MB' }])
  } finally {
    await cluster.stop()
  }
})

test('a role that is more at its provider than here is named', async () => {
  const target = await createTestDatabase({
    sql: "CREATE ROLE rds_superuser; CREATE ROLE of_provider LOGIN PASSWORD 'x' IN ROLE rds_superuser",
  })
  const url = Object.assign(new URL(target.url), { username: 'of_provider', password: 'x' }).href
  const client = await connectTo({ url })
  expect(await readProviderDifferences(client)).toEqual([
    expect.stringMatching(/^"rds_superuser" may do more/),
  ])
  await client.end()
  await target.query('DROP ROLE of_provider; DROP ROLE rds_superuser')
})
