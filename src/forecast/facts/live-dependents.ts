import type { Reader } from '../../domain/reader.js'
import type { Situation } from './situation.js'

/** An object of today's server that depends on another, and that the pending statements have left as it is. */
export interface LiveDependent {
  readonly kind: 'view' | 'policy' | 'trigger' | 'function' | 'default' | 'constraint'
  readonly name: string
}

/** What is depended on: a row of the catalog, or a column of a relation. */
export interface Dependence {
  readonly catalog: 'pg_class' | 'pg_type' | 'pg_proc' | 'pg_constraint'
  readonly oid: number
  readonly column?: number
}

interface Row {
  kind: LiveDependent['kind']
  relation: number | null
  schema: string | null
  name: string
  definition: string | null
  columnNumber: number | null
  constraint: number | null
}

/** https://www.postgresql.org/docs/current/catalog-pg-depend.html */
const dependentsQuery = `
  SELECT DISTINCT
         CASE d.classid WHEN 'pg_catalog.pg_rewrite'::regclass THEN 'view' WHEN 'pg_catalog.pg_policy'::regclass THEN 'policy'
                        WHEN 'pg_catalog.pg_trigger'::regclass THEN 'trigger' WHEN 'pg_catalog.pg_proc'::regclass THEN 'function'
                        WHEN 'pg_catalog.pg_attrdef'::regclass THEN 'default' ELSE 'constraint' END AS kind,
         COALESCE(r.ev_class, p.polrelid, t.tgrelid, a.adrelid, o.conrelid)::int4 AS relation,
         n.nspname AS schema, COALESCE(v.relname, p.polname, t.tgname, f.proname, o.conname, '') AS name,
         CASE WHEN v.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(v.oid) END AS definition,
         a.adnum::int4 AS "columnNumber", o.oid::int4 AS constraint
    FROM pg_catalog.pg_depend d
    LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
    LEFT JOIN pg_catalog.pg_class v ON v.oid = r.ev_class
    LEFT JOIN pg_catalog.pg_policy p ON d.classid = 'pg_catalog.pg_policy'::regclass AND p.oid = d.objid
    LEFT JOIN pg_catalog.pg_trigger t ON d.classid = 'pg_catalog.pg_trigger'::regclass AND t.oid = d.objid AND NOT t.tgisinternal
    LEFT JOIN pg_catalog.pg_proc f ON d.classid = 'pg_catalog.pg_proc'::regclass AND f.oid = d.objid
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
    LEFT JOIN pg_catalog.pg_attrdef a ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND a.oid = d.objid
    LEFT JOIN pg_catalog.pg_constraint o ON d.classid = 'pg_catalog.pg_constraint'::regclass AND o.oid = d.objid AND o.conrelid <> 0
   WHERE d.refclassid = $1::text::regclass AND d.refobjid = $2 AND d.refobjsubid = $3 AND d.deptype = 'n'
     AND (r.ev_class IS DISTINCT FROM $2 OR $1::text <> 'pg_catalog.pg_class')
     AND COALESCE(r.oid, p.oid, t.oid, f.oid, a.oid, o.oid) IS NOT NULL`

/** What would stand in the way of dropping or changing an object without CASCADE. */
export async function liveDependentsOf(
  situation: Situation,
  reader: Reader,
  { catalog, oid, column = 0 }: Dependence,
): Promise<LiveDependent[]> {
  const { rows } = await reader.query(dependentsQuery, [`pg_catalog.${catalog}`, oid, column])
  return (rows as unknown as Row[])
    .filter((row) => isLeft(situation, row))
    .map(({ kind, name }) => ({ kind, name }))
}

/** Statements that may have changed a dependent without the model of the catalog showing it. */
const changing: Readonly<Record<LiveDependent['kind'], readonly string[]>> = {
  view: ['ViewStmt'],
  policy: ['CreatePolicyStmt', 'AlterPolicyStmt', 'RenameStmt'],
  trigger: ['CreateTrigStmt', 'RenameStmt'],
  function: ['CreateFunctionStmt', 'RenameStmt', 'DropStmt', 'AlterObjectSchemaStmt'],
  default: [],
  constraint: [],
}

function isLeft({ catalog, earlier }: Situation, row: Row): boolean {
  const text = JSON.stringify(row.name)
  const isChanged = earlier.some(
    ({ kind, node }) => changing[row.kind].includes(kind) && JSON.stringify(node).includes(text),
  )
  if (isChanged) return false
  const relation = catalog.relations.find(({ oid }) => oid !== undefined && oid === row.relation)
  switch (row.kind) {
    case 'view':
      return relation !== undefined && relation.definition === row.definition
    case 'policy':
      return relation?.policies.some(({ name }) => name === row.name) === true
    case 'trigger':
      return relation?.triggers.some(({ name }) => name === row.name) === true
    case 'function':
      return catalog.functions.some(
        ({ isLive, schema, name }) => isLive && schema === row.schema && name === row.name,
      )
    case 'default': {
      const column = relation?.columns.find(({ liveNumber }) => liveNumber === row.columnNumber)
      return column?.default !== undefined || column?.generated !== undefined
    }
    case 'constraint':
      return relation?.constraints.some(({ oid }) => oid === row.constraint) === true
  }
}
