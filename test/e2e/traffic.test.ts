import { expect, test } from '@jest/globals'
import { brake, firstMigration, makeGuardedDatabase, waitFor } from '../support/guarded-database.js'
import { longTest } from '../support/long.js'

const change = '20260201000000_change'
const quickly = ['--skip-backup', '--lock-timeout', '200ms']

/** A file that locks the table of the people and then takes its time. */
const longWork = `ALTER TABLE people ADD COLUMN note text;\n${brake}\n`

test('when others wait too long the deploy gives way, and comes back', async () => {
  const guarded = await makeGuardedDatabase({ [change]: longWork })
  const { database } = guarded
  await database.query('INSERT INTO brake VALUES (60)')
  const running = guarded.start({ arguments: [...quickly, '--max-blocking', '300ms'] })
  await guarded.untilDeployRuns(/pg_sleep/)
  const reader = await database.client()
  // The answer comes long before the deploy would have ended.
  expect((await reader.query('SELECT count(*)::int AS n FROM people')).rows).toEqual([{ n: 100 }])
  await database.query('UPDATE brake SET seconds = 0')
  const { exitCode, stdout, stderr, record } = await running.ended()
  expect({ exitCode, said: stdout + stderr }).toMatchObject({ exitCode: 0 })
  expect(stdout).toMatch(/pid \d+ \(.*@.*\), active for .* has waited .* for the deploy: giving way/)
  expect(stdout).toContain(`${change}: gave way to sessions that waited, rolled back; trying again in`)
  expect(record.deployment?.traffic).toMatchObject({
    gaveWay: 1,
    madeWait: [{ relation: 'public.people', mode: 'ACCESS SHARE' }],
  })
  const truth = await guarded.truth()
  expect(truth.columns).toContain('note')
  expect(truth.history).toEqual([`${firstMigration}: finished`, `${change}: finished`])
})

longTest('what cannot give way goes on, and it is said why', async () => {
  const guarded = await makeGuardedDatabase({
    [change]:
      'DO $$ BEGIN COMMIT; ALTER TABLE people ADD COLUMN note text; PERFORM pg_sleep(seconds) FROM brake; END $$;',
  })
  await guarded.database.query('INSERT INTO brake VALUES (2)')
  const running = guarded.start({ arguments: [...quickly, '--max-blocking', '300ms'] })
  await waitFor('the lock', () =>
    guarded.database
      .query(
        "SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'people'::regclass",
      )
      .then(({ length }) => length > 0),
  )
  const reader = await guarded.database.client()
  await reader.query('SELECT FROM people')
  const { exitCode, stdout, record } = await running.ended()
  expect(exitCode).toBe(0)
  expect(stdout).toContain(
    `for the deploy, which cannot give way: statement 1 of "${change}": DO may do its work in several transactions`,
  )
  expect(record.deployment?.traffic).toMatchObject({ gaveWay: 0, madeWaitCount: 1 })
})

test('with --terminate-blockers an idle transaction that is in the way is ended, without it never', async () => {
  const guarded = await makeGuardedDatabase({ [change]: 'ALTER TABLE people ADD COLUMN note text;' })
  const [blocker, idle] = [await guarded.database.client(), await guarded.database.client()]
  await blocker.query("SET application_name = 'forgotten'; BEGIN; SELECT FROM people")
  await idle.query('BEGIN; SELECT FROM visits')
  const without = await guarded.deploy({ arguments: [...quickly, '--retries', '1'] })
  expect(without.exitCode).toBe(20)
  expect(without.stdout).toMatch(
    /waiting for pid \d+ \(forgotten, .*\), idle in transaction for .*; wanted: ACCESS EXCLUSIVE on public.people; commit or roll back there, or end it in SQL: SELECT pg_terminate_backend\(\d+\)/,
  )
  expect(without.record.deployment?.traffic).toMatchObject({
    waitedForCount: 1,
    waitedFor: [{ session: { applicationName: 'forgotten' } }],
    terminated: [],
  })
  expect(JSON.stringify(without.record.deployment?.traffic)).not.toContain('SELECT')

  const result = await guarded.deploy({ arguments: [...quickly, '--terminate-blockers', '500ms'] })
  expect(result.exitCode).toBe(0)
  expect(result.stdout).toMatch(/ended by --terminate-blockers: pid \d+ \(forgotten/)
  expect(result.record.deployment?.traffic?.terminated).toMatchObject([{ applicationName: 'forgotten' }])
  await expect(blocker.query('SELECT 1')).rejects.toThrow()
  await idle.query('COMMIT')
})

longTest('a watch whose session is ended does not end the deploy, and the report says so', async () => {
  const guarded = await makeGuardedDatabase({ [change]: longWork })
  await guarded.database.query('INSERT INTO brake VALUES (1.5)')
  const running = guarded.start({ arguments: quickly })
  await guarded.untilDeployRuns(/pg_sleep/)
  const ended = await guarded.database.query(
    "SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity WHERE application_name LIKE 'migrate-guard watch%' AND datname = current_database()",
  )
  expect(ended).toEqual([{ done: true }])
  const { exitCode, stdout, record } = await running.ended()
  expect(exitCode).toBe(0)
  expect(stdout).toContain('other sessions are not watched any more: ')
  expect(record.deployment?.traffic?.notSeen).toMatch(/terminat|closed|queryable/)
})
