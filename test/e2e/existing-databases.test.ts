import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { writeObserver } from '../support/guarded-database.js'
import { makeProject, type Project } from '../support/project.js'
import { type CliResult, runCli } from '../support/run-cli.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

const migrations = {
  '20260101000000_people': `CREATE TABLE "people" ("id" SERIAL PRIMARY KEY, "email" TEXT NOT NULL);
CREATE UNIQUE INDEX "people_email_key" ON "people"("email");
`,
  '20260201000000_visits': `CREATE TYPE "Kind" AS ENUM ('short', 'long');
CREATE TABLE "visits" ("id" SERIAL PRIMARY KEY, "person" INTEGER NOT NULL REFERENCES "people"("id"), "kind" "Kind" NOT NULL);
INSERT INTO "people" ("email") VALUES ('first@example.org');
`,
}
const names = Object.keys(migrations)
const schema = `datasource db {
  provider = "postgresql"
}

model people {
  id     Int      @id @default(autoincrement())
  email  String   @unique
  visits visits[]
}

model visits {
  id     Int    @id @default(autoincrement())
  person Int
  kind   Kind
  people people @relation(fields: [person], references: [id], onDelete: NoAction, onUpdate: NoAction)
}

enum Kind {
  short
  long
}
`

const opened: Project[] = []
afterEach(async () => {
  for (const project of opened.splice(0)) await project.remove()
})

interface Existing {
  readonly database: TestDatabase
  readonly project: Project
  run(...args: string[]): Promise<CliResult>
  history(): Promise<string[]>
  /** What has nothing to do with the history, as text. */
  data(): Promise<string>
}

/** A database with rows in which somebody ran some of the files by hand. */
async function existing(sql: string = Object.values(migrations).join('')): Promise<Existing> {
  const database = await createTestDatabase()
  await database.query(
    `${sql}INSERT INTO people (email) SELECT i || '@example.org' FROM generate_series(1, 50) i;`,
  )
  const project = await makeProject({ migrations, schema })
  opened.push(project)
  return {
    database,
    project,
    run: (...args) =>
      runCli(args, { cwd: project.directory, env: { DATABASE_URL: database.url }, timeoutMs: 120_000 }),
    history: async () => {
      const there = await database.query("SELECT to_regclass('_prisma_migrations') IS NOT NULL AS found")
      if (!there[0].found) return []
      const rows = await database.query(
        'SELECT migration_name AS name, finished_at IS NOT NULL AS finished, applied_steps_count AS steps FROM _prisma_migrations ORDER BY started_at, migration_name',
      )
      return rows.map(({ name, finished, steps }) => `${name} ${finished} ${steps}`)
    },
    data: async () =>
      (await database.query("SELECT md5(string_agg(p::text, ',' ORDER BY id)) AS rows FROM people p"))[0]
        .rows,
  }
}

async function addMigration({ directory }: Project, name: string, sql: string): Promise<void> {
  await mkdir(join(directory, 'prisma/migrations', name), { recursive: true })
  await writeFile(join(directory, 'prisma/migrations', name, 'migration.sql'), sql)
}

const marked = names.map((name) => `${name} true 0`)

