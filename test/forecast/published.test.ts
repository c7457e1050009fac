import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { foretellAndRun } from '../support/foretell.js'
import { isLong } from '../support/long.js'
import { createTestDatabase } from '../support/test-database.js'
import { cases } from './corpus/published.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

/** A sample of them; all in `npm run test:long`. */
const tried = Object.entries(cases).filter((_, i) => isLong || i % 3 === 0)

test.each(tried)('%s', async (_, { setup, migration, state = 'passes', doubts = 0 }) => {
  const outcome = await foretellAndRun(client, `DROP PUBLICATION IF EXISTS p; ${setup}`, migration)
  const { foretold, real } = outcome
  expect({ foretold, real, doubts: outcome.doubts }).toEqual({
    foretold: state,
    real: state,
    doubts: Array(doubts).fill(expect.any(String)),
  })
})
