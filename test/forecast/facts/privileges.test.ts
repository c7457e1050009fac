import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { tryStatement } from '../../support/static-facts.js'
import { createTestDatabase } from '../../support/test-database.js'
import { permitted, type Row, refused } from '../corpus/privileges.js'

// Each row changes into a role without rights, and is rolled back with it.

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

describe('42501', () => {
  test.each<Row>(refused)('%s → %s', async (before, statement) => {
    const { foretold, happened } = await tryStatement(client, before, statement)
    expect(happened).toBe('42501')
    expect(foretold).toMatchObject({ sqlstate: '42501', code: 'missing-privilege', isCertain: true })
  })
})

describe('what the role may do', () => {
  test.each<Row>(permitted)('%s → %s', async (before, statement) => {
    expect(await tryStatement(client, before, statement)).toEqual({
      foretold: undefined,
      happened: undefined,
    })
  })
})
