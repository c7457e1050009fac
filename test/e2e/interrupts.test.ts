import { readFile, readlink, realpath } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from '@jest/globals'
import { isLong, longTest } from '../support/long.js'
import type { CliResult } from '../support/run-cli.js'
import { appliedName, makeShop, pendingName, removeShops, type Shop } from '../support/shop.js'
import type { RunningCli } from '../support/start-cli.js'

afterAll(removeShops)

const observer = fileURLToPath(new URL('../fixtures/observers/stop.mjs', import.meta.url))

/** Ctrl-C reaches the command as the first, `kill` and container runtimes send the second. */
const signals = ['SIGINT', 'SIGTERM'] as const
type Signal = (typeof signals)[number]

/** Both take the same way through the code, so one of them is enough for each step, except in the long tests. */
const either = (one: Signal): readonly Signal[] => (isLong ? signals : [one])

const stoppedEarly = `error: the run was stopped before anything was changed
hint: Run the command again when you are ready.
`

const askedInDeploy =
  'the deploy is running; press Ctrl-C again to cancel the statement and roll back, or let it go on'

/** Nothing of the run is left: no process, no scratch folder, no session on the server. */
async function expectNothingLeft({ database, leftovers }: Shop): Promise<void> {
  expect(await leftovers()).toEqual([])
  await expectSoon(async () =>
    expect(
      await database.query(
        `SELECT application_name, state, query FROM pg_stat_activity
          WHERE datname = current_database() AND application_name LIKE 'migrate-guard%'`,
      ),
    ).toEqual([]),
  )
}

async function expectStoppedAt(step: 'plan' | 'check' | 'backup' | 'confirm', shop: Shop, result: CliResult) {
  expect(result.stderr).toBe(stoppedEarly)
  expect(result.exitCode).toBe(6)
  const { exitCode, databaseState, steps, deployment } = await shop.report()
  expect({ exitCode, databaseState, deployment }).toEqual({
    exitCode: 6,
    databaseState: 'unchanged',
    deployment: null,
  })
  expect(steps[step].outcome).toBe('failed')
  expect(steps.deploy.outcome).toBe('not-run')
  expect(await shop.runFile('report.txt')).toContain('unchanged by this run: deploy did not run')
}

/** Keeps everybody else from a table until it is released. */
async function lockTable({ database }: Shop, table: string): Promise<{ release(): Promise<void> }> {
  const client = await database.client()
  await client.query(`BEGIN; LOCK TABLE "${table}" IN ACCESS EXCLUSIVE MODE`)
  return { release: async () => void (await client.query('ROLLBACK')) }
}

