import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { brief, forecastOf, resetDatabase } from '../support/losses.js'
import { createTestDatabase } from '../support/test-database.js'
import { required, setup, unknown } from './corpus/unfollowed.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

describe('what is not followed makes unknown what comes after it', () => {
  test.each(Object.entries(unknown))('%s', async (_, sql) => {
    await resetDatabase(client, setup)
    const { failure, doubts } = await forecastOf(client, [sql])
    expect(failure).toBeUndefined()
    expect(doubts.length).toBeGreaterThan(0)
  })

  test('what a function only reads stays known', async () => {
    await resetDatabase(client, setup)
    const { failure } = await forecastOf(client, [`SELECT fill_any('users'), count_users(); ${required}`])
    const { failure: known } = await forecastOf(client, [`SELECT count_users(); ${required}`])
    expect([failure, known?.code]).toEqual([undefined, 'not-null-violation'])
  })

  test('what code takes away is named, and nothing is passed over', async () => {
    await resetDatabase(client, setup)
    const lossesOf = async (sql: string) => brief((await forecastOf(client, [sql])).losses)
    expect(await lossesOf('SELECT purge()')).toEqual(['delete notes 4 unknown'])
    expect(await lossesOf('DO $$ BEGIN PERFORM purge(); END $$')).toEqual(['delete notes 4 unknown'])
    expect(await lossesOf("SELECT fill('u')")).toEqual(['update users 5 warn'])
    expect(await lossesOf("SELECT fill_any('users')")).toEqual(['not-looked-at SELECT ? unknown'])
    expect(
      await lossesOf(
        'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE notes DROP COLUMN body; END $$; SELECT f()',
      ),
    ).toEqual(['drop-column notes.body 4 unknown'])
    expect(await lossesOf('SELECT count_users()')).toEqual([])
  })
})
