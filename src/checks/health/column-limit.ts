import { plural } from '../../domain/quantities.js'
import type { Check } from '../check.js'
import { concernedParameter, isConcerned, isUserTable, nameOf } from './concerned-tables.js'

/** MaxHeapAttributeNumber: https://www.postgresql.org/docs/current/limits.html */
const mostColumns = 1600

/** Room for a hundred more: no migration adds as many. */
export const manyColumns = 1500

/** Tables that take few more columns: a dropped one keeps its number for ever, and a restored copy does not have it. */
export const columnLimit: Check = {
  code: 'column-limit',
  title: 'every table has room for more columns, dropped ones counted',
  steps: ['check'],
  find: async (reader, context) => {
    const { rows } = await reader.query(
      `SELECT n.nspname AS schema, c.relname AS name, c.relnatts::int AS columns,
              (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.attisdropped)::int AS dropped
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE ${isUserTable} AND ${isConcerned} AND c.relnatts > $2 ORDER BY 1, 2`,
      [concernedParameter(context), manyColumns],
    )
    const tables = rows as unknown as { schema: string; name: string; columns: number; dropped: number }[]
    return tables.map((table) => ({
      code: columnLimit.code,
      kind: 'health',
      verdict: 'warn',
      step: context.step,
      object: nameOf(table, context),
      message: `"${nameOf(table, context)}" has had ${plural(table.columns, 'column')}, ${plural(table.dropped, 'dropped one')} among them: it takes ${mostColumns - table.columns} more`,
      hint: 'Copy the rows into a new table and rename it; only that gives back the numbers of dropped columns.',
    }))
  },
}
