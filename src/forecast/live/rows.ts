import type { Reader } from '../../domain/reader.js'

/** Schemas that are the server's own. */
export const notOurs = `n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname !~ '^pg_(temp|toast_temp)_'`

/** The answer to a question whose columns are those of T. */
export async function rowsOf<T>(reader: Reader, query: string): Promise<T[]> {
  return (await reader.query(query)).rows as unknown as T[]
}

/** A condition more: only of these relations, where any are named. */
export function among(only: readonly number[] | undefined, column: string): string {
  return only ? ` AND ${column} = ANY (${oidArray(only)})` : ''
}

export function oidArray(oids: readonly number[]): string {
  return `'{${oids.join(',')}}'::oid[]`
}
