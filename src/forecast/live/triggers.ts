import type { Reader } from '../../domain/reader.js'
import { parseStatementsTogether } from '../tree.js'
import { triggerOf } from '../triggers/definition.js'
import type { RelationsByOid } from './relations.js'
import { among, notOurs, rowsOf } from './rows.js'

interface TriggerRow {
  relation: number
  enabled: string
  definition: string
  functionSchema: string
  functionName: string
}

/** For `readTriggers`. */
export const triggersQuery = (only?: readonly number[]) => `
  SELECT t.tgrelid::int4 AS relation, t.tgenabled AS enabled, pg_catalog.pg_get_triggerdef(t.oid) AS definition,
         fn.nspname AS "functionSchema", f.proname AS "functionName"
    FROM pg_catalog.pg_trigger t
    JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid
    JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace
   WHERE NOT t.tgisinternal AND ${notOurs}${among(only, 'c.oid')}
   ORDER BY t.tgname`

/** Puts the triggers into their relations, also the disabled ones; those behind constraints are left out. */
export async function readTriggers(
  reader: Reader,
  relations: RelationsByOid,
  only?: readonly number[],
): Promise<void> {
  const rows = await rowsOf<TriggerRow>(reader, triggersQuery(only), only)
  const statements = parseStatementsTogether(rows.map(({ definition }) => definition))
  rows.forEach(({ relation: oid, enabled, functionSchema: schema, functionName: name }, i) => {
    const relation = relations.get(oid)
    if (!relation) return
    const trigger = triggerOf(relation, statements[i]?.CreateTrigStmt, { schema, name })
    relation.triggers.push({
      ...trigger,
      isEnabled: enabled === 'O' || enabled === 'A',
      isEnabledInReplica: enabled === 'R' || enabled === 'A',
    })
  })
}
