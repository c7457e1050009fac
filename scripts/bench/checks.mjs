// What it costs to know beforehand: each question that the check asks of the live rows against the statement that it
// foresees, on the same tables, taking turns. Then the whole check of the worked example against really running it.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { limitQuestions } from '../../dist/checks/answer.js'
import { makeForecast } from '../../dist/forecast/forecast.js'
import { loadParser, parseStatements } from '../../dist/sql/parser.js'
import { createDatabase } from '../crm/databases.mjs'
import { makeOldCrm } from '../crm/old-crm.mjs'
import { root } from '../crm/paths.mjs'
import { onStage } from '../crm/stage.mjs'
import { formatFigure, formatSeconds, median } from './figures.mjs'
import { withClient } from './with-client.mjs'

const { values } = parseArgs({
  options: { scale: { type: 'string', default: '1' }, rounds: { type: 'string', default: '3' } },
})
const scale = Number(values.scale)
const rounds = Number(values.rounds)
const migration = 'prisma/migrations/20261120043400_hierarchical_contacts/migration.sql'

const customers = Math.round(5_000_000 * scale)
const orders = Math.round(20_000_000 * scale)
const tables = `
  CREATE TABLE companies AS SELECT i AS id, 'Company ' || i AS name FROM generate_series(1, ${Math.ceil(customers / 25)}) i;
  ALTER TABLE companies ADD PRIMARY KEY (id);
  CREATE TABLE customers AS
  SELECT i AS id, i % 500 AS tenant_id, 'Customer ' || i AS name, 'user' || i || '@example.com' AS email,
         '+49 ' || i AS phone, 1 + i % ${Math.ceil(customers / 25)} AS company_id, now() - i * interval '1 second' AS created_at,
         'note ' || i AS note
    FROM generate_series(1, ${customers}) i;
  ALTER TABLE customers ADD PRIMARY KEY (id);
  CREATE TABLE orders AS
  SELECT i AS id, 1 + (i * 7919::bigint) % ${customers} AS customer_id, (i % 10000)::numeric(10, 2) AS total FROM generate_series(1, ${orders}) i;
  ALTER TABLE orders ADD PRIMARY KEY (id), ALTER customer_id TYPE int;`
const faults = `
  INSERT INTO orders SELECT ${orders} + i, ${customers} + 1, 1 FROM generate_series(1, 5) i;
  INSERT INTO customers SELECT ${customers} + 1 + i, 1 + i, 'Again', 'user' || (501 + i) || '@example.com', '', 1, now(), ''
    FROM generate_series(0, 27) i;`

const columns = ['tenant_id', 'name', 'email', 'phone', 'company_id', 'created_at', 'note']
const cases = [
  {
    name: 'nulls-of-all-columns',
    goal: 1.3,
    foreseen: columns.map((column) => `ALTER TABLE customers ALTER ${column} SET NOT NULL;`).join('\n'),
    really: 'ALTER TABLE customers ALTER email SET NOT NULL',
  },
  {
    name: 'no-duplicates-proved',
    goal: 0.7,
    foreseen: 'CREATE UNIQUE INDEX k ON customers (tenant_id, email);',
    really: 'CREATE INDEX k ON customers (tenant_id, email)',
  },
  {
    name: 'duplicates-listed',
    goal: 1.3,
    isFaulty: true,
    foreseen: 'CREATE UNIQUE INDEX k ON customers (tenant_id, email);',
    really: 'CREATE INDEX k ON customers (tenant_id, email)',
  },
  {
    name: 'orphans-counted',
    goal: 0.6,
    isFaulty: true,
    foreseen: 'ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (customer_id) REFERENCES customers (id);',
    before:
      'DELETE FROM orders WHERE id > ' +
      orders +
      '; ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID',
    really: 'ALTER TABLE orders VALIDATE CONSTRAINT f',
  },
]

await onStage(async (stage) => {
  await loadParser()
  const figures = []
  console.log(`${customers.toLocaleString('en-US')} customers, ${orders.toLocaleString('en-US')} orders`)
  const clean = await createDatabase(stage.url, 'clean')
  await withClient(clean, (client) => client.query(`${tables} ANALYZE`))
  await withClient(clean, (client) => client.query('VACUUM'))
  const faulty = await createDatabase(stage.url, 'faulty', { template: 'clean' })
  await withClient(faulty, (client) => client.query(`${faults} ANALYZE`))
  for (const one of cases) {
    const url = one.isFaulty ? faulty : clean
    const ratio = await compare(
      one.name,
      () => foresee(url, one.foreseen),
      () => reallyRun(url, one),
    )
    figures.push(formatFigure(one.name, ratio, one.goal))
  }
  figures.push(formatFigure('worked-example', await measureExample(stage), 0.25))
  console.log(`\n${figures.join('\n')}`)
})
if (process.exitCode === 1) process.exitCode = 0

/** Both sides take turns; gives the ratio of the medians. */
async function compare(name, check, really) {
  const [checks, runs] = [[], []]
  for (let round = 1; round <= rounds; round++) {
    const turns = [async () => checks.push(await check()), async () => runs.push(await really())]
    for (const turn of round % 2 === 1 ? turns : turns.reverse()) await turn()
  }
  const [checkMs, runMs] = [median(checks), median(runs)]
  console.log(`${name.padEnd(24)} ${formatSeconds(checkMs)} to know, ${formatSeconds(runMs)} to run`)
  return checkMs / runMs
}

/** How long the check's questions about these statements take, the reading of the catalog included. */
async function foresee(url, sql) {
  const { statements } = parseStatements(sql)
  const file = { migration: 'bench', file: 'bench.sql', statements, execution: { mode: 'all-or-nothing' } }
  return withReaders(url, async (readers) => {
    const start = performance.now()
    await makeForecast([file], readers, 'public')
    return performance.now() - start
  })
}

/** How long the server takes for it, which is then undone. */
async function reallyRun(url, { before, really }) {
  return withClient(url, async (client) => {
    await client.query(`BEGIN; ${before ?? ''}`)
    const start = performance.now()
    await client.query(really)
    const durationMs = performance.now() - start
    await client.query('ROLLBACK')
    return durationMs
  })
}

/** The worked example at 2 million customers and 5 million orders. */
async function measureExample({ url, folder, signal }) {
  const old = await makeOldCrm({ url, folder, signal, name: 'example', scale: 10 * scale, duplicates: false })
  await withClient(old.url, (client) => client.query('VACUUM ANALYZE'))
  const sql = await readFile(join(root, migration), 'utf8')
  return compare(
    'worked-example',
    () => foresee(old.url, sql),
    () => reallyRun(old.url, { really: sql }),
  )
}

async function withReaders(url, work) {
  return withClient(url, (one) =>
    withClient(url, async (other) => {
      const readers = [one, other]
      await one.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
      const { rows } = await one.query('SELECT pg_export_snapshot() AS id')
      await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
      await other.query(`SET TRANSACTION SNAPSHOT '${rows[0].id}'`)
      for (const reader of readers) await limitQuestions(reader, 0)
      return work(readers)
    }),
  )
}
