import type { Reader } from '../../domain/reader.js'
import type { RelationsByOid } from './relations.js'
import { among, rowsOf } from './rows.js'

interface PolicyRow {
  relation: number
  name: string
  expressions: string[]
}

/** For `readPolicies`. */
export const policiesQuery = (only?: readonly number[]) => `
  SELECT p.polrelid::int4 AS relation, p.polname AS name,
         ARRAY(SELECT e FROM (VALUES (pg_catalog.pg_get_expr(p.polqual, p.polrelid)),
                                     (pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))) v(e) WHERE e IS NOT NULL) AS expressions
    FROM pg_catalog.pg_policy p
   WHERE true${among(only, 'p.polrelid')}`

/** Puts the policies of row security into their relations. */
export async function readPolicies(
  reader: Reader,
  relations: RelationsByOid,
  only?: readonly number[],
): Promise<void> {
  const rows = await rowsOf<PolicyRow>(reader, policiesQuery(only), only)
  for (const { relation, ...policy } of rows) relations.get(relation)?.policies.push(policy)
}
