import { plural } from '../../domain/quantities.js'
import type { Check } from '../check.js'
import { concernedNotKnown, wantedLock } from './concerned-tables.js'

/** What SELECT, INSERT, UPDATE and DELETE take; a change of the schema takes more. */
const locksOfRows = ['ACCESS SHARE', 'ROW SHARE', 'ROW EXCLUSIVE']

/**
 * Tables that the migrations change and that a publication sends elsewhere. A change of the schema is not sent:
 * https://www.postgresql.org/docs/current/logical-replication-restrictions.html
 */
export const publishedTables: Check = {
  code: 'published-table',
  title: 'no table that the migrations change is published to subscribers',
  steps: ['check'],
  find: async (reader, { step, concerned }) => {
    if (concerned === undefined) return { findings: [], outcome: 'not-made', note: concernedNotKnown }
    const changed = concerned.tables.filter((table) => !locksOfRows.includes(wantedLock(table)))
    const { rows } = await reader.query(
      `SELECT pt.pubname AS publication, pg_catalog.json_agg(pt.tablename ORDER BY pt.tablename) AS tables
         FROM pg_catalog.pg_publication_tables pt
        WHERE (pt.schemaname, pt.tablename) IN
              (SELECT t.schema, t.name FROM pg_catalog.json_to_recordset($1::json) AS t (schema name, name name))
        GROUP BY 1 ORDER BY 1`,
      [JSON.stringify(changed)],
    )
    return (rows as unknown as { publication: string; tables: string[] }[]).map(
      ({ publication, tables }) => ({
        code: publishedTables.code,
        kind: 'health',
        verdict: 'warn',
        step,
        object: publication,
        message: `publication "${publication}" sends ${plural(tables.length, 'table')} that the migrations change to its subscribers: ${tables.join(', ')}`,
        hint: 'Changes of the schema are not sent: add columns on the subscribers first and drop them there last, or replication stops.',
      }),
    )
  },
}
