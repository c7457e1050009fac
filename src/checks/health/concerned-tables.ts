import { formatRelation } from '../../sql/names.js'
import type { CheckContext, ConcernedTable } from '../check.js'

/** The strongest there is: what ALTER TABLE takes unless the manual says otherwise. */
const strongestLock = 'ACCESS EXCLUSIVE'

/** Also for the note of a check that cannot be made without it. */
export const concernedNotKnown = 'it is not known which tables the migrations concern'

export function wantedLock(table: ConcernedTable): string {
  return table.strongestLock ?? strongestLock
}

/** The concerned tables as one parameter of a query, to be read by json_to_recordset; NULL when they are not known. */
export function concernedParameter({ concerned }: CheckContext): string | null {
  return concerned ? JSON.stringify(concerned.tables.map(({ schema, name }) => ({ schema, name }))) : null
}

/** True for a concerned table, and for every table when none is known; `n` is pg_namespace, `c` is pg_class. */
export const isConcerned = `($1::json IS NULL OR (n.nspname, c.relname) IN
  (SELECT t.schema, t.name FROM pg_catalog.json_to_recordset($1::json) AS t (schema name, name name)))`

/** True for a table of a user that stays; `n` is pg_namespace, `c` is pg_class. */
export const isUserTable = `(c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast'))`

/** `orders`, or `audit.orders` outside the schema of the project. */
export function nameOf(table: { schema: string; name: string }, { schema }: CheckContext): string {
  return formatRelation(table.schema === schema ? { name: table.name } : table)
}
