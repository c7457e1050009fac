import type { Reader } from '../../domain/reader.js'
import { quoteRelation } from '../../sql/names.js'
import type { CatalogModel, Relation, RelationKind } from '../model.js'
import { parseStatement } from '../tree.js'
import { bindView } from '../views.js'
import { among, notOurs, rowsOf } from './rows.js'

export interface RelationRow {
  oid: number
  schema: string
  name: string
  kind: string
  persistence: string
  isPartition: boolean
  partitionKey: string | null
  bound: string | null
  rowSecurity: boolean
  rowSecurityForced: boolean
  hidesRows: boolean
  replicaIdentity: string
  definition: string | null
  heapBytes: number
  toastBytes: number
  rowEstimate: number
  owned: boolean
  privileges: string[]
  reads: number[] | null
}

/** For `readRelations`. */
export const relationsQuery = (only?: readonly number[]) => `
  SELECT c.oid::int4 AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relpersistence AS persistence,
         c.relispartition AS "isPartition",
         CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS "partitionKey",
         pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS bound, c.relrowsecurity AS "rowSecurity",
         c.relreplident AS "replicaIdentity", c.relforcerowsecurity AS "rowSecurityForced",
         c.relkind = 'v' AND EXISTS (
           SELECT FROM pg_catalog.pg_rewrite w
             JOIN pg_catalog.pg_depend d ON d.objid = w.oid AND d.classid = 'pg_catalog.pg_rewrite'::regclass
                                        AND d.refclassid = 'pg_catalog.pg_class'::regclass
             JOIN pg_catalog.pg_class t ON t.oid = d.refobjid AND t.relrowsecurity
             JOIN pg_catalog.pg_roles o ON o.oid = c.relowner AND NOT o.rolsuper AND NOT o.rolbypassrls
            WHERE w.ev_class = c.oid
              AND (t.relforcerowsecurity OR NOT pg_catalog.pg_has_role(c.relowner, t.relowner, 'USAGE'))) AS "hidesRows",
         CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END AS definition,
         CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_relation_size(c.oid) ELSE 0 END::float8 AS "heapBytes",
         CASE WHEN c.reltoastrelid <> 0 THEN pg_catalog.pg_total_relation_size(c.reltoastrelid) ELSE 0 END::float8 AS "toastBytes",
         c.reltuples::float8 AS "rowEstimate",
         pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned,
         ARRAY(SELECT p FROM pg_catalog.unnest(ARRAY['select','insert','update','delete','truncate','references','trigger']) p
                WHERE pg_catalog.has_table_privilege(c.oid, p)) AS privileges,
         CASE WHEN c.relkind IN ('v', 'm') THEN
           (SELECT pg_catalog.json_agg(DISTINCT d.refobjid::int4) FROM pg_catalog.pg_rewrite w
              JOIN pg_catalog.pg_depend d ON d.objid = w.oid AND d.classid = 'pg_catalog.pg_rewrite'::regclass
                                         AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> c.oid
             WHERE w.ev_class = c.oid) END AS reads
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${notOurs}${among(only, 'c.oid')}
   ORDER BY c.oid`

const relationKinds: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'partitioned table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
}

export type RelationsByOid = Map<number, Relation>

/** Tables and views, with their sizes; what is in them comes later. */
export async function readRelations(
  reader: Reader,
  catalog: CatalogModel,
  only?: readonly number[],
  known: RelationsByOid = new Map(),
): Promise<{ relations: RelationsByOid; rows: readonly RelationRow[] }> {
  const rows = await rowsOf<RelationRow>(reader, relationsQuery(only), only)
  const byOid: RelationsByOid = new Map()
  for (const row of rows) {
    const live = quoteRelation(row.schema, row.name)
    byOid.set(row.oid, {
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      kind: relationKinds[row.kind] ?? 'table',
      live,
      columns: [],
      constraints: [],
      indexes: [],
      triggers: [],
      rules: [],
      areReferencesAsleep: false,
      source: live,
      isDirty: false,
      isEmpty: false,
      past: [],
      children: [],
      parents: [],
      isPartition: row.isPartition,
      isTemporary: row.persistence === 't',
      isUnlogged: row.persistence === 'u',
      ...(row.definition === null ? {} : { definition: row.definition }),
      reads: [],
      hasRowSecurity: row.rowSecurity,
      isRowSecurityForced: row.rowSecurityForced,
      hidesRows: row.hidesRows,
      ...(row.replicaIdentity === 'n' ? { replicaIdentity: 'nothing' } : {}),
      ...(row.replicaIdentity === 'f' ? { replicaIdentity: 'full' } : {}),
      policies: [],
      heapBytes: row.heapBytes,
      toastBytes: row.toastBytes,
      rowEstimate: row.rowEstimate,
      isOwned: row.owned,
      privileges: new Set(row.privileges as never[]),
    })
  }
  for (const row of rows) {
    const relation = byOid.get(row.oid) as Relation
    for (const oid of row.reads ?? []) {
      const read = byOid.get(oid) ?? known.get(oid)
      if (read) relation.reads.push(read)
    }
  }
  catalog.relations.push(...byOid.values())
  return { relations: byOid, rows }
}

/** A view is bound to the relations it reads, whatever they are called later. */
export function bindViews(catalog: CatalogModel): void {
  for (const view of catalog.relations)
    if (view.definition !== undefined) view.query = bindView(catalog, parseStatement(view.definition))
}
