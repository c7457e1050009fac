// What a file of many statements costs the server that is asked about it: how the time grows from ten statements to ten
// thousand of each kind, and how much of the server's own time a check of 2,000 INSERTs takes beside really running them.
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { limitQuestions } from '../../dist/checks/answer.js'
import { makeForecast } from '../../dist/forecast/forecast.js'
import { executionModelOf } from '../../dist/sql/execution-model.js'
import { loadParser, parseStatements } from '../../dist/sql/parser.js'
import { createDatabase } from '../crm/databases.mjs'
import { onStage } from '../crm/stage.mjs'
import { formatFigure, formatSeconds, median } from './figures.mjs'
import { withClient } from './with-client.mjs'

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
  },
})
const scale = Number(values.scale)
const rounds = Number(values.rounds)
const counts = [10, 100, 1_000, 10_000].map((count) => Math.max(1, Math.round(count * scale)))
const plainCount = Math.round(2_000 * scale)

/** Rows that are there before; the statements hit a part of them. */
const rows = 20_000
const table = `
  CREATE TABLE articles (
    id int PRIMARY KEY, sku text NOT NULL UNIQUE, name text NOT NULL, price numeric(10, 2) NOT NULL CHECK (price >= 0),
    is_active boolean NOT NULL DEFAULT true, created_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO articles (id, sku, name, price)
  SELECT i, 'sku-' || i, 'Article ' || i, i % 100 FROM generate_series(1, ${rows}) i;`

const insertAs = (id, i) =>
  `INSERT INTO articles (id, sku, name, price) VALUES (${id}, 'sku-${id}', 'New article ${i}', ${i % 50}.99)`
const insert = (i) => insertAs(rows + i, i)
const updateByKey = (i) => `UPDATE articles SET name = 'Renamed ${i}' WHERE id = ${i}`
const remove = (i) => `DELETE FROM articles WHERE id = ${i}`
const kinds = {
  insert,
  'insert-on-conflict': (i) =>
    `${insertAs(i % 2 === 0 ? i : rows + i, i)} ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, price = EXCLUDED.price`,
  'update-by-key': updateByKey,
  'update-by-other-column': (i) => `UPDATE articles SET price = ${i % 90} WHERE sku = 'sku-${i}'`,
  delete: remove,
  mixed: (i) => [insert, updateByKey, remove][i % 3](i),
}

await onStage(async ({ url }) => {
  await loadParser()
  const database = await createDatabase(url, 'statements')
  await withClient(database, (client) => client.query(table))
  await withClient(database, (client) => client.query('VACUUM ANALYZE'))
  const figures = []
  for (const [kind, make] of Object.entries(kinds)) {
    if (values.only !== undefined && values.only !== kind) continue
    const each = []
    for (const count of counts) {
      const sql = fileOf(make, count)
      const taken = []
      for (let round = 0; round < rounds; round++) taken.push(await check(database, sql))
      const ms = median(taken.map((one) => one.ms))
      const cpuMs = median(taken.map((one) => one.cpuMs))
      console.log(
        `${kind.padEnd(24)} ${count.toLocaleString('en-US').padStart(7)} statements ${formatSeconds(ms).padStart(8)}, ${(ms / count).toFixed(3)} ms each, ${formatSeconds(cpuMs)} of the server${taken[0].said}`,
      )
      if (count >= 100 * scale) each.push(ms / count)
    }
    figures.push(formatFigure(`statements-${kind}-growth`, growthOf(each), 2))
  }
  if (values.only === undefined || values.only === 'insert')
    figures.push(formatFigure('statements-2000-inserts-server-cpu', await compareWithRunning(database), 3))
  console.log(`\n${figures.join('\n')}`)
})
if (process.exitCode === 1) process.exitCode = 0

function fileOf(make, count) {
  return Array.from({ length: count }, (_, i) => `${make(i + 1)};\n`).join('')
}

/** How much more a statement costs in a longer file than in any shorter one. */
function growthOf(each) {
  let most = 1
  for (const [i, one] of each.entries())
    for (const longer of each.slice(i + 1)) most = Math.max(most, longer / one)
  return most
}

async function compareWithRunning(database) {
  const sql = fileOf(insert, plainCount)
  const [checks, runs] = [[], []]
  for (let round = 1; round <= rounds; round++) {
    const turns = [
      async () => checks.push((await check(database, sql)).cpuMs),
      async () => runs.push(await reallyRun(database, sql)),
    ]
    for (const turn of round % 2 === 1 ? turns : turns.reverse()) await turn()
  }
  const [checkMs, runMs] = [median(checks), median(runs)]
  console.log(
    `${plainCount.toLocaleString('en-US')} INSERTs: ${checkMs.toFixed(0)} ms of the server to know, ${runMs.toFixed(0)} ms to run`,
  )
  return checkMs / runMs
}

/** The whole forecast of one file, the reading of the catalog included, as the check step asks for it. */
async function check(database, sql) {
  const { statements } = parseStatements(sql)
  const file = { migration: 'bench', file: 'bench.sql', statements, execution: executionModelOf(statements) }
  return withReaders(database, async (readers) => {
    const start = performance.now()
    const before = await cpuOf(readers)
    const { failure, doubts } = await makeForecast([file], readers, 'public')
    const ms = performance.now() - start
    if (failure) throw new Error(`unexpected failure: ${failure.title}`)
    const cpuMs = (await cpuOf(readers)) - before
    return { ms, cpuMs, said: doubts.length > 0 ? `, decided by rehearsal: ${doubts[0].reason}` : '' }
  })
}

/** As the engine runs a file, one statement after the other; undone afterwards. */
async function reallyRun(database, sql) {
  const { statements } = parseStatements(sql)
  return withClient(database, async (client) => {
    await client.query('BEGIN')
    const before = await cpuOf([client])
    for (const statement of statements) await client.query(statement.sql)
    const cpuMs = (await cpuOf([client])) - before
    await client.query('ROLLBACK')
    return cpuMs
  })
}

/** What the backends have used of the processor, in milliseconds: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
async function cpuOf(clients) {
  let ticks = 0
  for (const client of clients) {
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
    const stat = await readFile(`/proc/${rows[0].pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks * 10
}

async function withReaders(url, work) {
  return withClient(url, (one) =>
    withClient(url, async (other) => {
      const readers = [one, other]
      await one.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
      const { rows } = await one.query('SELECT pg_export_snapshot() AS id')
      await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
      await other.query(`SET TRANSACTION SNAPSHOT '${rows[0].id}'`)
      for (const reader of readers) await limitQuestions(reader, 60_000)
      return work(readers)
    }),
  )
}
