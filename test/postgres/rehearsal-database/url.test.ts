import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { withRehearsalDatabase } from '../../../src/postgres/rehearsal-database/open.js'
import { startThrowAwayCluster, type ThrowAwayCluster } from '../../../src/postgres/throw-away-cluster.js'
import { addressOf } from '../../support/address.js'
import { useOwnServer } from '../../support/own-server.js'
import { askAs, openFor, rehearsalCopy, requestFor } from '../../support/rehearsal.js'
import { createTestDatabase, queryOnce } from '../../support/test-database.js'

useOwnServer({ default_text_search_config: 'pg_catalog.german', max_locks_per_transaction: '128' })

let other: ThrowAwayCluster
beforeAll(async () => {
  other = await startThrowAwayCluster()
})
afterAll(() => other.stop())

async function otherDatabases(): Promise<string[]> {
  const rows = await queryOnce(
    other.url,
    "SELECT datname FROM pg_database WHERE datname !~ '^template' ORDER BY 1",
  )
  return rows.map(({ datname }) => datname)
}

test('a copy lies on the server of the URL, in a database of our own', async () => {
  const target = await createTestDatabase({
    sql: 'CREATE TABLE t (i int); INSERT INTO t VALUES (3); CREATE SCHEMA app',
  })
  await target.query(
    `CREATE ROLE only_there; GRANT SELECT ON t TO only_there; ALTER ROLE postgres SET lock_timeout = '4s'`,
  )
  await queryOnce(other.url, 'CREATE TABLE theirs (i int)')
  const { database } = await rehearsalCopy(target, { place: 'url', url: addressOf(other) })
  expect(database.differences).toEqual([
    'no grants are restored: the server of the copy does not have "only_there"',
    expect.stringMatching(
      /^the setting max_locks_per_transaction = 128 in this database does not hold here: .*cannot be changed/,
    ),
  ])
  expect(database.address).toMatchObject({
    port: other.port,
    database: 'mg_rehearsal_20261120T043400Z-shop',
    schema: 'public',
  })
  expect(await askAs(database.address, 'SELECT i FROM t')).toEqual(['3'])
  expect(await askAs(database.address, 'SHOW lock_timeout')).toEqual(['4s'])
  expect(await askAs(database.address, 'SHOW default_text_search_config')).toEqual(['pg_catalog.german'])
  await database.remove()
  expect(await otherDatabases()).toEqual(['postgres'])
  expect(await queryOnce(other.url, 'SELECT count(*)::int AS n FROM theirs')).toEqual([{ n: 0 }])
})

test('a policy of a role that is not there cannot be restored', async () => {
  const target = await createTestDatabase({
    sql: 'CREATE ROLE in_policy; CREATE TABLE t (i int); CREATE POLICY p ON t TO in_policy USING (true)',
  })
  await expect(openFor(target, { place: 'url', url: addressOf(other) })).rejects.toMatchObject({
    code: 'role-missing',
    message: 'policies of the target name "in_policy", and the server of the copy has no such role',
  })
  expect(await otherDatabases()).toEqual(['postgres'])
})

test('owners that are not there are named', async () => {
  const target = await createTestDatabase({
    sql: 'CREATE ROLE owner_there; CREATE TABLE t (i int); ALTER TABLE t OWNER TO owner_there',
  })
  const { database } = await rehearsalCopy(target, { place: 'url', url: addressOf(other) })
  expect(database.differences).toContain(
    'everything belongs to "postgres" here, on the target also to "owner_there"',
  )
  expect(await askAs(database.address, "SELECT tableowner FROM pg_tables WHERE tablename = 't'")).toEqual([
    'postgres',
  ])
})

test('a URL that is the target is refused, also by another name of the host', async () => {
  const target = await createTestDatabase()
  for (const host of ['127.0.0.1', 'localhost']) {
    const url = addressOf({ url: Object.assign(new URL(target.url), { hostname: host }).href })
    await expect(openFor(target, { place: 'url', url })).rejects.toMatchObject({
      code: 'rehearsal-is-target',
      exitCode: 2,
      message: expect.stringContaining(`"${target.name}" on ${host}:`),
    })
  }
})

test('a URL of the same server is taken, and said', async () => {
  const target = await createTestDatabase()
  const url = addressOf({ url: Object.assign(new URL(target.url), { pathname: '/postgres' }).href })
  const database = await openFor(target, { place: 'url', url })
  expect(database.differences).toEqual([
    expect.stringMatching(/^the rehearsal is on the server of the target/),
  ])
})

test('a server of another major version is refused', async () => {
  const target = await createTestDatabase()
  const { targetIdentity } = await requestFor(target, { place: 'url' })
  const older = { ...targetIdentity, serverVersionNum: targetIdentity.serverVersionNum - 10_000 }
  await expect(
    openFor(target, { place: 'url', url: addressOf(other), targetIdentity: older }),
  ).rejects.toMatchObject({ code: 'other-major-version' })
})

test('a database that is lent is removed, also when the work fails', async () => {
  const target = await createTestDatabase()
  const request = await requestFor(target, { place: 'url', url: addressOf(other) })
  await expect(
    withRehearsalDatabase(request, async ({ address }) => {
      expect(await otherDatabases()).toContain(address.database)
      throw new Error('on purpose')
    }),
  ).rejects.toThrow('on purpose')
  expect(await otherDatabases()).toEqual(['postgres'])
})
