import { quoteRelation } from '../sql/names.js'
import type { Check } from './check.js'

/** What a CREATE INDEX CONCURRENTLY that failed leaves behind: it costs on every write and serves no query. */
export const invalidIndexes: Check = {
  code: 'invalid-index',
  title: 'every index is valid',
  steps: ['check', 'verify'],
  find: async (reader, { step }) => {
    const { rows } = await reader.query(`
      SELECT n.nspname AS schema, i.relname AS name, t.relname AS table, x.indisunique AS unique
        FROM pg_catalog.pg_index x
        JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
        JOIN pg_catalog.pg_class t ON t.oid = x.indrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace
       WHERE NOT (x.indisvalid AND x.indisready) AND i.relkind = 'i' AND i.relpersistence <> 't' ORDER BY 1, 2`)
    return rows.map(({ schema, name, table, unique }) => ({
      code: invalidIndexes.code,
      kind: 'health',
      // Before the deploy it may be somebody's CREATE INDEX CONCURRENTLY at work; after it, it is what is left of one.
      verdict: step === 'verify' ? 'block' : 'warn',
      step,
      object: String(name),
      message: `index "${name}" on "${table}" is invalid: no query uses it${unique ? ', and it does not keep values unique' : ''}`,
      hint: 'Unless it is being built right now, build it again; for a unique index, remove the duplicates first.',
      fixSql: fixFor(String(name), quoteRelation(String(schema), String(name))),
    }))
  },
}

/** What a REINDEX CONCURRENTLY left is a copy, and the index that it was to replace is still there. */
function fixFor(name: string, index: string): string {
  const command = /_cc(new|old)\d*$/.test(name) ? 'DROP' : 'REINDEX'
  return `${command} INDEX CONCURRENTLY ${index};`
}
