import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Client } from 'pg'
import { brief, forecastOf, resetDatabase } from '../support/losses.js'
import { createTestDatabase } from '../support/test-database.js'
import { keptEverywhere, notKept, setup } from './corpus/kept.js'

let client: Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
  await resetDatabase(client, setup)
})

describe('what is kept in another place before it goes is no loss', () => {
  test.each(Object.entries(keptEverywhere))('%s', async (_, sql) => {
    const { losses, failure } = await forecastOf(client, [sql])
    expect({ failure, losses: brief(losses).filter((one) => /block|unknown/.test(one)) }).toEqual({
      failure: undefined,
      losses: [],
    })
  })
})

describe('what is not kept whole stays a loss', () => {
  test.each(Object.entries(notKept))('%s', async (_, sql) => {
    const { losses, failure } = await forecastOf(client, [sql])
    const blocking = brief(losses).filter((one) => one.endsWith('block'))
    expect({ failure, blocks: blocking.length > 0 }).toEqual({ failure: undefined, blocks: true })
    expect(losses.map(({ message }) => message).join('\n')).not.toContain('copied it to')
  })

  test('a copy of some of the values is told with the number of those that it leaves out', async () => {
    const sql = 'CREATE TABLE kept AS SELECT id, fax FROM clients WHERE id < 3; ALTER TABLE clients DROP fax'
    const { losses } = await forecastOf(client, [sql])
    expect(losses.map(({ message }) => message)).toEqual([
      '5 values of "clients"."fax" are dropped (line 1 copied a part to kept.fax; 3 values of them are in no other place)',
    ])
  })
})

describe('"empty" is said of nothing that has values', () => {
  test.each([
    ["ALTER TABLE clients DROP fax, ADD origin text NOT NULL DEFAULT 'web'", 'drop-column'],
    ["ALTER TABLE clients DROP fax, ADD fax_number text DEFAULT ''", 'probable-rename-column'],
    [
      "ALTER TABLE clients DROP fax; ALTER TABLE clients ADD origin text; UPDATE clients SET origin = 'web'",
      'drop-column',
    ],
    ["ALTER TABLE clients DROP fax; ALTER TABLE clients ADD fax text DEFAULT '-'", 'drop-and-re-add-column'],
    ['DROP TABLE contacts; CREATE TABLE contacts (id int); INSERT INTO contacts VALUES (1)', 'drop-table'],
    [
      'DROP TABLE contacts; CREATE TABLE people (id int, client_id int, fax text); INSERT INTO people VALUES (1)',
      'probable-rename-table',
    ],
  ])('%s', async (sql, code) => {
    const { losses } = await forecastOf(client, [sql])
    expect(losses.map((loss) => loss.code)).toEqual([code])
    expect(losses[0]?.message).not.toContain('empty')
  })
})

test('a table of another schema is named with it', async () => {
  await client.query(
    'CREATE TABLE IF NOT EXISTS old.clients (id int PRIMARY KEY, fax text); INSERT INTO old.clients VALUES (1, 1)',
  )
  const { losses } = await forecastOf(client, [
    'ALTER TABLE clients DROP fax; ALTER TABLE old.clients DROP fax',
  ])
  expect(losses.map(({ object, schema, message }) => [object, schema, message])).toEqual([
    ['clients.fax', undefined, '5 values of "clients"."fax" are dropped'],
    ['old.clients.fax', 'old', '1 value of "old"."clients"."fax" is dropped'],
  ])
})
