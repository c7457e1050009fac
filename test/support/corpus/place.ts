import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { foretell } from '../forecast.js'
import { rolesOf } from './reset.js'
import type { Place } from './try-chain.js'

/** A database of its own on a server, for chains that are tried one after the other. */
export interface OwnPlace extends Place {
  /** Drops the database. */
  close(): Promise<void>
}

/**
 * Makes the database.
 * @param url of any database of the server, as a superuser
 */
export async function placeOn(url: string): Promise<OwnPlace> {
  const name = `guard_corpus_${process.pid}_${randomBytes(4).toString('hex')}`
  await once(url, `CREATE DATABASE "${name}"`)
  const client = new pg.Client(Object.assign(new URL(url), { pathname: `/${name}` }).href)
  client.on('error', () => undefined)
  await client.connect()
  const { rows } = await client.query("SELECT current_setting('server_version_num')::int AS version")
  return {
    client,
    serverVersion: rows[0].version,
    roles: await rolesOf(client),
    foretell,
    close: async () => {
      await client.end()
      await once(url, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`)
    },
  }
}

async function once(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
