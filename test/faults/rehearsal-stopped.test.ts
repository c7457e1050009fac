import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from '@jest/globals'
import { isLong } from '../support/long.js'
import { useOwnServer } from '../support/own-server.js'
import { makeShop, removeShops, type Shop } from '../support/shop.js'
import { until } from '../support/waiting.js'

// On the tests' server others have rehearsal databases of their own.
useOwnServer({})
afterAll(removeShops)

const observer = fileURLToPath(new URL('../fixtures/observers/stop.mjs', import.meta.url))

/** Clusters of our own on this machine, rehearsal databases on the server, and sessions of the guard. */
async function remains({ database, leftovers }: Shop): Promise<string[]> {
  const onServer = await database.query(
    `SELECT datname AS name FROM pg_database WHERE datname LIKE 'mg\\_%'
      UNION ALL SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'migrate-guard%'`,
  )
  return [...onServer.map(({ name }) => name), ...(await leftovers())]
}

async function expectNothingLeft(shop: Shop): Promise<void> {
  // The server takes a moment to end the session of a client that is gone.
  await until(async () => (await remains(shop)).length === 0).catch(() => undefined)
  expect(await remains(shop)).toEqual([])
}

const asleep = (shop: Shop) =>
  shop.database.query("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")

const places = ['local', 'same-server'] as const

test.each(
  places.flatMap((place) =>
    (isLong
      ? ['rehearsal.create-database', 'rehearsal.pg-restore', 'rehearse.prisma']
      : ['rehearsal.pg-restore']
    ).map((at) => [place, at] as const),
  ),
)('Ctrl-C while rehearsing (%s), at %s, leaves nothing', async (place, at) => {
  const shop = await makeShop({ rehearses: true })
  const before = await shop.fingerprint()
  const result = await shop.run(['deploy', '--yes', '--rehearsal', place], {
    MIGRATE_GUARD_EFFECT_OBSERVER: observer,
    STOP_AT: at,
    STOP_SIGNAL: 'SIGINT',
  })
  expect(result.stderr).toContain('error: the run was stopped before anything was changed\n')
  expect(result.exitCode).toBe(6)
  await expectNothingLeft(shop)
  expect(await shop.fingerprint()).toBe(before)
  const { steps, databaseState } = await shop.report()
  expect([steps.rehearse.outcome, steps.deploy.outcome, databaseState]).toEqual([
    'failed',
    'not-run',
    'unchanged',
  ])
})

test('Ctrl-C in the middle of a rehearsed statement ends it on the server, and leaves nothing', async () => {
  const shop = await makeShop({ pending: 'SELECT pg_sleep(600);\n', rehearses: true })
  const before = await shop.fingerprint()
  const running = shop.start(['deploy', '--yes', '--rehearsal', 'same-server'])
  await until(async () => (await asleep(shop)).length === 1)
  running.kill('SIGINT')
  const { exitCode, stderr } = await running.result
  expect(stderr).toContain('error: the run was stopped before anything was changed\n')
  expect(exitCode).toBe(6)
  await expectNothingLeft(shop)
  expect(await asleep(shop)).toEqual([])
  expect(await shop.fingerprint()).toBe(before)
})

test.each(places)('what kill -9 leaves of a rehearsal (%s) is swept by the next run', async (place) => {
  const shop = await makeShop({ rehearses: true })
  const before = await shop.fingerprint()
  const killed = await shop.run(['deploy', '--yes', '--rehearsal', place], {
    MIGRATE_GUARD_EFFECT_OBSERVER: observer,
    STOP_AT: 'rehearse.prisma',
    STOP_SIGNAL: 'SIGKILL',
  })
  expect(killed.exitCode).toBeUndefined()
  // A local copy has a watch of its own.
  if (place === 'same-server') expect((await remains(shop)).join('\n')).toContain('mg_rehearsal_')
  // The copy may be left, the target is as it was.
  expect(await shop.fingerprint()).toBe(before)
  expect((await shop.run(['rehearse', '--rehearsal', place])).exitCode).toBe(0)
  await expectNothingLeft(shop)
  expect(await shop.fingerprint()).toBe(before)
})
