import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { foretellAndRun } from '../support/foretell.js'
import { createTestDatabase } from '../support/test-database.js'
import { made, replaced, slug, withoutRows, withRows } from './corpus/made-types.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

test.each(replaced)('a view of a column whose type is made in the migration: %s', async (_, sql, end) => {
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

test.each(withoutRows)(
  'where no row is there nothing is unknown, although a function is made in the migration: %s',
  async (_, sql) => {
    const outcome = await foretellAndRun(client, '', `${made} ${slug} ${sql};`)
    expect(outcome).toMatchObject({ foretold: 'passes', real: 'passes', doubts: [] })
  },
)

test.each(withRows)('with rows it is left to the rehearsal: %s', async (_, sql) => {
  const outcome = await foretellAndRun(client, '', `${made} ${slug} ${sql};`)
  expect(outcome.doubts).not.toEqual([])
  expect(outcome.foretold).toBe('passes')
})
