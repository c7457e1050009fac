import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import type { Reader } from '../../../src/domain/reader.js'
import { readLiveCatalog } from '../../../src/forecast/live-catalog.js'
import type { CatalogModel } from '../../../src/forecast/model.js'
import { asGuard } from '../../support/as-guard.js'
import { asMadeByMigrations, readerOf, tryStatement } from '../../support/static-facts.js'
import { createTestDatabase } from '../../support/test-database.js'
import { good, others, schema } from '../corpus/silence.js'

// A failure that is foretold and does not come stops a good deploy: so the server does all of these, and nothing is said.

let client: pg.Client
let reader: Reader
let catalog: CatalogModel

describe('the schema is there today', () => {
  beforeAll(async () => {
    client = await (await createTestDatabase({ sql: schema })).client()
    reader = readerOf(client)
    catalog = await asGuard(client, () => readLiveCatalog(reader, 'public'))
  })

  test.each(good)('%s', async (statement) => {
    const trial = await tryStatement(client, '', statement, { reader, catalog })
    expect(trial).toEqual({ foretold: undefined, happened: undefined })
  })
})

describe('the migrations make the schema, and today there is nothing', () => {
  beforeAll(async () => {
    client = await (await createTestDatabase({ sql: schema })).client()
    catalog = await asGuard(client, () => readLiveCatalog(readerOf(client), 'public'))
    asMadeByMigrations(catalog)
    reader = readerOf(await (await createTestDatabase()).client())
  })

  test.each(good)('%s', async (statement) => {
    const trial = await tryStatement(client, '', statement, { reader, catalog })
    expect(trial).toEqual({ foretold: undefined, happened: undefined })
  })
})

describe('each with what it needs', () => {
  beforeAll(async () => {
    client = await (await createTestDatabase()).client()
  })

  test.each(others)('%s → %s', async (before, statement) => {
    expect(await tryStatement(client, before, statement)).toEqual({
      foretold: undefined,
      happened: undefined,
    })
  })
})
