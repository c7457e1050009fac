import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { foretellAndRun } from '../support/foretell.js'
import { createTestDatabase } from '../support/test-database.js'
import { passing, refused, setup, write } from './corpus/transaction-settings.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

test.each(passing)('%s passes', async (migration) => {
  expect(await foretellAndRun(client, setup, migration)).toMatchObject({
    foretold: 'passes',
    real: 'passes',
    doubts: [],
  })
})

test.each(refused)('%s: %s', async (sqlstate, migration) => {
  expect(await foretellAndRun(client, setup, migration)).toMatchObject({ foretold: sqlstate, real: sqlstate })
})

test('whether a block writes in a READ ONLY transaction is left to the rehearsal', async () => {
  const { foretold, doubts } = await foretellAndRun(
    client,
    setup,
    `SET TRANSACTION READ ONLY; DO $$ BEGIN ${write}; END $$`,
  )
  expect(foretold).toBe('passes')
  expect(doubts).toEqual([expect.stringContaining('READ ONLY')])
})
