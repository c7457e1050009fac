// Breaks the guard on purpose, one way after the other, each in a copy of this project, and tries the faults that must notice.
//   node scripts/mutants.mjs [mutant…] [--write]
// Prints how many scenes of each group saw it; --write puts the table into docs/reliability.md. Exits 1 when one was not seen.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { formatTable, measuredWith, readTried, root, writeBetween } from './reliability-page.mjs'

/**
 * What is broken: in this file of src, this text by that one. `groups` says which scenes of which group must notice, by a
 * pattern of their names.
 */
const mutants = [
  {
    name: 'believes the exit code of prisma, and does not look into the database',
    file: 'steps/look-after.ts',
    find: "  tools.screen.progress('looking at what is in the database')\n",
    put: `  if (String(purpose) === 'deploy') {
    const [outcome, traces] = result.exitCode === 0 ? (['applied', 'all'] as const) : (['failed', 'none'] as const)
    return {
      state: result.exitCode === 0 ? 'changed' : 'unchanged',
      standing: { kind: result.exitCode === 0 ? 'all' : 'unchanged' },
      migrations: plan.pending.map(({ name }) => ({ name, outcome, traces })),
      evidence: [saidBy],
      complete: result.exitCode === 0,
    }
  }
`,
    groups: {
      'kill-sweep': '^(Prisma CLI|engine host), deploy (before|after) engine.(commit|statement [14])',
      'wire-cuts': '^engine, .*: reset$',
      'lying-children': '^a Prisma CLI that|^an engine that',
      'real-faults': '^the server restarts .*, deploy',
      'failing-calls': '^(57P01|ETIMEDOUT) deploy',
    },
  },
  {
    name: 'leaves a statement that was lost with its engine unsettled',
    file: 'steps/standing/lost-statement.ts',
    find: '  if (most <= least) return found\n',
    put: '  if (most >= least) return found\n',
    groups: { 'kill-sweep': '^engine host, deploy (before|after) engine.statement [45]' },
  },
  {
    name: 'believes the commit log also after a crash of the server',
    file: 'steps/standing/migration-traces.ts',
    find: 'return !isVouchedFor && ',
    put: "return !isVouchedFor && state === 'none' && ",
    groups: { 'kill-sweep': '^the whole server, deploy before engine.(statement 2|commit)' },
  },
  {
    name: 'does not sweep a database that was just made',
    file: 'postgres/rehearsal-database/sweep.ts',
    find: 'of await findUnmarked(client)) {',
    put: 'of (await findUnmarked(client)).slice(999)) {',
    groups: { 'kill-sweep': '(after rehearsal.create-database|before rehearsal.mark) 1 .on the same server' },
  },
  {
    name: 'does not sweep what a killed run has left',
    file: 'effects/private-files.ts',
    find: '  await sweepScratchFolders()\n',
    put: '  if (process.pid === 0) await sweepScratchFolders()\n',
    groups: { 'kill-sweep': '^SIGKILL guard (before deploy.prisma|after lock.take) 1$' },
  },
  {
    name: 'calls trouble of the machine a bug',
    file: 'effects/machine-trouble.ts',
    find: '  if (syscall === undefined || reason === undefined) return error\n',
    put: "  if (syscall === undefined || reason !== 'never') return error\n",
    groups: {
      'failing-calls': '^(ENOSPC|EACCES) guard before (file.write [1-5]|folder.make .)$',
      'real-faults': '^the disk of the backups has',
    },
  },
  {
    name: 'calls trouble of the server a bug',
    file: 'postgres/connection.ts',
    find: 'if (!fromServer && !brokenConnection',
    put: 'if (fromServer || !fromServer || !brokenConnection',
    groups: {
      'failing-calls': '^\\w+ guard before lock',
      'wire-cuts': '^guard, before the .*: (reset|close)$',
    },
  },
  {
    name: 'does not count the rows of the dump',
    file: 'steps/backup.ts',
    find: '  if (rowsInDump) assertSameRows(rowCounts, rowsInDump)\n',
    put: '  if (rowsInDump === null) assertSameRows(rowCounts, rowsInDump)\n',
    groups: { 'lying-children': '^a dump ' },
  },
  {
    name: 'only believes that it holds the deploy lock',
    file: 'postgres/deploy-lock.ts',
    find: 'pg_catalog.pg_try_advisory_lock($1, $2) AS taken',
    put: '$1::int < $2::int AS taken',
    groups: { concurrency: '' },
  },
  {
    name: 'waits for a lock as long as it takes',
    file: 'prisma/engine-host/run-script.ts',
    find: 'SET LOCAL lock_timeout = ',
    put: 'SET LOCAL lock_timeout = 0 -- ',
    groups: { traffic: '' },
  },
  {
    name: 'never gives way to sessions that wait for it',
    file: 'steps/watch-traffic.ts',
    find: 'if (longest === undefined || !isTooLong || signal.aborted) return',
    put: 'if (longest === undefined || !isTooLong || !signal.aborted) return',
    groups: { traffic: 'queue' },
  },
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false } },
})
const chosen = mutants.filter(
  ({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)),
)

