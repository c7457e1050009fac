import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { GuardError } from '../../src/domain/errors.js'
import { loadSettings } from '../../src/load-settings.js'
import { readTargetIdentity } from '../../src/postgres/identity.js'
import { formatDiagnosis } from '../../src/report/diagnosis-text.js'
import { formatHeadline } from '../../src/report/screen.js'
import { findBaseline } from '../../src/steps/earlier-run.js'
import { makePlan } from '../../src/steps/plan.js'
import { readRehearsed } from '../../src/steps/rehearsal/rehearsed-end.js'
import { takeRehearsal } from '../../src/steps/rehearsal/rehearsed-run.js'
import { findKeptBackup } from '../../src/steps/resolve/back/find-backup.js'
import { readRuns } from '../../src/steps/run-folder/runs.js'
import { diagnose, standingByRun } from '../../src/steps/standing/diagnose.js'
import { type Tools, withTarget } from '../../src/steps/tools.js'
import { makeTools } from '../../src/tools.js'
import { damageRuns } from '../support/hostile/damaged-run.js'
import { randomOf } from '../support/hostile/random.js'
import { hostileRow, hostileTimeoutMs, triesAll } from '../support/hostile.js'
import { makeProject, type Project } from '../support/project.js'
import { type CliResult, runCli } from '../support/run-cli.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

// Run folders that were written by a real run and damaged afterwards, in every way that chance finds.

jest.setTimeout(hostileTimeoutMs)

const first = '20260101000000_people'
const second = '20260201000000_city'
const firstSql = 'CREATE TABLE people (id int PRIMARY KEY, email text, city text);\n'
/** Stops at its third statement, with the first two there to stay. */
const secondSql = `CREATE INDEX CONCURRENTLY people_city ON people (city);
UPDATE people SET email = 'lost';
ALTER TABLE people ALTER COLUMN city SET NOT NULL;
`

let database: TestDatabase
let project: Project
let whole: string
let rehearsed: string
let tools: Tools

beforeAll(async () => {
  database = await createTestDatabase()
  project = await makeProject({ migrations: { [first]: firstSql } })
  const run = (args: readonly string[]) =>
    runCli(args, { cwd: project.directory, env: { DATABASE_URL: database.url }, timeoutMs: 120_000 })
  const accepted = ['schema-difference', 'update-without-where', 'not-null-violation', 'decided-by-rehearsal']
  const accepting = accepted.flatMap((code) => ['--accept', `${code}=not what is tested`])
  await expectExit(await run(['deploy', '--yes', ...accepting]), 0)
  await database.query("INSERT INTO people VALUES (1, 'a@example.org', 'x'), (2, 'b@example.org', 'y')")
  const folder = join(project.directory, 'prisma/migrations', second)
  await mkdir(folder)
  await writeFile(join(folder, 'migration.sql'), secondSql)
  await expectExit(await run(['rehearse', ...accepting]), 0)
  const backups = join(project.directory, 'backups')
  rehearsed = (await readdir(backups)).sort().at(-1) ?? ''
  await database.query("INSERT INTO people VALUES (3, 'c@example.org', NULL)")
  await expectExit(await run(['deploy', '--yes', '--rehearsed', rehearsed, ...accepting]), 21)
  whole = join(project.directory, 'whole')
  await cp(backups, whole, { recursive: true })
  tools = await openTools()
})

afterAll(async () => {
  await project?.remove()
  await database?.drop()
})

const hangMs = 10_000
const tries = triesAll ? 2_000 : 40
const row = hostileRow(
  import.meta.url,
  'A damaged run folder is one sentence: no crash, no hang over 10 s, under 1 GB',
)

