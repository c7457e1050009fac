// Breaks the guard on purpose, one way after the other, each in a copy of this project, and tries what must notice.
//   node scripts/mutants.mjs [mutant…] [--page reliability|security] [--write]
// A mutant is a word of its name. Prints how many scenes or tests saw it; --write puts the rows into the page, where those of
// mutants that were not tried stay. Exits 1 when one was not seen.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs, stripVTControlCharacters } from 'node:util'
import { formatTable, measuredWith, readBetween, root, writeBetween } from './measured-page.mjs'
import { lastOfEach, readNoted } from './measured-tests.mjs'
import { mutants as ofReliability } from './mutants/reliability.mjs'
import { mutants as ofSecurity } from './mutants/security.mjs'

const pages = {
  reliability: { mutants: ofReliability, head: ['group', 'a guard that …', 'scenes tried', 'seen wrong'] },
  security: { mutants: ofSecurity, head: ['tests', 'a guard that …', 'tests run', 'failed'] },
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { page: { type: 'string' }, write: { type: 'boolean', default: false } },
})
const chosen = Object.entries(pages).flatMap(([page, { mutants }]) =>
  mutants
    .filter(({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)))
    .filter(() => values.page === undefined || values.page === page)
    .map((mutant) => ({ page, ...mutant })),
)

if (chosen.length === 0) {
  const names = Object.values(pages).flatMap(({ mutants }) => mutants.map(({ name }) => name))
  console.error(`no such mutant: ${positionals.join(', ')}; there is a guard that ${names.join('; ')}`)
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
    for (const page of new Set(rows.map((row) => row.page))) {
      const own = rows.filter((row) => row.page === page)
      console.log(`\n${formatTable([pages[page].head, ...own.map(({ cells }) => cells)])}\n`)
      if (values.write) write(page, own)
    }
    return rows.every(({ cells: [, , , seen] }) => seen > 0) ? 0 : 1
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

/** A row for each group or test file: how much of it was tried on the broken guard, and how much of that noticed. */
function tryMutant(mutant, copy) {
  const { page, name, groups = {}, tests = {} } = mutant
  const fix = breakIt(mutant, copy)
  try {
    run(['scripts/build.mjs', '--test-hook', '--unchecked'], copy)
    const row = (what, { tried, wrong }) => {
      console.log(`${what}, a guard that ${name}: ${tried} tried, ${wrong} seen wrong`)
      return { page, cells: [what, name, tried, wrong] }
    }
    return [
      ...Object.entries(groups).map(([group, only]) =>
        row(group.replace('-', ' '), tryGroup(group, only, copy)),
      ),
      ...Object.entries(tests).map(([file, only]) => row(`\`${file}\``, tryTests(file, only, copy))),
    ]
  } finally {
    fix()
  }
}

/** Gives what undoes it. Most mutants are one edit, which stands in the mutant itself. */
function breakIt({ name, file, find, put, edits = [{ file, find, put }] }, copy) {
  const undo = edits.map((edit) => {
    const path = join(copy, 'src', edit.file)
    const text = readFileSync(path, 'utf8')
    if (text.split(edit.find).length !== 2)
      throw new Error(`a guard that ${name}: ${edit.file} does not hold its text once`)
    writeFileSync(
      path,
      text.replace(edit.find, () => edit.put),
    )
    return () => writeFileSync(path, text)
  })
  return () => {
    for (const one of undo.reverse()) one()
  }
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
  const noted = existsSync(log) ? readNoted(log) : []
  const tried = lastOfEach(noted).filter(({ subject }) => subject === 'guard')
  return { tried: tried.length, wrong: tried.filter(({ right }) => !right).length }
}

/** Tells how each test failed: one that fails for another reason than the broken guard has seen nothing. */
function tryTests(file, only, copy) {
  const result = join(copy, 'result.json')
  rmSync(result, { force: true })
  const said = run(
    ['scripts/test.mjs', '--json', `--outputFile=${result}`, `test/${file}.test.ts`, '-t', only],
    copy,
    {
      mayFail: true,
    },
  )
  if (!existsSync(result)) throw new Error(`${file} cannot be run: ${said}`)
  const { testResults, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(result, 'utf8'))
  if (numRuntimeErrorTestSuites > 0) throw new Error(`${file} cannot be run: ${testResults[0].message}`)
  const ran = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'passed' || status === 'failed')
  for (const { title, status, failureMessages } of ran)
    console.log(`  ${status}: ${title}${failureMessages.map(howItFailed).join('')}`)
  return { tried: ran.length, wrong: ran.filter(({ status }) => status === 'failed').length }
}

function howItFailed(message) {
  const lines = stripVTControlCharacters(message).split('\n').filter(Boolean)
  return lines
    .slice(0, 6)
    .map((line) => `\n    ${line.slice(0, 200)}`)
    .join('')
}

function run(args, cwd, { mayFail = false, env = {} } = {}) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
  })
  if (signal || (status !== 0 && !mayFail)) throw new Error(`${args[0]} failed: ${stdout}${stderr}`)
  return `${stdout}${stderr}`
}

/** Rows of other mutants stay as they are, in the order in which the mutants are listed. */
function write(page, rows) {
  const { mutants, head } = pages[page]
  const tried = new Set(rows.map(({ cells: [, name] }) => name))
  const path = `docs/${page}.md`
  const kept = [...readBetween(path, 'mutants').matchAll(/^\| (.+?) \| (.+) \| (\d+) \| (\d+) \|$/gm)]
    .map(([, what, name, run, seen]) => [what, name, Number(run), Number(seen)])
    .filter(([, name]) => !tried.has(name) && mutants.some((mutant) => mutant.name === name))
  const place = ([, name]) => mutants.findIndex((mutant) => mutant.name === name)
  const all = [...kept, ...rows.map(({ cells }) => cells)].sort((one, other) => place(one) - place(other))
  const how = `by \`npm run test:mutants${page === 'reliability' ? '' : ` -- --page ${page}`}\``
  writeBetween(path, 'mutants', `${formatTable([head, ...all])}\n\n${measuredWith()}, ${how}.`)
}
