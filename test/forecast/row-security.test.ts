import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { makeForecast } from '../../src/forecast/forecast.js'
import { filesOf } from '../support/forecast.js'
import { foretellAndRun } from '../support/foretell.js'
import { createTestDatabase } from '../support/test-database.js'
import { asOwner, forced, known, unknown } from './corpus/row-security.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
  await client.query(`
    DROP ROLE IF EXISTS hidden_owner, hidden_reader, hidden_nothing;
    CREATE ROLE hidden_owner; CREATE ROLE hidden_reader; CREATE ROLE hidden_nothing BYPASSRLS`)
})

describe('what row level security hides is unknown', () => {
  test.each(Object.entries(unknown))('%s', async (_, { setup, migration }) => {
    const { foretold, doubts } = await foretellAndRun(client, setup, migration)
    expect(foretold).toBe('passes')
    expect(doubts.join('; ')).toContain('row level security')
  })

  test.each(Object.entries(known))('not for %s', async (_, { setup, migration, state = 'passes' }) => {
    const { foretold, real, doubts } = await foretellAndRun(client, setup, migration)
    expect({ foretold, real, doubts }).toEqual({ foretold: state, real: state, doubts: [] })
  })

  test('a loss that cannot be counted is a loss that is not known', async () => {
    await client.query('ROLLBACK')
    await client.query('DISCARD ALL')
    await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public; SET search_path = public')
    await client.query(`${forced} DROP VIEW shown; ${asOwner}; SET row_security = off`)
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
    const { losses } = await makeForecast(
      filesOf(['ALTER TABLE notes DROP COLUMN body; DROP TABLE notes CASCADE; TRUNCATE copies']),
      [client],
      'public',
    )
    await client.query('ROLLBACK; RESET ROLE; SET row_security = on')
    expect(losses.map(({ code, verdict }) => `${code} ${verdict}`)).toEqual(
      expect.arrayContaining(['drop-column unknown', 'drop-table unknown']),
    )
  })
})
