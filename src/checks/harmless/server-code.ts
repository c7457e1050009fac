import type { Reader } from '../../domain/reader.js'
import { firstOwnOid, isForInternalUse, isHarmlessBuiltIn } from './built-in.js'

/** A function that somebody has created on this server. */
export interface OwnFunction {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** As in `ship(oid, text)`. */
  readonly arguments: string
  readonly language: string
  /** Its CREATE FUNCTION, where its text can be read. */
  readonly definition: string | null
  /** The library of one in C. */
  readonly library: string | null
  readonly extension: string | null
  /** Of one in `internal`: it is another name for a function of the server's own that is harmless. */
  readonly isHarmlessAlias: boolean
  /** `search_path` of its SET clause. */
  readonly path: string | null
  /** Types of its arguments and results that somebody has created. */
  readonly types: readonly number[]
  /** It can be called as `(row).name`. */
  readonly takesRow: boolean
  /** Functions that are called with it: of an aggregate its steps, of any its support function. */
  readonly functions: readonly number[]
  readonly isAggregate: boolean
}

export interface OwnOperator {
  readonly schema: string
  readonly name: string
  /** Types of its sides that somebody has created. */
  readonly types: readonly number[]
  /** What computes it, and what the planner asks about it. */
  readonly functions: readonly number[]
}

export interface OwnType {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** Types that it is made of: elements, the type below a domain, fields. */
  readonly types: readonly number[]
  /** Input, output, comparison and their like. */
  readonly functions: readonly number[]
  /** CHECKs of a domain. */
  readonly checks: readonly string[]
}

export interface OwnCast {
  readonly source: number
  readonly target: number
  readonly function: number
}

/** A relation that somebody has created and whose reading may run more than the reading of a plain table. */
export interface OwnRelation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** Types of its rows, and of arrays of them. */
  readonly rowTypes: readonly number[]
  /** It, or a partition of it, is a table of another server. */
  readonly isForeign: boolean
  /** Of a view. */
  readonly definition: string | null
  /** Conditions of its policies for reading; none where the session refuses to read by them, as ours do. */
  readonly policies: readonly string[]
  /** The policies hold for the role in use. */
  readonly hasPoliciesForUs: boolean
  /** Columns of a type that somebody has created. */
  readonly columns: readonly { readonly name: string; readonly type: number }[]
  /** Columns that are computed when they are read. */
  readonly computed: readonly string[]
  /** Expressions of indexes, CHECKs and statistics: the planner computes what is constant in them. */
  readonly planned: readonly string[]
  /** Functions of operator classes that somebody has created, of its indexes and its partition key. */
  readonly functions: readonly number[]
  /** Partitions and tables that inherit from it, at any depth. */
  readonly descendants: readonly number[]
}

/** What could run on a server beside its own harmless functions. */
export interface ServerCode {
  /** The search path of the session, without what is not there. */
  readonly path: readonly string[]
  readonly role: string
  /** Names in pg_catalog, one of whose functions is not known to be harmless where a query calls it. */
  readonly actingNames: ReadonlySet<string>
  /** OIDs of the functions of the server's own that are not known to be harmless. */
  readonly actingOids: ReadonlySet<number>
  /** Names of the server's own operators. */
  readonly operatorNames: ReadonlySet<string>
  readonly functions: readonly OwnFunction[]
  readonly operators: readonly OwnOperator[]
  readonly types: readonly OwnType[]
  readonly casts: readonly OwnCast[]
  readonly relations: readonly OwnRelation[]
  /** Functions of parsers and dictionaries for text search that somebody has created. */
  readonly textSearch: readonly number[]
}

const own = (oid: string) => `${oid} >= ${firstOwnOid}`

/** The OIDs, as JSON, less the zeros. */
const oids = (...list: string[]) =>
  `COALESCE((SELECT pg_catalog.json_agg(o) FROM pg_catalog.unnest(ARRAY[${list.join(', ')}]::pg_catalog.int8[]) o WHERE o <> 0), '[]')`

