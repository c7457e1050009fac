import type { Client } from '../connection.js'

/** A server keeps 63 bytes of a name: https://www.postgresql.org/docs/current/sql-syntax-lexical.html */
const longestBytes = 63

/**
 * The database's name with this suffix, cut so that the server keeps all of it; with a number where a database of the
 * server has that name already.
 * @param soonFree names of databases that are dropped before
 */
export async function findFreeName(
  client: Client,
  database: string,
  suffix: string,
  soonFree: readonly string[] = [],
): Promise<string> {
  const { rows } = await client.query('SELECT datname::text AS name FROM pg_catalog.pg_database')
  const taken = new Set(rows.map(({ name }) => name).filter((name) => !soonFree.includes(name)))
  for (let number = 1; ; number += 1) {
    const name = withSuffix(database, number === 1 ? suffix : `${suffix}_${number}`)
    if (!taken.has(name)) return name
  }
}

function withSuffix(database: string, suffix: string): string {
  const room = longestBytes - Buffer.byteLength(suffix)
  // Half a character at the cut would be no text any more.
  const cut = Buffer.from(database)
    .subarray(0, room)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')
  return `${cut}${suffix}`
}
