import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import pg from 'pg'
import { openConnection } from '../../src/postgres/connection.js'
import { parseDatabaseUrl } from '../../src/settings/database-url.js'
import {
  isPgBouncerInstalled,
  type PgBouncer,
  type PgBouncerOptions,
  startPgBouncer,
} from '../support/pgbouncer.js'
import { makeProject, type Project } from '../support/project.js'
import { runCli } from '../support/run-cli.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

const describeWithPgBouncer = isPgBouncerInstalled ? describe : describe.skip
const where = isPgBouncerInstalled ? '' : ' (skipped: PgBouncer is not installed)'

const migrations = {
  '20260101000000_people': `CREATE TABLE people (id int PRIMARY KEY);
INSERT INTO people SELECT generate_series(1, 20);
CREATE TABLE seen (at int, path text, lock_timeout text, zone text);
INSERT INTO seen SELECT 1, current_setting('search_path'), current_setting('lock_timeout'), current_setting('TimeZone');
`,
  '20260102000000_own_path': `SET search_path = pg_catalog;
SET TimeZone = 'Asia/Tokyo';
RESET search_path;
INSERT INTO seen SELECT 2, current_setting('search_path'), current_setting('lock_timeout'), current_setting('TimeZone');
`,
  '20260103000000_after_it': `INSERT INTO seen SELECT 3, current_setting('search_path'), current_setting('lock_timeout'), current_setting('TimeZone');
`,
}

describeWithPgBouncer(`behind a PgBouncer that drops the options of the startup packet${where}`, () => {
  let database: TestDatabase
  let project: Project
  let pooler: PgBouncer | undefined
  beforeEach(async () => {
    database = await createTestDatabase({ sql: 'CREATE SCHEMA app' })
    project = await makeProject({ migrations })
  })
  afterEach(async () => {
    await pooler?.stop()
    await project.remove()
    await database.drop()
  })

  const start = async (options: PgBouncerOptions) => {
    pooler = await startPgBouncer(database.url, options)
    return `${pooler.url}?schema=app`
  }
  const run = (url: string, ...args: string[]) =>
    runCli(args, { cwd: project.directory, env: { DATABASE_URL: url }, timeoutMs: 100_000 })
  const tables = async () =>
    (
      await database.query(
        "SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE schemaname !~ '^(pg_|information)' ORDER BY 1",
      )
    ).map(({ name }) => name)

  test('in session mode the settings are set by hand, in the schema of the URL, and given back after a RESET', async () => {
    const url = await start({ mode: 'session' })
    const { exitCode, stderr } = await run(
      url,
      'deploy',
      '--yes',
      '--skip-rehearsal',
      '--lock-timeout',
      '700ms',
      '--accept',
      'schema-difference=no schema here',
    )
    expect([stderr, exitCode]).toEqual(['', 0])
    expect(await tables()).toEqual(['app._prisma_migrations', 'app.people', 'app.seen'])
    expect(await database.query('SELECT path, lock_timeout, zone FROM app.seen ORDER BY at')).toEqual([
      { path: '"app"', lock_timeout: '700ms', zone: 'UTC' },
      { path: '"app"', lock_timeout: '700ms', zone: 'Asia/Tokyo' },
      { path: '"app"', lock_timeout: '700ms', zone: 'UTC' },
    ])
    const again = await run(url, 'status')
    expect(again.stdout).toContain('history     3 migrations applied')
  })

  test('one that refuses the options is told so, and what would let it do', async () => {
    const url = await start({ mode: 'session', ignores: 'extra_float_digits' })
    const { exitCode, stderr } = await run(url, 'status')
    expect([exitCode, stderr]).toEqual([
      2,
      `error: ${new URL(url).host} refused the settings of the session: unsupported startup parameter: options
hint: Give the direct URL of the database, not that of a connection pooler. A PgBouncer in session mode will do when its ignore_startup_parameters names options.
`,
    ])
  })

  test('in session mode the server refuses a write on a connection that only reads', async () => {
    const url = await start({ mode: 'session' })
    const client = await openConnection(parseDatabaseUrl(url, 'test'), {
      applicationName: 'test',
      readOnly: true,
      parameters: { statement_timeout: '4321' },
    })
    const { rows } = await client.query(
      "SELECT current_setting('statement_timeout') AS timeout, current_setting('search_path') AS path",
    )
    expect(rows).toEqual([{ timeout: '4321ms', path: 'pg_catalog, pg_temp' }])
    await expect(client.query('CREATE TABLE app.written ()')).rejects.toMatchObject({ code: '25006' })
    await client.end()
  })

  test.each([
    [{ mode: 'transaction' }, 'changes backends between transactions'],
    [{ mode: 'statement' }, 'lends its connections for one statement at a time'],
    [{ mode: 'transaction', poolSize: 1 }, 'has one connection to lend'],
    [{ mode: 'session', poolSize: 1 }, 'has one connection to lend'],
  ] as const)(
    '%j is recognised, and nothing is set on a connection that others are lent',
    async (options, words) => {
      const url = await start(options)
      const { exitCode, stderr } = await run(url, 'deploy', '--yes')
      expect(stderr).toContain(`error: a connection pooler at ${new URL(url).host} ${words}`)
      expect(stderr).toContain('hint: Give the direct URL of the database by --database-url.')
      expect(exitCode).toBe(2)
      expect(await tables()).toEqual([])
      // An application that is lent the same backend finds it as it was.
      const client = new pg.Client(pooler?.url)
      await client.connect()
      const { rows } = await client.query(
        "SELECT current_setting('search_path') AS path, current_setting('default_transaction_read_only') AS read_only",
      )
      expect(rows).toEqual([{ path: '"$user", public', read_only: 'off' }])
      await client.end()
    },
  )
})
