import { beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type pg from 'pg'
import { differences, filesOf, foretell, resetDatabase, runReally } from '../support/forecast.js'
import { isLong } from '../support/long.js'
import { type RandomRun, randomRuns } from '../support/random-run.js'
import { createTestDatabase } from '../support/test-database.js'

const replayed = process.env.MIGRATE_GUARD_TEST_SEED

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

async function disagreements({ setup, pending }: RandomRun): Promise<string[]> {
  await resetDatabase(client, setup)
  const files = filesOf(pending)
  const foretold = await foretell(client, files)
  const truth = await runReally(client, files)
  const { failure, doubts } = foretold.forecast
  // What comes after a statement that fails does not run.
  const told = doubts
    .map(({ reason }) => reason)
    .filter((reason) => !/a statement before it fails|^line \d+ fails/.test(reason))
  const reasons = told.filter((reason) => !/order of the rows/.test(reason))
  if (told.length > 0 && foretold.end?.at !== truth.end?.at) return reasons
  if (foretold.end?.at !== truth.end?.at || !isSameState(foretold, truth))
    return [
      `foretold: ${foretold.end ? `${foretold.end.sqlstate} at ${foretold.end.at}: ${failure?.title}` : 'succeeds'}`,
      `true: ${truth.end ? `${truth.end.sqlstate} at ${truth.end.at}: ${truth.end.message}` : 'succeeds'}`,
    ]
  return truth.end ? reasons : [...reasons, ...differences(foretold, truth, [])]
}

function isSameState(
  { end, sqlstates }: Awaited<ReturnType<typeof foretell>>,
  truth: Awaited<ReturnType<typeof runReally>>,
): boolean {
  return end?.sqlstate === truth.end?.sqlstate || sqlstates.includes(truth.end?.sqlstate ?? '')
}

test(
  'files of many statements end as foretold, at the statement foretold, with the contents foretold',
  async () => {
    const seed = Number(replayed ?? (isLong ? Date.now() % 2 ** 31 : 20261130))
    const checked = await fc.check(
      fc.asyncProperty(randomRuns, async (run) => {
        expect(await disagreements(run)).toEqual([])
      }),
      { numRuns: isLong ? 3_000 : Number(process.env.RUNS ?? 60), seed },
    )
    if (!checked.failed) return
    const [run] = checked.counterexample as [RandomRun]
    throw new Error(
      `seed ${seed} gives, made as small as possible:\n${run.pending.join('\n')}\n${(await disagreements(run)).join('\n')}`,
    )
  },
  isLong ? 3_600_000 : 240_000,
)
