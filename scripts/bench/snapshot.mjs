// What it costs to prove that nothing was lost: the fingerprint of a table against the cheapest scans of it, then the backup
// with its fingerprints, restored and compared, against the pg_dump alone; each time taking turns.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readFingerprintRequests } from '../../dist/postgres/fingerprint/read-requests.js'
import { fingerprintTables } from '../../dist/postgres/fingerprint/tables.js'
import { takeSnapshot } from '../../dist/postgres/snapshot.js'
import { parseDatabaseUrl } from '../../dist/settings/database-url.js'
import { createDatabase } from '../crm/databases.mjs'
import { run } from '../crm/run.mjs'
import { onStage } from '../crm/stage.mjs'
import { formatFigure, formatSeconds, median } from './figures.mjs'
import { watchPeakMemory } from './peak-memory.mjs'
import { withClient } from './with-client.mjs'

const { values } = parseArgs({
  options: { scale: { type: 'string', default: '1' }, rounds: { type: 'string', default: '3' } },
})
const rounds = Number(values.rounds)
const customers = Math.round(5_000_000 * Number(values.scale))
const orders = Math.round(20_000_000 * Number(values.scale))

// Customers as in bench:checks; the same with a jsonb, whose hash must go by its text, in the place of the note; orders.
const customerColumns = `
  SELECT i AS id, i % 500 AS tenant_id, 'Customer ' || i AS name, 'user' || i || '@example.com' AS email,
         CASE WHEN i % 7 > 0 THEN '+49 ' || i END AS phone, 1 + i % ${Math.ceil(customers / 25)} AS company_id,
         (now() - i * interval '1 second')::timestamptz(3) AS created_at`
const customersWithJsonb = `
  CREATE TABLE customers_with_jsonb AS
  ${customerColumns}, jsonb_build_object('plan', 'pro', 'seats', i % 50) AS meta FROM generate_series(1, ${customers}) i;
  ALTER TABLE customers_with_jsonb ADD PRIMARY KEY (id);`
const tablesOf = (factor) => `
  CREATE TABLE customers AS ${customerColumns}, 'note ' || i AS note FROM generate_series(1, ${Math.round(customers * factor)}) i;
  ALTER TABLE customers ADD PRIMARY KEY (id);
  CREATE TABLE orders AS
  SELECT i AS id, (1 + (i * 7919::bigint) % ${customers})::int AS customer_id, (i % 10000)::numeric(10, 2) AS total
    FROM generate_series(1, ${Math.round(orders * factor)}) i;
  ALTER TABLE orders ADD PRIMARY KEY (id);`

await onStage(async (stage) => {
  console.log(`${customers.toLocaleString('en-US')} customers, ${orders.toLocaleString('en-US')} orders`)
  const url = await createDatabase(stage.url, 'snapshot')
  await withClient(url, (client) => client.query(tablesOf(1) + customersWithJsonb))
  await withClient(url, (client) => client.query('VACUUM ANALYZE'))
  const figures = await measureFingerprints(url)
  await withClient(url, (client) => client.query('DROP TABLE customers_with_jsonb'))
  figures.push(...(await measureBackup(url, stage)))
  console.log(`\n${figures.join('\n')}`)
})
if (process.exitCode === 1) process.exitCode = 0

/** Each table's fingerprint, with its counts of NULLs, against counting the values of all columns and counting the rows. */
async function measureFingerprints(url) {
  return withClient(url, async (client) => {
    await client.query('SET jit = off')
    const figures = []
    for (const request of await readFingerprintRequests(client)) {
      const touched = request.columns.map(({ name }) => `count("${name}")`).join(', ')
      const [fingerprintMs, touchMs, countMs] = await takeTurns([
        () => fingerprintTables([client], [request]),
        () => client.query(`SELECT ${touched} FROM "${request.table}"`),
        // An index would be counted otherwise.
        () => client.query(`SET enable_indexonlyscan = off; SELECT count(*) FROM "${request.table}"`),
      ])
      console.log(
        `${request.table.padEnd(20)} fingerprint ${formatSeconds(fingerprintMs)}, all columns ${formatSeconds(touchMs)}, count(*) ${formatSeconds(countMs)}`,
      )
      const name = request.table.replaceAll('_', '-')
      figures.push(
        formatFigure(`fingerprint-${name}-to-all-columns`, fingerprintMs / touchMs, 2.2),
        formatFigure(`fingerprint-${name}-to-count`, fingerprintMs / countMs, 5),
      )
    }
    return figures
  })
}

