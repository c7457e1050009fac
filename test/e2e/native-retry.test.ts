import { expect, test } from '@jest/globals'
import {
  firstMigration,
  type GuardedDatabase,
  makeGuardedDatabase,
  waitFor,
} from '../support/guarded-database.js'
import { longTest } from '../support/long.js'
import { nativeEngine } from '../support/native-engine.js'

const change = '20260201000000_change'

const native = ['--engine', 'native', '--skip-backup', '--lock-timeout', '100ms']

async function lockPeople(guarded: GuardedDatabase) {
  const other = await guarded.database.client()
  await other.query('BEGIN; SELECT FROM people')
  return other
}

test("Prisma's own engine is run again after a lock time-out that left nothing", async () => {
  const guarded = await makeGuardedDatabase({ [change]: 'ALTER TABLE people ADD COLUMN note text;' })
  const other = await lockPeople(guarded)
  const running = guarded.start({ arguments: native, env: await nativeEngine(guarded) })
  await waitFor('the attempt to be marked as rolled back', () =>
    guarded.database
      .query(
        "SELECT to_regclass('_prisma_migrations') IS NOT NULL AND EXISTS (SELECT FROM _prisma_migrations WHERE rolled_back_at IS NOT NULL) AS done",
      )
      .then(([row]) => row.done),
  )
  await other.query('COMMIT')
  const { exitCode, stdout, evidence } = await running.ended()
  expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 })
  expect(evidence).toContain('attempt 1 ended with 55P03, left nothing, and was repeated')
  const { columns, history } = await guarded.truth()
  expect(columns).toContain('note')
  expect(history[0]).toBe(`${firstMigration}: finished`)
  expect(history.at(-1)).toBe(`${change}: finished`)
  expect(history.slice(1, -1).every((row) => row === `${change}: rolled back`)).toBe(true)
})

longTest('no more often than --retries, and then the history is clean', async () => {
  const guarded = await makeGuardedDatabase({ [change]: 'ALTER TABLE people ADD COLUMN note text;' })
  await lockPeople(guarded)
  const arguments_ = [...native, '--retries', '1']
  const { exitCode, evidence } = await guarded.deploy({
    arguments: arguments_,
    env: await nativeEngine(guarded),
  })
  expect(exitCode).toBe(20)
  expect(evidence.match(/was repeated/g)).toHaveLength(1)
  const rolledBack = `${change}: rolled back`
  expect((await guarded.truth()).history).toEqual([`${firstMigration}: finished`, rolledBack, rolledBack])
})

longTest('never when what is there cannot be told', async () => {
  // Nothing in the catalog would show whether the first statement took effect.
  const guarded = await makeGuardedDatabase({
    [change]: 'UPDATE visits SET person = 1 WHERE id = 1;\nALTER TABLE people ADD COLUMN note text;',
  })
  await lockPeople(guarded)
  const { exitCode, evidence } = await guarded.deploy({ arguments: native, env: await nativeEngine(guarded) })
  expect(exitCode).toBe(21)
  expect(evidence).not.toContain('repeated')
})
