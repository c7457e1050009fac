// Runs the measured faults and prints how often the guard, and a bare `prisma migrate deploy`, were right.
//   node scripts/faults.mjs [group…] [--all|--sample] [--seed <n>] [--write] [--log <file>]
//   node scripts/faults.mjs --from <file> [--from <file>…] [--note <text>…] [--write]
// --all tries everything (the default), --sample some; --log keeps what was tried in a file, also when the run is cut
// short; --from runs nothing and makes the table of such files; --write puts the table into docs/reliability.md, with each
// --note below it. Exits 1 when the guard was wrong once, or a test failed.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { formatTable, measuredWith, readTried, root, writeBetween } from './reliability-page.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: 'boolean', default: false },
    sample: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
    log: { type: 'string' },
    from: { type: 'string', multiple: true },
    note: { type: 'string', multiple: true, default: [] },
  },
})

const known = readdirSync(join(root, 'test/faults/measured'))
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => name.replace('.test.ts', ''))
const groups = positionals.map((name) => name.replaceAll(' ', '-'))
const unknown = groups.filter((name) => !known.includes(name))

if (unknown.length > 0) {
  console.error(`no such group: ${unknown.join(', ')}; there are ${known.join(', ')}`)
  process.exitCode = 2
} else if (values.from) {
  process.exitCode = show(readTried(...values.from))
} else {
  process.exitCode = measure(groups.length > 0 ? groups : known)
}

/** Gives the exit code. */
function measure(names) {
  const folder = mkdtempSync(join(tmpdir(), 'guard-faults-'))
  const log = values.log ? resolve(values.log) : join(folder, 'tried.ndjson')
  const startedAt = Date.now()
  const { status } = spawnSync(
    process.execPath,
    [
      join(root, 'scripts/test.mjs'),
      ...(values.sample ? [] : ['--long']),
      // One group after the other: each tries two scenes at a time already.
      '--runInBand',
      ...names.map((name) => `test/faults/measured/${name}.test.ts`),
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, MIGRATE_GUARD_FAULTS_LOG: log, MIGRATE_GUARD_FAULTS_SEED: values.seed },
    },
  )
  const tried = existsSync(log) ? readTried(log) : []
  rmSync(folder, { recursive: true })
  const minutes = Math.ceil((Date.now() - startedAt) / 60_000)
  return show(tried, `, in ${minutes} minutes`) || (status === 0 ? 0 : 1)
}

/** Prints the table and what the guard had wrong. Gives the exit code. */
function show(tried, duration = '') {
  const table = makeTable(tried)
  const wrong = tried.filter(({ subject, right }) => subject === 'guard' && !right)
  console.log(`\n${table}\n`)
  for (const one of wrong) console.log(`wrong: ${one.group}, ${one.name}: ${one.wrong}`)
  console.log(`wrong verdicts of the guard: ${wrong.length} (seed ${values.seed}${duration})`)
  if (values.write) writeTable(table, duration)
  return wrong.length === 0 ? 0 : 1
}

function makeTable(tried) {
  const groups = [...new Set(tried.map(({ group }) => group))]
  const cells = (own) =>
    ['guard', 'prisma'].flatMap((subject) => {
      const of = own.filter((one) => one.subject === subject)
      return of.length === 0 ? ['–', '–'] : [of.length, of.filter(({ right }) => right).length]
    })
  return formatTable([
    ['faults', 'guard tried', 'guard right', 'bare Prisma tried', 'bare Prisma right'],
    ...groups.map((group) => [group, ...cells(tried.filter((one) => one.group === group))]),
    ['**all**', ...cells(tried)],
  ])
}

function writeTable(table, duration) {
  // What was measured at different moments was measured by the same command, group after group.
  const given = values.from ? [] : process.argv.slice(2).filter((word) => word !== '--write')
  const command = ['npm run test:faults', ...given].join(' ').replace('faults -', 'faults -- -')
  writeBetween(
    'table',
    [table, `${measuredWith()}, by \`${command}\`${duration}.`, ...values.note].join('\n\n'),
  )
}
