import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Client } from 'pg'
import { failureFinding } from '../../src/forecast/findings.js'
import { forecastOf, resetDatabase } from '../support/losses.js'
import { createTestDatabase } from '../support/test-database.js'

const asBefore = 'Fill the column in a statement before this one, or give it a default.'
const threeSteps =
  'The column does not exist before this statement: give it a default, or add it without NOT NULL, fill it with an UPDATE, and then SET NOT NULL.'
const forNewRows = 'Give every new row a value for the column, or give the column a default.'

const cases: readonly (readonly [string, string])[] = [
  ['ALTER TABLE clients ALTER phone SET NOT NULL', asBefore],
  ['ALTER TABLE clients ADD mail text NOT NULL', threeSteps],
  ['ALTER TABLE clients ADD mail text NOT NULL, ADD other int', threeSteps],
  ['ALTER TABLE clients ADD mail text PRIMARY KEY', threeSteps],
  ['ALTER TABLE clients ADD mail text; ALTER TABLE clients ALTER mail SET NOT NULL', asBefore],
  ['INSERT INTO clients (id) VALUES (NULL)', forNewRows],
]

let client: Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
  await resetDatabase(
    client,
    'CREATE TABLE clients (id int NOT NULL, phone text); INSERT INTO clients SELECT generate_series(1, 3)',
  )
})

describe('what to do about a NULL', () => {
  test.each(cases)('%s', async (sql, hint) => {
    const { failure } = await forecastOf(client, [sql])
    expect(failure && failureFinding(failure).hint).toBe(hint)
  })
})