test(`${tries} damaged folders: each reader gives what it read, or one sentence`, async () => {
  const backups = join(project.directory, 'damaged')
  const plan = await makePlan(tools)
  const identity = await withTarget(tools, (client) => readTargetIdentity(client, tools.settings.target))
  const wrong: string[] = []
  for (let seed = 1; seed <= tries; seed += 1) {
    const random = randomOf(seed)
    await rm(backups, { recursive: true, force: true })
    await cp(whole, backups, { recursive: true })
    const damage = await damageRuns(backups, random)
    const readers: Record<string, () => Promise<unknown>> = {
      status: async () => {
        for await (const run of readRuns(backups)) expectOneLine(run.problem ?? formatHeadline(run.record))
      },
      diagnose: async () => {
        const diagnosis = await diagnose(tools, { patienceMs: 0 })
        formatDiagnosis(diagnosis)
        for (const one of diagnosis.unfinished) await standingByRun(one, diagnosis, tools)
      },
      verify: () => findBaseline(identity, tools),
      rehearsed: async () => readRehearsed(await takeRehearsal(rehearsed, plan, tools), [], tools),
      back: () => findKeptBackup(identity, backups),
    }
    for (const [name, read] of Object.entries(readers)) {
      const problem = await inTime(read().then(() => undefined, problemOf))
      if (problem !== undefined) wrong.push(`seed ${seed}, ${name}, ${damage}: ${problem}`)
    }
    if (wrong.length > 20) break
  }
  expect(wrong).toEqual([])
  row.held(tries)
})

/** The commands themselves, which may not take more memory than this. */
const small = { NODE_OPTIONS: '--max-old-space-size=700' }
const commands = [
  ['status'],
  ['verify'],
  ['resolve', '--dry-run'],
  ['resolve', '--back', '--dry-run'],
  ['deploy', '--dry-run', '--rehearsed', '<rehearsed>'],
]
const runs = triesAll ? 100 : 5

test(`${runs} of them by the commands`, async () => {
  const backups = join(project.directory, 'damaged')
  const wrong: string[] = []
  for (let at = 0; at < runs; at += 1) {
    const random = randomOf(1_000_000 + at)
    await rm(backups, { recursive: true, force: true })
    await cp(whole, backups, { recursive: true })
    const damage = await damageRuns(backups, random)
    const args = (commands[at % commands.length] ?? []).map((word) =>
      word === '<rehearsed>' ? rehearsed : word,
    )
    const { exitCode, stdout, stderr } = await runCli([...args, '--backups', backups], {
      cwd: project.directory,
      env: { DATABASE_URL: database.url, ...small },
    })
    const said = `${stdout}${stderr}`
    if (exitCode === undefined || exitCode === 1 || /\n\s+at /.test(said))
      wrong.push(`${args.join(' ')}, ${damage}: exit ${exitCode} ${said.slice(0, 2_000)}`)
  }
  expect(wrong).toEqual([])
  row.held(runs)
})

/** The guard's own word for what does not end: what waits for ever is left behind. */
async function inTime(work: Promise<string | undefined>): Promise<string | undefined> {
  const timeout = new AbortController()
  const late = setTimeout(hangMs, `no answer after ${hangMs} ms`, { signal: timeout.signal })
  late.catch(() => undefined)
  return Promise.race([work, late]).finally(() => timeout.abort())
}

/** What is wrong with an error; nothing with one that tells in one sentence what to do. */
function problemOf(error: unknown): string | undefined {
  if (!(error instanceof GuardError)) return (error as Error).stack ?? String(error)
  return isOneLine(error.message) && error.hint ? undefined : `not one line: ${error.message}`
}

function expectOneLine(line: string): void {
  expect(isOneLine(line)).toBe(true)
}

function isOneLine(line: string): boolean {
  return line.length < 2_000 && !line.includes('\n')
}

async function openTools(): Promise<Tools> {
  const { directory } = project
  const settings = await loadSettings(
    'verify',
    { backups: join(directory, 'damaged') },
    { directory, environment: { DATABASE_URL: database.url } },
  )
  const scratch = join(directory, 'scratch')
  await mkdir(scratch, { mode: 0o700 })
  const quiet = { print: () => undefined, progress: () => undefined, clearProgress: () => undefined }
  const nobody = {
    interactive: false,
    show: () => undefined,
    confirm: async () => false,
    type: async () => '',
  }
  return makeTools(
    settings,
    { screen: quiet, prompter: nobody, signal: new AbortController().signal },
    { runId: '20991231T235959Z-test', runFolder: scratch, scratchFolder: scratch },
  )
}

async function expectExit(result: CliResult, exitCode: number): Promise<void> {
  if (result.exitCode !== exitCode)
    throw new Error(`exit ${result.exitCode}: ${result.stdout}${result.stderr}`)
}
