// What it costs to prove that nothing was lost: the fingerprint of a table against the cheapest scans of it, taking turns.
import { parseArgs } from 'node:util'
import pg from 'pg'
import { readFingerprintRequests } from '../../dist/postgres/fingerprint/read-requests.js'
import { fingerprintTables } from '../../dist/postgres/fingerprint/tables.js'
import { createDatabase } from '../crm/databases.mjs'
import { onStage } from '../crm/stage.mjs'
import { formatFigure, formatSeconds, median } from './figures.mjs'

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
const tables = `
  CREATE TABLE customers AS ${customerColumns}, 'note ' || i AS note FROM generate_series(1, ${customers}) i;
  ALTER TABLE customers ADD PRIMARY KEY (id);
  CREATE TABLE customers_with_jsonb AS
  ${customerColumns}, jsonb_build_object('plan', 'pro', 'seats', i % 50) AS meta FROM generate_series(1, ${customers}) i;
  ALTER TABLE customers_with_jsonb ADD PRIMARY KEY (id);
  CREATE TABLE orders AS
  SELECT i AS id, (1 + (i * 7919::bigint) % ${customers})::int AS customer_id, (i % 10000)::numeric(10, 2) AS total
    FROM generate_series(1, ${orders}) i;
  ALTER TABLE orders ADD PRIMARY KEY (id);`

await onStage(async (stage) => {
  console.log(`${customers.toLocaleString('en-US')} customers, ${orders.toLocaleString('en-US')} orders`)
  const url = await createDatabase(stage.url, 'snapshot')
  await withClient(url, (client) => client.query(tables))
  await withClient(url, (client) => client.query('VACUUM ANALYZE'))
  const figures = await measureFingerprints(url)
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

async function withClient(connectionString, work) {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
