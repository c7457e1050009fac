import type { Reader } from '../../domain/reader.js'
import { quoteRelation } from '../../sql/names.js'
import { equalityOperatorOf } from '../../sql/operators.js'
import type { CatalogModel, TypeObject } from '../model.js'
import { parseExpression } from '../tree.js'
import { rowsOf } from './rows.js'

interface TypeRow {
  oid: number
  schema: string
  name: string
  kind: string
  category: string
  element: number
  labels: string[] | null
  baseType: number
  baseText: string | null
  notNull: boolean
  checks: { name: string; expression: string; isValidated: boolean }[] | null
  default: string | null
  equality: string | null
}

const typesQuery = `
  SELECT t.oid::int4 AS oid, n.nspname AS schema, t.typname AS name, t.typtype AS kind, t.typcategory AS category,
         CASE WHEN t.typcategory = 'A' THEN t.typelem::int4 ELSE 0 END AS element,
         (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e
           WHERE e.enumtypid = t.oid) AS labels,
         t.typbasetype::int4 AS "baseType",
         CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END AS "baseText",
         t.typnotnull AS "notNull",
         (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
                   'name', c.conname, 'expression', pg_catalog.pg_get_expr(c.conbin, 0), 'isValidated', c.convalidated)
                   ORDER BY c.conname)
            FROM pg_catalog.pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c') AS checks,
         CASE WHEN t.typtype = 'd' THEN pg_catalog.pg_get_expr(t.typdefaultbin, 0) END AS default,
         CASE WHEN n.nspname <> 'pg_catalog' AND t.typtype IN ('b', 'r', 'm') THEN ${equalityOperatorOf('t.oid')} END AS equality
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
   WHERE (t.typrelid = 0 OR (SELECT k.relkind FROM pg_catalog.pg_class k WHERE k.oid = t.typrelid) = 'c')
     AND n.nspname NOT IN ('information_schema', 'pg_toast')
   ORDER BY t.typtype = 'd', t.oid`

const typeKinds: Readonly<Record<string, TypeObject['kind']>> = {
  b: 'base',
  c: 'composite',
  d: 'domain',
  e: 'enum',
  p: 'pseudo',
  r: 'range',
  m: 'range',
}

/** By OID: the type, and whether the OID is that of the array of it. */
export type TypesByOid = Map<number, { object: TypeObject; isArray: boolean }>

/** The types with their labels, domains with what they demand. */
export async function readTypes(reader: Reader, catalog: CatalogModel): Promise<TypesByOid> {
  const rows = await rowsOf<TypeRow>(reader, typesQuery)
  const byOid: TypesByOid = new Map()
  for (const row of rows) {
    if (row.element !== 0) continue
    const base = byOid.get(row.baseType)
    const object: TypeObject = {
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      kind: typeKinds[row.kind] ?? 'base',
      live: quoteRelation(row.schema, row.name),
      labels: row.labels ?? [],
      addedNow: new Set(),
      category: row.category,
      isDropped: false,
      ...(row.equality === null ? {} : { equality: row.equality }),
      ...(row.kind === 'd' && base
        ? {
            base: { object: base.object, modifiers: modifiersIn(row.baseText ?? ''), isArray: base.isArray },
            domainNotNull: row.notNull,
            domainChecks: (row.checks ?? []).map((check) => ({
              ...check,
              expression: parseExpression(check.expression),
            })),
            ...(row.default === null ? {} : { domainDefault: parseExpression(row.default) }),
          }
        : {}),
    }
    catalog.types.push(object)
    byOid.set(row.oid, { object, isArray: false })
  }
  for (const row of rows) {
    const element = byOid.get(row.element)
    if (row.element !== 0 && element) byOid.set(row.oid, { object: element.object, isArray: true })
  }
  return byOid
}

/** `(6)` of `character varying(6)[]`, `(3)` of `timestamp(3) without time zone`. */
export function modifiersIn(text: string): string {
  return /\([^)]*\)/.exec(text)?.[0] ?? ''
}
