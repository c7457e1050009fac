import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { execa } from 'execa'
import type { StartupResult } from '../../src/startup.js'
import { makeShop, pendingName, removeShops, type Shop } from '../support/shop.js'
import { until } from '../support/waiting.js'

afterAll(removeShops)

/** An application: deploys on startup, prints what came of it as JSON, and then has nothing more to do. */
const application = `
import { deployOnStartup } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
const before = { names: Object.keys(process.env).sort().join(), handlers: handlers() }
const controller = new AbortController()
process.on('SIGTERM', () => controller.abort())
try {
  const result = await deployOnStartup({
    skipBackup: true, log: (line) => console.error(line), signal: controller.signal, ...JSON.parse(process.argv[2]),
  })
  console.log(JSON.stringify({ ...result, left: left() }))
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message, exitCode: error.exitCode, left: left() }))
  process.exitCode = 1
}
function left() {
  return { names: Object.keys(process.env).sort().join() === before.names, handlers: handlers() === before.handlers }
}
function handlers() {
  return ['SIGINT', 'SIGHUP', 'uncaughtException', 'unhandledRejection', 'exit'].map((name) => process.listenerCount(name)).join()
}
`

type Said = Partial<StartupResult> & {
  readonly code?: string
  readonly message?: string
  readonly left: { readonly names: boolean; readonly handlers: boolean }
}

interface Replica {
  readonly pid: number
  kill(signal: NodeJS.Signals): void
  readonly said: Promise<Said | undefined>
}

/** A replica started with this in its environment and these options. */
async function start(shop: Shop, env: Record<string, string> = {}, options: object = {}): Promise<Replica> {
  const path = join(shop.project.directory, 'app.mjs')
  await writeFile(path, application)
  const { PATH, HOME } = process.env
  const child = execa(process.execPath, [path, JSON.stringify(options)], {
    reject: false,
    cwd: shop.project.directory,
    extendEnv: false,
    env: { PATH, HOME, DATABASE_URL: shop.database.url, MIGRATE_ON_START: 'true', ...env },
    timeout: 90_000,
  })
  return {
    pid: child.pid ?? 0,
    kill: (signal) => void child.kill(signal),
    said: child.then(({ stdout }) => (stdout ? JSON.parse(String(stdout)) : undefined)),
  }
}

const nothingLeft = { names: true, handlers: true }

async function finishedRows({ database }: Shop): Promise<number> {
  const rows = await database.query(
    'SELECT 1 FROM _prisma_migrations WHERE migration_name = $1 AND finished_at IS NOT NULL',
    [pendingName],
  )
  return rows.length
}

test('is off unless MIGRATE_ON_START is true; what is neither true nor false is an error', async () => {
  const shop = await makeShop()
  for (const value of ['', '0', 'false']) {
    const replica = await start(shop, { MIGRATE_ON_START: value, DATABASE_URL: 'not looked at' })
    expect(await replica.said).toEqual({ outcome: 'off', left: nothingLeft })
  }
  expect(await (await start(shop, { MIGRATE_ON_START: 'yes' })).said).toMatchObject({
    code: 'invalid-setting',
    message: 'MIGRATE_ON_START is "yes", which is neither true nor false',
  })
  expect(await finishedRows(shop)).toBe(0)
})

test('of six replicas one deploys, the others wait for it; a later start finds nothing pending', async () => {
  const shop = await makeShop({
    pending: 'ALTER TABLE "customers" ADD COLUMN "phone" TEXT;\nSELECT pg_sleep(1);\n',
  })
  const replicas = await Promise.all(Array.from({ length: 6 }, () => start(shop)))
  const said = await Promise.all(replicas.map((replica) => replica.said))
  const outcomes = said.map((one) => one?.outcome ?? one?.message)
  expect(outcomes.filter((outcome) => outcome === 'deployed')).toHaveLength(1)
  // Whoever came when all was over had nobody to wait for.
  const others = outcomes.filter((outcome) => outcome !== 'deployed')
  expect(new Set(['deployed-by-other', 'nothing-pending', ...others]).size).toBe(2)
  expect(others).toContain('deployed-by-other')
  for (const one of said) expect(one?.left).toEqual(nothingLeft)
  expect(new Set(said.map((one) => one?.runId)).size).toBe(6)
  expect(await finishedRows(shop)).toBe(1)
  expect(await (await start(shop)).said).toMatchObject({ outcome: 'nothing-pending' })
})

test('a replica whose winner was killed before its deploy takes over', async () => {
  const shop = await makeShop()
  // Whoever is first is held up in its checks.
  const path = `prisma/migrations/${pendingName}/checks/before/010_slow.sql`
  await shop.write(path, '-- title: a check that takes for ever\n-- verdict: block\nSELECT pg_sleep(600)\n')
  const winner = await start(shop)
  const isAtWork = async () =>
    (
      await shop.database.query(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()",
      )
    ).length > 0
  await until(isAtWork)
  await shop.write(path, undefined)
  const other = await start(shop)
  // Each of them has a session for the deploy lock; one has it, the other waits.
  await until(
    async () =>
      (
        await shop.database.query(
          "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'migrate-guard lock%' AND datname = current_database()",
        )
      ).length === 2,
  )
  winner.kill('SIGKILL')
  expect(await other.said).toMatchObject({ outcome: 'deployed', waitedMs: expect.any(Number) })
  expect(await finishedRows(shop)).toBe(1)
})

test('does not start when a check blocks, nor when the others take too long, nor when it is cancelled', async () => {
  const shop = await makeShop({ pending: 'ALTER TABLE "customers" ALTER COLUMN "fax" SET NOT NULL;\n' })
  expect(await (await start(shop)).said).toMatchObject({ exitCode: 3, left: nothingLeft })
  const holder = await shop.database.client()
  await holder.query('SELECT pg_advisory_lock(28007, 1684369516)')
  expect(await (await start(shop, {}, { timeoutMs: 500 })).said).toMatchObject({
    code: 'locked',
    message: expect.stringMatching(/; waited \d+ ms for it$/),
  })
  const waiting = await start(shop)
  await until(async () => {
    const held = await shop.database.query(
      "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'migrate-guard lock 2%' AND datname = current_database()",
    )
    return held.length > 0
  })
  waiting.kill('SIGTERM')
  expect(await waiting.said).toMatchObject({ code: 'interrupted', left: nothingLeft })
})