/** The backup as a run makes it, alone and with its restore, against the same pg_dump with nothing beside it. */
async function measureBackup(url, { url: serverUrl, folder, signal }) {
  const halfUrl = await createDatabase(serverUrl, 'half')
  await withClient(halfUrl, (client) => client.query(tablesOf(0.5)))
  await withClient(halfUrl, (client) => client.query('VACUUM ANALYZE'))
  const told = { whole: [], half: [] }
  const [dumpMs, sharedMs] = await takeTurns([
    () => dumpAlone(url, folder, signal),
    () => dumpShared(url, folder, signal),
    async () => told.whole.push(await backUp(url, signal)),
    async () => told.half.push(await backUp(halfUrl, signal)),
  ])
  // The first of each was to warm up.
  const of = ([, ...runs], name) => median(runs.map((one) => one[name]))
  const [besideMs, backupMs, allMs, halfMs] = [
    of(told.whole, 'dumpMs'),
    of(told.whole, 'backupMs'),
    of(told.whole, 'allMs'),
    of(told.half, 'allMs'),
  ]
  console.log(
    `pg_dump alone ${formatSeconds(dumpMs)}, on a shared snapshot ${formatSeconds(sharedMs)}, beside the fingerprints ${formatSeconds(besideMs)}; backup ${formatSeconds(backupMs)}; backup, restore and comparison ${formatSeconds(allMs)}, of half the rows ${formatSeconds(halfMs)}`,
  )
  await printWriter(url, signal)
  const peaks = told.whole.flatMap(({ peakMegabytes }) => peakMegabytes ?? [])
  return [
    formatFigure('dump-on-shared-snapshot-to-dump', sharedMs / dumpMs, 1.05),
    formatFigure('dump-beside-fingerprints-to-dump', besideMs / dumpMs, 1.05),
    formatFigure('backup-restore-comparison-to-dump', allMs / dumpMs, 3.7),
    formatFigure('cost-of-a-row-to-cost-at-half-the-rows', allMs / (2 * halfMs), 1.1),
    ...(peaks.length > 0 ? [formatFigure('node-peak-megabytes', Math.max(...peaks), 200)] : []),
  ]
}

/** With the guard's options. */
async function dumpAlone(url, folder, signal, more = []) {
  const path = join(folder, 'dump-alone')
  const options = ['--format=directory', '--jobs=2', '--compress=1', `--file=${path}`, `--dbname=${url}`]
  mustSucceed(await run('pg_dump', [...options, ...more], { signal }))
  await rm(path, { recursive: true })
}

async function dumpShared(url, folder, signal) {
  const snapshot = await takeSnapshot(parseDatabaseUrl(url, 'DATABASE_URL'), { applicationName: 'bench' })
  try {
    await dumpAlone(url, folder, signal, [`--snapshot=${snapshot.id}`])
  } finally {
    await snapshot.release()
  }
}

async function backUp(url, signal, options = ['--restore']) {
  const script = fileURLToPath(new URL('backup-run.mjs', import.meta.url))
  let stopWatching = () => undefined
  const onStart = (pid) => {
    stopWatching = watchPeakMemory(pid)
  }
  const result = await run(process.execPath, [script, ...options], { url, signal, onStart })
  const peakMegabytes = stopWatching()
  mustSucceed(result)
  return { ...JSON.parse(result.stdout), peakMegabytes }
}

function mustSucceed({ exitCode, stderr }) {
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${stderr}`)
}

/** What a writer gets done in a second, alone and beside the backup; only printed. */
async function printWriter(url, signal) {
  const alone = await countWrites(url, () => new Promise((resolve) => setTimeout(resolve, 5000)))
  const beside = await countWrites(url, () => backUp(url, signal, []))
  const rate = (number) => `${Math.round(number).toLocaleString('en-US')} updates a second`
  console.log(`a writer: ${rate(alone)} alone, ${rate(beside)} beside the backup`)
}

async function countWrites(url, work) {
  let isOver = false
  let count = 0
  const start = performance.now()
  const writing = withClient(url, async (client) => {
    while (!isOver) {
      await client.query('UPDATE orders SET total = total + 1 WHERE id = $1', [1 + ((count * 7919) % orders)])
      count += 1
    }
  })
  await Promise.race([work(), writing])
  isOver = true
  await writing
  return (count * 1000) / (performance.now() - start)
}

/** Does all of them in each round, each time another one first; gives the median duration of each, in milliseconds. */
async function takeTurns(works) {
  const durations = works.map(() => [])
  for (const work of works) await work()
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < works.length; turn++) {
      const place = (round + turn) % works.length
      const start = performance.now()
      await works[place]()
      durations[place].push(performance.now() - start)
    }
  }
  return durations.map(median)
}
