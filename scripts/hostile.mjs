// Tries everything in test/hostile and prints what held.
//   node scripts/hostile.mjs [group…] [--sample] [--write]
// A group is the name of a test file, e.g. restore. --sample tries what `npm test` tries; --write puts the table into
// docs/security.md, where rows of groups that were not tried stay. Exits 1 when a promise was broken.
import { parseArgs } from 'node:util'
import { formatTable, readBetween, writeBetween } from './measured-page.mjs'
import { chooseGroups, runGroups } from './measured-tests.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sample: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
})
const page = 'docs/security.md'
const folder = 'test/hostile'
const groups = chooseGroups(folder, positionals)
process.exitCode = groups === undefined ? 2 : tryAll(groups)

/** Gives the exit code. */
function tryAll(groups) {
  const { passed, noted, minutes } = runGroups(folder, groups, {
    variable: 'MIGRATE_GUARD_HOSTILE_LOG',
    isSample: values.sample,
  })
  const rows = addUp(noted)
  console.log(`\n${format(rows)}\n\nin ${minutes} minutes`)
  if (!passed) return 1
  if (values.write) write(rows, groups)
  return 0
}

function addUp(noted) {
  const rows = new Map()
  for (const { group, promise, count } of noted) {
    const row = rows.get(promise) ?? { group, promise, count: 0 }
    rows.set(promise, { ...row, count: row.count + count })
  }
  return [...rows.values()]
}

function format(rows) {
  return formatTable([
    ['what is promised', 'tried, and held', 'the command that tries it'],
    ...rows.map(({ group, promise, count }) => [promise, count, `\`npm run test:hostile ${group}\``]),
  ])
}

/** Rows of groups that were not tried now stay as they are. */
function write(rows, groups) {
  const row = /^\| (.+?) \| (\d+) \| `npm run test:hostile (\S+)` \|$/gm
  const kept = [...readBetween(page, 'table').matchAll(row)]
    .map(([, promise, count, group]) => ({ promise, count: Number(count), group }))
    .filter(({ group }) => !groups.includes(group))
  const all = [...kept, ...rows].sort((one, other) => one.group.localeCompare(other.group, 'en'))
  writeBetween(page, 'table', format(all))
}
