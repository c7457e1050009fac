import type pg from 'pg'
import { dropEverything } from '../drop-everything.js'
import { parse } from '../parse.js'
import { emptyTwinOf } from '../twin.js'
import type { CorpusChain } from './corpus-chain.js'

/** Roles of the server that no chain has made, and that stay. */
export async function rolesOf(client: pg.Client): Promise<ReadonlySet<string>> {
  const { rows } = await client.query('SELECT rolname::text AS name FROM pg_catalog.pg_roles')
  return new Set(rows.map(({ name }) => name))
}

/**
 * Takes everything of an earlier chain away, also what stands in no schema. The database itself stays, because a new one
 * takes longer than most chains.
 */
export async function emptyDatabase(client: pg.Client, rolesThatStay: ReadonlySet<string>): Promise<void> {
  await client.query('ROLLBACK')
  await client.query('DISCARD ALL')
  await client.query("SET client_min_messages = 'error'")
  const roles = [...(await rolesOf(client))].filter((name) => !rolesThatStay.has(name))
  await dropEverything(client)
  await emptyTwinOf(client, roles)
  for (const name of roles) await client.query(`DROP OWNED BY "${name}" CASCADE; DROP ROLE "${name}"`)
  await client.query(
    `CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC; SET search_path = public; SET jit = off; SET statement_timeout = '20s'`,
  )
}

/**
 * Makes the database of a chain out of an empty one.
 * @returns the setup without what the server refuses of a tolerant one
 * @throws what the server says of a setup that it refuses
 */
export async function makeDatabaseOf(
  client: pg.Client,
  { setup, role, isTolerant = false }: CorpusChain,
): Promise<string> {
  const taken = isTolerant ? await runTolerantly(client, setup) : setup
  if (!isTolerant) await client.query(setup)
  if (role !== undefined) await client.query(`SET ROLE ${role}`)
  return taken
}

async function runTolerantly(client: pg.Client, setup: string): Promise<string> {
  const taken: string[] = []
  for (const { sql } of parse(setup)) {
    const isTaken = await client.query(sql).then(
      () => true,
      () => false,
    )
    if (isTaken) taken.push(sql)
  }
  return taken.join(';\n')
}