const ownOids = (array: string) =>
  `COALESCE((SELECT pg_catalog.json_agg(o::pg_catalog.int8) FROM pg_catalog.unnest(${array}) o WHERE ${own('o')}), '[]')`

/** Functions that compute operators, or support an index, of an operator class `oc`. */
const classFunctions = (which: string) => `
  (SELECT ap.amproc::pg_catalog.int8 AS f FROM pg_catalog.pg_opclass oc
     JOIN pg_catalog.pg_amproc ap ON ap.amprocfamily = oc.opcfamily WHERE ${which}
   UNION SELECT o.oprcode::pg_catalog.int8 FROM pg_catalog.pg_opclass oc
     JOIN pg_catalog.pg_amop ao ON ao.amopfamily = oc.opcfamily
     JOIN pg_catalog.pg_operator o ON o.oid = ao.amopopr WHERE ${which})`

const serverQuery = `
  SELECT pg_catalog.array_to_json(pg_catalog.current_schemas(true)) AS path, current_user::pg_catalog.text AS role,
         (SELECT COALESCE(pg_catalog.json_agg(DISTINCT p.proname), '[]') FROM pg_catalog.pg_proc p
           WHERE p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace AND NOT ${own('p.oid')}
             AND (NOT ${isHarmlessBuiltIn} OR ${isForInternalUse})) AS "actingNames",
         (SELECT COALESCE(pg_catalog.json_agg(p.oid::pg_catalog.int8), '[]') FROM pg_catalog.pg_proc p
           WHERE NOT ${own('p.oid')} AND NOT ${isHarmlessBuiltIn}
             -- What an input or output function makes of a value is no act, volatile or not.
             AND p.oid NOT IN (SELECT pg_catalog.unnest(ARRAY[t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout]::pg_catalog.oid[])
                                 FROM pg_catalog.pg_type t WHERE NOT ${own('t.oid')})) AS "actingOids",
         (SELECT pg_catalog.json_agg(DISTINCT oprname) FROM pg_catalog.pg_operator WHERE NOT ${own('oid')}) AS "operatorNames",
         (SELECT COALESCE(pg_catalog.json_agg(f::pg_catalog.oid::pg_catalog.int8), '[]') FROM (
            SELECT pg_catalog.unnest(ARRAY[tmplinit, tmpllexize]) FROM pg_catalog.pg_ts_template WHERE ${own('oid')}
            UNION SELECT pg_catalog.unnest(ARRAY[prsstart, prstoken, prsend, prsheadline, prslextype]) FROM pg_catalog.pg_ts_parser WHERE ${own('oid')}
          ) x (f) WHERE f <> 0) AS "textSearch"`

const functionsQuery = `
  SELECT p.oid::pg_catalog.int8::pg_catalog.float8 AS oid, n.nspname AS schema, p.proname AS name,
         pg_catalog.pg_get_function_identity_arguments(p.oid) AS arguments, l.lanname AS language,
         CASE WHEN l.lanname IN ('sql', 'plpgsql') AND p.prokind <> 'a' THEN pg_catalog.pg_get_functiondef(p.oid) END AS definition,
         p.probin::pg_catalog.text AS library, e.extname AS extension,
         l.lanname = 'internal' AND EXISTS (SELECT FROM alias b WHERE b.prosrc = p.prosrc AND b.ok)
           AND NOT EXISTS (SELECT FROM alias b WHERE b.prosrc = p.prosrc AND NOT b.ok) AS "isHarmlessAlias",
         (SELECT pg_catalog.substr(c, 13) FROM pg_catalog.unnest(p.proconfig) c WHERE c LIKE 'search\\_path=%') AS path,
         ${ownOids('COALESCE(p.proallargtypes, p.proargtypes::pg_catalog.oid[]) || p.prorettype')} AS types,
         COALESCE((SELECT t.typtype IN ('c', 'd', 'p') FROM pg_catalog.pg_type t WHERE t.oid = p.proargtypes[0]), false) AS "takesRow",
         ${oids(...['p.prosupport', 'a.aggtransfn', 'a.aggfinalfn', 'a.aggcombinefn', 'a.aggserialfn', 'a.aggdeserialfn', 'a.aggmtransfn', 'a.aggminvtransfn', 'a.aggmfinalfn'].map((one) => `COALESCE(${one}::pg_catalog.oid::pg_catalog.int8, 0)`))} AS functions,
         p.prokind = 'a' AS "isAggregate"
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    LEFT JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
    LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
     AND d.deptype = 'e' AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
    LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
   WHERE ${own('p.oid')}`

