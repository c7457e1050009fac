import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from '@jest/globals'
import { parseDatabaseUrl } from '../../src/settings/database-url.js'
import type { Tools } from '../../src/steps/tools.js'
import { watchTraffic } from '../../src/steps/watch-traffic.js'
import { makeFolder } from '../support/engine-host.js'
import { useOwnServer } from '../support/own-server.js'
import { createTestDatabase } from '../support/test-database.js'
import { until } from '../support/waiting.js'

// A catalog that all databases share is locked.
useOwnServer({})

const proxies: { close(): void }[] = []
afterEach(() => {
  for (const proxy of proxies.splice(0)) proxy.close()
})

/** A wire that can be told to swallow everything from now on, without a word to either side. */
async function startWire(databaseUrl: string) {
  const target = new URL(databaseUrl)
  const sockets: Socket[] = []
  let isDead = false
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.push(from)
      from.on('data', (bytes) => void (isDead || to.write(bytes))).on('error', () => undefined)
    }
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  proxies.push({
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  })
  return {
    url: Object.assign(new URL(databaseUrl), { hostname: '127.0.0.1', port: String(port) }).href,
    die: () => {
      isDead = true
    },
  }
}

async function watchOver(url: string) {
  const lines: string[] = []
  const tools = {
    settings: { target: parseDatabaseUrl(url, 'the URL'), showValues: false, maxBlockingMs: 5_000 },
    screen: { print: (line: string) => lines.push(line) },
    signal: new AbortController().signal,
    runId: 'a-run',
  } as unknown as Tools
  const folder = await makeFolder()
  const watch = await watchTraffic(tools, {
    watched: 'the deploy',
    gaveWayFile: join(folder, 'gave-way'),
    mayGiveWay: async () => ({ possible: false }),
  })
  return { watch, lines }
}

test('over a wire that swallows everything the watch says that it sees nothing, and ends', async () => {
  const database = await createTestDatabase()
  const wire = await startWire(database.url)
  const { watch, lines } = await watchOver(wire.url)
  await sleep(300)
  wire.die()
  await until(async () => lines.length > 0)
  expect(lines).toEqual(['  other sessions are not watched any more: the server does not answer'])
  expect(await watch.stop()).toMatchObject({ notSeen: 'the server does not answer' })
})

test('a watch that is cancelled does not wait for an answer that never comes', async () => {
  const database = await createTestDatabase()
  const wire = await startWire(database.url)
  const { watch } = await watchOver(wire.url)
  await sleep(300)
  wire.die()
  await sleep(200)
  const started = performance.now()
  await watch.stop()
  expect(performance.now() - started).toBeLessThan(4_500)
})

test('looks that the server refuses for a second are named as a gap, a single one is not', async () => {
  const database = await createTestDatabase({ sql: 'CREATE TABLE orders (id int)' })
  const [client, deploy] = [await database.client(), await database.client()]
  const holder = await database.client()
  await holder.query('BEGIN; LOCK TABLE orders')
  await deploy.query("SET application_name = 'the deploy'")
  const waiting = deploy.query('SELECT FROM orders')
  const { watch, lines } = await watchOver(database.url)
  await until(async () => lines.length > 0)
  expect(lines).toEqual([expect.stringContaining('waiting for pid')])
  // What tells who is waited for names the relation, and must wait for this lock itself.
  const refuse = () => client.query('BEGIN; LOCK TABLE pg_catalog.pg_namespace IN ACCESS EXCLUSIVE MODE')
  await refuse()
  await sleep(150)
  await client.query('ROLLBACK')
  await sleep(300)
  expect(lines).toHaveLength(1)
  await refuse()
  await until(async () => lines.length > 1)
  await client.query('ROLLBACK')
  expect(lines[1]).toBe('  other sessions cannot be seen: canceling statement due to lock timeout')
  expect(await watch.stop()).toMatchObject({
    notSeen: expect.stringContaining('refused to tell for a while'),
  })
  await holder.query('COMMIT')
  await waiting
})

test('a watch that cannot connect says so and lets the deploy be', async () => {
  const database = await createTestDatabase()
  const { watch, lines } = await watchOver(
    Object.assign(new URL(database.url), { pathname: '/not_there' }).href,
  )
  expect(lines).toEqual([
    expect.stringMatching(/^ {2}other sessions are not watched: database "not_there" does not exist/),
  ])
  expect(await watch.stop()).toMatchObject({ gaveWay: 0, notSeen: expect.stringContaining('not_there') })
})
