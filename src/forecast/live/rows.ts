import type { Reader } from '../../domain/reader.js'

/** Schemas that are the server's own. */
export const notOurs = `n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname !~ '^pg_(temp|toast_temp)_'`

/** The answer to a question whose columns are those of T. */
export async function rowsOf<T>(reader: Reader, query: string): Promise<T[]> {
  return (await reader.query(query)).rows as unknown as T[]
}