/** Names by which functions in `internal` stand for the server's own. */
const withAliases = `
  WITH alias AS MATERIALIZED (
    SELECT p.prosrc, ${isHarmlessBuiltIn} AS ok FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
     WHERE l.lanname = 'internal' AND NOT ${own('p.oid')})`

const operatorsQuery = `
  SELECT n.nspname AS schema, o.oprname AS name, ${ownOids('ARRAY[o.oprleft, o.oprright]')} AS types,
         ${oids('o.oprcode::pg_catalog.oid::pg_catalog.int8', 'o.oprrest::pg_catalog.oid::pg_catalog.int8', 'o.oprjoin::pg_catalog.oid::pg_catalog.int8')} AS functions
    FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace WHERE ${own('o.oid')}`

/** Row types of tables are found by their tables. */
const typesQuery = `
  SELECT t.oid::pg_catalog.int8::pg_catalog.float8 AS oid, n.nspname AS schema, t.typname AS name,
         ${ownOids(`ARRAY[t.typelem, t.typbasetype, COALESCE(r.rngsubtype, 0)]
           || ARRAY(SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped)`)} AS types,
         (SELECT COALESCE(pg_catalog.json_agg(f), '[]') FROM (
            SELECT pg_catalog.unnest(ARRAY[t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout,
                                           r.rngcanonical, r.rngsubdiff]::pg_catalog.oid[])::pg_catalog.int8
            UNION ${classFunctions('oc.opcintype = t.oid OR oc.oid = r.rngsubopc')}) x (f) WHERE f <> 0) AS functions,
         (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.pg_get_expr(c.conbin, 0)), '[]') FROM pg_catalog.pg_constraint c
           WHERE c.contypid = t.oid AND c.contype = 'c') AS checks
    FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid OR r.rngmultitypid = t.oid
   WHERE ${own('t.oid')}
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relkind <> 'c' AND (c.reltype = t.oid OR (t.typelem <> 0 AND c.reltype = t.typelem)))`

const castsQuery = `
  SELECT castsource::pg_catalog.int8::pg_catalog.float8 AS source, casttarget::pg_catalog.int8::pg_catalog.float8 AS target,
         castfunc::pg_catalog.int8::pg_catalog.float8 AS function
    FROM pg_catalog.pg_cast WHERE ${own('oid')} AND castfunc <> 0`

