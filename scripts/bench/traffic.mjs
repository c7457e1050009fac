// What an application feels while a migration must wait for a long transaction: the longest wait of a query with the guard
// and with a bare `prisma migrate deploy`, how soon the guard says whom it waits for, and what its watch costs.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openLockWatch } from '../../dist/postgres/lock-watch.js'
import { parseDatabaseUrl } from '../../dist/settings/database-url.js'
import { createDatabase, dropDatabase } from '../crm/databases.mjs'
import { root } from '../crm/paths.mjs'
import { runGuard, runPrisma } from '../crm/run.mjs'
import { onStage } from '../crm/stage.mjs'
import { formatFigure, median } from './figures.mjs'
import { withClient } from './with-client.mjs'

const { values } = parseArgs({
  options: { scale: { type: 'string', default: '1' }, rounds: { type: 'string', default: '3' } },
})
const scale = Number(values.scale)
const rounds = Number(values.rounds)

const clientCount = 8
const lockTimeoutMs = 1_000
/** The long transaction outlives two attempts of the guard. */
const longTransactionMs = 4_000 * scale
const windowMs = 500
const windows = Math.max(4, Math.round(60 * scale))
const goals = { longestWaitMs: lockTimeoutMs + 50, detectedMs: 150, costPercent: 1 }

await onStage(async (stage) => {
  const project = await makeProject(stage.folder)
  const template = await createDatabase(stage.url, 'orders')
  await makeOrders(project, template, stage.signal)
  const found = { guard: [], prisma: [], detected: [] }
  for (let round = 1; round <= rounds; round += 1) {
    for (const subject of round % 2 === 1 ? ['guard', 'prisma'] : ['prisma', 'guard']) {
      const { longestMs, detectedMs } = await onCopy(stage, (url) =>
        measureWait(subject, { ...stage, url, project }),
      )
      found[subject].push(longestMs)
      if (detectedMs !== undefined) found.detected.push(detectedMs)
    }
  }
  const costPercent = await onCopy(stage, measureCost)
  console.log(
    `\nmedian of ${rounds}: longest wait with prisma migrate deploy alone ${median(found.prisma).toFixed(0)} ms\n`,
  )
  console.log(formatFigure('longest-client-wait-ms', median(found.guard), goals.longestWaitMs))
  console.log(formatFigure('blocker-detected-ms', median(found.detected), goals.detectedMs))
  console.log(formatFigure('watcher-cost-percent', costPercent, goals.costPercent))
})
// A benchmark tells; it does not judge. Only an interruption is passed on.
if (process.exitCode === 1) process.exitCode = 0

async function makeProject(folder) {
  const project = join(folder, 'project')
  const files = {
    'package.json': '{ "private": true, "type": "module" }\n',
    'prisma.config.ts': `import { defineConfig } from 'prisma/config'

export default defineConfig({
  schema: 'schema.prisma',
  migrations: { path: 'migrations' },
  datasource: { url: process.env.DATABASE_URL ?? '' },
})
`,
    'schema.prisma': 'datasource db {\n  provider = "postgresql"\n}\n',
    'migrations/migration_lock.toml': 'provider = "postgresql"\n',
    'migrations/1_orders/migration.sql':
      'CREATE TABLE orders (id int PRIMARY KEY, n int NOT NULL, note text);\n',
  }
  for (const [path, content] of Object.entries(files)) await writeIn(project, path, content)
  await symlink(join(root, 'node_modules'), join(project, 'node_modules'))
  return project
}

async function makeOrders(project, url, signal) {
  const { exitCode, stderr } = await runPrisma(['migrate', 'deploy'], { cwd: project, url, signal })
  if (exitCode !== 0) throw new Error(stderr)
  await withClient(url, (client) =>
    client.query(
      "INSERT INTO orders SELECT i, 0, 'order ' || i FROM generate_series(1, 10000) i; ANALYZE orders",
    ),
  )
  await writeIn(project, 'migrations/2_paid/migration.sql', 'ALTER TABLE orders ADD COLUMN paid boolean;\n')
}

async function writeIn(project, path, content) {
  await mkdir(join(project, path, '..'), { recursive: true })
  await writeFile(join(project, path), content)
}

async function onCopy(stage, work) {
  const url = await createDatabase(stage.url, 'copy', { template: 'orders' })
  try {
    return await work(url)
  } finally {
    if (!stage.signal.aborted) await dropDatabase(stage.url, 'copy')
  }
}

