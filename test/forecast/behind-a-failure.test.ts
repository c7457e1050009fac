import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { brief, forecastOf, resetDatabase } from '../support/losses.js'
import { createTestDatabase } from '../support/test-database.js'
import { cases, setup } from './corpus/behind-a-failure.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

describe('what stands behind a statement that fails is looked at', () => {
  test.each(Object.entries(cases))('%s', async (_, { files, fails, later = [], losses, doubts = 0 }) => {
    await resetDatabase(client, setup)
    const forecast = await forecastOf(client, files)
    expect({
      fails: forecast.failure?.code,
      later: forecast.later.map(({ code }) => code),
      losses: brief(forecast.losses),
      doubts: forecast.doubts.length,
    }).toEqual({ fails, later, losses, doubts })
  })
})
