import type { Reader } from '../../domain/reader.js'
import type { RuleObject } from '../model.js'
import type { RelationsByOid } from './relations.js'
import { among, notOurs, rowsOf } from './rows.js'

interface RuleRow extends RuleObject {
  relation: number
}

/** For `readRules`. */
export const rulesQuery = (only?: readonly number[]) => `
  SELECT w.ev_class::int4 AS relation, w.rulename AS name,
         CASE w.ev_type WHEN '1' THEN 'select' WHEN '2' THEN 'update' WHEN '3' THEN 'insert' ELSE 'delete' END AS event,
         pg_catalog.pg_get_ruledef(w.oid) AS definition
    FROM pg_catalog.pg_rewrite w
    JOIN pg_catalog.pg_class c ON c.oid = w.ev_class
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE w.rulename <> '_RETURN' AND w.ev_enabled <> 'D' AND ${notOurs}${among(only, 'c.oid')}`

/** Puts the rules into their relations, except those that make a view of them. */
export async function readRules(
  reader: Reader,
  relations: RelationsByOid,
  only?: readonly number[],
): Promise<void> {
  const rows = await rowsOf<RuleRow>(reader, rulesQuery(only), only)
  for (const { relation, ...rule } of rows) relations.get(relation)?.rules.push(rule)
}
