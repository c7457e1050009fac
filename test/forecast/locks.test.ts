import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { readLiveCatalog } from '../../src/forecast/live-catalog.js'
import { lockClaimsOf } from '../../src/forecast/locks/lock-claims.js'
import type { ParsedStatement } from '../../src/sql/parser.js'
import { isSeenWhole } from '../../src/twin/statement-kinds.js'
import { asGuard } from '../support/as-guard.js'
import { differencesOf, LockWatch, witnessName } from '../support/lock-watch.js'
import { parse } from '../support/parse.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'
import { claimsOnTwin, type Pair, pairOver } from '../support/twin-pair.js'
import { statements } from './corpus/locks.js'

// Every statement is run against a real server, and what is claimed of it is compared with what pg_locks shows of the
// session while its transaction is open: tables, views, sequences, composite types, every index, every TOAST table and
// its index, as long as they were there before the statement. Of a relation the strongest lock counts. With the locks
// are compared: who has a new relfilenode, and which tables were read.
//
// What a twin without rows shows must be all of it. What the text tells without a twin may be less, but must be true.
//
// The server is whichever MIGRATE_GUARD_POSTGRES_BIN names.
const fixture = readFileSync(
  fileURLToPath(new URL('../fixtures/forecast/locks.sql', import.meta.url)),
  'utf8',
)

/** Statements that older servers do not know. */
function isKnown(sql: string, serverVersion: number): boolean {
  return serverVersion >= 150000 || !/^MERGE|ACCESS METHOD/.test(sql)
}

let original: TestDatabase
let pair: Pair

beforeAll(async () => {
  original = await createTestDatabase({ sql: fixture })
  const copy = await createTestDatabase({ template: original.name })
  pair = await pairOver(await copy.client())
  await pair.twin.run(parse('REFRESH MATERIALIZED VIEW order_totals')[0] as ParsedStatement)
})

describe.each(Object.entries(statements))('%s', (_, group) => {
  test.each(group)('%s', async (sql) => {
    const { serverVersion } = pair.catalog
    if (!isKnown(sql, serverVersion)) return
    const [statement] = parse(sql) as [ParsedStatement]
    const witness = await pair.watch.inTransaction(sql)
    const text = lockClaimsOf(statement, pair.catalog) ?? []
    const seen = isSeenWhole(statement, true) ? await claimsOnTwin(sql, pair) : text
    expect({
      onTwin: differencesOf(seen, witness, serverVersion),
      byText: differencesOf(text, witness, serverVersion, { isByText: true }),
    }).toEqual({ onTwin: [], byText: [] })
  })
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
    const client = await copy.client()
    const watch = await LockWatch.over(client)
    const catalog = await asGuard(client, () => readLiveCatalog(client, 'public'))
    const [statement] = parse(sql) as [ParsedStatement]
    const claims = lockClaimsOf(statement, catalog) ?? []
    const { locks, newFiles } = await watch.heldUp(await copy.client(), sql, heldUpBy)
    expect({ [table]: claims.find((claim) => witnessName(claim) === table)?.mode }).toEqual({
      [table]: locks.get(table),
    })
    const uncertain = claims.map((claim) => ({ ...claim, isCertain: false }))
    expect(differencesOf(uncertain, { locks, newFiles }, catalog.serverVersion)).toEqual([])
    await copy.drop()
  })
})
