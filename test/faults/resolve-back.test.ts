import { randomBytes } from 'node:crypto'
import { readdir, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, jest, test } from '@jest/globals'
import { execa } from 'execa'
import { addressOf } from '../support/address.js'
import { readDumpText } from '../support/dump-text.js'
import {
  type GuardedDatabase,
  guard,
  makeGuardedDatabase,
  waitFor,
  writeObserver,
} from '../support/guarded-database.js'
import { type CliResult, runCli } from '../support/run-cli.js'
import { startCli } from '../support/start-cli.js'
import { queryOnce } from '../support/test-database.js'

jest.setTimeout(180_000)

const phones = '20260201000000_phones'
/** Stops at its third statement, with the first two there to stay. */
const stopsInTheMiddle = `CREATE INDEX CONCURRENTLY people_city ON people (city);
UPDATE people SET email = 'lost';
ALTER TABLE people ALTER COLUMN city SET NOT NULL;
`

const leftOvers: { admin: string; like: string }[] = []
const roles: string[] = []

afterEach(async () => {
  for (const { admin, like } of leftOvers.splice(0)) {
    for (const { name } of await databasesLike(admin, like))
      await queryOnce(admin, `DROP DATABASE IF EXISTS "${name.replaceAll('"', '""')}" WITH (FORCE)`)
    for (const role of roles.splice(0)) await queryOnce(admin, `DROP ROLE IF EXISTS ${role}`)
  }
})

function databasesLike(admin: string, like: string): Promise<{ name: string; comment: string | null }[]> {
  return queryOnce(
    admin,
    `SELECT datname AS name, shobj_description(oid, 'pg_database') AS comment
       FROM pg_database WHERE strpos(datname, $1) = 1 ORDER BY 1`,
    [like],
  )
}

/** Of another database on the same server. */
function urlFor(url: string, database: string, user?: string): string {
  const other = new URL(url)
  other.pathname = `/${encodeURIComponent(database)}`
  if (user) other.username = user
  return other.href
}

/** As pg_dump has it. */
async function dumpText(url: string): Promise<Record<string, string>> {
  return Object.fromEntries(await readDumpText(addressOf({ url })))
}

interface Scene extends GuardedDatabase {
  readonly name: string
  readonly admin: string
  readonly url: string
}

/** A database whose name needs every quoting there is, with a migration that will stop in the middle. */
async function makeScene(): Promise<Scene> {
  const made = await makeGuardedDatabase({ [phones]: stopsInTheMiddle })
  const name = `odd "name's $1 ${randomBytes(3).toString('hex')}`
  const admin = urlFor(made.database.url, 'postgres')
  await queryOnce(admin, `ALTER DATABASE "${made.database.name}" RENAME TO "${name.replaceAll('"', '""')}"`)
  leftOvers.push({ admin, like: name })
  const url = urlFor(made.database.url, name)
  const query = (sql: string, params?: unknown[]) => queryOnce(url, sql, params)
  return { ...guard({ url, query }, made.project), name, admin, url }
}

function back({ project, url }: Scene, args: string[] = [], env: Record<string, string> = {}) {
  return runCli(['resolve', '--back', ...args], {
    cwd: project.directory,
    env: { DATABASE_URL: url, ...env },
  })
}

async function failInTheMiddle(scene: Scene): Promise<void> {
  const { exitCode } = await scene.deploy()
  expect(exitCode).toBe(21)
}

/** What belongs to the database itself, by a query of the test's own. */
async function ownProperties(admin: string, name: string): Promise<unknown> {
  return queryOnce(
    admin,
    `SELECT datconnlimit, pg_get_userbyid(datdba) AS owner, shobj_description(d.oid, 'pg_database') AS comment,
            (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM aclexplode(coalesce(datacl, acldefault('d', datdba))) a) AS grants,
            (SELECT string_agg(setrole::regrole || ' ' || setconfig::text, '; ' ORDER BY setrole) FROM pg_db_role_setting
              WHERE setdatabase = d.oid) AS settings, datcollate, datctype, encoding, dattablespace
       FROM pg_database d WHERE datname = $1`,
    [name],
  )
}

