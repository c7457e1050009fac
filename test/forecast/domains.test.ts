import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { filesOf, foretell, resetDatabase } from '../support/forecast.js'
import { foretellAndRun } from '../support/foretell.js'
import { createTestDatabase } from '../support/test-database.js'
import { cases, setup } from './corpus/domains.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

test.each(Object.entries(cases))('a domain: %s', async (_, { migration, state = 'passes' }) => {
  expect(await foretellAndRun(client, setup, migration)).toEqual({
    foretold: state,
    real: state,
    doubts: [],
    unknown: [],
    wrong: {},
  })
})

test.each([
  ["INSERT INTO users VALUES ('none')", 'check-violation'],
  ['INSERT INTO users VALUES (NULL)', 'not-null-violation'],
  ["INSERT INTO users VALUES ('a@' || (1 / 0))", 'invalid-value'],
])('what a value of a domain meets has its own code: %s', async (sql, code) => {
  const domain = "CREATE DOMAIN email AS text NOT NULL CHECK (VALUE LIKE '%@%'); CREATE TABLE users (e email)"
  await resetDatabase(client, domain)
  const { forecast } = await foretell(client, filesOf([sql]))
  expect(forecast.failure?.code).toBe(code)
})
