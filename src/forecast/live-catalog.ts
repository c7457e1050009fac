import type { Reader } from '../domain/reader.js'
import { quoteIdentifier, quoteRelation } from '../sql/names.js'
import type { Node } from '../sql/parser.js'
import { bindColumns, bindTypes } from './bind.js'
import type {
  CatalogModel,
  Column,
  ColumnType,
  Constraint,
  ConstraintKind,
  IndexKey,
  IndexObject,
  ReferentialAction,
  Relation,
  RelationKind,
  RuleObject,
  TypeObject,
} from './model.js'
import { partitionKeyOf } from './partition-key.js'
import { parseExpression, parseExpressions, parseStatement, parseStatementsTogether } from './tree.js'
import { triggerOf } from './triggers/definition.js'
import { bindView } from './views.js'

/** Schemas that are the server's own. */
const notOurs = `n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname !~ '^pg_(temp|toast_temp)_'`

/**
 * Reads the whole catalog, as far as migrations can meet it, in a handful of questions. Takes no lock but ACCESS SHARE
 * on the catalog's own tables; `pg_sequences` is left alone, because it takes ROW EXCLUSIVE on every sequence.
 */
export async function readLiveCatalog(reader: Reader, schema: string): Promise<CatalogModel> {
  const [server] = (await reader.query(serverQuery)).rows as unknown as [ServerRow]
  const catalog: CatalogModel = {
    searchPath: [schema],
    schemas: new Set(server.schemas),
    relations: [],
    sequences: [],
    types: [],
    functions: [],
    extensions: new Set(server.extensions),
    availableExtensions: new Set(server.available),
    serverVersion: server.version,
    timeZone: server.timeZone,
    volatileFunctions: new Set(server.volatile),
    role: { name: server.role, isSuperuser: server.superuser, canBypassRowSecurity: server.bypassrls },
    creatableSchemas: new Set(server.creatable),
    isReplica: false,
  }
  const types = readTypes(catalog, await rowsOf<TypeRow>(reader, typesQuery))
  const relationRows = await rowsOf<RelationRow>(reader, relationsQuery)
  const relations = readRelations(catalog, relationRows)
  const later = new Expressions()
  const columns = readColumns(relations, types, await rowsOf<ColumnRow>(reader, columnsQuery), later)
  const indexes = readIndexes(relations, columns, await rowsOf<IndexRow>(reader, indexesQuery), later)
  readConstraints(relations, columns, indexes, await rowsOf<ConstraintRow>(reader, constraintsQuery), later)
  readTriggers(relations, await rowsOf<TriggerRow>(reader, triggersQuery))
  readRules(relations, await rowsOf<RuleRow>(reader, rulesQuery))
  readSequences(catalog, columns, await rowsOf<SequenceRow>(reader, sequencesQuery))
  readFunctions(catalog, await rowsOf<FunctionRow>(reader, functionsQuery))
  readFamily(relations, await rowsOf<FamilyRow>(reader, familyQuery))
  readPartitions(catalog, relations, relationRows)
  readPolicies(relations, await rowsOf<PolicyRow>(reader, policiesQuery))
  later.parse(catalog)
  readViews(catalog)
  return catalog
}

async function rowsOf<T>(reader: Reader, query: string): Promise<T[]> {
  return (await reader.query(query)).rows as unknown as T[]
}

/** Expressions are parsed together at the end: one call of the parser instead of thousands. */
class Expressions {
  readonly #wanted: { sql: string; relation: Relation; keep: (tree: Node) => void }[] = []

  add(sql: string, relation: Relation, keep: (tree: Node) => void): void {
    this.#wanted.push({ sql, relation, keep })
  }

  parse(catalog: CatalogModel): void {
    const trees = parseExpressions(this.#wanted.map(({ sql }) => sql))
    this.#wanted.forEach(({ relation, keep }, i) => {
      keep(bindTypes(catalog, bindColumns(relation, trees[i] as Node)))
    })
  }
}

interface ServerRow {
  version: number
  timeZone: string
  volatile: string[]
  role: string
  superuser: boolean
  bypassrls: boolean
  schemas: string[]
  creatable: string[]
  extensions: string[]
  available: string[]
}

