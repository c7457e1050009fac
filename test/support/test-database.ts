import { randomBytes } from 'node:crypto'
import { afterAll } from '@jest/globals'
import pg from 'pg'

export interface TestDatabase {
  readonly name: string
  readonly url: string
  /** On a connection of its own that is closed again, so that nobody sees it and the database can be a template. */
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it has asked for
  query(sql: string, params?: unknown[]): Promise<any[]>
  /** A session for several statements. Closed by `drop`. */
  client(): Promise<pg.Client>
  drop(): Promise<void>
}

const undropped = new Set<TestDatabase>()
let count = 0

afterAll(async () => {
  for (const database of undropped) await database.drop()
})

/** Makes a database on the tests' server; it is dropped after the test file at the latest. */
export async function createTestDatabase(
  options: { template?: string; sql?: string } = {},
): Promise<TestDatabase> {
  count += 1
  const name = `guard_test_${process.pid}_${count}_${randomBytes(4).toString('hex')}`
  const template = options.template === undefined ? '' : ` TEMPLATE "${options.template}"`
  await queryOnce(urlOf('postgres'), `CREATE DATABASE "${name}"${template}${await strategy()}`)

  const url = urlOf(name)
  const clients: pg.Client[] = []
  const database: TestDatabase = {
    name,
    url,
    query: (sql, params) => queryOnce(url, sql, params),
    async client() {
      const client = await connect(url)
      clients.push(client)
      return client
    },
    async drop() {
      undropped.delete(database)
      for (const client of clients) await client.end().catch(() => undefined)
      await queryOnce(urlOf('postgres'), `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`)
    },
  }
  undropped.add(database)
  if (options.sql !== undefined) await database.query(options.sql)
  return database
}

/** Lends a database to `work` and drops it afterwards. */
export async function withTestDatabase<T>(work: (database: TestDatabase) => Promise<T>): Promise<T> {
  const database = await createTestDatabase()
  try {
    return await work(database)
  } finally {
    await database.drop()
  }
}

let copied: Promise<string> | undefined

/** To copy the files takes half as long as to write all of them to the log; before PostgreSQL 15 it is the only way. */
function strategy(): Promise<string> {
  copied ??= queryOnce(urlOf('postgres'), 'SHOW server_version_num').then(([{ server_version_num }]) =>
    Number(server_version_num) >= 150_000 ? ' STRATEGY file_copy' : '',
  )
  return copied
}

function urlOf(database: string): string {
  const server = process.env.MIGRATE_GUARD_TEST_URL
  if (server === undefined) throw new Error('MIGRATE_GUARD_TEST_URL is not set: run "npm test"')
  return Object.assign(new URL(server), { pathname: `/${database}` }).href
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  // A test may end the session or drop the database under it; that must not end the test runner.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** Asks one question on a connection of its own. */
export async function queryOnce(url: string, sql: string, params?: unknown[]) {
  const client = await connect(url)
  try {
    return (await client.query(sql, params)).rows
  } finally {
    await client.end()
  }
}