test('after a deploy that stopped in the middle: the printed commands bring back the database as it was', async () => {
  const scene = await makeScene()
  const role = `back_reader_${randomBytes(3).toString('hex')}`
  roles.push(role)
  const quoted = `"${scene.name.replaceAll('"', '""')}"`
  for (const sql of [
    `CREATE ROLE ${role}`,
    `ALTER DATABASE ${quoted} SET search_path TO "$user", public, "Odd, schema"`,
    `ALTER DATABASE ${quoted} SET "my.setting" TO 'it''s \\ odd'`,
    `ALTER ROLE ${role} IN DATABASE ${quoted} SET work_mem TO '7MB'`,
    `ALTER DATABASE ${quoted} CONNECTION LIMIT 77`,
    `COMMENT ON DATABASE ${quoted} IS 'the shop''s own'`,
    `REVOKE ALL ON DATABASE ${quoted} FROM PUBLIC`,
    `GRANT CONNECT ON DATABASE ${quoted} TO ${role} WITH GRANT OPTION`,
  ])
    await queryOnce(scene.admin, sql)
  await scene.database.query(`ALTER TABLE visits OWNER TO ${role}; GRANT SELECT ON people TO ${role}`)
  const before = { dump: await dumpText(scene.url), own: await ownProperties(scene.admin, scene.name) }
  await failInTheMiddle(scene)
  await scene.database.query(
    'INSERT INTO visits VALUES (1001, 1), (1002, 2); DELETE FROM visits WHERE id = 5',
  )
  const after = await dumpText(scene.url)
  expect(after).not.toEqual(before.dump)

  const shown = await back(scene, ['--dry-run'])
  expect(shown.exitCode).toBe(0)
  expect(shown.stdout).toMatch(/public\.visits: 2 inserted, 0 updated, 1 deleted/)
  expect(shown.stdout).toMatch(/public\.people: 0 inserted, 100 updated, 0 deleted/)
  const unasked = await back(scene)
  expect([unasked.exitCode, unasked.stderr]).toEqual([
    6,
    expect.stringContaining('npx migrate-guard resolve --back --yes'),
  ])
  expect((await databasesLike(scene.admin, scene.name)).length).toBe(1)

  const { exitCode, stdout, stderr } = await back(scene, ['--yes'])
  expect([exitCode, stderr]).toEqual([0, ''])
  // Until somebody swaps them, the database stays what it is.
  expect(await dumpText(scene.url)).toEqual(after)
  const commands = stdout.split('\n').filter((line) => line.startsWith('   psql '))
  expect(commands.length).toBe(2)
  for (const command of commands) await runInShell(command)

  expect(await dumpText(scene.url)).toEqual(before.dump)
  expect(await ownProperties(scene.admin, scene.name)).toEqual(before.own)
  const names = (await databasesLike(scene.admin, scene.name)).map(({ name }) => name)
  expect(names).toEqual([scene.name, expect.stringMatching(/_after_\d{8}T\d{6}Z$/)])
  expect(await dumpText(urlFor(scene.url, names[1] ?? ''))).toEqual(after)
  await scene.database.query(`DROP OWNED BY ${role}`)
  await queryOnce(urlFor(scene.url, names[1] ?? ''), `DROP OWNED BY ${role}`)
  await queryOnce(scene.admin, `REVOKE ALL ON DATABASE ${quoted} FROM ${role}`)
})

/** As a person would, who copies the line. */
async function runInShell(command: string): Promise<void> {
  const { PATH, HOME } = process.env
  await execa('/bin/sh', ['-c', command], { extendEnv: false, env: { PATH, HOME } })
}

