import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { foretellAndRun } from '../support/foretell.js'
import { createTestDatabase } from '../support/test-database.js'
import { cases, setup } from './corpus/references.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

test.each(Object.entries(cases))('references: %s', async (_, { migration, state = 'passes' }) => {
  expect(await foretellAndRun(client, setup, migration)).toEqual({
    foretold: state,
    real: state,
    doubts: [],
    unknown: [],
    wrong: {},
  })
})
