import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { brief, forecastOf, resetDatabase } from '../support/losses.js'
import { createTestDatabase } from '../support/test-database.js'
import { cases, setup } from './corpus/damage.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

test.each(Object.entries(cases))('damage without an error is told: %s', async (_, { sql, told }) => {
  await resetDatabase(client, setup)
  const { damage, failure, doubts } = await forecastOf(client, [sql])
  expect({ told: brief(damage), failure, doubts }).toEqual({ told, failure: undefined, doubts: [] })
})