const serverQuery = `
  SELECT pg_catalog.current_setting('server_version_num')::int AS version, current_user::text AS role,
         pg_catalog.current_setting('TimeZone') AS "timeZone",
         (SELECT pg_catalog.json_agg(DISTINCT p.proname) FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
           WHERE p.provolatile = 'v' AND p.prokind = 'f' AND l.lanname IN ('c', 'internal')) AS volatile,
         r.rolsuper AS superuser, r.rolbypassrls AS bypassrls,
         (SELECT pg_catalog.json_agg(nspname) FROM pg_catalog.pg_namespace) AS schemas,
         (SELECT COALESCE(pg_catalog.json_agg(nspname), '[]') FROM pg_catalog.pg_namespace
           WHERE pg_catalog.has_schema_privilege(oid, 'CREATE')) AS creatable,
         (SELECT COALESCE(pg_catalog.json_agg(extname), '[]') FROM pg_catalog.pg_extension) AS extensions,
         (SELECT COALESCE(pg_catalog.json_agg(name), '[]') FROM pg_catalog.pg_available_extensions) AS available
    FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`

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
         CASE WHEN t.typtype = 'd' THEN pg_catalog.pg_get_expr(t.typdefaultbin, 0) END AS default
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
type TypesByOid = Map<number, { object: TypeObject; isArray: boolean }>

function readTypes(catalog: CatalogModel, rows: TypeRow[]): TypesByOid {
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
function modifiersIn(text: string): string {
  return /\([^)]*\)/.exec(text)?.[0] ?? ''
}

interface RelationRow {
  oid: number
  schema: string
  name: string
  kind: string
  persistence: string
  isPartition: boolean
  partitionKey: string | null
  bound: string | null
  rowSecurity: boolean
  definition: string | null
  heapBytes: number
  toastBytes: number
  rowEstimate: number
  owned: boolean
  privileges: string[]
  reads: number[] | null
}

const relationsQuery = `
  SELECT c.oid::int4 AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relpersistence AS persistence,
         c.relispartition AS "isPartition",
         CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS "partitionKey",
         pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS bound, c.relrowsecurity AS "rowSecurity",
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
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${notOurs}
   ORDER BY c.oid`

const relationKinds: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'partitioned table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
}

type RelationsByOid = Map<number, Relation>

function readRelations(catalog: CatalogModel, rows: RelationRow[]): RelationsByOid {
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
      const read = byOid.get(oid)
      if (read) relation.reads.push(read)
    }
  }
  catalog.relations.push(...byOid.values())
  return byOid
}

/** A view is bound to the relations it reads, whatever they are called later. */
function readViews(catalog: CatalogModel): void {
  for (const view of catalog.relations)
    if (view.definition !== undefined) view.query = bindView(catalog, parseStatement(view.definition))
}

interface ColumnRow {
  relation: number
  number: number
  name: string
  type: number
  typeText: string
  notNull: boolean
  default: string | null
  generated: string
  identity: string
  collation: string | null
}

const columnsQuery = `
  SELECT a.attrelid::int4 AS relation, a.attnum::int4 AS number, a.attname AS name, a.atttypid::int4 AS type,
         pg_catalog.format_type(a.atttypid, a.atttypmod) AS "typeText", a.attnotnull AS "notNull",
         pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS default, a.attgenerated AS generated, a.attidentity AS identity,
         (SELECT pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname)
            FROM pg_catalog.pg_collation co JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
            JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
           WHERE co.oid = a.attcollation AND a.attcollation <> t.typcollation) AS collation
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped AND ${notOurs}
   ORDER BY a.attrelid, a.attnum`

/** By OID of the relation, then by column number. */
type ColumnsByNumber = Map<number, Map<number, Column>>

function readColumns(
  relations: RelationsByOid,
  types: TypesByOid,
  rows: ColumnRow[],
  later: Expressions,
): ColumnsByNumber {
  const byNumber: ColumnsByNumber = new Map()
  for (const row of rows) {
    const relation = relations.get(row.relation)
    const known = types.get(row.type)
    if (!relation) continue
    const type: ColumnType = {
      object: known?.object ?? unknownType(row.typeText),
      modifiers: modifiersIn(row.typeText),
      isArray: known?.isArray ?? false,
      liveText: row.typeText,
    }
    const column: Column = {
      name: row.name,
      liveName: row.name,
      liveNumber: row.number,
      type,
      isNotNull: row.notNull,
      from: quoteIdentifier(row.name),
      ...(row.identity === 'a' ? { identity: 'always' as const } : {}),
      ...(row.identity === 'd' ? { identity: 'by default' as const } : {}),
      ...(row.collation === null ? {} : { collation: row.collation }),
    }
    if (row.default !== null) {
      later.add(row.default, relation, (tree) => {
        if (row.generated === '') column.default = tree
        else column.generated = tree
      })
    }
    relation.columns.push(column)
    const numbers = byNumber.get(row.relation) ?? new Map<number, Column>()
    byNumber.set(row.relation, numbers.set(row.number, column))
  }
  return byNumber
}

