import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { foretellAndRun } from '../support/foretell.js'
import { createTestDatabase } from '../support/test-database.js'
import { cases, setup } from './corpus/refresh.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

test.each(Object.entries(cases))(
  'a materialized view: %s',
  async (_, { migration, state = 'passes', unknown = [] }) => {
    const outcome = await foretellAndRun(client, setup, migration)
    expect(outcome).toEqual({ foretold: state, real: state, doubts: expect.any(Array), unknown, wrong: {} })
    expect(outcome.doubts).toEqual([])
  },
)
