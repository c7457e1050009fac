import { beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type pg from 'pg'
import { differences, filesOf, foretell, resetDatabase, runReally } from '../support/forecast.js'
import { isLong } from '../support/long.js'
import { type RandomChain, randomChains } from '../support/random-chain.js'
import { createTestDatabase } from '../support/test-database.js'

const timeLimitMs = isLong ? 1_800_000 : 120_000
const replayed = process.env.MIGRATE_GUARD_TEST_SEED

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

/**
 * What no question about the rows can tell, because it depends on where they lie and on how the server goes about it.
 * What lies behind a statement that fails is not asked at all, and does not run.
 */
const truthful =
  /order of the rows|no room|which part of the statement|a block catches|a statement before it fails|^line \d+ fails/

async function disagreements({ setup, pending }: RandomChain): Promise<string[]> {
  await resetDatabase(client, setup)
  const files = filesOf(pending)
  const foretold = await foretell(client, files)
  const truth = await runReally(client, files)
  const doubts = foretold.forecast.doubts.map(({ reason }) => reason)
  const wrongDoubts = doubts
    .filter((reason) => !truthful.test(reason))
    .map((reason) => `undecided: ${reason}`)
  if (doubts.length > 0 && (!foretold.end || foretold.end.at !== truth.end?.at)) return wrongDoubts
  const real = truth.end && `${truth.end.sqlstate} at ${truth.end.at}: ${truth.end.message}`
  const isSame =
    isSamePlace(foretold.end?.at, truth.end?.at) &&
    (foretold.end?.sqlstate === truth.end?.sqlstate || foretold.sqlstates.includes(truth.end?.sqlstate ?? ''))
  if (!isSame)
    return [
      `foretold: ${foretold.end ? `${foretold.end.sqlstate} at ${foretold.end.at}: ${foretold.forecast.failure?.title}` : 'succeeds'}`,
      `true: ${real ?? 'succeeds'}`,
    ]
  return truth.end ? wrongDoubts : [...wrongDoubts, ...differences(foretold, truth, [])]
}

/** A deferred constraint fails at COMMIT; the statement that broke it is named. */
function isSamePlace(foretold: string | undefined, real: string | undefined): boolean {
  return (
    foretold === real ||
    (real !== undefined && !real.includes('.') && foretold?.startsWith(`${real}.`) === true)
  )
}

test(
  'random chains end as foretold, with the contents foretold',
  async () => {
    const seed = Number(replayed ?? (isLong ? Date.now() % 2 ** 31 : 20261120))
    const checked = await fc.check(
      fc.asyncProperty(randomChains, async (chain) => {
        expect(await disagreements(chain)).toEqual([])
      }),
      // Bounded, so that a disagreement is reported by itself and not as a test that took too long to make it smaller.
      { numRuns: isLong ? 5_000 : 100, seed, interruptAfterTimeLimit: timeLimitMs },
    )
    if (!checked.failed) return
    const [{ setup, pending } = { setup: '', pending: [] }] = checked.counterexample ?? []
    throw new Error(
      [
        `replay with MIGRATE_GUARD_TEST_SEED=${seed}${isLong ? ' MIGRATE_GUARD_TEST_LONG=1' : ''} node scripts/test.mjs test/forecast/property`,
        `${setup};`,
        ...pending.map((file, i) => `-- file ${i + 1}\n${file};`),
        String(checked.errorInstance),
      ].join('\n'),
    )
  },
  timeLimitMs + 60_000,
)
