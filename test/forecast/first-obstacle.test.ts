import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { foretellAndRun } from '../support/foretell.js'
import { createTestDatabase } from '../support/test-database.js'
import { cases, setup } from './corpus/first-obstacle.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

test.each(Object.entries(cases))('the server names first: %s', async (_, { migration, state }) => {
  const { foretold, real } = await foretellAndRun(client, setup, migration)
  expect({ foretold, real }).toEqual({ foretold: state, real: state })
})
