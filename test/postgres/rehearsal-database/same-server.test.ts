import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { nameFor } from '../../../src/postgres/rehearsal-database/beside-place.js'
import { findRehearsalDatabases } from '../../../src/postgres/rehearsal-database/marker.js'
import { openRehearsalDatabase } from '../../../src/postgres/rehearsal-database/open.js'
import { connectTo } from '../../support/address.js'
import { useOwnServer } from '../../support/own-server.js'
import { askAs, openFor, rehearsalCopy, requestFor } from '../../support/rehearsal.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'

useOwnServer({})

/** A role of its own on the tests' server, and the URL with which it opens the database. */
async function makeRole(database: TestDatabase, attributes: string): Promise<{ name: string; url: string }> {
  const name = `mg_role_${randomBytes(4).toString('hex')}`
  await database.query(
    `CREATE ROLE ${name} LOGIN PASSWORD 'x' ${attributes}; ALTER DATABASE ${database.name} OWNER TO ${name}`,
  )
  return { name, url: Object.assign(new URL(database.url), { username: name, password: 'x' }).href }
}

const sharedServer =
  'roles, tablespaces and the server itself are shared with the target: a migration that changes them changes them for both'

test('a copy lies beside the target, marked, and is gone afterwards; the target is as before', async () => {
  const target = await createTestDatabase({
    sql: "CREATE TABLE t (i int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100); COMMENT ON TABLE t IS 'numbers'",
  })
  await target.query(
    `COMMENT ON DATABASE ${target.name} IS 'the real one'; ALTER DATABASE ${target.name} SET work_mem = '5MB'`,
  )
  const { database } = await rehearsalCopy(target, { place: 'same-server' })
  expect(database.address.database).toBe('mg_rehearsal_20261120T043400Z-shop')
  expect(database.differences).toEqual([sharedServer])
  expect(await askAs(database.address, 'SELECT count(*) FROM t')).toEqual(['100'])
  expect(await askAs(database.address, 'SHOW work_mem')).toEqual(['5MB'])
  const client = await connectTo(target)
  expect(await findRehearsalDatabases(client)).toMatchObject([
    {
      name: database.address.database,
      inUse: true,
      marker: { runId: '20261120T043400Z-shop', target: { database: target.name } },
    },
  ])
  await database.remove()
  await database.remove()
  expect(await findRehearsalDatabases(client)).toEqual([])
  await client.end()
  expect(
    await target.query(
      "SELECT count(*)::int AS n, shobj_description((SELECT oid FROM pg_database WHERE datname = current_database()), 'pg_database') AS c FROM t",
    ),
  ).toEqual([{ n: 100, c: 'the real one' }])
})

test('a role without CREATEDB is told so', async () => {
  const target = await createTestDatabase()
  const role = await makeRole(target, 'NOCREATEDB')
  await expect(openFor(role, { place: 'same-server' })).rejects.toMatchObject({
    code: 'may-not-create-database',
    exitCode: 5,
    message: expect.stringContaining(`the role "${role.name}" may not create a database on 127.0.0.1:`),
    hint: `Let it (ALTER ROLE "${role.name}" CREATEDB), or rehearse locally (--rehearsal local).`,
  })
})

test('a role that is no superuser restores what is its own, and what it cannot is named', async () => {
  const target = await createTestDatabase()
  const role = await makeRole(target, 'CREATEDB')
  const other = await makeRole(target, '')
  await target.query(`ALTER DATABASE ${target.name} OWNER TO ${role.name}; ALTER SCHEMA public OWNER TO pg_database_owner;
    CREATE FUNCTION public.noticed() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER "odd name" ON ddl_command_end EXECUTE FUNCTION public.noticed();
    COMMENT ON EVENT TRIGGER "odd name" IS 'watches';
    CREATE PUBLICATION all_of_it FOR ALL TABLES; ALTER FUNCTION public.noticed() OWNER TO ${role.name}`)
  const client = await (async () => connectTo(role))()
  await client.query(`CREATE TABLE t (i int); INSERT INTO t VALUES (1); GRANT SELECT ON t TO ${other.name}; REVOKE INSERT ON t FROM ${role.name};
    ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO ${other.name} USING (i > 0); CREATE PUBLICATION one FOR TABLE t`)
  await client.end()
  const { database } = await rehearsalCopy(role, { place: 'same-server' })
  expect(database.differences).toEqual([
    sharedServer,
    `the event trigger "odd name" is not here: only a superuser may make it, and "${role.name}" is none`,
    `the publication "all_of_it" is not here: only a superuser may make it, and "${role.name}" is none`,
  ])
  expect(await askAs(database.address, 'SELECT i FROM t')).toEqual(['1'])
  expect(await askAs(database.address, `SELECT has_table_privilege('${other.name}', 't', 'SELECT')`)).toEqual(
    ['true'],
  )
  await expect(askAs(database.address, 'INSERT INTO t VALUES (2)')).rejects.toThrow('permission denied')
  expect(await askAs(database.address, 'SELECT polname FROM pg_policy')).toEqual(['p'])
  expect(await askAs(database.address, 'SELECT pubname FROM pg_publication')).toEqual(['one'])
  await database.remove()

  await target.query(
    `CREATE TABLE theirs (i int); ALTER TABLE theirs OWNER TO ${other.name}; GRANT SELECT ON theirs TO ${role.name};`,
  )
  const { database: again } = await rehearsalCopy(role, { place: 'same-server' })
  expect(again.differences).toContain(
    `everything belongs to "${role.name}" here, on the target also to "${other.name}"`,
  )
  expect(await askAs(again.address, "SELECT tableowner FROM pg_tables WHERE tablename = 'theirs'")).toEqual([
    role.name,
  ])
})

test('nobody else may enter the copy', async () => {
  const target = await createTestDatabase()
  const role = await makeRole(target, 'CREATEDB')
  const stranger = await makeRole(target, '')
  await target.query(`ALTER DATABASE ${target.name} OWNER TO ${role.name}`)
  const database = await openFor(role, { place: 'same-server' })
  const url = Object.assign(new URL(stranger.url), { pathname: `/${database.address.database}` }).href
  await expect(connectTo({ url })).rejects.toThrow('permission denied for database')
})

test('a run that is cancelled while the database is made leaves none', async () => {
  const target = await createTestDatabase()
  const request = await requestFor(target, { place: 'same-server', signal: AbortSignal.abort() })
  await expect(openRehearsalDatabase(request)).rejects.toMatchObject({ code: 'interrupted' })
  const client = await connectTo(target)
  expect(await findRehearsalDatabases(client)).toEqual([])
  await client.end()
})

test('the name fits into what a server keeps of it', () => {
  expect(nameFor('20261120T043400Z-shop')).toBe('mg_rehearsal_20261120T043400Z-shop')
  const long = nameFor(`20261120T043400Z-${'ä'.repeat(60)}`)
  expect(Buffer.byteLength(long)).toBeLessThanOrEqual(63)
  expect(long).toMatch(/^mg_rehearsal_20261120T043400Z-ä+$/)
})