test('a database without history: deploy names the command, baseline proves and marks, and the next deploy goes on', async () => {
  const { run, history, data, project } = await existing()
  const before = await data()
  const refused = await run('deploy', '--yes')
  expect(refused.exitCode).toBe(3)
  expect(refused.stdout).toContain('blocker no-history  public')
  expect(refused.stdout).toContain('Run npx migrate-guard baseline')
  expect(refused.stderr).toContain('hint: Run npx migrate-guard baseline')

  const shown = await run('baseline', '--dry-run', '--json')
  expect([shown.exitCode, await history()]).toEqual([0, []])
  const { baseline, findings } = JSON.parse(shown.stdout)
  expect(baseline).toMatchObject({ migrations: names, marked: false })
  expect(
    findings.map(({ code, verdict }: { code: string; verdict: string }) => `${verdict} ${code}`),
  ).toEqual(['warn rows-not-compared'])
  const unasked = await run('baseline')
  expect([unasked.exitCode, await history()]).toEqual([6, []])
  const wrong = await run('baseline', '--confirm', '0'.repeat(32))
  expect([wrong.exitCode, await history()]).toEqual([6, []])

  const done = await run('baseline', '--confirm', baseline.hash)
  expect([done.stderr, done.exitCode]).toEqual(['', 0])
  expect(done.stdout).toContain(
    'database  only its migration history is changed: 2 migrations marked as applied',
  )
  expect(await history()).toEqual(marked)
  const again = await run('baseline', '--yes')
  expect([again.exitCode, again.stdout]).toEqual([0, expect.stringContaining('nothing to mark')])

  await addMigration(project, '20260301000000_city', 'ALTER TABLE "people" ADD COLUMN "city" TEXT;\n')
  const deployed = await run(
    'deploy',
    '--yes',
    '--skip-rehearsal',
    '--accept',
    'schema-difference=tested elsewhere',
  )
  expect([deployed.stderr, deployed.exitCode]).toEqual(['', 0])
  expect(await data()).not.toBe(before)
})

test('what differs is told line by line with its direction, refuses, and is accepted by name', async () => {
  const { run, history, database } = await existing()
  await database.query(`ALTER TABLE people ADD COLUMN nick text;
    ALTER TABLE people ALTER COLUMN email TYPE varchar(200);
    DROP INDEX people_email_key;
    CREATE TABLE audit (id int PRIMARY KEY, what text);
    CREATE SCHEMA jobs; CREATE TABLE jobs.queue (id int)`)
  const refused = await run('baseline', '--yes', '--json')
  expect([refused.exitCode, await history()]).toEqual([3, []])
  const found = JSON.parse(refused.stdout).findings as { code: string; verdict: string; message: string }[]
  expect(
    found.filter(({ code }) => code === 'drift').map(({ verdict, message }) => `${verdict}: ${message}`),
  ).toEqual([
    'block: the database has another column public.people.email than the migrations make (migrations → database): type text → character varying(200)',
    'block: the database has column public.people.nick, which no migration makes',
    'block: the migrations make index public.people_email_key, which the database does not have',
    'block: the database has table public.audit, which no migration makes',
    expect.stringMatching(
      /^warn: the database has 2 objects in schema jobs that no migration touches: schema jobs, table jobs\.queue$/,
    ),
  ])
  const accepted = await run(
    ...['baseline', '--yes', '--accept', 'drift:column public.people.email=narrowed by hand'],
    ...[
      '--accept',
      'drift:column public.people.nick=hotfix',
      '--accept',
      'drift:table public.audit=of the auditors',
    ],
    ...['--accept', 'drift:index public.people_email_key=too large'],
  )
  expect([accepted.stderr, accepted.exitCode]).toEqual(['', 0])
  expect(await history()).toEqual(marked)
})

test('killed between two marks, nothing is marked', async () => {
  const { run, history, project, database } = await existing()
  const env = await writeObserver(
    project,
    "after(name) {\n    if (name === 'baseline.mark') process.kill(process.pid, 'SIGKILL')\n  }",
  )
  const killed = await runCli(['baseline', '--yes'], {
    cwd: project.directory,
    env: { DATABASE_URL: database.url, ...env },
    timeoutMs: 120_000,
  })
  expect([killed.exitCode, await history()]).toEqual([undefined, []])
  const done = await run('baseline', '--yes')
  expect([done.stderr, done.exitCode, await history()]).toEqual(['', 0, marked])
})

