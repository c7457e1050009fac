import { quoteIdentifier } from './names.js'

/**
 * The search_path of every session and question that is ours: a name or an operator without a schema then means the
 * server's own. With a schema of the user's in the path, an operator that somebody made there for exactly the types at hand
 * comes before one of the server's that needs a cast, and its function runs with the rights of whoever asks:
 * https://www.postgresql.org/docs/current/typeconv-oper.html
 * Temporary tables and types would be searched first if they were not named:
 * https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SEARCH-PATH
 */
export const ownSearchPath = 'pg_catalog, pg_temp'

/** The schemas that a search_path names, in order: `"$user", public`. */
export function namesOfPath(path: string): string[] {
  return [...path.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '').toLowerCase() : quoted.replaceAll('""', '"'),
  )
}

/** The search_path that Prisma gives to a migration: the schema of the URL alone. */
export function userSearchPath(schema: string): string {
  return quoteIdentifier(schema)
}
