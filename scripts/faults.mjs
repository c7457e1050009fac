// Runs the measured faults and prints how often the guard, and a bare `prisma migrate deploy`, were right.
//   node scripts/faults.mjs [group…] [--all|--sample] [--seed <n>] [--write] [--log <file>]
//   node scripts/faults.mjs --from <file> [--from <file>…] [--note <text>…] [--write]
// --all tries everything (the default), --sample some; --log keeps what was tried in a file, also when the run is cut
// short; --from runs nothing and makes the table of such files; --write puts the table into docs/reliability.md, with each
// --note below it. Exits 1 when the guard was wrong once, or a test failed.
import { parseArgs } from 'node:util'
import { formatTable, measuredWith, writeBetween } from './measured-page.mjs'
import { chooseGroups, lastOfEach, readNoted, runGroups } from './measured-tests.mjs'

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

const folder = 'test/faults/measured'
const groups = chooseGroups(
  folder,
  positionals.map((name) => name.replaceAll(' ', '-')),
)

if (groups === undefined) process.exitCode = 2
else if (values.from) process.exitCode = show(values.from.flatMap(readNoted))
else process.exitCode = measure(groups)

/** Gives the exit code. */
function measure(groups) {
  const { passed, noted, minutes } = runGroups(folder, groups, {
    variable: 'MIGRATE_GUARD_FAULTS_LOG',
    log: values.log,
    isSample: values.sample,
    env: { MIGRATE_GUARD_FAULTS_SEED: values.seed },
  })
  return show(noted, `, in ${minutes} minutes`) || (passed ? 0 : 1)
}

/** Prints the table and what the guard had wrong. Gives the exit code. */
function show(noted, duration = '') {
  const tried = lastOfEach(noted)
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
    'docs/reliability.md',
    'table',
    [table, `${measuredWith()}, by \`${command}\`${duration}.`, ...values.note].join('\n\n'),
  )
}