if (chosen.length === 0) {
  console.error(
    `no such mutant: ${positionals.join(', ')}; there is a guard that ${mutants.map(({ name }) => name).join('; ')}`,
  )
  process.exitCode = 2
} else {
  process.exitCode = tryAll()
}

/** Gives the exit code. */
function tryAll() {
  const copy = copyProject()
  try {
    // The code moves on, and a mutant that no longer fits must be fixed before the long work.
    for (const mutant of chosen) breakIt(mutant, copy)()
    const rows = chosen.flatMap((mutant) => tryMutant(mutant, copy))
    const table = formatTable([['group', 'a guard that …', 'scenes tried', 'seen wrong'], ...rows])
    console.log(`\n${table}\n`)
    if (values.write) writeBetween('mutants', `${table}\n\n${measuredWith()}, by \`npm run test:mutants\`.`)
    return rows.every(([, , , seen]) => seen > 0) ? 0 : 1
  } finally {
    rmSync(copy, { recursive: true })
  }
}

function copyProject() {
  const copy = mkdtempSync(join(tmpdir(), 'guard-mutants-'))
  const left = new Set(['node_modules', 'dist', '.git', 'backups'])
  cpSync(root, copy, { recursive: true, filter: (path) => !left.has(basename(path)) || path === root })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

/** A row for each group: how many of its scenes were tried on the broken guard, and in how many it was wrong. */
function tryMutant({ name, file, find, put, groups }, copy) {
  const fix = breakIt({ name, file, find, put }, copy)
  try {
    run(['scripts/build.mjs', '--test-hook'], copy)
    return Object.entries(groups).map(([group, only]) => {
      const { tried, wrong } = tryGroup(group, only, copy)
      console.log(`${group}, a guard that ${name}: ${tried} tried, ${wrong} seen wrong`)
      return [group.replace('-', ' '), name, tried, wrong]
    })
  } finally {
    fix()
  }
}

/** Gives what undoes it. */
function breakIt({ name, file, find, put }, copy) {
  const path = join(copy, 'src', file)
  const text = readFileSync(path, 'utf8')
  if (text.split(find).length !== 2)
    throw new Error(`a guard that ${name}: ${file} does not hold its text once`)
  writeFileSync(
    path,
    text.replace(find, () => put),
  )
  return () => writeFileSync(path, text)
}

function tryGroup(group, only, copy) {
  const log = join(copy, 'tried.ndjson')
  rmSync(log, { force: true })
  // Of a crowd four at once and a few rounds are enough.
  const isCrowd = group === 'concurrency'
  run(['scripts/faults.mjs', ...(isCrowd ? ['--sample'] : []), '--log', log, group], copy, {
    mayFail: true,
    env: only ? { MIGRATE_GUARD_FAULTS_ONLY: only } : { MIGRATE_GUARD_TURN_ROUNDS: '6' },
  })
  const tried = existsSync(log) ? readTried(log).filter(({ subject }) => subject === 'guard') : []
  return { tried: tried.length, wrong: tried.filter(({ right }) => !right).length }
}

function run(args, cwd, { mayFail = false, env = {} } = {}) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
  })
  if (signal || (status !== 0 && !mayFail)) throw new Error(`${args[0]} failed: ${stdout}${stderr}`)
}
