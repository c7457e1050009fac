import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { exitCode as exitCodes } from '../../src/domain/exit-code.js'
import { exitCodeWords } from '../../src/report/exit-code-words.js'
import { appliedName, appliedSql, makeShop, pendingName, removeShops, type Shop } from '../support/shop.js'

afterAll(removeShops)

/** The lines that name target and server, which are different in each test run. */
async function head({ server, database }: Shop): Promise<string> {
  const [{ version, size }] = await database.query(
    `SELECT current_setting('server_version') AS version, pg_database_size(current_database())::float8 AS size`,
  )
  return `target      ${database.name} on ${server} as postgres
server      PostgreSQL ${version}, database of ${(size / 1024 / 1024).toFixed(1)} MB
`
}

test('--version and --help need no project and no database', async () => {
  const shop = await makeShop()
  const environment = { DATABASE_URL: undefined }
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  expect(await shop.run(['--version'], environment)).toEqual({
    exitCode: 0,
    stdout: `${version}\n`,
    stderr: '',
  })
  const help = await shop.run(['--help'], environment)
  expect(help).toMatchObject({ exitCode: 0, stderr: '' })
  for (const code of Object.values(exitCodes))
    expect(help.stdout).toContain(`${String(code).padStart(4)}  ${exitCodeWords[code]}\n`)
  for (const name of ['deploy', 'rehearse', 'check', 'plan', 'verify', 'status', 'doctor', 'explain']) {
    expect(help.stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'))
    expect(await shop.run([name, '--help'], environment)).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringContaining(`Usage: migrate-guard ${name} [options]`),
    })
  }
})

test('a bare migrate-guard is status, and harmless', async () => {
  const shop = await makeShop()
  const before = await shop.fingerprint()
  const bare = await shop.run([])
  const hash = JSON.parse((await shop.run(['plan', '--json'])).stdout).plan.hash
  expect(bare).toEqual({
    exitCode: 0,
    stderr: '',
    stdout: `${await head(shop)}plan        ${hash.slice(0, 32)}, 1 pending migration
  ${pendingName}: 1 statement, all-or-nothing
history     1 migration applied
  ${appliedName}   applied  2026-01-05 09:00:00, 1.0 s
  ${pendingName}  pending
last run    none in the backups folder
next        npx migrate-guard rehearse
`,
  })
  expect(await shop.run(['status'])).toEqual(bare)
  // With options only, too.
  expect(await shop.run(['--json'])).toMatchObject({
    exitCode: 0,
    stderr: '',
    stdout: expect.stringContaining('{'),
  })
  expect(await shop.runFolders()).toEqual([])
  expect(await shop.fingerprint()).toBe(before)
})

test('plan and check say what they found and leave nothing behind', async () => {
  const shop = await makeShop()
  const before = await shop.fingerprint()
  const plan = await shop.run(['plan'])
  expect(plan).toMatchObject({ exitCode: 0, stderr: '' })
  const [shared = ''] = (await shop.run(['status'])).stdout.split('history  ')
  const byText = 'locks       by the text alone, on what it names: a schema twin shows all of them\n'
  expect(plan.stdout).toBe(`plan      passed   1 pending migration

${shared.replace(/^(?= {2}\d+_phone)/m, byText)}    line 1  ALTER TABLE "customers" ADD COLUMN "phone" TEXT
              ACCESS EXCLUSIVE on customers (48 kB)

planned: 1 pending migration, not checked, not deployed
next      npx migrate-guard check
`)
  expect(await shop.run(['check'])).toEqual({
    exitCode: 0,
    stderr: '',
    stdout: `plan      passed   1 pending migration
check     passed   0 blockers, 0 warnings, 26 checks made, 1 not made

passed: 1 pending migration, not deployed
next      npx migrate-guard rehearse
`,
  })
  expect(await shop.runFolders()).toEqual([])
  expect(await shop.leftovers()).toEqual([])
  expect(await shop.fingerprint()).toBe(before)
})

