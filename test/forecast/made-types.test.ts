import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { foretellAndRun } from '../support/foretell.js'
import { createTestDatabase } from '../support/test-database.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

/** To today's server a type that the migration makes is text: what it says of a query's columns is then not the truth. */
const made = `CREATE TYPE kind AS ENUM ('SPAN', 'EVENT');
  CREATE TABLE made (id int, kind kind NOT NULL, name text);`

test.each([
  ['replaced', 'CREATE OR REPLACE VIEW v AS SELECT made.*, id AS n FROM made', 'passes'],
  [
    'replaced under an alias',
    'CREATE OR REPLACE VIEW v AS SELECT id, kind, name, kind AS k FROM made',
    'passes',
  ],
  ['with another type', 'CREATE OR REPLACE VIEW v AS SELECT id::bigint, kind, name FROM made', '42P16'],
])('a view of a column whose type is made in the migration: %s', async (_, sql, end) => {
  const outcome = await foretellAndRun(client, '', `${made} CREATE VIEW v AS SELECT * FROM made; ${sql};`)
  expect(outcome).toMatchObject({ foretold: end, real: end })
})

test('a table with the columns of a query over it takes a value of the type', async () => {
  const outcome = await foretellAndRun(
    client,
    '',
    `${made} CREATE TABLE copied AS SELECT id, kind AS k FROM made; INSERT INTO copied VALUES (1, 'SPAN'::kind);`,
  )
  expect(outcome).toMatchObject({ foretold: 'passes', real: 'passes' })
})
