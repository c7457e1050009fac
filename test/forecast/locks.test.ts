import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { readLiveCatalog } from '../../src/forecast/live-catalog.js'
import { lockClaimsOf } from '../../src/forecast/locks/lock-claims.js'
import type { CatalogModel } from '../../src/forecast/model.js'
import type { ParsedStatement } from '../../src/sql/parser.js'
import { asGuard } from '../support/as-guard.js'
import { differencesOf, LockWatch, witnessName } from '../support/lock-watch.js'
import { parse } from '../support/parse.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'
import { afterOthers, statements } from './corpus/locks.js'

// Every statement is run against a real server, and what is claimed of it is compared with what pg_locks shows of the
// session while its transaction is open: tables, views, sequences, composite types, every index, every TOAST table and
// its index, as long as they were there before the statement. Of a relation the strongest lock counts. With the locks
// are compared: who has a new relfilenode, and which tables were read.
//
// The server is whichever MIGRATE_GUARD_POSTGRES_BIN names; claims were compared on 14, 15, 16, 17 and 18.
const fixture = readFileSync(
  fileURLToPath(new URL('../fixtures/forecast/locks.sql', import.meta.url)),
  'utf8',
)

/** Statements that older servers do not know. */
function isKnown(sql: string, serverVersion: number): boolean {
  return serverVersion >= 150000 || !/^MERGE|ACCESS METHOD/.test(sql)
}

interface Place {
  readonly client: pg.Client
  readonly watch: LockWatch
  readonly catalog: CatalogModel
}

let original: TestDatabase
let place: Place

async function placeIn(client: pg.Client): Promise<Place> {
  return {
    client,
    watch: await LockWatch.over(client),
    catalog: await asGuard(client, () => readLiveCatalog(client, 'public')),
  }
}

beforeAll(async () => {
  original = await createTestDatabase({ sql: fixture })
  const copy = await createTestDatabase({ template: original.name })
  place = await placeIn(await copy.client())
})

async function differences(sql: string, { watch, catalog }: Place): Promise<string[]> {
  const [statement] = parse(sql) as [ParsedStatement]
  return differencesOf(
    lockClaimsOf(statement, catalog),
    await watch.inTransaction(sql),
    catalog.serverVersion,
  )
}

describe.each(Object.entries(statements))('%s', (_, group) => {
  test.each(group)('%s', async (sql) => {
    if (!isKnown(sql, place.catalog.serverVersion)) return
    expect(await differences(sql, place)).toEqual([])
  })
})

test.each(afterOthers)('after %s: %s', async (before, sql) => {
  const copy = await createTestDatabase({ template: original.name })
  const client = await copy.client()
  await client.query(before)
  expect(await differences(sql, await placeIn(client))).toEqual([])
  await copy.drop()
})

// These may not run in a transaction and give most of their locks back before they end. Each is held up by somebody who
// uses the table; what it has, and what it waits for, is seen from there. Claims are the strongest of its whole run, so
// that the table itself must agree, and nothing may be locked more than claimed.
describe('statements that run alone', () => {
  const user = 'LOCK TABLE customers IN ROW EXCLUSIVE MODE'
  test.each<[string, string, string]>([
    ['CREATE INDEX CONCURRENTLY x ON customers (age)', user, 'public.customers'],
    ['CREATE UNIQUE INDEX CONCURRENTLY x ON customers (age)', user, 'public.customers'],
    ['DROP INDEX CONCURRENTLY customers_name_idx', user, 'public.customers'],
    ['REINDEX INDEX CONCURRENTLY customers_name_idx', user, 'public.customers'],
    ['REINDEX TABLE CONCURRENTLY customers', user, 'public.customers'],
    ['VACUUM FULL plain', 'LOCK TABLE plain IN ACCESS SHARE MODE', 'public.plain'],
    ['VACUUM plain', 'LOCK TABLE plain IN SHARE UPDATE EXCLUSIVE MODE', 'public.plain'],
    ['REINDEX TABLE events', 'LOCK TABLE events_2025 IN ROW EXCLUSIVE MODE', 'public.events_2025'],
    [
      'ALTER TABLE measures DETACH PARTITION measures_1 CONCURRENTLY',
      'LOCK TABLE measures_1 IN ACCESS SHARE MODE',
      'public.measures',
    ],
  ])('%s', async (sql, heldUpBy, table) => {
    const copy = await createTestDatabase({ template: original.name })
    const { watch, catalog } = await placeIn(await copy.client())
    const [statement] = parse(sql) as [ParsedStatement]
    const claims = lockClaimsOf(statement, catalog)
    const { locks, newFiles } = await watch.heldUp(await copy.client(), sql, heldUpBy)
    expect({ [table]: claims.find((claim) => witnessName(claim) === table)?.mode }).toEqual({
      [table]: locks.get(table),
    })
    const uncertain = claims.map((claim) => ({ ...claim, isCertain: false }))
    expect(differencesOf(uncertain, { locks, newFiles }, catalog.serverVersion)).toEqual([])
    await copy.drop()
  })
})