const relationsQuery = (hasVirtual: boolean) => `
  WITH RECURSIVE below AS (
    SELECT inhparent AS root, inhrelid AS oid FROM pg_catalog.pg_inherits
    UNION SELECT b.root, i.inhrelid FROM below b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid),
  facts AS (
    SELECT c.oid::pg_catalog.int8::pg_catalog.float8 AS oid, n.nspname AS schema, c.relname AS name,
           ${oids('c.reltype::pg_catalog.int8', '(SELECT t.typarray FROM pg_catalog.pg_type t WHERE t.oid = c.reltype)::pg_catalog.int8')} AS "rowTypes",
           c.relkind = 'f' AS "isForeign",
           CASE WHEN c.relkind = 'v' THEN pg_catalog.pg_get_viewdef(c.oid) END AS definition,
           CASE WHEN c.relrowsecurity AND pg_catalog.current_setting('row_security') = 'on' THEN (SELECT pg_catalog.json_agg(pg_catalog.pg_get_expr(p.polqual, p.polrelid)) FROM pg_catalog.pg_policy p
             WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*') AND p.polqual IS NOT NULL) END AS policies,
           c.relrowsecurity AND pg_catalog.row_security_active(c.oid) AS "hasPoliciesForUs",
           (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'type', a.atttypid::pg_catalog.int8)) FROM pg_catalog.pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND ${own('a.atttypid')}) AS columns,
           ${
             hasVirtual
               ? `(SELECT pg_catalog.json_agg(pg_catalog.pg_get_expr(d.adbin, d.adrelid)) FROM pg_catalog.pg_attribute a
                     JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                    WHERE a.attrelid = c.oid AND a.attgenerated = 'v' AND NOT a.attisdropped)`
               : 'NULL::pg_catalog.json'
           } AS computed,
           (SELECT pg_catalog.json_agg(e) FROM (
              SELECT pg_catalog.unnest(ARRAY[pg_catalog.pg_get_expr(i.indexprs, i.indrelid), pg_catalog.pg_get_expr(i.indpred, i.indrelid)])
                FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
              UNION SELECT pg_catalog.pg_get_expr(k.conbin, k.conrelid) FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c'
              UNION SELECT pg_catalog.pg_get_expr(s.stxexprs, s.stxrelid) FROM pg_catalog.pg_statistic_ext s WHERE s.stxrelid = c.oid AND s.stxexprs IS NOT NULL
              UNION SELECT pg_catalog.pg_get_expr(p.partexprs, p.partrelid) FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid = c.oid AND p.partexprs IS NOT NULL
            ) x (e) WHERE e IS NOT NULL) AS planned,
           (SELECT pg_catalog.json_agg(f) FROM ${classFunctions(`${own('oc.oid')} AND (
               oc.oid IN (SELECT pg_catalog.unnest(i.indclass) FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid)
               OR oc.oid IN (SELECT pg_catalog.unnest(p.partclass) FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid = c.oid))`)} x) AS functions,
           (SELECT pg_catalog.json_agg(b.oid::pg_catalog.int8) FROM below b WHERE b.root = c.oid) AS descendants
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${own('c.oid')} AND n.nspname NOT LIKE 'pg\\_toast%')
  SELECT * FROM facts
   WHERE "isForeign" OR definition IS NOT NULL OR policies IS NOT NULL OR columns IS NOT NULL OR computed IS NOT NULL
      OR planned IS NOT NULL OR functions IS NOT NULL OR descendants IS NOT NULL`

/** Reads what could run on the server, in a handful of questions about the catalog alone. */
export async function readServerCode(reader: Reader): Promise<ServerCode> {
  const rowsOf = async <T>(sql: string) => (await reader.query(sql)).rows as T[]
  const { rows: versions } = await reader.query(
    "SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version",
  )
  const [server] = await rowsOf<{
    path: string[]
    role: string
    actingNames: string[]
    actingOids: number[]
    operatorNames: string[]
    textSearch: number[]
  }>(serverQuery)
  if (!server) throw new Error('the server says nothing of its functions')
  // Only from 18 on is there a column that is computed when it is read.
  const hasVirtual = Number(versions[0]?.version) >= 180_000
  const relations = await rowsOf<{ [Key in keyof OwnRelation]: OwnRelation[Key] | null }>(
    relationsQuery(hasVirtual),
  )
  return {
    ...server,
    actingNames: new Set(server.actingNames),
    actingOids: new Set(server.actingOids),
    operatorNames: new Set(server.operatorNames),
    functions: await rowsOf(`${withAliases}${functionsQuery}`),
    operators: await rowsOf(operatorsQuery),
    types: await rowsOf(typesQuery),
    casts: await rowsOf(castsQuery),
    relations: relations.map(
      (row) =>
        ({
          ...row,
          policies: row.policies ?? [],
          columns: row.columns ?? [],
          computed: row.computed ?? [],
          planned: row.planned ?? [],
          functions: row.functions ?? [],
          descendants: row.descendants ?? [],
        }) as OwnRelation,
    ),
  }
}
