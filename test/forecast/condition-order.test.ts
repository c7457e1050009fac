import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { foretellAndRun } from '../support/foretell.js'
import { isLong } from '../support/long.js'
import { createTestDatabase } from '../support/test-database.js'
import { cases, set, setup } from './corpus/condition-order.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

/** A sample of them; all in `npm run test:long`. */
const tried = Object.entries(cases).filter((_, i) => isLong || i % 3 === 0)

describe('conditions are asked in the order of the server', () => {
  test.each(tried)('%s', async (_, { more = '', migration, state = 'passes', doubts = 0 }) => {
    const outcome = await foretellAndRun(client, setup + more, migration)
    expect({ ...outcome, doubts: outcome.doubts.length }).toEqual({
      foretold: state,
      real: state,
      doubts,
      unknown: expect.any(Array),
      wrong: {},
    })
  })

  test('what depends on an index over changed rows is unknown', async () => {
    const { foretold, doubts } = await foretellAndRun(
      client,
      setup,
      `UPDATE settings SET level = level + 1; CREATE INDEX ON settings (kind); ${set} cheap(value) AND dear(kind) AND kind > 'a'`,
    )
    expect(foretold).toBe('passes')
    expect(doubts).toContain(
      'which part of its condition the server asks first depends on how it plans the statement',
    )
  })
})