/** A row type, or one of a schema that is the server's own. */
function unknownType(text: string): TypeObject {
  return {
    schema: 'pg_catalog',
    name: text,
    kind: 'composite',
    live: text,
    labels: [],
    addedNow: new Set(),
    category: 'C',
    isDropped: false,
  }
}

interface IndexRow {
  oid: number
  relation: number
  name: string
  unique: boolean
  valid: boolean
  keyCount: number
  columns: number[]
  /** Of every key: the column's quoted name or the expression in parentheses. */
  keys: string[]
  collations: (string | null)[]
  predicate: string | null
  nullsNotDistinct: boolean
  method: string
  sizeBytes: number
  parent: number | null
  definition: string
}

const indexesQuery = `
  SELECT x.indexrelid::int4 AS oid, x.indrelid::int4 AS relation, i.relname AS name, x.indisunique AS unique,
         x.indisvalid AND x.indisready AS valid, x.indnkeyatts::int4 AS "keyCount",
         ARRAY(SELECT k::int4 FROM pg_catalog.unnest(x.indkey::int2[]) k) AS columns,
         ARRAY(SELECT pg_catalog.pg_get_indexdef(x.indexrelid, k::int, true)
                 FROM pg_catalog.unnest(x.indkey::int2[]) WITH ORDINALITY u(number, k) WHERE k <= x.indnkeyatts ORDER BY k) AS keys,
         ARRAY(SELECT (SELECT pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname)
                         FROM pg_catalog.pg_collation co JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
                        WHERE co.oid = x.indcollation[k::int - 1] AND co.oid <> COALESCE(
                              (SELECT a.attcollation FROM pg_catalog.pg_attribute a
                                WHERE a.attrelid = x.indrelid AND a.attnum = u.number), 0::oid) AND co.oid <> 100)
                 FROM pg_catalog.unnest(x.indkey::int2[]) WITH ORDINALITY u(number, k) WHERE k <= x.indnkeyatts ORDER BY k) AS collations,
         pg_catalog.pg_get_expr(x.indpred, x.indrelid) AS predicate,
         COALESCE((pg_catalog.to_jsonb(x) ->> 'indnullsnotdistinct')::bool, false) AS "nullsNotDistinct",
         m.amname AS method, pg_catalog.pg_relation_size(x.indexrelid)::float8 AS "sizeBytes",
         h.inhparent::int4 AS parent, pg_catalog.pg_get_indexdef(x.indexrelid) AS definition
    FROM pg_catalog.pg_index x
    JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
    JOIN pg_catalog.pg_am m ON m.oid = i.relam
    JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace
    LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = x.indexrelid
   WHERE ${notOurs}
   ORDER BY x.indexrelid`

type IndexesByOid = Map<number, IndexObject>

function readIndexes(
  relations: RelationsByOid,
  columns: ColumnsByNumber,
  rows: IndexRow[],
  later: Expressions,
): IndexesByOid {
  const byOid: IndexesByOid = new Map()
  for (const row of rows) {
    const relation = relations.get(row.relation)
    const numbers = columns.get(row.relation)
    if (!relation || !numbers) continue
    const keys: IndexKey[] = row.columns.slice(0, row.keyCount).map((number, i) => {
      const collation = row.collations[i] ? { collation: row.collations[i] } : {}
      const column = numbers.get(number)
      if (column) return { column, ...collation }
      const key: { expression?: Node; collation?: string } = { ...collation }
      later.add(row.keys[i] ?? 'NULL', relation, (tree) => {
        key.expression = tree
      })
      return key
    })
    const index: { -readonly [K in keyof IndexObject]: IndexObject[K] } = {
      oid: row.oid,
      name: row.name,
      isUnique: row.unique,
      isValid: row.valid,
      keys,
      included: row.columns.slice(row.keyCount).flatMap((number) => numbers.get(number) ?? []),
      areNullsNotDistinct: row.nullsNotDistinct,
      method: row.method,
      sizeBytes: row.sizeBytes,
      definition: row.definition,
    }
    if (row.predicate !== null) {
      later.add(row.predicate, relation, (tree) => {
        index.predicate = tree
      })
    }
    relation.indexes.push(index)
    byOid.set(row.oid, index)
  }
  for (const { oid, parent } of rows) {
    const index = byOid.get(oid) as { parent?: IndexObject } | undefined
    const above = byOid.get(parent ?? 0)
    if (index && above) index.parent = above
  }
  return byOid
}

