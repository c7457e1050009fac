import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { brief, forecastOf, resetDatabase } from '../support/losses.js'
import { createTestDatabase } from '../support/test-database.js'
import { cases, drop, inClub, setup } from './corpus/session-settings.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

describe('a name means what the session has set', () => {
  test.each(Object.entries(cases))('%s', async (_, { files, losses, fails }) => {
    await resetDatabase(client, setup)
    const forecast = await forecastOf(client, files)
    expect({
      losses: brief(forecast.losses),
      fails: forecast.failure?.code,
      doubts: forecast.doubts,
    }).toEqual({
      losses,
      fails,
      doubts: [],
    })
  })

  test('a path that is computed makes every name a matter of the rehearsal', async () => {
    await resetDatabase(client, setup)
    const { failure, doubts } = await forecastOf(client, [
      "SELECT set_config('search_path', 'cl' || 'ub', false); ALTER TABLE members ALTER badge SET NOT NULL",
    ])
    expect(failure).toBeUndefined()
    expect(doubts.map(({ place }) => place.index)).toEqual([1, 2])
  })

  test("in Prisma's own engine a setting stays for the files after it", async () => {
    await resetDatabase(client, setup)
    const { losses } = await forecastOf(client, ['SET search_path TO club', drop], { keepsSession: true })
    expect(brief(losses)).toEqual(inClub)
  })
})

test('triggers sleep as long as the session says that they do', async () => {
  const orphan = 'INSERT INTO dogs VALUES (1, 99)'
  const replica = 'SET session_replication_role = replica'
  const awake: Record<string, readonly string[]> = {
    reset: [`${replica}; RESET session_replication_role; ${orphan}`],
    default: [`${replica}; SET session_replication_role TO DEFAULT; ${orphan}`],
    'the next file': [replica, orphan],
    local: [`BEGIN; SET LOCAL session_replication_role = replica; COMMIT; BEGIN; ${orphan}; COMMIT`],
    config: [`${replica}; SELECT set_config('session_replication_role', 'origin', false); ${orphan}`],
    'rolled back': [`BEGIN; ${replica}; ROLLBACK; BEGIN; ${orphan}; COMMIT`],
  }
  for (const [name, files] of Object.entries(awake)) {
    await resetDatabase(
      client,
      'CREATE TABLE owners (id int PRIMARY KEY); CREATE TABLE dogs (id int PRIMARY KEY, owner int REFERENCES owners)',
    )
    expect({ name, code: (await forecastOf(client, files)).failure?.code }).toEqual({
      name,
      code: 'foreign-key-violation',
    })
  }
  await resetDatabase(
    client,
    'CREATE TABLE owners (id int PRIMARY KEY); CREATE TABLE dogs (id int PRIMARY KEY, owner int REFERENCES owners)',
  )
  const { failure } = await forecastOf(client, [
    `SELECT set_config('session_replication_role', 'replica', false); ${orphan}`,
  ])
  expect(failure).toBeUndefined()
})
