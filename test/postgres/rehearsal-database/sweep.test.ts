import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { expect, test } from '@jest/globals'
import { execa } from 'execa'
import { disarm } from '../../../src/postgres/rehearsal-database/disarm.js'
import {
  assertIsRehearsalDatabase,
  claimRehearsalDatabase,
  findRehearsalDatabases,
} from '../../../src/postgres/rehearsal-database/marker.js'
import type { RehearsalPlace } from '../../../src/postgres/rehearsal-database/request.js'
import { sweepRehearsalDatabases } from '../../../src/postgres/rehearsal-database/sweep.js'
import { announceMaking } from '../../../src/postgres/rehearsal-database/unmarked.js'
import { startThrowAwayCluster } from '../../../src/postgres/throw-away-cluster.js'
import { addressOf, connectTo } from '../../support/address.js'
import { useOwnServer } from '../../support/own-server.js'
import { openFor, restore } from '../../support/rehearsal.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'
import { until } from '../../support/waiting.js'

useOwnServer({})

const runId = '20261120T043400Z-shop'

/** Another program that holds a rehearsal database of the target until it is ended. */
async function openElsewhere(target: TestDatabase, place: RehearsalPlace, itsRunId: string) {
  const built = (path: string) => new URL(`../../../dist/${path}`, import.meta.url).href
  const program = `
    import { openConnection, withConnection } from '${built('postgres/connection.js')}'
    import { readTargetIdentity } from '${built('postgres/identity.js')}'
    import { openRehearsalDatabase } from '${built('postgres/rehearsal-database/open.js')}'
    import { parseDatabaseUrl } from '${built('settings/database-url.js')}'
    const target = parseDatabaseUrl(process.env.TARGET, 'TARGET')
    const targetClient = await openConnection(target, { applicationName: 'elsewhere', readOnly: true })
    const targetIdentity = await readTargetIdentity(targetClient, target)
    const database = await openRehearsalDatabase({ place: '${place}', target, targetClient, targetIdentity,
      runId: '${itsRunId}', signal: new AbortController().signal })
    const { rows } = await withConnection(database.ownerAddress, { applicationName: 'elsewhere' }, (client) =>
      client.query('SHOW data_directory'))
    console.log(JSON.stringify({ name: database.address.database, directory: rows[0].data_directory }))
    setInterval(() => {}, 1000)`
  const holder = execa(process.execPath, ['--input-type=module', '--eval', program], {
    reject: false,
    env: { TARGET: target.url },
  })
  const line = await new Promise<string>((resolve, reject) => {
    holder.stdout.once('data', resolve)
    void holder.then(({ stderr }) => reject(new Error(`it opened none: ${stderr}`)))
  })
  return { holder, ...(JSON.parse(line) as { name: string; directory: string }) }
}

async function databases(target: TestDatabase): Promise<string[]> {
  const rows = await target.query("SELECT datname FROM pg_database WHERE datname LIKE 'mg%' ORDER BY 1")
  return rows.map(({ datname }) => datname)
}

test('what a killed run left on the server is swept, and only that', async () => {
  const target = await createTestDatabase()
  const [killed, living] = await Promise.all([
    openElsewhere(target, 'same-server', 'killed'),
    openElsewhere(target, 'same-server', 'living'),
  ])
  // Of the same name, but not made by us.
  await target.query('CREATE DATABASE mg_rehearsal_theirs')
  killed.holder.kill('SIGKILL')
  await killed.holder
  const client = await connectTo(target)
  await until(async () => (await findRehearsalDatabases(client)).some(({ inUse }) => !inUse))
  // Somebody who looked into it is sent away.
  await connectTo({ url: target.url.replace(target.name, killed.name) })

  const intruder = await connectTo({ url: target.url.replace(target.name, living.name) })
  expect(await claimRehearsalDatabase(intruder)).toBe(false)
  await intruder.end()
  expect(await sweepRehearsalDatabases(addressOf(target), runId)).toEqual([killed.name])
  expect(await databases(target)).toEqual([living.name, 'mg_rehearsal_theirs'])
  expect(await sweepRehearsalDatabases(addressOf(target), runId)).toEqual([])
  living.holder.kill('SIGKILL')
  await living.holder
  await until(async () => (await findRehearsalDatabases(client)).every(({ inUse }) => !inUse))
  await client.end()

  // The next run sweeps by itself.
  const said: string[] = []
  const next = await openFor(target, { place: 'same-server', onProgress: (doing) => said.push(doing) })
  expect(said).toContain(`removed what an earlier run left: ${living.name}`)
  expect(await databases(target)).toEqual([next.address.database, 'mg_rehearsal_theirs'])
})

test('a database that a run had only just made is swept, and none that is being made, that is filled, or that is not named by us', async () => {
  const target = await createTestDatabase()
  const named = (name: string) => `mg_rehearsal_20261120T043400Z-${name}`
  const [abandoned, filled, told] = [named('abandoned'), named('filled'), named('told')]
  const theirs = 'mg_rehearsal_20261120'
  for (const name of [abandoned, filled, told, theirs]) await target.query(`CREATE DATABASE "${name}"`)
  const inside = await connectTo({ url: target.url.replace(target.name, filled) })
  await inside.query('CREATE TABLE kept (id int)')
  await inside.end()
  await target.query(`COMMENT ON DATABASE "${told}" IS 'what the staging server is copied from'`)

  const maker = await connectTo(target)
  await announceMaking(maker as never)
  expect(await sweepRehearsalDatabases(addressOf(target), runId)).toEqual([])
  await maker.end()
  const within = await connectTo({ url: target.url.replace(target.name, abandoned) })
  await until(
    async () => (await target.query("SELECT FROM pg_locks WHERE locktype = 'advisory'")).length === 0,
  )
  expect(await sweepRehearsalDatabases(addressOf(target), runId)).toEqual([])
  await within.end()
  expect(await sweepRehearsalDatabases(addressOf(target), runId)).toEqual([abandoned])
  const left = await databases(target)
  expect(left).toEqual(expect.arrayContaining([filled, told, theirs]))
  expect(left).not.toContain(abandoned)
  for (const name of [filled, told, theirs]) await target.query(`DROP DATABASE "${name}"`)
})

