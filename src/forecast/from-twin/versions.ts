import type { Reader } from '../../domain/reader.js'
import { notOurs, rowsOf } from '../live/rows.js'

/** Of each part of a catalog a text that is another whenever a row of it is. */
export interface Versions {
  /** By OID of the relation: of its own row and those of all that stands on it. */
  readonly relations: ReadonlyMap<number, string>
  readonly types: string
  readonly functions: string
  readonly sequences: string
  /** Schemas and extensions. */
  readonly server: string
}

/** Objects of the server itself have lower numbers: https://www.postgresql.org/docs/current/system-catalog-initial-data.html */
const firstOwnOid = 16_384

/** `xmin` is another after every change of a row, also within one transaction where a savepoint is set for each statement. */
const x = (table: string) => `${table}.xmin::pg_catalog.text::pg_catalog.int8`

const version =
  "pg_catalog.concat_ws(':', pg_catalog.count(*), pg_catalog.sum(v.part::pg_catalog.int8), pg_catalog.sum(v.x))"

const relationsQuery = `
  SELECT c.oid::int4 AS oid, ${version} AS version
    FROM (SELECT oid AS relation, 0::int8 AS part, ${x('k')} AS x FROM pg_catalog.pg_class k WHERE oid >= ${firstOwnOid}
          UNION ALL SELECT attrelid, attnum, ${x('a')} FROM pg_catalog.pg_attribute a WHERE attnum > 0 AND attrelid >= ${firstOwnOid}
          UNION ALL SELECT adrelid, adnum, ${x('d')} FROM pg_catalog.pg_attrdef d
          UNION ALL SELECT conrelid, oid, ${x('o')} FROM pg_catalog.pg_constraint o WHERE conrelid <> 0
          UNION ALL SELECT i.indrelid, i.indexrelid, ${x('i')} OPERATOR(pg_catalog.+) ${x('k')}
                      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class k ON k.oid = i.indexrelid WHERE i.indrelid >= ${firstOwnOid}
          UNION ALL SELECT tgrelid, oid, ${x('t')} FROM pg_catalog.pg_trigger t
          UNION ALL SELECT ev_class, oid, ${x('w')} FROM pg_catalog.pg_rewrite w WHERE ev_class >= ${firstOwnOid}
          UNION ALL SELECT polrelid, oid, ${x('p')} FROM pg_catalog.pg_policy p
          UNION ALL SELECT inhrelid, inhparent, ${x('h')} FROM pg_catalog.pg_inherits h
          UNION ALL SELECT inhparent, inhrelid, ${x('h')} FROM pg_catalog.pg_inherits h) AS v (relation, part, x)
    JOIN pg_catalog.pg_class c ON c.oid = v.relation
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${notOurs}
   GROUP BY c.oid`

const of = (rows: string) => `(SELECT ${version} FROM (${rows}) AS v (part, x))`

const othersQuery = `
  SELECT ${of(`
           SELECT oid::int8, ${x('t')} FROM pg_catalog.pg_type t
            WHERE oid >= ${firstOwnOid} AND typcategory <> 'A'
              AND (typrelid = 0 OR (SELECT k.relkind FROM pg_catalog.pg_class k WHERE k.oid = typrelid) = 'c')
           UNION ALL SELECT oid::int8, ${x('e')} FROM pg_catalog.pg_enum e
           UNION ALL SELECT oid::int8, ${x('o')} FROM pg_catalog.pg_constraint o WHERE contypid <> 0`)} AS types,
         ${of(`SELECT oid::int8, ${x('p')} FROM pg_catalog.pg_proc p WHERE oid >= ${firstOwnOid}`)} AS functions,
         ${of(`
           SELECT seqrelid::int8, ${x('s')} OPERATOR(pg_catalog.+) ${x('k')}
             FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class k ON k.oid = s.seqrelid
           UNION ALL SELECT d.refobjid::int8 OPERATOR(pg_catalog.+) d.refobjsubid, ${x('d')} FROM pg_catalog.pg_depend d
                       JOIN pg_catalog.pg_sequence s ON s.seqrelid = d.objid
                      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')`)} AS sequences,
         ${of(`
           SELECT oid::int8, ${x('n')} FROM pg_catalog.pg_namespace n
           UNION ALL SELECT oid::int8, ${x('e')} FROM pg_catalog.pg_extension e`)} AS server`

/** Two cheap questions that say what has to be read again. */
export async function readVersions(reader: Reader): Promise<Versions> {
  const rows = await rowsOf<{ oid: number; version: string }>(reader, relationsQuery)
  const [others] = (await rowsOf<Omit<Versions, 'relations'>>(reader, othersQuery)) as [
    Omit<Versions, 'relations'>,
  ]
  return { ...others, relations: new Map(rows.map((row) => [row.oid, row.version])) }
}
