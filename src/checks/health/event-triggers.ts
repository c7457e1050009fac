import { plural } from '../../domain/quantities.js'
import type { Check } from '../check.js'

/**
 * Event triggers that run at the statements of the deploy, and may refuse them or do more. Those that belong to an
 * extension are part of it: https://www.postgresql.org/docs/current/event-triggers.html
 */
export const eventTriggers: Check = {
  code: 'event-trigger',
  title: 'no event trigger acts on the statements of the deploy',
  steps: ['check'],
  find: async (reader, { step }) => {
    const { rows } = await reader.query(`
      SELECT t.evtname AS name, t.evtevent AS event, n.nspname || '.' || p.proname AS function
        FROM pg_catalog.pg_event_trigger t
        JOIN pg_catalog.pg_proc p ON p.oid = t.evtfoid
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
       WHERE t.evtenabled IN ('O', 'A') AND t.evtevent <> 'login'
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                          WHERE d.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e')
       ORDER BY 1`)
    if (rows.length === 0) return []
    const triggers = rows.map(
      ({ name, event, function: called }) => `"${name}" at ${event} calls ${called}()`,
    )
    return [
      {
        code: eventTriggers.code,
        kind: 'health',
        verdict: 'warn',
        step,
        message: `${plural(rows.length, 'event trigger')} ${rows.length === 1 ? 'acts' : 'act'} on the statements of the deploy: ${triggers.join(', ')}`,
        hint: 'Read what they do: they can refuse a statement or change more than it says.',
      },
    ]
  },
}
