import type { Reader } from '../../domain/reader.js'

/** Schemas that are the server's own. */
export const notOurs = `n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname !~ '^pg_(temp|toast_temp)_'`

/**
 * The answer to a question whose columns are those of T.
 * @param only the relations that the question is only about, where it asks so
 */
export async function rowsOf<T>(reader: Reader, query: string, only?: readonly number[]): Promise<T[]> {
  return (await reader.query(query, only && [oidArray(only)])).rows as unknown as T[]
}

/** A condition more: only of the relations that stand for `$1`, where there are any. */
export function among(only: readonly number[] | undefined, column: string): string {
  return only ? ` AND ${column} = ANY ($1::oid[])` : ''
}

export function oidArray(oids: readonly number[]): string {
  return `{${oids.join(',')}}`
}
