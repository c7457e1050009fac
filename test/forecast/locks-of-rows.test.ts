import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { idOf } from '../support/corpus/corpus-chain.js'
import { type OwnPlace, placeOn } from '../support/corpus/place.js'
import { tryChain } from '../support/corpus/try-chain.js'
import { foretell } from '../support/forecast.js'
import { locksOfRows } from './corpus/locks-of-rows.js'

let place: OwnPlace
beforeAll(async () => {
  place = await placeOn(process.env.MIGRATE_GUARD_TEST_URL ?? '')
})
afterAll(() => place?.close())

test.each(locksOfRows.map((chain) => [idOf(chain), chain] as const))('%s', async (_, chain) => {
  const onTwin: typeof place = {
    ...place,
    foretell: (client, files, options) => foretell(client, files, { ...options, onTwin: true }),
  }
  const { differences, statements } = await tryChain(onTwin, chain)
  const ofLocks = differences.filter(({ kind }) => /^(locks|rewrites|scans|crash)/.test(kind))
  expect({ statements: statements > 0, ofLocks }).toEqual({ statements: true, ofLocks: [] })
})
