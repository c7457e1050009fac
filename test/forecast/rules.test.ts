import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { foretellAndRun } from '../support/foretell.js'
import { createTestDatabase } from '../support/test-database.js'
import { cases, setup } from './corpus/rules.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

test.each(Object.entries(cases))('a rule %s', async (_, { migration, doubts = 0, unknown = [] }) => {
  const outcome = await foretellAndRun(client, setup, migration)
  expect(outcome).toEqual({
    foretold: 'passes',
    real: 'passes',
    doubts: expect.any(Array),
    unknown,
    wrong: {},
  })
  expect(outcome.doubts).toHaveLength(doubts)
})
