import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeProject, type Project } from '../support/project.js'
import { runCli } from '../support/run-cli.js'
import { createTestDatabase, queryOnce, type TestDatabase } from '../support/test-database.js'

const role = 'guard_test_hidden_owner'
const migrations = {
  '20260101000000_notes': `CREATE TABLE teams (id int PRIMARY KEY);
CREATE TABLE notes (id int PRIMARY KEY, team int NOT NULL REFERENCES teams, body text);
`,
  '20260102000000_without_body': 'ALTER TABLE notes DROP COLUMN body;\n',
}
const schema = `datasource db {
  provider = "postgresql"
}

model teams {
  id    Int     @id
  notes notes[]
}

model notes {
  id    Int   @id
  team  Int
  teams teams @relation(fields: [team], references: [id], onDelete: NoAction, onUpdate: NoAction)
}
`

let database: TestDatabase
let project: Project
let url: string

// An owner who is no superuser, from whom FORCE ROW LEVEL SECURITY hides thirty of forty rows.
beforeAll(async () => {
  database = await createTestDatabase({
    sql: `DROP ROLE IF EXISTS ${role}; CREATE ROLE ${role} LOGIN PASSWORD 'x';
      GRANT ALL ON SCHEMA public TO ${role}`,
  })
  url = Object.assign(new URL(database.url), { username: role, password: 'x' }).href
  await database.query(`SET ROLE ${role}; ${migrations['20260101000000_notes']} RESET ROLE`)
  project = await makeProject({ migrations, schema })
  const marked = await run(
    'baseline',
    '--yes',
    '--to',
    '20260101000000_notes',
    '--accept',
    'drift=tested elsewhere',
  )
  if (marked.exitCode !== 0) throw new Error(`${marked.stdout}${marked.stderr}`)
  await database.query(`INSERT INTO teams VALUES (1), (2);
    INSERT INTO notes SELECT g, CASE WHEN g <= 10 THEN 1 ELSE 2 END, CASE WHEN g > 10 THEN 'hidden' END FROM generate_series(1, 40) g;
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY; ALTER TABLE notes FORCE ROW LEVEL SECURITY;
    CREATE POLICY own ON notes USING (team = 1)`)
})
afterAll(async () => {
  await project.remove()
  // The database is gone by now, and with it what the role owned.
  await queryOnce(String(process.env.MIGRATE_GUARD_TEST_URL), `DROP ROLE IF EXISTS ${role}`)
})

const run = (...args: string[]) =>
  runCli(args, { cwd: project.directory, env: { DATABASE_URL: url }, timeoutMs: 100_000 })

/** Whoever deploys all the same has looked at these two. */
const accepted = ['--accept', 'drop-column=seen', '--accept', 'check-not-answered:notes.team=seen']

interface Found {
  readonly code: string
  readonly verdict: string
  readonly object: string | null
  readonly message: string
}

const said = (findings: readonly Found[]) =>
  findings.map(({ verdict, code, object }) => `${verdict} ${code} ${object}`).sort()

test('rows that the owner cannot see are unknown to check: the loss, and the question about each table', async () => {
  const { exitCode, stdout } = await run('check', '--json')
  const { findings, verdict } = JSON.parse(stdout) as { findings: Found[]; verdict: string }
  expect(said(findings)).toEqual(['unknown check-not-answered notes.team', 'unknown drop-column notes.body'])
  for (const { message } of findings) expect(message).toContain('row-level security policy for table "notes"')
  expect([verdict, exitCode]).toEqual(['unknown', 3])
})

test('no backup is made of a part of the rows', async () => {
  const { exitCode, stderr } = await run('rehearse', ...accepted)
  expect(stderr).toMatch(
    /^error: row level security hides rows of public.notes from the role, so its dump would not be all of them\nhint: Use a role /,
  )
  expect(exitCode).toBe(4)
})

test('after a deploy, rows that cannot be counted are unknown, and no pass', async () => {
  const { exitCode, stdout } = await run('deploy', '--yes', '--skip-backup', ...accepted, '--json')
  const { verification, databaseState } = JSON.parse(stdout)
  const open = (verification.findings as (Found & { accepted?: string })[]).filter(
    (one) => one.accepted === undefined,
  )
  expect(open).toMatchObject([
    {
      code: 'check-not-answered',
      verdict: 'unknown',
      object: '"public"."notes"',
      message:
        'whether every row is as before is not known: row level security hides rows of "public"."notes" from the role',
    },
  ])
  expect([verification.outcome, databaseState, exitCode]).toEqual(['failed', 'changed', 22])
})