test('a deploy with --quiet prints the result only; a second one with nothing to do, and the status after them', async () => {
  const shop = await makeShop()
  const first = await shop.run(['deploy', '--yes', '--quiet'])
  expect(first).toMatchObject({ exitCode: 0, stderr: '' })
  expect(first.stdout.split('\n')[0]).toBe('passed: 1 of 1 migration applied; verification passed')
  const before = await shop.fingerprint()
  const second = await shop.run(['deploy'])
  expect(second).toMatchObject({ exitCode: 0, stderr: '' })
  expect(second.stdout).toContain('\npassed: nothing is pending\n')
  expect(await shop.fingerprint()).toBe(before)
  const [, folder = ''] = await shop.runFolders()
  const status = await shop.run(['status'])
  expect(status.stdout).toContain(', 0 pending migrations\nhistory     2 migrations applied\n')
  expect(status.stdout).toMatch(new RegExp(`^  ${pendingName}  applied  20..-..-.. ..:..:.., .* m?s$`, 'm'))
  expect(status.stdout).toContain(`last run    ${folder.split('/').at(-1)}: passed: nothing is pending
`)
})

test('with --json standard output is one object and nothing else, whatever happens', async () => {
  const shop = await makeShop()
  const keys = Object.keys(JSON.parse((await shop.run(['plan', '--json'])).stdout))
  const deploy = await shop.run(['deploy', '--json', '--yes'])
  expect(JSON.parse(deploy.stdout)).toMatchObject({ command: 'deploy', exitCode: 0, verdict: 'pass' })
  expect(Object.keys(JSON.parse(deploy.stdout))).toEqual(keys)
  // What is for people goes to standard error.
  expect(deploy.stderr).toContain('\npassed: 1 of 1 migration applied; verification passed\n')
  const verify = await shop.run(['verify', '--format', 'json', '--quiet'])
  expect(JSON.parse(verify.stdout)).toMatchObject({ command: 'verify', exitCode: 0, verdict: 'pass' })

  const wrong = { DATABASE_URL: `${shop.database.url}_not_there` }
  const failed = await shop.run(['deploy', '--json', '--yes'], wrong)
  expect(JSON.parse(failed.stdout)).toMatchObject({
    exitCode: 2,
    verdict: 'unknown',
    target: null,
    failure: { code: 'database-missing' },
  })
  expect(failed.stderr).toContain('error: database ')
  const status = await shop.run(['status', '--json'])
  expect(JSON.parse(status.stdout)).toMatchObject({ command: 'status', exitCode: 0 })
  const doctor = await shop.run(['doctor', '--json'])
  expect(JSON.parse(doctor.stdout)).toHaveLength(11)
  expect(doctor.stderr).toBe('')
})

test('--skip-backup is said everywhere', async () => {
  const shop = await makeShop()
  const { exitCode, stdout } = await shop.run(['deploy', '--yes', '--skip-backup'])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('\nbackup    skipped  NO BACKUP: skipped by --skip-backup\n')
  expect(stdout).toContain('\nbackup      NO BACKUP: skipped by --skip-backup\n')
  expect(stdout).toContain('\nNO BACKUP: there is no backup of this run to go back to\n')
  expect(await shop.runFile('report.txt')).toContain(
    '!! NO BACKUP: there is no backup of this run to go back to\n',
  )
  expect(await shop.runFile('report.txt')).toContain('!! SKIPPED: this run made no backup\n')
  expect(await shop.runFile('report.md')).toContain('NO BACKUP')
  expect(JSON.parse(await shop.runFile('run.json'))).toMatchObject({
    steps: { backup: { outcome: 'skipped', summary: 'NO BACKUP: skipped by --skip-backup' } },
    backup: { outcome: 'skipped' },
  })
  expect(await shop.report()).toMatchObject({ backup: { outcome: 'skipped' } })
})

test('a failed verification does not send anybody to a backup that was not made', async () => {
  const shop = await makeShop({ pending: 'ALTER TABLE "customers" ADD COLUMN "mobile" TEXT;\n' })
  const { exitCode, stderr } = await shop.run(['deploy', '--yes', '--skip-backup'])
  expect(stderr).toBe(`error: the verification found 2 problems
hint: Look at each one in the report; this run made no backup.
`)
  expect(exitCode).toBe(22)
})

