import { effect } from '../effects/effect.js'
import { quoteRelation } from '../sql/names.js'
import type { Client } from './connection.js'

/**
 * Gives the planner statistics of all tables, as the target's has them.
 * @returns tables of which it could not, in words.
 */
export async function analyzeAll(client: Client, signal: AbortSignal): Promise<string[]> {
  const failed: string[] = []
  // One by one: an expression of an index that fails would end an ANALYZE of everything.
  const { rows } = await client.query(`
    SELECT n.nspname::text AS schema, c.relname::text AS name
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
       AND c.relpersistence <> 't' AND (pg_catalog.pg_has_role(c.relowner, 'USAGE'))
     ORDER BY c.relpages DESC, 1, 2`)
  await effect('rehearsal.analyze', async () => {
    for (const { schema, name } of rows) {
      if (signal.aborted) return
      await client
        .query(`ANALYZE ${quoteRelation(schema, name)}`)
        .catch((error: Error) =>
          failed.push(`"${schema}.${name}" has no statistics for the planner: ${error.message}`),
        )
    }
  })
  return failed
}