test('a dump that was cut, a run without a backup, and no run at all are refused', async () => {
  const scene = await makeScene()
  expect(refused(await back(scene, ['--yes']))).toMatch(/^error: no run in .* has begun to deploy to/)
  await failInTheMiddle(scene)
  const dump = join(scene.project.directory, 'backups', (await scene.readRecord()).runId, 'database.dump')
  const file = (await readdir(dump)).find((name) => name.endsWith('.dat.gz')) ?? ''
  await truncate(join(dump, file), 10)
  expect(refused(await back(scene, ['--yes']))).toContain(
    `error: a file of the dump is not the one that was written: database.dump/${file}`,
  )

  const without = await makeScene()
  expect((await without.deploy({ arguments: ['--skip-backup'] })).exitCode).toBe(21)
  expect(refused(await back(without, ['--yes']))).toMatch(
    /^error: run .*, the last that deployed to .*, has no backup in its folder/,
  )
  for (const { admin, name } of [scene, without]) expect((await databasesLike(admin, name)).length).toBe(1)
})

function refused({ exitCode, stderr }: CliResult): string {
  expect(exitCode).toBe(4)
  return stderr
}

test('a role that may not create a database is refused before the backup is read', async () => {
  const scene = await makeScene()
  await failInTheMiddle(scene)
  const role = `back_poor_${randomBytes(3).toString('hex')}`
  roles.push(role)
  await queryOnce(scene.admin, `CREATE ROLE ${role} LOGIN`)
  const poor = await back({ ...scene, url: urlFor(scene.url, scene.name, role) }, ['--yes'])
  expect(refused(poor)).toContain(
    `error: the role "${role}" may not create a database beside "${scene.name}", into which the backup would be restored\nhint: Let it (ALTER ROLE "${role}" CREATEDB)`,
  )
  expect((await databasesLike(scene.admin, scene.name)).length).toBe(1)
})

test.each(['after back.create-database', 'before back.pg-restore', 'before back.finished'])(
  'interrupted %s: the new database goes',
  async (moment) => {
    const [phase, name] = moment.split(' ')
    const scene = await makeScene()
    await failInTheMiddle(scene)
    const env = await writeObserver(
      scene.project,
      `async ${phase}(name) {
    if (name !== '${name}') return
    process.kill(process.pid, 'SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 300))
  }`,
    )
    const { exitCode, stderr } = await back(scene, ['--yes'], env)
    expect([exitCode, stderr]).toEqual([6, expect.stringContaining('error: the run was stopped')])
    await expectNothingLeft(scene)
  },
)

test('what a killed run has left half restored is removed by the next one', async () => {
  const scene = await makeScene()
  await failInTheMiddle(scene)
  const env = await writeObserver(
    scene.project,
    `seen: 0,
  after(name) { if (name === 'back.pg-restore' && ++this.seen === 1) process.kill(process.pid, 'SIGKILL') }`,
  )
  const killed = startCli(['resolve', '--back', '--yes'], {
    cwd: scene.project.directory,
    env: { DATABASE_URL: scene.url, ...env },
  })
  await killed.result
  const left = await databasesLike(scene.admin, scene.name)
  expect(left.map(({ comment }) => comment?.slice(0, 70))).toEqual([
    null,
    'migrate-guard is restoring a backup into this database, which is not c',
  ])
  await waitFor('the lock of the killed run to go', async () => (await scene.truth()).advisoryLocks === 0)
  const again = await back(scene, ['--yes'])
  expect([again.exitCode, again.stderr]).toEqual([0, ''])
  expect(again.stdout).toContain(`removed what an earlier run left half restored: ${left[1]?.name}`)
  expect((await databasesLike(scene.admin, scene.name)).map(({ comment }) => comment)).toEqual([null, null])
})

async function expectNothingLeft(scene: Scene): Promise<void> {
  expect((await databasesLike(scene.admin, scene.name)).map(({ name }) => name)).toEqual([scene.name])
  await waitFor('no session of ours', async () => {
    const { guardSessions, advisoryLocks } = await scene.truth()
    return guardSessions === 0 && advisoryLocks === 0
  })
}
