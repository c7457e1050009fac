// Tries everything in test/hostile and prints what held.
//   node scripts/hostile.mjs [group…] [--sample] [--write]
// A group is the name of a test file, e.g. restore. --sample tries what `npm test` tries; --write puts the table into
// docs/security.md, where rows of groups that were not tried stay. Exits 1 when a promise was broken.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { formatTable, root } from './reliability-page.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sample: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
})
const page = join(root, 'docs/security.md')
const [before, after] = ['<!-- table -->', '<!-- end of table -->']

const known = readdirSync(join(root, 'test/hostile'))
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => name.replace('.test.ts', ''))
const unknown = positionals.filter((name) => !known.includes(name))

if (unknown.length > 0) {
  console.error(`no such group: ${unknown.join(', ')}; there are ${known.join(', ')}`)
  process.exitCode = 2
} else {
  process.exitCode = tryAll(positionals.length > 0 ? positionals : known)
}

/** Gives the exit code. */
function tryAll(groups) {
  const folder = mkdtempSync(join(tmpdir(), 'guard-hostile-'))
  const log = join(folder, 'held.ndjson')
  const startedAt = Date.now()
  const { status } = spawnSync(
    process.execPath,
    [
      join(root, 'scripts/test.mjs'),
      ...(values.sample ? [] : ['--long']),
      '--runInBand',
      ...groups.map((name) => `test/hostile/${name}.test.ts`),
    ],
    { cwd: root, stdio: 'inherit', env: { ...process.env, MIGRATE_GUARD_HOSTILE_LOG: log } },
  )
  const rows = existsSync(log) ? addUp(readFileSync(log, 'utf8')) : []
  rmSync(folder, { recursive: true })
  console.log(`\n${format(rows)}\n\nin ${Math.ceil((Date.now() - startedAt) / 60_000)} minutes`)
  if (status !== 0) return 1
  if (values.write) write(rows, groups)
  return 0
}

function addUp(text) {
  const rows = new Map()
  for (const line of text.split('\n').filter(Boolean)) {
    const { group, promise, count } = JSON.parse(line)
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
  const text = readFileSync(page, 'utf8')
  const from = text.indexOf(before) + before.length
  const to = text.indexOf(after)
  const kept = [...text.slice(from, to).matchAll(/^\| (.+?) \| (\d+) \| `npm run test:hostile (\S+)` \|$/gm)]
    .map(([, promise, count, group]) => ({ promise, count: Number(count), group }))
    .filter(({ group }) => !groups.includes(group))
  const all = [...kept, ...rows].sort((one, other) =>
    one.group < other.group ? -1 : one.group > other.group ? 1 : 0,
  )
  writeFileSync(page, `${text.slice(0, from)}\n${format(all)}\n${text.slice(to)}`)
}