/** A migration meets a transaction that reads for some seconds, while the application works. */
async function measureWait(subject, { url, project, folder, signal }) {
  const backups = join(folder, 'backups')
  return withTraffic(url, async (traffic) =>
    withClient(url, async (reader) => {
      await reader.query('BEGIN; SELECT FROM orders LIMIT 1')
      const blocked = firstWait(url, signal)
      const ended = blocked.then(() => sleep(longTransactionMs)).then(() => reader.query('COMMIT'))
      await traffic.take()
      let toldAt
      const deploy =
        subject === 'guard'
          ? runGuard(
              [
                ...['deploy', '--yes', '--skip-backup', '--skip-rehearsal', '--backups', backups],
                ...[
                  '--lock-timeout',
                  `${lockTimeoutMs}ms`,
                  '--accept',
                  'schema-difference=the schema is empty',
                ],
              ],
              {
                url,
                cwd: project,
                signal,
                stdout: function* (line) {
                  if (String(line).includes('waiting for pid')) toldAt ??= Date.now()
                  yield line
                },
              },
            )
          : runPrisma(['migrate', 'deploy'], { cwd: project, url, signal })
      const { exitCode, stdout, stderr } = await deploy
      if (exitCode !== 0) throw new Error(`${subject} ended with exit code ${exitCode}: ${stdout}${stderr}`)
      await ended
      const { longestMs, queries, errors } = await traffic.take()
      if (errors.length > 0) throw new Error(`a client got an error: ${errors[0]}`)
      const detectedMs = toldAt === undefined ? undefined : toldAt - (await blocked)
      await rm(backups, { recursive: true, force: true })
      const told = detectedMs === undefined ? '' : `, blocker told after ${detectedMs.toFixed(0)} ms`
      console.log(
        `  ${subject.padEnd(6)} longest wait ${longestMs.toFixed(0)} ms of ${queries} queries${told}`,
      )
      return { longestMs, detectedMs }
    }),
  )
}

/** Since when the migration waits for its lock, by the server's own clock, which is this machine's: milliseconds since 1970. */
async function firstWait(url, signal) {
  return withClient(url, async (client) => {
    while (!signal.aborted) {
      const { rows } = await client.query(
        `SELECT extract(epoch FROM waitstart) * 1000 AS since FROM pg_locks
          WHERE relation = 'orders'::regclass AND mode = 'AccessExclusiveLock' AND NOT granted AND waitstart IS NOT NULL`,
      )
      if (rows.length > 0) return Number(rows[0].since)
      await sleep(5)
    }
  })
}

/**
 * Throughput with the watch and without, in windows that take turns; in percent, what the watch takes away. A third kind of
 * window, without the watch like the second, shows how much of it is noise.
 */
async function measureCost(url) {
  return withTraffic(url, (traffic) =>
    withClient(url, async (deploy) => {
      await deploy.query("SET application_name = 'the deploy'; BEGIN; SELECT FROM orders LIMIT 1")
      const watch = await openLockWatch(parseDatabaseUrl(url, 'the URL'), {
        applicationName: 'the watch',
        watched: 'the deploy',
        showsQueries: false,
      })
      const kinds = ['watched', 'alone', 'control']
      const rates = { watched: [], alone: [], control: [] }
      for (let window = 0; window < windows; window += 1) {
        // Each kind comes as often first, second and last.
        for (const kind of kinds.map((_, i) => kinds[(i + window) % kinds.length])) {
          await traffic.take()
          const startedAt = performance.now()
          while (performance.now() - startedAt < windowMs) {
            const nextAt = performance.now() + 100
            if (kind === 'watched') await watch.look()
            await sleep(Math.max(0, nextAt - performance.now()))
          }
          const { queries } = await traffic.take()
          rates[kind].push((queries * 1000) / (performance.now() - startedAt))
        }
      }
      await watch.end()
      const lossPercent = (kind) => (1 - median(rates[kind].map((rate, i) => rate / rates.alone[i]))) * 100
      console.log(
        `  ${median(rates.alone).toFixed(0)} queries a second, ${median(rates.watched).toFixed(0)} with the watch; noise ${lossPercent('control').toFixed(2)} %`,
      )
      return lossPercent('watched')
    }),
  )
}

/** Lends the traffic to `work`; `take` gives what there was since the last call. */
async function withTraffic(url, work) {
  const child = fork(fileURLToPath(new URL('traffic-clients.mjs', import.meta.url)), [
    url,
    String(clientCount),
  ])
  try {
    await once(child, 'message')
    return await work({
      take: async () => {
        child.send('take')
        const [taken] = await once(child, 'message')
        return taken
      },
    })
  } finally {
    if (child.connected) child.disconnect()
    if (child.exitCode === null) await once(child, 'exit')
  }
}
