import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { diffCatalogObjects } from '../../../src/postgres/catalog-fingerprint/diff.js'
import { formatCatalogDifference } from '../../../src/postgres/catalog-fingerprint/format.js'
import { hashCatalogObjects } from '../../../src/postgres/catalog-fingerprint/hash.js'
import { isOfTableNamed } from '../../../src/postgres/catalog-fingerprint/of-table.js'
import { readCatalogObjects } from '../../../src/postgres/catalog-fingerprint/read-catalog-objects.js'
import { withoutSequenceValues } from '../../../src/postgres/catalog-fingerprint/sequence-values.js'
import type { Client } from '../../../src/postgres/connection.js'
import { connectTo } from '../../support/address.js'
import { createDatabaseOfEveryKind, createRolesOfEveryKind } from '../../support/every-kind.js'
import { useOwnServer } from '../../support/own-server.js'
import type { TestDatabase } from '../../support/test-database.js'

useOwnServer({ wal_level: 'logical' })

let database: TestDatabase
let client: Client

beforeAll(async () => {
  await createRolesOfEveryKind()
  database = await createDatabaseOfEveryKind()
  client = await connectTo(database)
})

afterAll(() => client.end())

test('the physical state is no part of it', async () => {
  const before = await readCatalogObjects(client)
  for (const statement of [
    'VACUUM FULL',
    'ANALYZE',
    'REINDEX TABLE customers',
    'REINDEX TABLE CONCURRENTLY sales.orders',
    'CLUSTER customers USING customers_pkey; ALTER TABLE customers SET WITHOUT CLUSTER',
    'ALTER TABLE scratch ADD COLUMN gone int; ALTER TABLE scratch DROP COLUMN gone',
    'GRANT SELECT ON scratch TO clerk; REVOKE SELECT ON scratch FROM clerk',
    'REVOKE ALL ON FUNCTION is_near FROM PUBLIC; GRANT EXECUTE ON FUNCTION is_near TO PUBLIC',
    "UPDATE customers SET name = 'other'",
  ])
    for (const one of statement.split('; ')) await client.query(one)
  const after = await readCatalogObjects(client)
  expect(diffCatalogObjects(before, after)).toEqual([])
  expect(hashCatalogObjects(after)).toBe(hashCatalogObjects(before))
})

test('the settings of the session are no part of it, and stay as they are', async () => {
  const before = hashCatalogObjects(await readCatalogObjects(client))
  const other = await connectTo(database)
  const settings = {
    search_path: 'sales, public',
    quote_all_identifiers: 'on',
    DateStyle: 'SQL, DMY',
    IntervalStyle: 'iso_8601',
    TimeZone: 'Asia/Tokyo',
    extra_float_digits: '-5',
    standard_conforming_strings: 'off',
  }
  for (const [name, value] of Object.entries(settings))
    await other.query('SELECT set_config($1, $2, false)', [name, value])
  const shown = async () => {
    const names = Object.keys(settings).map((name) => `current_setting('${name}')`)
    return (await other.query(`SELECT ARRAY[${names}] AS values`)).rows[0].values
  }
  expect(hashCatalogObjects(await readCatalogObjects(other))).toBe(before)
  expect(await shown()).toEqual(Object.values(settings))
  expect(other.getTransactionStatus()).toBe('I')

  await other.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  expect(hashCatalogObjects(await readCatalogObjects(other))).toBe(before)
  expect(await shown()).toEqual(Object.values(settings))
  expect(other.getTransactionStatus()).toBe('T')
  await other.end()
})

test('inside a snapshot it shows what the snapshot shows', async () => {
  const other = await connectTo(database)
  await other.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  const before = hashCatalogObjects(withoutSequenceValues(await readCatalogObjects(other)))
  const withoutValues = await readCatalogObjects(other, { sequenceValues: false })
  expect(hashCatalogObjects(withoutValues)).toBe(before)
  await client.query('CREATE TABLE later (id int)')
  expect(hashCatalogObjects(withoutSequenceValues(await readCatalogObjects(other)))).toBe(before)
  await other.query('COMMIT')
  expect(hashCatalogObjects(withoutSequenceValues(await readCatalogObjects(other)))).not.toBe(before)
  await client.query('DROP TABLE later')
  await other.end()
})

test('a role without privileges reads the same, but for where sequences stand and what only superusers see', async () => {
  const superuser = await readCatalogObjects(client)
  await client.query('BEGIN')
  await client.query('SET LOCAL ROLE clerk')
  const clerk = await readCatalogObjects(client)
  await client.query('ROLLBACK')
  expect(diffCatalogObjects(superuser, clerk).map(formatCatalogDifference)).toEqual([
    'sequence public.customers_id_seq: is called yes → not readable by this role; last value 2 → not readable by this role',
    'sequence public.numbers: is called yes → not readable by this role; last value 7 → not readable by this role',
    'sequence sales.orders_id_seq: is called yes → not readable by this role; last value 14 → not readable by this role',
    'user mapping for reader server elsewhere: options without password=<hidden>, without user=u',
  ])
})

test('no secret is in it', async () => {
  await client.query('ALTER FUNCTION add_one(int) SET app.api_token = $$setting-secret$$')
  const text = JSON.stringify(await readCatalogObjects(client))
  expect(text).toContain('<hidden>')
  expect(text).not.toMatch(/(server|mapping|table|feed|setting)-secret/)
  await client.query('ALTER FUNCTION add_one(int) RESET app.api_token')
})

test("of Prisma's history table all parts are known", async () => {
  const ofHistory = isOfTableNamed('_prisma_migrations')
  const names = async () =>
    (await readCatalogObjects(client)).filter(ofHistory).map(({ kind, name }) => `${kind} ${name}`)
  await client.query('CREATE TABLE "my _prisma_migrations" (id serial PRIMARY KEY)')
  await client.query('CREATE SCHEMA "_prisma_migrations" CREATE TABLE other (id int)')
  expect(await names()).toEqual([
    'column public._prisma_migrations.checksum',
    'column public._prisma_migrations.id',
    'constraint _prisma_migrations_pkey on public._prisma_migrations',
    'index public._prisma_migrations_pkey',
    'table public._prisma_migrations',
  ])
  await client.query('DROP TABLE "my _prisma_migrations"')
  await client.query('DROP SCHEMA "_prisma_migrations" CASCADE')
  const kept = await readCatalogObjects(client, { ignore: ofHistory })
  expect(kept.some(ofHistory)).toBe(false)
})
