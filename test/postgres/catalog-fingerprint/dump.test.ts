import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from '@jest/globals'
import { execa } from 'execa'
import type { CatalogObject } from '../../../src/domain/catalog-object.js'
import { diffCatalogObjects } from '../../../src/postgres/catalog-fingerprint/diff.js'
import { formatCatalogDifference } from '../../../src/postgres/catalog-fingerprint/format.js'
import { hashCatalogObjects } from '../../../src/postgres/catalog-fingerprint/hash.js'
import { readCatalogObjects } from '../../../src/postgres/catalog-fingerprint/read-catalog-objects.js'
import { connectTo } from '../../support/address.js'
import {
  createDatabaseOfEveryKind,
  createRolesOfEveryKind,
  dropWithSubscription,
} from '../../support/every-kind.js'
import { useOwnServer } from '../../support/own-server.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'

useOwnServer({ wal_level: 'logical' })

const hardToDump = fileURLToPath(new URL('../../fixtures/catalog/hard-to-dump.sql', import.meta.url))

let database: TestDatabase

beforeAll(async () => {
  await createRolesOfEveryKind()
  database = await createDatabaseOfEveryKind()
})

async function read(from: TestDatabase): Promise<CatalogObject[]> {
  const client = await connectTo(from)
  try {
    return await readCatalogObjects(client)
  } finally {
    await client.end()
  }
}

async function restored(): Promise<TestDatabase> {
  const copy = await createTestDatabase()
  const file = `/tmp/guard-test-${copy.name}.dump`
  await execa('pg_dump', ['--format=custom', `--file=${file}`, `--dbname=${database.url}`])
  await execa('pg_restore', ['--exit-on-error', `--dbname=${copy.url}`, file])
  await execa('rm', [file])
  dropWithSubscription(copy)
  return copy
}

test('an object of every kind comes back from a dump as it was', async () => {
  const [before, after] = [await read(database), await read(await restored())]
  expect(diffCatalogObjects(before, after).map(formatCatalogDifference)).toEqual([])
  expect(hashCatalogObjects(after)).toBe(hashCatalogObjects(before))
})

test('so does what a dump writes in other words', async () => {
  await database.query(readFileSync(hardToDump, 'utf8'))
  const [before, after] = [await read(database), await read(await restored())]
  expect(diffCatalogObjects(before, after).map(formatCatalogDifference)).toEqual([])
})

test('what no dump holds is named', async () => {
  await database.query(`ALTER DATABASE "${database.name}" SET work_mem = '8MB'`)
  await database.query(`GRANT CREATE ON DATABASE "${database.name}" TO reader`)
  await database.query('INSERT INTO scratch (id) VALUES (1), (1)')
  await expect(database.query('CREATE UNIQUE INDEX CONCURRENTLY one ON scratch (id)')).rejects.toThrow()
  await database.query('ALTER TABLE sales.orders DISABLE TRIGGER ALL')
  const [before, after] = [await read(database), await read(await restored())]
  expect(diffCatalogObjects(before, after).map(formatCatalogDifference)).toEqual([
    'constraint orders_customer_fkey on sales.orders: triggers without disabled on sales.orders',
    'the database: privileges without reader=CREATE/postgres; settings without work_mem=8MB',
    'index public.one is missing',
  ])
})
