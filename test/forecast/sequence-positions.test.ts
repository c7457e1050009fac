import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { foretellAndRun } from '../support/foretell.js'
import { createTestDatabase } from '../support/test-database.js'
import { cases, noting } from './corpus/sequence-positions.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

test.each(Object.entries(cases))('%s', async (_, { setup, migration, state = 'passes' }) => {
  const outcome = await foretellAndRun(client, setup, migration)
  expect(outcome).toEqual({ foretold: state, real: state, doubts: [], unknown: [], wrong: {} })
})

test('a sequence that the role may not read leaves the keys unknown', async () => {
  await client.query('DROP ROLE IF EXISTS sequence_user; CREATE ROLE sequence_user')
  const setup = `${noting('AFTER UPDATE ON members FOR EACH ROW')} GRANT USAGE ON SCHEMA public TO sequence_user;
    GRANT ALL ON ALL TABLES IN SCHEMA public TO sequence_user; GRANT USAGE ON SEQUENCE audit_id_seq TO sequence_user;
    SET ROLE sequence_user`
  const { foretold, real, doubts } = await foretellAndRun(
    client,
    setup,
    `UPDATE members SET name = 'x' WHERE id < 4`,
  )
  await client.query('RESET ROLE')
  expect({ foretold, real }).toEqual({ foretold: 'passes', real: 'passes' })
  expect(doubts.join()).toContain('may not read what sequence "audit_id_seq" gives next')
})