interface ConstraintRow {
  oid: number
  name: string
  kind: string
  relation: number
  columns: number[] | null
  parent: number
  parentColumns: number[] | null
  index: number
  validated: boolean
  deferrable: boolean
  deferred: boolean
  onDelete: string
  onUpdate: string
  match: string
  expression: string | null
  operators: string[]
}

const constraintsQuery = `
  SELECT o.oid::int4 AS oid, o.conname AS name, o.contype AS kind, o.conrelid::int4 AS relation, o.conkey::int4[] AS columns,
         o.confrelid::int4 AS parent, o.confkey::int4[] AS "parentColumns", o.conindid::int4 AS index,
         o.convalidated AS validated, o.condeferrable AS deferrable, o.condeferred AS deferred,
         o.confdeltype AS "onDelete", o.confupdtype AS "onUpdate", o.confmatchtype AS match,
         CASE WHEN o.contype = 'c' THEN pg_catalog.pg_get_expr(o.conbin, o.conrelid) END AS expression,
         ARRAY(SELECT 'OPERATOR(' || pg_catalog.quote_ident(opn.nspname) || '.' || op.oprname || ')'
                 FROM pg_catalog.unnest(o.conexclop) WITH ORDINALITY u(oid, i)
                 JOIN pg_catalog.pg_operator op ON op.oid = u.oid
                 JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace ORDER BY u.i) AS operators
    FROM pg_catalog.pg_constraint o
    JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE o.contype IN ('p', 'u', 'f', 'c', 'x', 'n') AND ${notOurs}
     -- A foreign key to a partitioned table has one more for each partition, of which no row has to hold.
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint whole
                      WHERE whole.oid = o.conparentid AND o.contype = 'f' AND whole.conrelid = o.conrelid)
   ORDER BY o.oid`

const constraintKinds: Readonly<Record<string, ConstraintKind>> = {
  p: 'primary key',
  u: 'unique',
  f: 'foreign key',
  c: 'check',
  x: 'exclusion',
  n: 'not null',
}

const actions: Readonly<Record<string, ReferentialAction>> = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
}

function readConstraints(
  relations: RelationsByOid,
  columns: ColumnsByNumber,
  indexes: IndexesByOid,
  rows: ConstraintRow[],
  later: Expressions,
): void {
  const columnsOf = (relation: number, numbers: number[] | null) =>
    (numbers ?? []).flatMap((number) => columns.get(relation)?.get(number) ?? [])
  for (const row of rows) {
    const relation = relations.get(row.relation)
    const parent = relations.get(row.parent)
    if (!relation) continue
    const index = indexes.get(row.index)
    const constraint: { -readonly [K in keyof Constraint]: Constraint[K] } = {
      oid: row.oid,
      name: row.name,
      kind: constraintKinds[row.kind] ?? 'check',
      columns: columnsOf(row.relation, row.columns),
      isValidated: row.validated,
      isDeferrable: row.deferrable,
      isInitiallyDeferred: row.deferred,
      ...(parent
        ? {
            parent,
            parentColumns: columnsOf(row.parent, row.parentColumns),
            ...(index ? { parentIndex: index } : {}),
            onDelete: actions[row.onDelete] ?? 'no action',
            onUpdate: actions[row.onUpdate] ?? 'no action',
            isMatchFull: row.match === 'f',
          }
        : {}),
      ...(index && row.kind !== 'f' ? { index } : {}),
      ...(row.kind === 'x' ? { operators: row.operators } : {}),
    }
    if (row.expression !== null) {
      later.add(row.expression, relation, (tree) => {
        constraint.expression = tree
      })
    }
    relation.constraints.push(constraint)
  }
}

interface TriggerRow {
  relation: number
  enabled: string
  definition: string
  functionSchema: string
  functionName: string
}

const triggersQuery = `
  SELECT t.tgrelid::int4 AS relation, t.tgenabled AS enabled, pg_catalog.pg_get_triggerdef(t.oid) AS definition,
         fn.nspname AS "functionSchema", f.proname AS "functionName"
    FROM pg_catalog.pg_trigger t
    JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid
    JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace
   WHERE NOT t.tgisinternal AND ${notOurs}
   ORDER BY t.tgname`

