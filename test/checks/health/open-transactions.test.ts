import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, expect, test } from '@jest/globals'
import { openTransactions, openTransactionsCheck } from '../../../src/checks/health/open-transactions.js'
import { ask } from '../../support/ask.js'
import { isLong } from '../../support/long.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'

const impatient = openTransactionsCheck({ openMs: 300, idleMs: 100 })

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase({ sql: 'CREATE TABLE t (a int)' })
})

async function session(applicationName: string, sql = '') {
  const client = await database.client()
  await client.query(`SET application_name = '${applicationName}'`)
  if (sql) await client.query(sql)
  const pid = Number((await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid)
  return { client, pid }
}

async function roleWithoutPrivileges(): Promise<string> {
  const role = `${database.name}_role`
  await database.query(`CREATE ROLE "${role}"`)
  return role
}

test('young transactions, sessions outside one, and those of another database pass', async () => {
  await session('web', 'BEGIN; SELECT * FROM t')
  await session('web')
  expect(await ask(openTransactions, database)).toEqual({
    results: [
      { id: 'long-transaction', title: 'no transaction has been open or idle for long', outcome: 'passed' },
    ],
    findings: [],
  })
  const other = await createTestDatabase()
  await sleep(400)
  expect((await ask(impatient, other)).findings).toEqual([])
})

test('a statement that takes long, and sessions that have forgotten their transaction, are told apart', async () => {
  const first = await session('web', 'BEGIN; SELECT * FROM t')
  const second = await session('web', 'BEGIN; SELECT * FROM t')
  const report = await session('report')
  const reading = report.client.query('SELECT pg_sleep(60)').catch(() => undefined)
  await sleep(500)
  const { results, findings } = await ask(impatient, database)
  expect(results).toMatchObject([{ outcome: 'warned' }])
  expect(findings).toEqual([
    {
      code: 'long-transaction',
      kind: 'health',
      verdict: 'warn',
      step: 'check',
      object: 'report',
      message: expect.stringMatching(
        new RegExp(
          `^1 session has been in a transaction for [\\d.]+ m?s: "report" as "postgres", pid ${report.pid}$`,
        ),
      ),
      hint: 'Wait until it has ended, or end it with pg_cancel_backend(pid); the deploy waits for its locks, and CREATE INDEX CONCURRENTLY for its end.',
    },
    {
      code: 'idle-in-transaction',
      kind: 'health',
      verdict: 'warn',
      step: 'check',
      object: 'web',
      message: expect.stringMatching(
        new RegExp(
          `^2 sessions have been idle in a transaction for [\\d.]+ m?s: "web" as "postgres", pids ${first.pid}, ${second.pid}$`,
        ),
      ),
      hint: 'Have the application end its transaction, or end the session with pg_terminate_backend(pid): it keeps its locks until then.',
    },
  ])
  // What the hints say fixes it.
  await database.query('SELECT pg_cancel_backend($1)', [report.pid])
  await reading
  for (const { pid } of [first, second]) await database.query('SELECT pg_terminate_backend($1, 1000)', [pid])
  expect((await ask(impatient, database)).findings).toEqual([])
})

test('a session that works in small steps is long and not idle', async () => {
  const { client } = await session('steps', 'BEGIN')
  await sleep(400)
  await client.query('SELECT * FROM t')
  const check = openTransactionsCheck({ openMs: 300, idleMs: 10_000 })
  expect((await ask(check, database)).findings).toMatchObject([{ code: 'long-transaction' }])
})

test('the sessions of the same run are ours, those of another run of the guard are not', async () => {
  const run = '20261120T043400Z-a_database_with_a_name_of_more_than_forty_characters'
  await session(`migrate-guard backup ${run}`.slice(0, 63), 'BEGIN; SELECT * FROM t')
  await sleep(200)
  const asked = (id: string) =>
    ask(impatient, database, { applicationName: `migrate-guard check ${id}`.slice(0, 63) })
  expect((await asked(run)).findings).toEqual([])
  expect((await asked(run.replace('0434', '0435'))).findings).toMatchObject([{ code: 'idle-in-transaction' }])
  expect((await ask(impatient, database)).findings).toMatchObject([{ code: 'idle-in-transaction' }])
})

test('what a role may not see is not called well, and the fix lets it see', async () => {
  const role = await roleWithoutPrivileges()
  const { client } = await session('web')
  expect((await ask(impatient, database, { role })).findings).toEqual([])
  await client.query('BEGIN; SELECT * FROM t')
  await sleep(200)
  const { results, findings } = await ask(impatient, database, { role })
  expect(results).toMatchObject([{ outcome: 'warned' }])
  expect(findings).toEqual([
    {
      code: 'monitoring-not-granted',
      kind: 'health',
      verdict: 'warn',
      step: 'check',
      object: 'pg_stat_activity',
      message: '1 session of another role is in a transaction, and this role may not see for how long',
      hint: 'Grant pg_monitor to the role, as a superuser, or look as another role before the deploy.',
      fixSql: `GRANT pg_monitor TO "${role}";`,
    },
  ])
  await database.query(findings[0]?.fixSql ?? '')
  expect((await ask(impatient, database, { role })).findings).toMatchObject([{ code: 'idle-in-transaction' }])
})

if (isLong) {
  test('ten seconds idle and a minute open are too long', async () => {
    const { client } = await session('idle', 'BEGIN')
    await session('open').then(
      ({ client: open }) => void open.query('SELECT pg_sleep(70)').catch(() => undefined),
    )
    await sleep(9_000)
    expect((await ask(openTransactions, database)).findings).toEqual([])
    await sleep(1_500)
    expect((await ask(openTransactions, database)).findings).toMatchObject([{ code: 'idle-in-transaction' }])
    await client.query('COMMIT')
    await sleep(48_000)
    expect((await ask(openTransactions, database)).findings).toEqual([])
    await sleep(2_500)
    expect((await ask(openTransactions, database)).findings).toMatchObject([{ code: 'long-transaction' }])
  })
}
