// What the schema twin costs: `check` of 80 statements in 40 files, over 10, 70 and 400 tables, without a twin, with one for
// which nothing is kept yet, and with one that was kept, taking turns. `--scale 0.1` takes a tenth of the tables,
// `--command plan` measures a plan.
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkpoint, createDatabase, dropDatabase } from '../crm/databases.mjs'
import { root } from '../crm/paths.mjs'
import { runGuard, runPrisma } from '../crm/run.mjs'
import { onStage, Unexpected } from '../crm/stage.mjs'
import { cpuMsOfChildren } from './cpu.mjs'
import { formatFigure, formatSeconds, median } from './figures.mjs'

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    tables: { type: 'string', default: '10,70,400' },
    command: { type: 'string', default: 'check' },
  },
})
const scale = Number(values.scale)
const rounds = Number(values.rounds)
const sizes = values.tables.split(',').map((count) => Math.max(1, Math.round(Number(count) * scale)))

/** By number of tables: how many times as long a check may take with a twin as without. */
const goals = { 70: { first: 1.4, kept: 1.1 }, 400: { first: 1.5, kept: 1.1 } }

await onStage(async (stage) => {
  const figures = []
  for (const tables of sizes) figures.push(...(await measure(stage, tables)))
  console.log(`\n${figures.join('\n')}`)
})
// A benchmark tells; it does not judge. Only an interruption is passed on.
if (process.exitCode === 1) process.exitCode = 0

async function measure(stage, tables) {
  const name = `tables_${tables}`
  const project = join(stage.folder, name)
  const url = await createDatabase(stage.url, name)
  await layOut(project, tables)
  const applied = await runPrisma(['migrate', 'deploy'], { url, cwd: project, signal: stage.signal })
  if (applied.exitCode !== 0) throw new Unexpected(`the tables could not be made: ${applied.stderr}`)
  await addPending(project, tables)
  await checkpoint(url)
  const ways = {
    without: { twin: 'off', empties: false },
    first: { twin: 'local', empties: true },
    kept: { twin: 'local', empties: false },
  }
  const times = { without: [], first: [], kept: [] }
  const cpu = { without: [], first: [], kept: [] }
  for (let round = 0; round <= rounds; round++) {
    for (const [way, { twin, empties }] of Object.entries(ways)) {
      const cache = join(stage.folder, 'cache')
      if (empties) await rm(cache, { recursive: true, force: true })
      await mkdir(cache, { recursive: true })
      const cpuBefore = await cpuMsOfChildren()
      const durationMs = await timeOf(stage, { url, project, twin, cache })
      // The first round warms the disk's cache and counts for nothing.
      if (round === 0) continue
      times[way].push(durationMs)
      if (cpuBefore !== undefined) cpu[way].push((await cpuMsOfChildren()) - cpuBefore)
    }
  }
  await dropDatabase(stage.url, name)
  const [without, first, kept] = Object.values(times).map(median)
  const each = Object.entries(times).map(([way, all]) => `${way} ${all.map(formatSeconds).join(', ')}`)
  console.log(`\n${tables} tables: ${each.join('; ')}`)
  // On a busy machine the fastest of each tells more: others can only make a run slower.
  console.log(`  fastest ${compareLeast(times)} times as long`)
  if (cpu.without.length > 0) console.log(`  least CPU ${compareLeast(cpu)} times as much`)
  const goal = goals[tables]
  if (goal === undefined) return []
  return [
    formatFigure(`twin-first-${tables}-tables`, first / without, goal.first),
    formatFigure(`twin-kept-${tables}-tables`, kept / without, goal.kept),
  ]
}

/** The least of each way, and that of the others by that of the first. */
function compareLeast(ways) {
  const least = Object.values(ways).map((all) => Math.min(...all))
  const ratios = least.slice(1).map((ms) => (ms / least[0]).toFixed(2))
  return `${least.map(formatSeconds).join(', ')}: ${ratios.join(' and ')}`
}

async function timeOf({ signal }, { url, project, twin, cache }) {
  const startedAt = performance.now()
  const { stdout, stderr } = await runGuard([values.command, '--json', '--twin', twin], {
    url,
    cwd: project,
    signal,
    env: { XDG_CACHE_HOME: cache },
  })
  const durationMs = performance.now() - startedAt
  const report = JSON.parse(stdout || '{}')
  const isTold = values.command === 'plan' ? report.exitCode === 0 : report.prediction === 'succeeds'
  if (!isTold || report.findings.some(({ code }) => code === 'no-schema-twin'))
    throw new Unexpected(`the ${values.command} did not go as expected: ${stderr}${stdout}`)
  return durationMs
}

async function layOut(project, tables) {
  await mkdir(join(project, 'prisma'), { recursive: true })
  await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }\n')
  await symlink(join(root, 'node_modules'), join(project, 'node_modules'))
  await writeFile(
    join(project, 'prisma.config.ts'),
    `import { defineConfig } from 'prisma/config'

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? '' },
})
`,
  )
  await writeFile(join(project, 'prisma/schema.prisma'), 'datasource db {\n  provider = "postgresql"\n}\n')
  const columns = Array.from({ length: 9 }, (_, i) => `c${i} text DEFAULT 'x' CHECK (c${i} <> '')`)
  const sql = Array.from({ length: tables }, (_, i) => {
    const parent = i > 0 ? `REFERENCES t${i - 1}` : ''
    return `CREATE TABLE t${i} (id int PRIMARY KEY, ${columns.join(', ')}, p int ${parent});
CREATE INDEX ON t${i} (c1);
CREATE INDEX ON t${i} (c2);`
  })
  await addMigration(project, '20260101000000_tables', sql.join('\n'))
  await writeFile(join(project, 'prisma/migrations/migration_lock.toml'), 'provider = "postgresql"\n')
}

async function addPending(project, tables) {
  for (let i = 0; i < 40; i++) {
    const table = `t${i % tables}`
    await addMigration(
      project,
      `20260201${String(i).padStart(6, '0')}_column`,
      `ALTER TABLE ${table} ADD COLUMN d${i} int;\nCREATE INDEX i${i} ON ${table} (d${i});\n`,
    )
  }
}

async function addMigration(project, name, sql) {
  const folder = join(project, 'prisma/migrations', name)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'migration.sql'), sql)
}