function readTriggers(relations: RelationsByOid, rows: TriggerRow[]): void {
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

interface RuleRow extends RuleObject {
  relation: number
}

const rulesQuery = `
  SELECT w.ev_class::int4 AS relation, w.rulename AS name,
         CASE w.ev_type WHEN '1' THEN 'select' WHEN '2' THEN 'update' WHEN '3' THEN 'insert' ELSE 'delete' END AS event,
         pg_catalog.pg_get_ruledef(w.oid) AS definition
    FROM pg_catalog.pg_rewrite w
    JOIN pg_catalog.pg_class c ON c.oid = w.ev_class
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE w.rulename <> '_RETURN' AND w.ev_enabled <> 'D' AND ${notOurs}`

function readRules(relations: RelationsByOid, rows: RuleRow[]): void {
  for (const { relation, ...rule } of rows) relations.get(relation)?.rules.push(rule)
}

interface SequenceRow {
  oid: number
  schema: string
  name: string
  increment: number
  start: number
  ownerRelation: number | null
  ownerColumn: number | null
}

const sequencesQuery = `
  SELECT s.seqrelid::int4 AS oid, n.nspname AS schema, c.relname AS name, s.seqincrement::float8 AS increment,
         s.seqstart::float8 AS start, d.refobjid::int4 AS "ownerRelation", d.refobjsubid AS "ownerColumn"
    FROM pg_catalog.pg_sequence s
    JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
                                    AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
   WHERE ${notOurs}`

function readSequences(catalog: CatalogModel, columns: ColumnsByNumber, rows: SequenceRow[]): void {
  for (const row of rows) {
    const owner = columns.get(row.ownerRelation ?? 0)?.get(row.ownerColumn ?? 0)
    const sequence = {
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      live: quoteRelation(row.schema, row.name),
      increment: row.increment,
      start: row.start,
      taken: [],
      ...(owner ? { ownedBy: owner } : {}),
    }
    catalog.sequences.push(sequence)
    if (owner) owner.sequence = sequence
  }
}

interface FunctionRow {
  schema: string
  name: string
  language: string
  body: string
  volatility: string
}

const functionsQuery = `
  SELECT n.nspname AS schema, p.proname AS name, l.lanname AS language,
         CASE WHEN l.lanname = 'sql' AND p.prokind IN ('f', 'p') THEN COALESCE(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc)
              ELSE p.prosrc END AS body,
         p.provolatile AS volatility
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
   WHERE ${notOurs} AND l.lanname NOT IN ('c', 'internal')`

function readFunctions(catalog: CatalogModel, rows: FunctionRow[]): void {
  const volatilities = { i: 'immutable', s: 'stable', v: 'volatile' } as const
  for (const { volatility, ...row } of rows) {
    const known = volatilities[volatility as keyof typeof volatilities] ?? 'volatile'
    catalog.functions.push({ ...row, volatility: known, isLive: true })
  }
}

interface FamilyRow {
  child: number
  parent: number
}

const familyQuery = `SELECT inhrelid::int4 AS child, inhparent::int4 AS parent FROM pg_catalog.pg_inherits ORDER BY inhseqno`

function readFamily(relations: RelationsByOid, rows: FamilyRow[]): void {
  for (const row of rows) {
    const child = relations.get(row.child)
    const parent = relations.get(row.parent)
    if (!child || !parent) continue
    child.parents.push(parent)
    parent.children.push(child)
  }
}

/** PARTITION BY … and FOR VALUES … are printed as CREATE TABLE wants them. */
function readPartitions(
  catalog: CatalogModel,
  relations: RelationsByOid,
  rows: readonly RelationRow[],
): void {
  for (const { oid, partitionKey, bound } of rows) {
    const relation = relations.get(oid) as { -readonly [K in keyof Relation]: Relation[K] }
    if (partitionKey !== null) {
      const { partspec } = parseStatement(`CREATE TABLE t () PARTITION BY ${partitionKey}`).CreateStmt
      relation.partitionKey = partitionKeyOf(catalog, relation, partspec)
    }
    if (bound !== null)
      relation.bound = parseStatement(`CREATE TABLE t PARTITION OF p ${bound}`).CreateStmt.partbound
  }
}

interface PolicyRow {
  relation: number
  name: string
  expressions: string[]
}

const policiesQuery = `
  SELECT p.polrelid::int4 AS relation, p.polname AS name,
         ARRAY(SELECT e FROM (VALUES (pg_catalog.pg_get_expr(p.polqual, p.polrelid)),
                                     (pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))) v(e) WHERE e IS NOT NULL) AS expressions
    FROM pg_catalog.pg_policy p`

function readPolicies(relations: RelationsByOid, rows: PolicyRow[]): void {
  for (const { relation, ...policy } of rows) relations.get(relation)?.policies.push(policy)
}