test('what a killed run left on this machine is swept by the next server of our own', async () => {
  const target = await createTestDatabase()
  const [killed, living] = await Promise.all([
    openElsewhere(target, 'local', 'killed'),
    openElsewhere(target, 'local', 'living'),
  ])
  killed.holder.kill('SIGKILL')
  await killed.holder
  const cluster = await startThrowAwayCluster()
  expect(existsSync(killed.directory)).toBe(false)
  expect(existsSync(living.directory)).toBe(true)
  living.holder.kill('SIGKILL')
  await living.holder
  await cluster.stop()
  await (await startThrowAwayCluster()).stop()
  expect(existsSync(living.directory)).toBe(false)
})

const opening = 'migrate-guard rehearsal database, dropped when its run is over: '

async function markerFor(database: TestDatabase, target: TestDatabase, changes: object = {}) {
  const [{ oid }] = await database.query(
    'SELECT oid::text FROM pg_database WHERE datname = current_database()',
  )
  const [{ target_oid }] = await database.query(
    'SELECT oid::text AS target_oid FROM pg_database WHERE datname = $1',
    [target.name],
  )
  const [{ system }] = await database.query(
    'SELECT system_identifier::text AS system FROM pg_control_system()',
  )
  return {
    format: 1,
    runId,
    systemIdentifier: system,
    databaseOid: oid,
    target: {
      host: 'h',
      port: 5432,
      database: target.name,
      systemIdentifier: system,
      databaseOid: target_oid,
    },
    host: hostname(),
    processId: 1,
    createdAt: '2026-11-20T04:34:00.000Z',
    ...changes,
  }
}

let pair: Promise<[TestDatabase, TestDatabase]> | undefined

test.each<[string, (database: TestDatabase, other: TestDatabase) => Promise<string | null>, string]>([
  ['without a comment', async () => null, 'it does not carry the marker of a rehearsal database'],
  ['with a comment of its owner', async () => 'rehearsal', 'it does not carry the marker'],
  ['with half a marker', async () => `${opening}{"format":1,"ru`, 'it does not carry the marker'],
  ['with an empty marker', async () => `${opening}{"format":1}`, 'it does not carry the marker'],
  [
    'of another version',
    async (database, other) => opening + JSON.stringify(await markerFor(database, other, { format: 2 })),
    'another version of migrate-guard made it',
  ],
  [
    'with the marker of another database',
    async (_, other) => opening + JSON.stringify(await markerFor(other, other)),
    'its marker was made for another database',
  ],
  [
    'from another server',
    async (database, other) =>
      opening + JSON.stringify(await markerFor(database, other, { systemIdentifier: '1' })),
    'its marker was made for another database',
  ],
  [
    'that is its own target',
    async (database) => opening + JSON.stringify(await markerFor(database, database)),
    'its marker says that it is the target itself',
  ],
  [
    'of another run',
    async (database, other) =>
      opening + JSON.stringify(await markerFor(database, other, { runId: 'theirs' })),
    'it belongs to the run theirs',
  ],
])('a database %s is neither filled nor made harmless nor dropped', async (_, commentOn, why) => {
  pair ??= Promise.all([createTestDatabase(), createTestDatabase()])
  const [database, other] = await pair
  const comment = await commentOn(database, other)
  const client = await database.client()
  await client.query(
    `COMMENT ON DATABASE "${database.name}" IS ${comment === null ? 'NULL' : client.escapeLiteral(comment)}`,
  )
  const refused = {
    code: 'not-a-rehearsal-database',
    message: expect.stringContaining(`the database "${database.name}" is not touched: ${why}`),
  }
  await expect(assertIsRehearsalDatabase(client as never, runId)).rejects.toMatchObject(refused)
  const copy = {
    ownerAddress: addressOf(database),
    restorable: { options: [], leftOut: [], differences: [] },
  }
  await expect(restore(copy as never, '/nowhere')).rejects.toMatchObject(refused)
  if (why.startsWith('it belongs')) return
  await expect(disarm(client as never)).rejects.toMatchObject(refused)
  await sweepRehearsalDatabases(addressOf(other), 'the sweeper')
  expect(await database.query('SELECT 1 AS is_there')).toEqual([{ is_there: 1 }])
})

test('a copy that somebody renamed or unmarked is not dropped', async () => {
  const target = await createTestDatabase()
  const database = await openFor(target, { place: 'same-server', runId: 'unmarked' })
  await target.query(`COMMENT ON DATABASE "${database.address.database}" IS NULL`)
  await expect(database.remove()).rejects.toMatchObject({ code: 'not-a-rehearsal-database' })
  expect(await databases(target)).toContain(database.address.database)
  await target.query(`DROP DATABASE "${database.address.database}" WITH (FORCE)`)
})
