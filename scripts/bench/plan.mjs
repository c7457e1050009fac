// How long `plan --offline` takes over a thousand migrations, against squawk and pgfence on the same files, taking turns.
// `--from <folder>` takes the migrations from real folders, any number of them, instead of making some up.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readFileText } from '../../dist/sql/file-text.js'
import { loadParser, parseStatements } from '../../dist/sql/parser.js'
import { formatFigure, median } from './figures.mjs'
import { makeMigrations } from './migrations.mjs'

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
    from: { type: 'string', multiple: true },
  },
})
const count = Math.round(1000 * Number(values.scale))
const rounds = Number(values.rounds)

const goals = { squawk: 2, pgfence: 1 }

const folder = await mkdtemp(join(tmpdir(), 'migrate-guard-bench-'))
try {
  const files = await layOut(values.from ? await collect(values.from) : makeMigrations(count))
  const contenders = listContenders(files)
  const times = new Map(contenders.map(({ name }) => [name, []]))
  // The first run of each warms the disk's cache and counts for nothing.
  for (let round = 0; round <= rounds; round++) {
    const turns = round % 2 === 0 ? contenders : contenders.toReversed()
    for (const contender of turns) {
      const durationMs = await timeOf(contender)
      if (round > 0) times.get(contender.name).push(durationMs)
    }
  }
  const medians = new Map([...times].map(([name, all]) => [name, median(all)]))
  for (const [name, ms] of medians) {
    const all = times.get(name).map((time) => time.toFixed(0))
    console.log(`  ${name.padEnd(22)} ${ms.toFixed(0).padStart(5)} ms   of ${all.join(', ')}`)
  }
  const guardMs = medians.get('migrate-guard')
  console.log()
  for (const [name, goal] of Object.entries(goals))
    console.log(formatFigure(`plan-offline-to-${name}`, guardMs / medians.get(name), goal))
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** All real migrations of the folders, those of different folders under different names. */
async function collect(folders) {
  const found = []
  for (const [at, from] of folders.entries()) {
    for (const name of (await readdir(from)).sort()) {
      const sql = await readFile(join(from, name, 'migration.sql')).catch(() => undefined)
      if (sql) found.push([`${String(at).padStart(2, '0')}_${name}`, sql])
    }
  }
  return found.slice(0, count)
}

/** Lays them out as a project of Prisma's. One that Postgres cannot parse ends pgfence, so it is left out for all. */
async function layOut(migrations) {
  await loadParser()
  const files = []
  let bytes = 0
  for (const [name, sql] of migrations) {
    const read = readFileText(Buffer.from(sql))
    if ('problem' in read || 'problem' in parseStatements(read.text)) continue
    const file = join('prisma/migrations', name, 'migration.sql')
    await mkdir(join(folder, 'prisma/migrations', name), { recursive: true })
    await writeFile(join(folder, file), sql)
    files.push(file)
    bytes += Buffer.byteLength(sql)
  }
  await writeFile(
    join(folder, 'prisma.config.ts'),
    `import { defineConfig, env } from 'prisma/config'

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: env('DATABASE_URL') },
})
`,
  )
  const left = migrations.length - files.length
  console.log(
    `${files.length} migrations, ${(bytes / 1e6).toFixed(1)} MB${left > 0 ? `, ${left} that Postgres cannot parse left out` : ''}`,
  )
  return files
}

/** Each as its user runs it, but without npx. squawk is a program of its own; the script that npm installs starts it. */
function listContenders(files) {
  const { resolve } = createRequire(import.meta.url)
  const fromSquawk = createRequire(resolve('squawk-cli/package.json'))
  const squawk = fromSquawk.resolve(`@squawk-cli/${process.platform}-${process.arch}/bin/squawk`)
  const guard = resolve('../../dist/cli/main.js')
  const pgfence = join(resolve('@flvmnt/pgfence/package.json'), '../dist/index.js')
  return [
    { name: 'migrate-guard', file: process.execPath, args: [guard, 'plan', '--offline'], fine: [0, 3] },
    { name: 'squawk', file: squawk, args: files, fine: [0, 1] },
    { name: 'pgfence', file: process.execPath, args: [pgfence, 'analyze', ...files], fine: [0] },
  ]
}

async function timeOf({ name, file, args, fine }) {
  const startedAt = performance.now()
  const child = spawn(file, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  if (!fine.includes(code)) throw new Error(`${name} ended with ${code}: ${said}`)
  return performance.now() - startedAt
}
