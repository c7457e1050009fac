import { execa } from 'execa'
import type pg from 'pg'
import { addLeftOut } from '../../src/postgres/left-out-of-schema.js'
import { quoteIdentifier } from '../../src/sql/names.js'
import type { TwinSession } from '../../src/twin/look.js'
import { Twin } from '../../src/twin/twin.js'
import { dropEverything } from './drop-everything.js'
import { createTestDatabase, type TestDatabase } from './test-database.js'

const twins = new Map<string, { readonly database: TestDatabase; client: pg.Client }>()

/**
 * A schema twin of the database of the client, on the same server: its schema as pg_dump writes it, and no rows. It is entered
 * as the role in use. One twin is used again for every forecast on the database, because a new database takes longer.
 */
export async function twinOf(target: pg.Client): Promise<Twin> {
  const { host, port, user, password, database = '' } = target
  const client = await freshSession(database, twins.get(database)?.database ?? (await createTestDatabase()))
  const url = `postgresql://${user}:${encodeURIComponent(String(password))}@${host}:${port}/${database}`
  const [{ stdout }] = await Promise.all([
    execa('pg_dump', ['--schema-only', url]),
    dropEverything(client).then(() =>
      client.query('CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC'),
    ),
  ])
  await client.query(stdout.replace(/^\\(un)?restrict .*$/gm, '').replace(/^CREATE SCHEMA public;$/m, ''))
  await client.query('DISCARD ALL')
  await addLeftOut(client, target)
  await client.query("SET search_path = public; SET jit = off; SET statement_timeout = '5s'")
  const { rows } = await target.query('SELECT current_user::text AS role, session_user::text AS login')
  const [{ role, login }] = rows
  return new Twin(role === login ? client : await enteredAs(role, client))
}

/** Frees the roles that the twin of a database holds on to, so that they can be dropped. */
export async function emptyTwinOf({ database = '' }: pg.Client, roles: readonly string[]): Promise<void> {
  const own = twins.get(database)
  if (!own || roles.length === 0) return
  const client = await freshSession(database, own.database)
  await dropEverything(client)
  for (const role of roles) await client.query(`DROP OWNED BY ${quoteIdentifier(role)} CASCADE`)
}

/** One that has used an extension remembers its functions after it is dropped. */
async function freshSession(target: string, database: TestDatabase): Promise<pg.Client> {
  await twins.get(target)?.client.end()
  const client = await database.client()
  twins.set(target, { database, client })
  return client
}

/** A session that a role begins, and comes back to: those of the tests have no login. */
async function enteredAs(role: string, client: pg.Client): Promise<TwinSession> {
  const enter = `SET SESSION AUTHORIZATION ${quoteIdentifier(role)}`
  await client.query(enter)
  return {
    query: (sql, values) => client.query(sql.replaceAll('RESET SESSION AUTHORIZATION', enter), values),
  }
}
