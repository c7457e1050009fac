import type { Reader } from '../../domain/reader.js'
import type { Situation } from './situation.js'
import { weak } from './situation.js'
import { dependent, type Refusal } from './static-failure.js'

/** An object of today that depends on an extension or on what it brings along. */
interface Dependent {
  /** In the words of the server: `index i`. */
  readonly words: string
  readonly catalog: string
  readonly oid: number
  /** The relation that it is, or belongs to; null for one that belongs to none. */
  readonly relation: number | null
  /** Of a default. */
  readonly column: number | null
  readonly name: string | null
}

/**
 * https://www.postgresql.org/docs/current/catalog-pg-depend.html; columns of its types stand in the model. What belongs to
 * an object of the extension goes with it.
 */
const dependentsQuery = `
  WITH members AS (
    SELECT m.classid, m.objid FROM pg_catalog.pg_depend m JOIN pg_catalog.pg_extension e ON e.oid = m.refobjid
     WHERE m.refclassid = 'pg_catalog.pg_extension'::regclass AND m.deptype = 'e' AND e.extname = ANY ($1::text[])
    UNION ALL
    SELECT 'pg_catalog.pg_extension'::regclass, oid FROM pg_catalog.pg_extension WHERE extname = ANY ($1::text[])),
  dependents AS (
    SELECT DISTINCT d.classid, d.objid, COALESCE(c.oid, r.ev_class, a.adrelid, NULLIF(o.conrelid, 0), t.tgrelid, p.polrelid) AS relation,
           x.indrelid, o.contypid, a.adnum, COALESCE(f.proname, y.typname, e.extname, c.relname) AS name
      FROM members m JOIN pg_catalog.pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid AND d.deptype = 'n'
      LEFT JOIN pg_catalog.pg_class c ON d.classid = 'pg_catalog.pg_class'::regclass AND c.oid = d.objid AND d.objsubid = 0
      LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = c.oid
      LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
      LEFT JOIN pg_catalog.pg_attrdef a ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND a.oid = d.objid
      LEFT JOIN pg_catalog.pg_constraint o ON d.classid = 'pg_catalog.pg_constraint'::regclass AND o.oid = d.objid
      LEFT JOIN pg_catalog.pg_trigger t ON d.classid = 'pg_catalog.pg_trigger'::regclass AND t.oid = d.objid
      LEFT JOIN pg_catalog.pg_policy p ON d.classid = 'pg_catalog.pg_policy'::regclass AND p.oid = d.objid
      LEFT JOIN pg_catalog.pg_proc f ON d.classid = 'pg_catalog.pg_proc'::regclass AND f.oid = d.objid
      LEFT JOIN pg_catalog.pg_type y ON d.classid = 'pg_catalog.pg_type'::regclass AND y.oid = d.objid
      LEFT JOIN pg_catalog.pg_extension e ON d.classid = 'pg_catalog.pg_extension'::regclass AND e.oid = d.objid
     WHERE COALESCE(c.oid, r.oid, a.oid, o.oid, t.oid, p.oid, f.oid, y.oid, e.oid) IS NOT NULL)
  SELECT pg_catalog.pg_describe_object(d.classid, d.objid, 0) AS words, d.classid::regclass::text AS catalog, d.objid::int4 AS oid,
         COALESCE(d.indrelid, d.relation)::int4 AS relation, d.adnum::int4 AS column, d.name
    FROM dependents d
   WHERE NOT EXISTS (SELECT FROM members m
           WHERE (m.classid, m.objid) IN ((d.classid, d.objid), ('pg_catalog.pg_class'::regclass, d.relation),
                 ('pg_catalog.pg_class'::regclass, d.indrelid), ('pg_catalog.pg_type'::regclass, d.contypid)))
   ORDER BY 1`

const namesQuery = `
  SELECT DISTINCT COALESCE(f.proname, o.opcname, t.typname)::text AS name
    FROM pg_catalog.pg_depend m JOIN pg_catalog.pg_extension e ON e.oid = m.refobjid
    LEFT JOIN pg_catalog.pg_proc f ON m.classid = 'pg_catalog.pg_proc'::regclass AND f.oid = m.objid
    LEFT JOIN pg_catalog.pg_opclass o ON m.classid = 'pg_catalog.pg_opclass'::regclass AND o.oid = m.objid
    LEFT JOIN pg_catalog.pg_type t ON m.classid = 'pg_catalog.pg_type'::regclass AND t.oid = m.objid
   WHERE m.refclassid = 'pg_catalog.pg_extension'::regclass AND m.deptype = 'e' AND e.extname = ANY ($1::text[])
     AND COALESCE(f.proname, o.opcname, t.typname) IS NOT NULL`

