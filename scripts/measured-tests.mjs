// Groups of tests that note in a log what they have tried. A group is a test file, by its name without the ending.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { root } from './measured-page.mjs'

/**
 * The groups that were asked for; all of them when none was. Where one is not there, says so and returns undefined.
 * @param folder of the test files, in the project
 */
export function chooseGroups(folder, names) {
  const known = readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => name.replace('.test.ts', ''))
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) console.error(`no such group: ${unknown.join(', ')}; there are ${known.join(', ')}`)
  else return names.length > 0 ? names : known
}

/**
 * Runs the groups one after the other, because each may take all of the machine.
 * @param options `variable` tells the tests where to log, `log` keeps the log in a file, `isSample` tries what `npm test`
 * tries, `env` is added to the environment
 * @returns whether all tests passed, what they have noted (also when the run was cut short), and how long it took
 */
export function runGroups(folder, groups, { variable, log, isSample, env = {} }) {
  const scratch = mkdtempSync(join(tmpdir(), 'guard-measured-'))
  const path = log ? resolve(log) : join(scratch, 'noted.ndjson')
  const startedAt = Date.now()
  const { status } = spawnSync(
    process.execPath,
    [
      join(root, 'scripts/test.mjs'),
      ...(isSample ? [] : ['--long']),
      '--runInBand',
      ...groups.map((name) => `${folder}/${name}.test.ts`),
    ],
    { cwd: root, stdio: 'inherit', env: { ...process.env, ...env, [variable]: path } },
  )
  const noted = existsSync(path) ? readNoted(path) : []
  rmSync(scratch, { recursive: true })
  return { passed: status === 0, noted, minutes: Math.ceil((Date.now() - startedAt) / 60_000) }
}

/** What was noted in a log, one object a line. */
export function readNoted(path) {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** The scenes in the logs of measured faults. One that was tried again counts once, as it ended last. */
export function lastOfEach(noted) {
  return [...new Map(noted.map((one) => [`${one.group} ${one.subject} ${one.name}`, one])).values()]
}
