// Whether plan and check stay usable on large databases and long lists of pending files: each size is measured beside half of it,
// in one run. Twice as much may take twice as long, and no longer.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createDatabase } from '../crm/databases.mjs'
import { runGuard } from '../crm/run.mjs'
import { onStage } from '../crm/stage.mjs'
import { cpuMsOfChildren } from './cpu.mjs'
import { formatFigure, formatSeconds } from './figures.mjs'
import { makeMigrations } from './migrations.mjs'
import { withClient } from './with-client.mjs'

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } })
const scale = Number(values.scale)
const mostTables = Math.round(1500 * scale)
const mostFiles = Math.round(300 * scale)

/** Twice the work, and a tenth for what one run alone cannot tell. */
const growthGoal = 2.2

const commands = [
  ['plan', ['plan']],
  ['check without twin', ['check', '--twin', 'off']],
  ['check', ['check']],
]

await onStage(async (stage) => {
  const figures = []
  figures.push(...(await measure(stage, 'tables', [mostTables / 2, mostTables], layOutTables)))
  figures.push(...(await measure(stage, 'files', [mostFiles / 2, mostFiles], layOutFiles)))
  console.log(`\n${figures.join('\n')}`)
})
// A benchmark tells; it does not judge. Only an interruption is passed on.
if (process.exitCode === 1) process.exitCode = 0

async function measure(stage, what, sizes, layOut) {
  const times = []
  for (const size of sizes.map(Math.round)) {
    const project = await layOut(stage, size)
    const row = new Map()
    for (const [name, words] of commands) {
      const [begun, cpuBefore] = [performance.now(), await cpuMsOfChildren()]
      const { exitCode, stderr } = await runGuard(words, { ...project, signal: stage.signal })
      const durationMs = performance.now() - begun
      const cpuMs = cpuBefore === undefined ? undefined : (await cpuMsOfChildren()) - cpuBefore
      row.set(name, { durationMs, cpuMs })
      if (exitCode === 1 || exitCode === undefined) console.error(stderr)
    }
    console.log(`  ${String(size).padStart(5)} ${what}  ${[...row].map(formatCell).join('   ')}`)
    times.push(row)
  }
  const [half, whole] = times
  // By the CPU, where the system tells it: other work on the machine makes a run longer by chance.
  return commands.map(([name]) => {
    const [one, two] = [half.get(name), whole.get(name)]
    const growth = one.cpuMs === undefined ? two.durationMs / one.durationMs : two.cpuMs / one.cpuMs
    return formatFigure(`growth-${what}-${name.replaceAll(' ', '-')}`, growth, growthGoal)
  })
}

function formatCell([name, { durationMs, cpuMs }]) {
  const cpu = cpuMs === undefined ? '' : ` (CPU ${formatSeconds(cpuMs)})`
  return `${name} ${formatSeconds(durationMs)}${cpu}`
}

/** Many tables, of which ten pending statements touch some. */
async function layOutTables(stage, count) {
  const url = await createDatabase(stage.url, `tables_${count}`)
  await withClient(url, async (client) => {
    for (let at = 0; at < count; at++) await client.query(tableSql(at))
    await client.query('ANALYZE')
  })
  const pending = Array.from({ length: 10 }, (_, at) => {
    const table = `table_${Math.floor((at * count) / 10)}`
    return at % 2 === 0
      ? `ALTER TABLE ${table} ADD COLUMN added TEXT NOT NULL DEFAULT '';`
      : `CREATE UNIQUE INDEX ${table}_key ON ${table} (name, id);`
  })
  return makeProject(stage, `tables-${count}`, url, [['20260101000000_ten', pending.join('\n')]])
}

function tableSql(at) {
  const parent = at === 0 ? '' : `, parent_id INTEGER REFERENCES table_${at - 1} (id)`
  return `CREATE TABLE table_${at} (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (name <> ''), status TEXT, made TIMESTAMP NOT NULL DEFAULT now()${parent});
    CREATE INDEX ON table_${at} (status, made);
    INSERT INTO table_${at} (id, name) SELECT i, 'name ' || i FROM generate_series(1, 20) i`
}

/** A whole history that is pending. */
async function layOutFiles(stage, count) {
  const url = await createDatabase(stage.url, `files_${count}`)
  return makeProject(stage, `files-${count}`, url, makeMigrations(count))
}

async function makeProject(stage, name, url, migrations) {
  const cwd = join(stage.folder, name)
  for (const [migration, sql] of migrations) {
    await mkdir(join(cwd, 'prisma/migrations', migration), { recursive: true })
    await writeFile(join(cwd, 'prisma/migrations', migration, 'migration.sql'), sql)
  }
  await writeFile(join(cwd, 'prisma/schema.prisma'), 'datasource db {\n  provider = "postgresql"\n}\n')
  await writeFile(join(cwd, 'package.json'), '{ "private": true }\n')
  return { url, cwd }
}