/** Statements that may make something that depends on an extension. */
const makers: ReadonlySet<string> = new Set([
  ...['IndexStmt', 'CreateStmt', 'AlterTableStmt', 'ViewStmt', 'CreateTableAsStmt', 'CreateFunctionStmt'],
  ...['CreateTrigStmt', 'CreatePolicyStmt', 'CreateDomainStmt', 'CompositeTypeStmt'],
])

/**
 * What keeps DROP EXTENSION from succeeding without CASCADE, beside columns of its types.
 * @param names all extensions that the statement drops
 * @throws Refusal
 */
export async function requireUnusedMembers(
  situation: Situation,
  reader: Reader,
  names: readonly string[],
): Promise<void> {
  const [name = ''] = names
  const refusal = (by: string): Refusal =>
    dependent('2BP01', `cannot drop extension ${name} because ${by} depends on it`, name)
  const { rows } = await reader.query(dependentsQuery, [names])
  const left = (rows as unknown as Dependent[]).map((one) => ({ one, is: isLeft(situation, one) }))
  const sure = left.find(({ is }) => is === 'yes')
  if (sure) throw refusal(sure.one.words)
  const needing = await extensionThatNeeds(situation, reader, names)
  if (needing !== undefined) throw refusal(`extension ${needing}`)
  const unsure = left.find(({ is }) => is === 'maybe')
  if (unsure) throw weak(refusal(unsure.one.words))
  const made = await makerOf(situation, reader, names)
  if (made !== undefined) throw weak(refusal(`what line ${made} makes`))
}

/** Whether the pending statements before have left a dependent there. */
function isLeft({ catalog, earlier }: Situation, one: Dependent): 'yes' | 'maybe' | 'no' {
  if (one.catalog === 'pg_extension')
    return one.name !== null && catalog.extensions.has(one.name) ? 'yes' : 'no'
  if (earlier.length === 0) return 'yes'
  const relation = catalog.relations.find(({ oid }) => oid !== undefined && oid === one.relation)
  if (one.relation !== null && !relation) return 'no'
  if (one.catalog === 'pg_class' && one.relation !== one.oid)
    return relation?.indexes.some(({ oid }) => oid === one.oid) ? 'yes' : 'no'
  if (one.column !== null) {
    const column = relation?.columns.find(({ liveNumber }) => liveNumber === one.column)
    if (!column?.default && !column?.generated) return 'no'
  }
  const text = JSON.stringify(relation?.name ?? one.name)
  return earlier.some(({ node }) => JSON.stringify(node).includes(text)) ? 'maybe' : 'yes'
}

/** An extension that the migrations install and that needs one of these. */
async function extensionThatNeeds(
  { catalog, server }: Situation,
  reader: Reader,
  names: readonly string[],
): Promise<string | undefined> {
  const installed = [...catalog.extensions].filter(
    (one) => !server.extensions.has(one) && !names.includes(one),
  )
  if (installed.length === 0) return undefined
  const { rows } = await reader.query(
    `SELECT v.name::text AS name FROM pg_catalog.pg_available_extension_versions v
      WHERE v.name = ANY ($1::text[]) AND v.requires::text[] && $2::text[] LIMIT 1`,
    [installed, names],
  )
  return (rows[0] as { name: string } | undefined)?.name
}

/** Line of a pending statement that names something of the extension. */
async function makerOf(
  { earlier }: Situation,
  reader: Reader,
  names: readonly string[],
): Promise<number | undefined> {
  const making = earlier.filter(({ kind }) => makers.has(kind))
  if (making.length === 0) return undefined
  const { rows } = await reader.query(namesQuery, [names])
  const texts = (rows as unknown as { name: string }[]).map(({ name }) => JSON.stringify(name))
  return making.find(({ node }) => {
    const tree = JSON.stringify(node)
    return texts.some((text) => tree.includes(text))
  })?.line
}