/** Waits until a session of the guard stands at a lock, so that the signal comes in the middle of the step. */
async function waitUntilBlocked({ database }: Shop, running: RunningCli): Promise<void> {
  await expectSoon(async () => {
    const blocked = await database.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
          AND application_name LIKE 'migrate-guard%' AND wait_event_type = 'Lock'`,
    )
    if (blocked.length === 0) throw new Error(`nobody waits for the lock:\n${running.printed()}`)
  })
}

async function expectSoon(work: () => Promise<void>): Promise<void> {
  const giveUpAt = Date.now() + 120_000
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (Date.now() > giveUpAt) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

test.each(either('SIGTERM'))('%s in plan', async (signal) => {
  const shop = await makeShop()
  const before = await shop.fingerprint()
  const lock = await lockTable(shop, '_prisma_migrations')
  const running = shop.start(['deploy', '--yes'])
  await waitUntilBlocked(shop, running)
  running.kill(signal)
  const result = await running.result
  await expectStoppedAt('plan', shop, result)
  await expectNothingLeft(shop)
  await lock.release()
  expect(await shop.fingerprint()).toBe(before)
})

test.each(either('SIGINT'))('%s in check, also on the server', async (signal) => {
  const shop = await makeShop()
  const before = await shop.fingerprint()
  await shop.write(
    `prisma/migrations/${pendingName}/checks/before/010_slow.sql`,
    '-- title: a check that takes for ever\n-- verdict: block\nSELECT pg_sleep(600)\n',
  )
  const running = shop.start(['deploy', '--yes'])
  await expectSoon(async () =>
    expect(
      await shop.database.query(
        `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()`,
      ),
    ).toHaveLength(1),
  )
  running.kill(signal)
  await expectStoppedAt('check', shop, await running.result)
  await expectNothingLeft(shop)
  expect(await shop.fingerprint()).toBe(before)
})

test.each(
  either('SIGINT').flatMap((signal) =>
    ['backup.pg-dump', 'backup.read', 'backup.hash'].map((at) => [signal, at] as const),
  ),
)('%s in backup, at %s', async (signal, at) => {
  const shop = await makeShop()
  const before = await shop.fingerprint()
  const result = await shop.run(['deploy', '--yes'], {
    MIGRATE_GUARD_EFFECT_OBSERVER: observer,
    STOP_AT: at,
    STOP_SIGNAL: signal,
  })
  await expectStoppedAt('backup', shop, result)
  await expectNothingLeft(shop)
  expect(await shop.fingerprint()).toBe(before)
})

test.each(either('SIGTERM'))('%s at the question', async (signal) => {
  const shop = await makeShop()
  const before = await shop.fingerprint()
  const running = shop.start(['deploy'], { terminal: true })
  await running.waitFor(`Deploy to ${shop.database.name}?`)
  // The signal goes to the command itself, not to the terminal around it.
  process.kill(await commandOn(running), signal)
  const { exitCode, stdout } = await running.result
  expect(stdout).toContain('the question was left without an answer; nothing was changed (interrupted)')
  expect(exitCode).toBe(6)
  expect((await shop.report()).steps.confirm.outcome).toBe('failed')
  await expectNothingLeft(shop)
  expect(await shop.fingerprint()).toBe(before)
})

test.each(either('SIGINT'))(
  '%s in deploy cancels the statement, and the next deploy works',
  async (signal) => {
    const shop = await makeShop()
    const before = await shop.fingerprint()
    const reader = await shop.database.client()
    await reader.query('BEGIN; LOCK TABLE "customers" IN ACCESS SHARE MODE')
    const running = shop.start(['deploy', '--yes', '--lock-timeout', '0'])
    await waitUntilBlocked(shop, running)
    running.kill(signal)
    const { exitCode, stderr } = await running.result
    expect(
      stderr,
    ).toBe(`error: migration "${pendingName}" failed: line 1: canceling statement due to user request (57014); the target is proven unchanged
hint: Run the command again when you are ready; the history is clean.
`)
    expect(exitCode).toBe(20)
    expect(await shop.report()).toMatchObject({ exitCode: 20, databaseState: 'unchanged' })
    await expectNothingLeft(shop)
    await reader.query('ROLLBACK')
    expect(withoutHistory(await shop.fingerprint())).toBe(withoutHistory(before))
    expect(await shop.run(['deploy', '--yes'])).toMatchObject({ exitCode: 0, stderr: '' })
    expect(await shop.database.query('SELECT phone FROM customers')).toHaveLength(3)
  },
)

test('at a terminal the first Ctrl-C in deploy only asks; without a second one the deploy goes on', async () => {
  const shop = await makeShop()
  const reader = await shop.database.client()
  await reader.query('BEGIN; LOCK TABLE "customers" IN ACCESS SHARE MODE')
  const running = shop.start(['deploy', '--yes', '--lock-timeout', '0', '--max-blocking', '0'], {
    terminal: true,
  })
  await waitUntilBlocked(shop, running)
  process.kill(await commandOn(running), 'SIGINT')
  await running.waitFor(askedInDeploy)
  await new Promise((resolve) => setTimeout(resolve, 500))
  await waitUntilBlocked(shop, running)
  await reader.query('ROLLBACK')
  const { exitCode, stdout } = await running.result
  expect(stdout).not.toContain('stopping: ')
  expect(exitCode).toBe(0)
  expect(await shop.database.query('SELECT phone FROM customers')).toHaveLength(3)
  await expectNothingLeft(shop)
})

test('at a terminal the second Ctrl-C in deploy cancels the statement', async () => {
  const shop = await makeShop()
  const before = await shop.fingerprint()
  const reader = await shop.database.client()
  await reader.query('BEGIN; LOCK TABLE "customers" IN ACCESS SHARE MODE')
  const running = shop.start(['deploy', '--yes', '--quiet', '--lock-timeout', '0', '--max-blocking', '0'], {
    terminal: true,
  })
  await waitUntilBlocked(shop, running)
  // As the terminal itself sends it, to everything that runs on it.
  running.type('\u0003')
  await running.waitFor(askedInDeploy)
  running.type('\u0003')
  const { stdout } = await running.result
  expect(stdout).toContain('canceling statement due to user request (57014); the target is proven unchanged')
  // The shell between the terminal and the command got the signal too, and has an exit code of its own.
  expect((await shop.report()).exitCode).toBe(20)
  await expectNothingLeft(shop)
  await reader.query('ROLLBACK')
  expect(withoutHistory(await shop.fingerprint())).toBe(withoutHistory(before))
})

longTest('at a terminal SIGTERM in deploy cancels at once', async () => {
  const shop = await makeShop()
  const reader = await shop.database.client()
  await reader.query('BEGIN; LOCK TABLE "customers" IN ACCESS SHARE MODE')
  const running = shop.start(['deploy', '--yes', '--lock-timeout', '0', '--max-blocking', '0'], {
    terminal: true,
  })
  await waitUntilBlocked(shop, running)
  process.kill(await commandOn(running), 'SIGTERM')
  const { exitCode, stdout } = await running.result
  expect(stdout).not.toContain(askedInDeploy)
  expect(exitCode).toBe(20)
  await reader.query('ROLLBACK')
})

test('with --wait a second guard waits until y at the question of the first has approved, and then nothing is pending', async () => {
  const shop = await makeShop()
  const first = shop.start(['deploy'], { terminal: true })
  await first.waitFor(`Deploy to ${shop.database.name}?`)
  const second = shop.start(['deploy', '--yes', '--wait', '60s'])
  await second.waitFor('waiting up to 1 min for run ')
  first.type('y\r')
  expect((await first.result).exitCode).toBe(0)
  expect(await shop.database.query('SELECT phone FROM customers')).toHaveLength(3)
  const { exitCode, stdout } = await second.result
  expect(stdout).toContain('nothing pending')
  expect(exitCode).toBe(0)
  const approvals = await Promise.all(
    (await shop.runFolders()).map(
      async (folder) => JSON.parse(await readFile(`${folder}/report.json`, 'utf8')).approval?.method,
    ),
  )
  expect(approvals).toContain('typed-yes')
})

longTest('with --wait, when the time is over: 7, who holds the lock and how long was waited', async () => {
  const shop = await makeShop()
  const first = shop.start(['deploy'], { terminal: true })
  await first.waitFor(`Deploy to ${shop.database.name}?`)
  const { exitCode, stderr } = await shop.run(['deploy', '--yes', '--wait', '700ms'])
  expect(stderr).toMatch(
    /^error: another run holds the deploy lock of ".*": run .* by .*, since .* UTC; waited 700 ms for it\n/,
  )
  expect(exitCode).toBe(7)
  first.type('n\r')
  expect((await first.result).exitCode).toBe(6)
})

test.each(either('SIGINT'))(
  '%s while waiting for another run: 6, before the wait is over',
  async (signal) => {
    const shop = await makeShop()
    const before = await shop.fingerprint()
    const holder = await shop.database.client()
    await holder.query('SELECT pg_advisory_lock(28007, 1684369516)')
    const running = shop.start(['deploy', '--yes', '--wait', '10m'])
    await running.waitFor('waiting up to 10 min for ')
    running.kill(signal)
    // It comes long before the ten minutes are over, for which the test would not wait.
    const { exitCode, stderr } = await running.result
    expect(stderr).toBe(stoppedEarly)
    expect(exitCode).toBe(6)
    await expectNothingLeft(shop)
    expect(await shop.fingerprint()).toBe(before)
  },
)

test.each(either('SIGTERM'))(
  '%s in verify says that the target is changed and not verified',
  async (signal) => {
    const shop = await makeShop()
    const { exitCode, stdout, stderr } = await shop.run(['deploy', '--yes'], {
      MIGRATE_GUARD_EFFECT_OBSERVER: observer,
      STOP_AT: 'verify.diff',
      STOP_SIGNAL: signal,
    })
    expect(stderr).toBe(
      'error: the verification was stopped\nhint: Audit the target when you are ready: npx migrate-guard verify.\n',
    )
    expect(stdout).toContain('database  changed: 1 of 1 migration applied; not verified\n')
    expect(exitCode).toBe(22)
    await expectNothingLeft(shop)
    // What was deployed can be audited afterwards.
    expect((await shop.run(['verify'])).exitCode).toBe(0)
  },
)

test('a second guard is told who holds the lock and since when', async () => {
  const shop = await makeShop()
  const first = shop.start(['deploy'], { terminal: true })
  await first.waitFor(`Deploy to ${shop.database.name}?`)
  const second = await shop.run(['deploy', '--yes'])
  const runId = /backups\/([^/]+)\/database\.dump/.exec(first.printed())?.[1]
  expect(second.stderr).toMatch(
    new RegExp(
      `^error: another run holds the deploy lock of "${shop.database.name}": run ${runId} by \\S+@\\S+ \\(process \\d+\\) as "postgres" from 127\\.0\\.0\\.1 \\(pid \\d+\\), since \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC\nhint: Wait for that run to end and run the command again, or give --wait 5m; npx migrate-guard lock shows what it does\\.\n$`,
    ),
  )
  expect(second.exitCode).toBe(7)
  // A dry run and an audit change nothing and need no lock.
  expect(await shop.run(['deploy', '--dry-run'])).toMatchObject({ exitCode: 0, stderr: '' })
  first.type('y\r')
  expect((await first.result).exitCode).toBe(0)
  expect(await shop.run(['deploy', '--yes'])).toMatchObject({ exitCode: 0, stderr: '' })
})

test('a terminal that is closed at the question leaves nothing behind', async () => {
  const shop = await makeShop()
  const before = await shop.fingerprint()
  const running = shop.start(['deploy'], { terminal: true })
  await running.waitFor(`Deploy to ${shop.database.name}?`)
  // The terminal goes, and with it both ends of what the command reads and prints.
  running.kill('SIGKILL')
  await running.result
  await expectSoon(async () => expect((await shop.report()).exitCode).toBe(6))
  await expectSoon(() => expectNothingLeft(shop))
  expect((await shop.report()).failure).toMatchObject({ code: 'interrupted', step: 'confirm' })
  expect(await shop.fingerprint()).toBe(before)
})

/** The fingerprint as if the rolled-back attempt had left no row; it does not count as applied. */
function withoutHistory(fingerprint: string): string {
  const history = fingerprint.slice(fingerprint.lastIndexOf('\n'))
  expect(history).toContain(appliedName)
  return fingerprint.replace(history, '').replace(/"_prisma_migrations","rows":"\d+"/, '')
}

/** The process id of the command on the terminal: the child of the child of `script`. */
async function commandOn(running: RunningCli): Promise<number> {
  const children = async (id: number) =>
    (await readFile(`/proc/${id}/task/${id}/children`, 'utf8')).trim().split(' ').map(Number)
  let id = running.pid
  for (;;) {
    const [child] = await children(id)
    if (!child) return id
    id = child
    // By the file that it runs: its arguments are hidden from the list of processes.
    if ((await readlink(`/proc/${id}/exe`)) === (await realpath(process.execPath))) return id
  }
}
