import { notOurs } from '../live/rows.js'

/** Objects of the server itself have lower numbers: https://www.postgresql.org/docs/current/system-catalog-initial-data.html */
const firstOwnOid = 16_384

/** A part of the catalog. */
interface Part {
  /** What has to be read again when a row of it is another. */
  readonly of: 'relations' | 'types' | 'functions' | 'sequences' | 'server'
  /** Its rows: the relation that one is about, its number there, and `xmin`. */
  readonly rows: string
  /** Dropping something of it deletes a row, and perhaps changes no other one. */
  readonly isCounted: boolean
  /** Tables of the catalog of which a row that is written may make a row of this another. */
  readonly catalogs: readonly string[]
}

function part(of: Part['of'], relation: string, number: string, from: string, isCounted = true): Part {
  const int8 = (value: string) => `(${value})::pg_catalog.int8`
  return {
    of,
    rows: `SELECT ${int8(relation)} AS relation, ${int8(number)} AS number, x.xmin FROM ${from}`,
    isCounted,
    catalogs: [...from.matchAll(/pg_catalog\.(pg_\w+) [xs]\b/g)].map(([, name = '']) => name),
  }
}

export const parts = {
  relation: part(
    'relations',
    'x.oid',
    '0',
    `pg_catalog.pg_class x JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
      WHERE x.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${notOurs}`,
  ),
  column: part('relations', 'x.attrelid', 'x.attnum', 'pg_catalog.pg_attribute x WHERE x.attnum > 0', false),
  default: part('relations', 'x.adrelid', 'x.adnum', 'pg_catalog.pg_attrdef x WHERE true', false),
  constraint: part('relations', 'x.conrelid', 'x.oid', 'pg_catalog.pg_constraint x WHERE x.conrelid <> 0'),
  index: part(
    'relations',
    'x.indrelid',
    'x.indexrelid',
    `pg_catalog.pg_index x WHERE x.indrelid >= ${firstOwnOid}`,
  ),
  /** Here the relation is the index. */
  indexName: part('relations', 'x.oid', '0', "pg_catalog.pg_class x WHERE x.relkind IN ('i', 'I')", false),
  trigger: part('relations', 'x.tgrelid', 'x.oid', 'pg_catalog.pg_trigger x WHERE true'),
  rule: part(
    'relations',
    'x.ev_class',
    'x.oid',
    `pg_catalog.pg_rewrite x WHERE x.ev_class >= ${firstOwnOid}`,
  ),
  policy: part('relations', 'x.polrelid', 'x.oid', 'pg_catalog.pg_policy x WHERE true'),
  child: part('relations', 'x.inhrelid', 'x.inhparent', 'pg_catalog.pg_inherits x WHERE true'),
  parent: part('relations', 'x.inhparent', 'x.inhrelid', 'pg_catalog.pg_inherits x WHERE true'),
  type: part(
    'types',
    '0',
    'x.oid',
    `pg_catalog.pg_type x WHERE x.oid >= ${firstOwnOid} AND x.typrelid = 0 AND x.typcategory <> 'A'`,
  ),
  composite: part('types', '0', 'x.oid', "pg_catalog.pg_class x WHERE x.relkind = 'c'"),
  label: part('types', '0', 'x.oid', 'pg_catalog.pg_enum x WHERE true'),
  domainConstraint: part('types', '0', 'x.oid', 'pg_catalog.pg_constraint x WHERE x.contypid <> 0'),
  function: part('functions', '0', 'x.oid', `pg_catalog.pg_proc x WHERE x.oid >= ${firstOwnOid}`),
  sequence: part('sequences', '0', 'x.seqrelid', 'pg_catalog.pg_sequence x WHERE true'),
  sequenceName: part('sequences', '0', 'x.oid', "pg_catalog.pg_class x WHERE x.relkind = 'S'", false),
  /** Which column owns a sequence; of the two numbers of the column one is made. */
  owner: part(
    'sequences',
    'x.objid',
    'x.refobjid::pg_catalog.int8 OPERATOR(pg_catalog.*) 2048 OPERATOR(pg_catalog.+) x.refobjsubid',
    `pg_catalog.pg_sequence s JOIN pg_catalog.pg_depend x
         ON x.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND x.objid = s.seqrelid WHERE x.deptype IN ('a', 'i')`,
  ),
  schema: part('server', '0', 'x.oid', 'pg_catalog.pg_namespace x WHERE true'),
  extension: part('server', '0', 'x.oid', 'pg_catalog.pg_extension x WHERE true'),
} satisfies Record<string, Part>

export type PartName = keyof typeof parts

/** How old the transaction of a parameter is, computed once. */
const ageOf = (parameter: string) => `(SELECT pg_catalog.age(${parameter}::pg_catalog.xid))`
const written = 'v.xmin::pg_catalog.text::pg_catalog.int8'
const asRow = `pg_catalog.json_build_array(v.relation, v.number, ${written})`

/**
 * For each part: the number of its rows, where it is counted; how many of them were written after the transaction `$1`, and the
 * sum of who has written those; and the rows that were written after the transaction `$2`.
 */
export const stepQuery = (names: readonly PartName[]) =>
  names
    .map((name) => {
      const { rows, isCounted } = parts[name]
      const isRecent = `pg_catalog.age(v.xmin) < ${ageOf('$1')}`
      const where = isCounted ? '' : ` WHERE ${isRecent}`
      return `SELECT '${name}' AS name, ${isCounted ? 'pg_catalog.count(*)::int4' : 'NULL::pg_catalog.int4'} AS count,
       pg_catalog.count(*) FILTER (WHERE ${isRecent})::int4 AS recent,
       COALESCE(pg_catalog.sum(${written}) FILTER (WHERE ${isRecent}), 0)::float8 AS sum,
       pg_catalog.json_agg(${asRow}) FILTER (WHERE pg_catalog.age(v.xmin) < ${ageOf('$2')}) AS changed
  FROM (${rows}) v${where}`
    })
    .join('\nUNION ALL ')

/** The parts of which rows are in one of these tables of the catalog; all, where it is not known in which. */
export function partsIn(catalogs: ReadonlySet<string> | undefined): PartName[] {
  const all = Object.keys(parts) as PartName[]
  return catalogs ? all.filter((name) => parts[name].catalogs.some((one) => catalogs.has(one))) : all
}

/** The rows of a part, and the transaction behind which everything new will be written. */
export const rowsQuery = (name: PartName) =>
  `SELECT pg_catalog.json_agg(pg_catalog.json_build_array(v.relation, v.number)) AS rows,
          ((pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::pg_catalog.text::pg_catalog.numeric
             OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog.%) 4294967296)::float8 AS last
     FROM (${parts[name].rows}) v`

/** The rows of a part that were written after the transaction `$1`. */
export const recentQuery = (name: PartName) =>
  `SELECT pg_catalog.json_agg(${asRow}) AS rows FROM (${parts[name].rows}) v WHERE pg_catalog.age(v.xmin) < ${ageOf('$1')}`
