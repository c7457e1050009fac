import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { foretellAndRun } from '../support/foretell.js'
import { createTestDatabase } from '../support/test-database.js'
import { passing, setup, waiting } from './corpus/put-off-checks.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

describe('a table whose rows wait for a deferred check is not altered', () => {
  test.each(waiting)('%s', async (migration) => {
    const { foretold, real, doubts } = await foretellAndRun(client, setup, migration)
    expect({ foretold, real, doubts }).toEqual({ foretold: '55006', real: '55006', doubts: [] })
  })
})

describe('nothing is said where no row waits', () => {
  test.each(passing)('%s', async (migration) => {
    const { foretold, real, doubts } = await foretellAndRun(client, setup, migration)
    expect({ foretold, real, doubts }).toEqual({ foretold: 'passes', real: 'passes', doubts: [] })
  })
})
