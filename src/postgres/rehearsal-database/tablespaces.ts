import type { Client } from '../connection.js'

/**
 * The statements that make tablespaces of the same names on a fresh cluster, inside its own directory, so that
 * statements that name one run: https://www.postgresql.org/docs/current/runtime-config-developer.html
 */
export async function readTablespaceStatements(client: Client): Promise<string[]> {
  const { rows } = await client.query(`
    SELECT pg_catalog.format('CREATE TABLESPACE %I OWNER %I LOCATION %L', t.spcname,
                             pg_catalog.pg_get_userbyid(t.spcowner), '') AS statement
      FROM pg_catalog.pg_tablespace t WHERE t.spcname !~ '^pg_' ORDER BY t.spcname`)
  if (rows.length === 0) return []
  return ['SET allow_in_place_tablespaces = on', ...rows.map(({ statement }) => statement)]
}
