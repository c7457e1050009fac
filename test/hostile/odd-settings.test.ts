import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { printable } from '../../src/cli/printable.js'
import { GuardError } from '../../src/domain/errors.js'
import { withoutPasswords } from '../../src/domain/secrets.js'
import { clientEnvironment, connectionStringFor } from '../../src/postgres/client-environment.js'
import { tlsOptions } from '../../src/postgres/tls.js'
import { withCertificateFiles } from '../../src/prisma/certificate-files.js'
import { clean } from '../../src/report/words.js'
import { formatTarget, urlWithoutPassword, urlWithPassword } from '../../src/settings/database-url.js'
import { makeSettings, type SettingsInput } from '../../src/settings/settings.js'
import { oddSettings, oddUrl, passwordCanary } from '../support/hostile/odd-settings.js'
import { randomOf } from '../support/hostile/random.js'
import { hostileRow, hostileTimeoutMs, triesAll } from '../support/hostile.js'
import { runCli } from '../support/run-cli.js'

// Options, environment, .env and configuration files as they are when somebody was mistaken, or meant it.

jest.setTimeout(hostileTimeoutMs)

const tries = triesAll ? 50_000 : 1_000
const row = hostileRow(
  import.meta.url,
  'Settings that are wrong are told in one sentence, without a password: no crash',
)

let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'guard-test-settings-'))
})
afterAll(() => rm(scratch, { recursive: true }))

test(`${tries} odd settings: each gives settings that can be used, or one sentence with a hint`, async () => {
  const wrong: string[] = []
  let used = 0
  for (let seed = 1; seed <= tries && wrong.length < 20; seed += 1) {
    const input = oddSettings(randomOf(seed))
    try {
      await use(input)
      used += 1
    } catch (error) {
      const problem = problemOf(error)
      if (problem) wrong.push(`seed ${seed}: ${problem}`)
    }
  }
  expect(wrong).toEqual([])
  // Else nothing behind the reading would be tried.
  expect(used).toBeGreaterThan(tries / 50)
  row.held(tries)
})

/** Comes as far as what would be handed to the drivers. */
async function use(input: SettingsInput): Promise<void> {
  const { target } = makeSettings(input)
  const found = withCertificateFiles(target, { source: 'the URL', directory: input.directory })
  tlsOptions(found.parameters)
  await clientEnvironment(found, scratch)
  for (const text of [
    connectionStringFor(found, 'guard test'),
    urlWithoutPassword(found),
    formatTarget(found),
    JSON.stringify(found),
  ])
    if (text.includes(passwordCanary)) throw new Error('the password is in what may be seen')
  urlWithPassword(found)
}

const commands = triesAll ? 200 : 6

test(`${commands} of them by the command`, async () => {
  const wrong: string[] = []
  for (let seed = 1; seed <= commands; seed += 1) {
    const random = randomOf(2_000_000 + seed)
    // The system takes no NUL in an argument.
    const url = oddUrl(random).replaceAll('\u0000', '')
    const config = random.onceIn(2) ? `export default ${random.pick(modules)}\n` : undefined
    const path = join(scratch, 'migrate-guard.config.mjs')
    await rm(path, { force: true })
    if (config) await writeFile(path, config)
    const args = [
      'plan',
      '--schema',
      scratch,
      '--migrations',
      scratch,
      '--database-url',
      url.slice(0, 30_000),
    ]
    const { exitCode, stdout, stderr } = await runCli(config ? [...args, '--config', path] : args, {
      cwd: scratch,
    })
    const said = stdout + stderr
    const isTold = exitCode !== 0 && exitCode !== 1 && /^error: .*\nhint: .*\n$/.test(stderr)
    if (!isTold || said.includes(passwordCanary))
      wrong.push(`${url.slice(0, 300)} ${config ?? ''}: exit ${exitCode}: ${said.slice(0, 1_000)}`)
  }
  expect(wrong).toEqual([])
  row.held(commands)
})

const modules = [
  'null',
  '[]',
  '() => 1',
  '{ jobs: "x" }',
  '{ accept: [null] }',
  '(() => { throw 1 })()',
  '{',
  'await import("nowhere")',
  'process.exit()',
  'process.exit(1)',
  'await new Promise(() => {})',
  '(() => { process.exitCode = 0; process.emit("SIGINT"); process.exit() })()',
  'new Proxy({}, { get() { throw new Error("no") } })',
]

test.each(['migrate-guard.config.mjs', 'prisma.config.ts'])(
  'a file that ends the program by %s is no success',
  async (name) => {
    for (const code of [
      'process.exit()',
      'process.exit(0)',
      'process.exit(1)',
      'await new Promise(() => {})',
    ]) {
      const path = join(scratch, name)
      await writeFile(path, `export default ${code}\n`)
      const { exitCode, stdout, stderr } = await runCli(['deploy', '--yes'], { cwd: scratch })
      expect({ exitCode, stdout, stderr }).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: `error: ${path} cannot be read: it ends the program (process.exit), or waits for what never comes\nhint: Correct the file: it must give its default export and go on.\n`,
      })
      await rm(path)
      row.held()
    }
  },
)

test.each([
  ['setImmediate(() => process.exit(0))', 21, 'the program was ended before the command was done; '],
  ['setTimeout(() => process.exit(0), 5_000)', 2, 'Prisma is not installed in '],
])('a file that ends the program later by %s is no success', async (later, code, words) => {
  const path = join(scratch, 'migrate-guard.config.mjs')
  await writeFile(path, `${later}\nexport default {}\n`)
  const { exitCode, stderr } = await runCli(
    ['deploy', '--yes', '--database-url', 'postgresql://app@192.0.2.1/shop'],
    { cwd: scratch },
  )
  await rm(path)
  expect(stderr).toContain(`error: ${words}`)
  expect(stderr).toMatch(/^error: .*\nhint: .*\n$/)
  expect(exitCode).toBe(code)
  row.held()
})

/** What is wrong with an error as it is printed. */
function problemOf(error: unknown): string | undefined {
  if (!(error instanceof GuardError)) return (error as Error).stack ?? String(error)
  const message = clean(withoutPasswords(error.message))
  const hint = printable(error.hint)
  if (hint === '') return `no hint: ${message}`
  if (`${message}${hint}`.includes('\n'))
    return `not one line: ${message.slice(0, 300)} ${hint.slice(0, 300)}`
  const told = `${message} ${hint}`
  return told.includes(passwordCanary) ? `the password is in ${told.slice(0, 600)}` : undefined
}
