import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { tryStatement } from '../../support/static-facts.js'
import { createTestDatabase } from '../../support/test-database.js'
import { refusals } from '../corpus/refusals.js'

// What is foretold is then done: the server must refuse it, and for the very reason that was named.

describe.each(Object.keys(refusals))('%s', (sqlstate) => {
  let client: pg.Client

  beforeAll(async () => {
    client = await (await createTestDatabase()).client()
  })

  test.each(refusals[sqlstate] ?? [])('%s → %s', async (before, statement) => {
    const { foretold, happened } = await tryStatement(client, before, statement)
    expect(happened).toBe(sqlstate)
    expect(foretold).toMatchObject({ sqlstate, isCertain: true })
  })
})
