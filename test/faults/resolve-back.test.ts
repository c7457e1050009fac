import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
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
import { isLong, longTest } from '../support/long.js'
import { type CliResult, runCli } from '../support/run-cli.js'
import { startCli } from '../support/start-cli.js'
import { queryOnce } from '../support/test-database.js'

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
  if (user) Object.assign(other, { username: user, password: 'poor' })
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
  const name = `odd "name's \`id\` ${randomBytes(3).toString('hex')}`
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

  const looks: [string[], number][] = [...(isLong ? [[['--dry-run'], 0] as [string[], number]] : []), [[], 6]]
  for (const [args, code] of looks) {
    const shown = await back(scene, args)
    expect(shown.exitCode).toBe(code)
    expect(shown.stdout).toMatch(/public\.visits: 2 inserted, 0 updated, 1 deleted/)
    expect(shown.stdout).toMatch(/public\.people: 0 inserted, 100 updated, 0 deleted/)
    if (code === 6) expect(shown.stderr).toContain('npx migrate-guard resolve --back --yes')
  }
  expect((await databasesLike(scene.admin, scene.name)).length).toBe(1)

  const { exitCode, stdout, stderr } = await back(scene, ['--yes'])
  expect([exitCode, stderr]).toEqual([0, ''])
  // Until somebody swaps them, the database stays what it is.
  expect(await dumpText(scene.url)).toEqual(after)
  const commands = stdout.split('\n').filter((line) => line.startsWith('   psql '))
  expect(commands.length).toBe(2)
  for (const command of commands) await runInShell(command, scene)

  expect(await dumpText(scene.url)).toEqual(before.dump)
  expect(await ownProperties(scene.admin, scene.name)).toEqual(before.own)
  const names = (await databasesLike(scene.admin, scene.name)).map(({ name }) => name)
  expect(names).toEqual([scene.name, expect.stringMatching(/_after_\d{8}T\d{6}Z$/)])
  expect(await dumpText(urlFor(scene.url, names[1] ?? ''))).toEqual(after)
  await scene.database.query(`DROP OWNED BY ${role}`)
  await queryOnce(urlFor(scene.url, names[1] ?? ''), `DROP OWNED BY ${role}`)
  await queryOnce(scene.admin, `REVOKE ALL ON DATABASE ${quoted} FROM ${role}`)
})

/** As a person would, who copies the line and has the password where psql looks for it. */
async function runInShell(command: string, { url }: Scene): Promise<void> {
  const { PATH, HOME } = process.env
  const env = { PATH, HOME, PGPASSWORD: decodeURIComponent(new URL(url).password) }
  await execa('/bin/sh', ['-c', command], { extendEnv: false, env, stdin: 'ignore', timeout: 30_000 })
}

test('without a run, a right, a whole backup or a quiet end, nothing is restored and nothing is left', async () => {
  const scene = await makeScene()
  expect(refused(await back(scene, ['--yes']))).toMatch(/^error: no run in .* has begun to deploy to/)
  await failInTheMiddle(scene)

  const role = `back_poor_${randomBytes(3).toString('hex')}`
  roles.push(role)
  await queryOnce(scene.admin, `CREATE ROLE ${role} LOGIN PASSWORD 'poor' IN ROLE pg_read_all_data`)
  const poor = await back({ ...scene, url: urlFor(scene.url, scene.name, role) }, ['--yes'])
  expect(refused(poor)).toContain(
    `error: the role "${role}" may not create a database beside "${scene.name}", into which the backup would be restored\nhint: Let it (ALTER ROLE "${role}" CREATEDB)`,
  )

  const lied = await back(scene, ['--yes'], await lyingRestore(scene))
  expect(lied.stdout).toContain(
    'the restored backup is not what the snapshot was: "public"."people"."city" has other values',
  )
  expect(refused(lied)).toContain(
    'error: the backup does not come back as it was: 1 found; the new database is removed',
  )
  await expectNothingLeft(scene)

  const moments = ['before back.pg-restore', 'after back.create-database', 'before back.finished']
  for (const moment of isLong ? moments : moments.slice(0, 1)) {
    const [phase, name] = moment.split(' ')
    const env = await writeObserver(
      scene.project,
      `async ${phase}(name) {
    if (name !== '${name}') return
    process.kill(process.pid, 'SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 300))
  }`,
    )
    const { exitCode, stderr } = await back(scene, ['--yes'], env)
    expect([moment, exitCode, stderr]).toEqual([
      moment,
      6,
      expect.stringMatching(/^error: the run was stopped; .* is removed/),
    ])
    await expectNothingLeft(scene)
  }

  const env = await writeObserver(
    scene.project,
    `after(name) { if (name === 'back.pg-restore') process.kill(process.pid, 'SIGKILL') }`,
  )
  await startCli(['resolve', '--back', '--yes'], {
    cwd: scene.project.directory,
    env: { DATABASE_URL: scene.url, ...env },
  }).result
  const [, left] = await databasesLike(scene.admin, scene.name)
  expect(left?.comment).toMatch(
    /^migrate-guard is restoring a backup into this database, which is not complete/,
  )
  await waitFor('the lock of the killed run to go', async () => (await scene.truth()).advisoryLocks === 0)
  const again = await back(scene, ['--yes'])
  expect([again.exitCode, again.stderr]).toEqual([0, ''])
  expect(again.stdout).toContain(`removed what an earlier run left half restored: ${left?.name}`)
  expect((await databasesLike(scene.admin, scene.name)).map(({ comment }) => comment)).toEqual([null, null])
  await queryOnce(scene.admin, `DROP DATABASE "${(left?.name ?? '').replaceAll('"', '""')}"`)

  const dump = join(scene.project.directory, 'backups', (await scene.readRecord()).runId, 'database.dump')
  const file = (await readdir(dump)).find((name) => name.endsWith('.dat.gz')) ?? ''
  await truncate(join(dump, file), 10)
  expect(refused(await back(scene, ['--yes']))).toContain(
    `error: a file of the dump is not the one that was written: database.dump/${file}`,
  )
  if (isLong) await expectRefusalToNameTheWayBack(scene, dump)
  await rm(dump, { recursive: true })
  if (isLong)
    expect((await resolve(scene)).stderr).toContain(
      'restore a backup of your own into a new database with pg_restore',
    )
  expect(refused(await back(scene, ['--yes']))).toMatch(
    /^error: run .*, the last that deployed to .*, has no backup in its folder/,
  )
  await expectNothingLeft(scene)
})