test('files squashed into one: one finding whose advice works to the end', async () => {
  const { run, history, project } = await existing()
  expect((await run('baseline', '--yes')).exitCode).toBe(0)
  for (const name of names) await rm(join(project.directory, 'prisma/migrations', name), { recursive: true })
  await addMigration(project, '000000000000_squashed', Object.values(migrations).join(''))
  const blocked = await run('plan', '--json')
  expect(blocked.exitCode).toBe(3)
  const found = JSON.parse(blocked.stdout).findings as { code: string; verdict: string; hint: string }[]
  const [told, ...others] = found.filter(({ code }) => /history|missing|order/.test(code))
  expect([told?.code, told?.verdict, others]).toEqual(['squashed-history', 'block', []])
  const advised = /npx migrate-guard (baseline --to \S+)\./.exec(told?.hint ?? '')?.[1]?.split(' ') ?? []
  const done = await run(...advised, '--yes')
  expect([done.stderr, done.exitCode]).toEqual(['', 0])
  expect(await history()).toEqual([...marked, '000000000000_squashed true 0'])
  const after = await run('plan', '--json')
  expect([after.exitCode, JSON.parse(after.stdout).findings]).toMatchObject([
    0,
    [{ code: 'squashed-history', verdict: 'warn' }],
  ])
  expect((await run('drift')).exitCode).toBe(0)
})

test('a database that has only the first files is told so, and --to marks those', async () => {
  const { run, history } = await existing(migrations[names[0] as keyof typeof migrations])
  const refused = await run('baseline', '--yes')
  expect([refused.exitCode, await history()]).toEqual([3, []])
  expect(refused.stderr).toContain(
    `hint: The database is what the migrations up to "${names[0]}" make: mark only those`,
  )
  const unknown = await run('baseline', '--yes', '--to', '20260101000000_poeple')
  expect([unknown.exitCode, unknown.stderr]).toEqual([
    2,
    expect.stringContaining(`Did you mean ${names[0]}?`),
  ])
  const done = await run('baseline', '--yes', '--to', String(names[0]))
  expect([done.stderr, done.exitCode, await history()]).toEqual(['', 0, [`${names[0]} true 0`]])
  const deployed = await run('deploy', '--yes')
  expect([deployed.stderr, deployed.exitCode]).toEqual(['', 0])
})

test('a hotfix by hand: drift writes the migration that adopts it, baseline proves it, and drift is gone', async () => {
  const { run, database, project } = await existing()
  expect((await run('drift')).stderr).toContain('npx migrate-guard baseline')
  expect((await run('baseline', '--yes')).exitCode).toBe(0)
  const none = await run('drift')
  expect([none.exitCode, none.stdout]).toEqual([
    0,
    expect.stringContaining('the database is what its applied migrations make\n'),
  ])

  await database.query(`ALTER TABLE people ADD COLUMN nick text NOT NULL DEFAULT '';
    ALTER TABLE visits ADD CONSTRAINT visits_person_check CHECK (person > 0);
    DROP INDEX people_email_key;
    CREATE INDEX people_lower ON people (lower(email));
    CREATE VIEW visitors AS SELECT email, nick FROM people;
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
    CREATE TRIGGER touched BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION touch();`)
  const found = await run('drift', '--json')
  expect(found.exitCode).toBe(3)
  const { findings, adopting } = JSON.parse(found.stdout)
  expect(findings.map(({ message }: { message: string }) => message)).toEqual([
    'the database has column public.people.nick, which no migration makes',
    'the database has constraint visits_person_check on public.visits, which no migration makes',
    'the database has function public.touch(), which no migration makes',
    'the migrations make index public.people_email_key, which the database does not have',
    'the database has index public.people_lower, which no migration makes',
    'the database has trigger touched on public.people, which no migration makes',
    'the database has view public.visitors, which no migration makes',
  ])
  expect(adopting.left).toEqual([])
  await addMigration(project, '20260301000000_hotfix', adopting.sql)
  const adopted = await run('baseline', '--yes')
  expect([adopted.stderr, adopted.exitCode]).toEqual(['', 0])
  expect((await run('drift')).exitCode).toBe(0)
})