test('an accepted finding no longer blocks, and its reason is in the report', async () => {
  const shop = await makeShop()
  await shop.write(`prisma/migrations/${appliedName}/migration.sql`, `${appliedSql}-- a typing error fixed\n`)
  expect((await shop.run(['check'])).exitCode).toBe(3)
  const accept = `edited-migration:${appliedName}=only a comment, seen by two`
  const { exitCode, stdout, stderr } = await shop.run(['deploy', '--yes', '--accept', accept])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toContain('\ncheck     passed   0 blockers, 0 warnings, ')
  expect(await shop.runFile('report.txt')).toContain('accepted: only a comment, seen by two\n')
  expect((await shop.report()).findings).toContainEqual(
    expect.objectContaining({ code: 'edited-migration', accepted: 'only a comment, seen by two' }),
  )
  // An audit accepts it as well, and says it once.
  const verify = JSON.parse((await shop.run(['verify', '--json', '--accept', accept])).stdout)
  expect(verify).toMatchObject({ exitCode: 0, verdict: 'warn' })
  expect(verify.findings.map(({ code }: { code: string }) => code)).toEqual(['edited-migration'])
  const loud = await shop.run(['verify'])
  expect(loud.exitCode).toBe(22)
  expect(loud.stdout.match(/blocker edited-migration/g)).toHaveLength(2)
})

test('an acceptance that nothing needs is a warning', async () => {
  const shop = await makeShop()
  expect(await shop.run(['check', '--accept', 'orphans:notes=cleaned next week'])).toEqual({
    exitCode: 0,
    stderr: '',
    stdout: `plan      passed   1 pending migration
check     passed   0 blockers, 1 warning, 26 checks made, 1 not made

warning unused-acceptance  orphans:notes
  nothing was found that "orphans:notes" accepts
  hint: There is no such code; npx migrate-guard explain lists all of them.

passed with warnings: 1 pending migration, not deployed
next      npx migrate-guard rehearse
`,
  })
})

test('the engine answers doctor for a schema without models too', async () => {
  const shop = await makeShop()
  await shop.write('prisma/schema.prisma', 'datasource db {\n  provider = "postgresql"\n}\n')
  const { stdout, exitCode } = await shop.run(['doctor'])
  expect(stdout).toContain('engine      passed   hosted, answers')
  expect(exitCode).toBe(0)
})

test('doctor says what is there, and what is missing', async () => {
  const shop = await makeShop()
  const good = await shop.run(['doctor'])
  expect(good).toMatchObject({ exitCode: 0, stderr: '' })
  expect(good.stdout.split('\n').map((line) => line.slice(0, 20).trim())).toEqual([
    'node        passed',
    'prisma      passed',
    'engine      passed',
    'target      passed',
    'pg_dump     passed',
    'pg_restore  passed',
    'rehearsal   passed',
    'privileges  passed',
    'connection  passed',
    'locks       passed',
    'disk        passed',
    '',
  ])
  expect(await shop.leftovers()).toEqual([])

  const empty = join(shop.project.directory, 'empty')
  await mkdir(empty)
  const bad = await shop.run(['doctor'], { MIGRATE_GUARD_POSTGRES_BIN: empty })
  expect({ exitCode: bad.exitCode, stderr: bad.stderr }).toEqual({ exitCode: 3, stderr: '' })
  expect(bad.stdout).toMatch(
    /^pg_dump {5}failed {3}pg_dump is not installed\n {21}hint: Install the client tools of PostgreSQL \d+ \(e\.g\. the package postgresql-client\), or name their folder in MIGRATE_GUARD_POSTGRES_BIN\.\npg_restore {2}failed {3}pg_restore is not installed\n/m,
  )

  const nowhere = 'postgresql://postgres:x@127.0.0.1:1/shop'
  const nothing = await shop.run(['doctor'], { DATABASE_URL: nowhere, MIGRATE_GUARD_POSTGRES_BIN: empty })
  expect(nothing.stdout).toContain('hint: Install the client tools of PostgreSQL (e.g. the package')

  const away = await shop.run(['doctor'], { DATABASE_URL: nowhere })
  expect(away.exitCode).toBe(3)
  expect(away.stdout).toContain(
    'target      failed   the server at 127.0.0.1:1 cannot be reached: connection refused\n',
  )
  expect(away.stdout).toContain('disk        unknown  the target could not be opened\n')
  // Without a target the version that is wanted is not known; pg_dump is looked for all the same.
  expect(away.stdout).toContain('pg_dump     passed')
})
