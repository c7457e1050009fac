import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createTestDatabase, queryOnce, type TestDatabase } from './test-database.js'

const fixture = fileURLToPath(new URL('../fixtures/catalog/every-kind.sql', import.meta.url))

/** Roles belong to a server, so only for a test file with a server of its own. */
export async function createRolesOfEveryKind(): Promise<void> {
  await queryOnce(
    process.env.MIGRATE_GUARD_TEST_URL as string,
    'CREATE ROLE app; CREATE ROLE reader; CREATE ROLE clerk',
  )
}

/** A database with an object of every kind. */
export async function createDatabaseOfEveryKind(): Promise<TestDatabase> {
  const database = await createTestDatabase()
  dropWithSubscription(database)
  await database.query(readFileSync(fixture, 'utf8'))
  return database
}

/** A database with a subscription cannot be dropped, so it goes first. */
export function dropWithSubscription(database: TestDatabase): void {
  const { drop } = database
  Object.assign(database, {
    drop: async () => {
      await database.query('ALTER SUBSCRIPTION inflow SET (slot_name = NONE); DROP SUBSCRIPTION inflow')
      await drop()
    },
  })
}