async function expectRefusalToNameTheWayBack(scene: Scene, dump: string): Promise<void> {
  // Without the events, what somebody has changed since fits no place in the migration.
  await rm(join(dump, '../events.ndjson'))
  await scene.database.query('ALTER TABLE people DROP COLUMN city')
  const withBackup = await resolve(scene)
  expect([withBackup.exitCode, withBackup.stderr]).toEqual([
    21,
    expect.stringContaining(
      'go back to the backup of the last deploy: npx migrate-guard resolve --back --yes.',
    ),
  ])
}

function resolve({ project, url }: Scene): Promise<CliResult> {
  return runCli(['resolve', '--yes'], { cwd: project.directory, env: { DATABASE_URL: url } })
}

/** The real pg_restore, after whose second call a value is another one. */
async function lyingRestore({ project }: Scene): Promise<Record<string, string>> {
  const folder = join(project.directory, 'lying')
  await mkdir(folder)
  await writeFile(
    join(folder, 'pg_restore'),
    `#!/bin/sh
pg_restore "$@" || exit
for word; do case "$word" in --dbname=*) to="\${word#--dbname=}";; *restore-rest) isRest=1;; esac; done
[ -z "$isRest" ] || psql -q "$to" -c "UPDATE public.people SET city = 'lie' WHERE id = 1"
`,
    { mode: 0o755 },
  )
  return { MIGRATE_GUARD_POSTGRES_BIN: folder }
}

function refused({ exitCode, stderr }: CliResult): string {
  expect(`${exitCode} ${stderr}`).toMatch(/^4 /)
  return stderr
}

longTest('a role that is no superuser goes back to the backup of its own database', async () => {
  const scene = await makeScene()
  const role = `back_owner_${randomBytes(3).toString('hex')}`
  roles.push(role)
  const quoted = `"${scene.name.replaceAll('"', '""')}"`
  await queryOnce(scene.admin, `CREATE ROLE ${role} LOGIN PASSWORD 'poor' CREATEDB`)
  await queryOnce(scene.admin, `ALTER DATABASE ${quoted} OWNER TO ${role}`)
  for (const table of ['people', 'visits', 'brake', '_prisma_migrations'])
    await scene.database.query(`ALTER TABLE ${table} OWNER TO ${role}`)
  const url = urlFor(scene.url, scene.name, role)
  const query = (sql: string, params?: unknown[]) => queryOnce(url, sql, params)
  const own: Scene = { ...guard({ url, query }, scene.project), name: scene.name, admin: scene.admin, url }
  const before = [await dumpText(url), await ownProperties(scene.admin, scene.name)]
  await failInTheMiddle(own)
  const { exitCode, stdout, stderr } = await back(own, ['--yes'])
  expect([exitCode, stderr]).toEqual([0, ''])
  for (const command of stdout.split('\n').filter((line) => line.startsWith('   psql ')))
    await runInShell(command, own)
  expect([await dumpText(url), await ownProperties(scene.admin, scene.name)]).toEqual(before)
  await queryOnce(scene.admin, `ALTER DATABASE ${quoted} OWNER TO CURRENT_USER`)
  for (const { name } of await databasesLike(scene.admin, scene.name))
    await queryOnce(scene.admin, `DROP DATABASE "${name.replaceAll('"', '""')}"`)
})

async function expectNothingLeft(scene: Scene): Promise<void> {
  expect((await databasesLike(scene.admin, scene.name)).map(({ name }) => name)).toEqual([scene.name])
  await waitFor('no session of ours', async () => {
    const { guardSessions, advisoryLocks } = await scene.truth()
    return guardSessions === 0 && advisoryLocks === 0
  })
}
