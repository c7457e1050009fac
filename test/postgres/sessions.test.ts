import { expect, test } from '@jest/globals'
import { readTargetIdentity } from '../../src/postgres/identity.js'
import { findPooledConnection } from '../../src/postgres/pooled-connection.js'
import { missingPrivileges } from '../../src/postgres/privileges.js'
import {
  cancelSessions,
  endSessions,
  readTransactionStatus,
  waitUntilGone,
} from '../../src/postgres/sessions.js'
import { addressOf, connectTo } from '../support/address.js'
import { createTestDatabase } from '../support/test-database.js'

test('waits until sessions of that name are gone, and only for those', async () => {
  const database = await createTestDatabase()
  const [looking, other, working] = [
    await connectTo(database, 'worker'),
    await connectTo(database, 'workers'),
    await connectTo(database, 'worker'),
  ]
  expect(await waitUntilGone(looking, 'worker', 200)).toBe(false)
  setTimeout(() => void working.end(), 300)
  expect(await waitUntilGone(looking, 'worker', 5_000)).toBe(true)
  await looking.end()
  await other.end()
})

test('cancels what sessions of that name do', async () => {
  const database = await createTestDatabase()
  const [looking, working] = [await connectTo(database), await connectTo(database, 'worker')]
  const sleeping = working
    .query('SELECT pg_sleep(30)')
    .catch((error: Error & { code?: string }) => error.code)
  await new Promise((resolve) => setTimeout(resolve, 200))
  await cancelSessions(looking, 'worker')
  expect(await sleeping).toBe('57014')
  await Promise.all([looking.end(), working.end()])
})

test('ends a session that its client has left at work', async () => {
  const database = await createTestDatabase()
  const [looking, working] = [await connectTo(database), await connectTo(database, 'worker')]
  const ended = working.query('SELECT pg_sleep(600)').catch(() => working.end())
  expect(await endSessions(looking, 'worker', 200_000)).toBe(true)
  await ended
  await looking.end()
})

test('reads from the commit log what became of a transaction', async () => {
  const database = await createTestDatabase({ sql: 'CREATE TABLE t (i int)' })
  const [looking, working] = [await connectTo(database), await connectTo(database)]
  const begin = async () => {
    await working.query('BEGIN')
    return (await working.query('SELECT pg_current_xact_id()::text AS id')).rows[0].id as string
  }
  const first = await begin()
  expect(await readTransactionStatus(looking, first)).toBe('in progress')
  await working.query('COMMIT')
  expect(await readTransactionStatus(looking, first)).toBe('committed')
  const second = await begin()
  await working.query('ROLLBACK')
  expect(await readTransactionStatus(looking, second)).toBe('aborted')
  expect(await readTransactionStatus(looking, '3')).toBe('too old')
  await Promise.all([looking.end(), working.end()])
})

test('knows the target', async () => {
  const database = await createTestDatabase()
  const client = await connectTo(database)
  const [truth] = await database.query(
    'SELECT oid::text, (pg_control_system()).system_identifier::text AS id FROM pg_database WHERE datname = current_database()',
  )
  expect(await readTargetIdentity(client, addressOf(database))).toMatchObject({
    database: database.name,
    databaseOid: truth.oid,
    systemIdentifier: truth.id,
    inRecovery: false,
    user: 'postgres',
    schema: 'public',
    serverVersionNum: expect.any(Number),
  })
  await client.end()
})

test('a direct connection is not a pooled one', async () => {
  const database = await createTestDatabase()
  expect(await findPooledConnection(addressOf(database), { applicationName: 'probe' })).toBeUndefined()
})

test('names what the role may not do', async () => {
  const database = await createTestDatabase({
    sql: `CREATE TABLE secret (id int); CREATE TABLE hidden (id int); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
      CREATE ROLE "guard test nobody"; GRANT SELECT ON hidden TO "guard test nobody"`,
  })
  const client = await connectTo(database)
  expect(await missingPrivileges(client, 'public')).toEqual([])
  expect(await missingPrivileges(client, 'nowhere')).toEqual(['the schema "nowhere" does not exist'])
  await client.query('SET ROLE "guard test nobody"')
  expect(await missingPrivileges(client, 'public')).toEqual([
    'the role may not create tables in schema "public"',
    '2 tables of schema "public" belong to another role: they cannot be altered',
    '1 tables may not be read: pg_dump will fail',
    'row level security hides rows from the role: pg_dump will fail',
  ])
  await client.query('RESET ROLE; DROP OWNED BY "guard test nobody"; DROP ROLE "guard test nobody"')
  await client.end()
})
