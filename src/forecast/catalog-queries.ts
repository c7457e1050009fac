import type { CatalogModel, Column, Relation } from './model.js'

/** The OID of a relation; of one that the migrations make, a number of our own. */
type NumberOf = (relation: Relation) => number

const text = (value: string | undefined) =>
  value === undefined ? 'NULL::text' : `'${value.replaceAll("'", "''")}'::text`

/** The columns of each catalog that migrations ask for, and the rows that the chain's own catalog gives. */
const catalogs: Readonly<
  Record<
    string,
    { columns: readonly string[]; rows: (catalog: CatalogModel, numberOf: NumberOf) => string[][] }
  >
> = {
  pg_constraint: {
    columns: ['conname', 'contype', 'conrelid', 'confrelid', 'convalidated', 'connamespace'],
    rows: ({ relations }, numberOf) =>
      relations.flatMap((relation) =>
        relation.constraints.map(({ name, kind, parent, isValidated }) => [
          text(name),
          text(constraintTypes[kind] ?? 'c'),
          oid(numberOf, relation),
          parent ? oid(numberOf, parent) : '0::oid',
          String(isValidated),
          namespace(relation.schema),
        ]),
      ),
  },
  pg_class: {
    columns: ['oid', 'relname', 'relkind', 'relnamespace'],
    rows: ({ relations, sequences }, numberOf) => [
      ...relations.flatMap((relation) => [
        [
          oid(numberOf, relation),
          text(relation.name),
          text(relationKinds[relation.kind] ?? 'r'),
          namespace(relation.schema),
        ],
        ...relation.indexes.map(({ name }) => ['0::oid', text(name), text('i'), namespace(relation.schema)]),
      ]),
      ...sequences.map(({ name, schema }) => ['0::oid', text(name), text('S'), namespace(schema)]),
    ],
  },
  pg_type: {
    columns: ['oid', 'typname', 'typtype', 'typnamespace'],
    rows: ({ types }) =>
      types
        .filter(({ isDropped }) => !isDropped)
        .map((type, i) => [
          `${type.oid ?? 3_900_000_000 + i}::oid`,
          text(type.name),
          text(typeKinds[type.kind] ?? 'b'),
          namespace(type.schema),
        ]),
  },
  pg_enum: {
    columns: ['enumtypid', 'enumsortorder', 'enumlabel'],
    rows: ({ types }) =>
      types.flatMap((type, i) =>
        type.kind === 'enum' && !type.isDropped
          ? type.labels.map((label, order) => [
              `${type.oid ?? 3_900_000_000 + i}::oid`,
              `${order + 1}::real`,
              text(label),
            ])
          : [],
      ),
  },
  pg_indexes: {
    columns: ['schemaname', 'tablename', 'indexname'],
    rows: ({ relations }, _numberOf) =>
      relations.flatMap(({ schema, name, indexes }) =>
        indexes.map((index) => [text(schema), text(name), text(index.name)]),
      ),
  },
  pg_tables: {
    columns: ['schemaname', 'tablename'],
    rows: ({ relations }, _numberOf) =>
      relations
        .filter(({ kind }) => /table/.test(kind))
        .map(({ schema, name }) => [text(schema), text(name)]),
  },
  pg_views: {
    columns: ['schemaname', 'viewname'],
    rows: ({ relations }) =>
      relations.filter(({ kind }) => kind === 'view').map(({ schema, name }) => [text(schema), text(name)]),
  },
  pg_matviews: {
    columns: ['schemaname', 'matviewname'],
    rows: ({ relations }) =>
      relations
        .filter(({ kind }) => kind === 'materialized view')
        .map(({ schema, name }) => [text(schema), text(name)]),
  },
  views: {
    columns: ['table_schema', 'table_name'],
    rows: ({ relations }) =>
      relations.filter(({ kind }) => kind === 'view').map(({ schema, name }) => [text(schema), text(name)]),
  },
  pg_trigger: {
    columns: ['tgname', 'tgrelid', 'tgisinternal'],
    rows: ({ relations }, numberOf) =>
      relations.flatMap((relation) =>
        relation.triggers.map(({ name }) => [text(name), oid(numberOf, relation), 'false']),
      ),
  },
  pg_namespace: {
    columns: ['oid', 'nspname'],
    rows: ({ schemas }) => [...schemas].map((schema) => [namespace(schema), text(schema)]),
  },
  pg_attribute: {
    columns: ['attrelid', 'attname', 'attnotnull', 'attisdropped', 'attnum'],
    rows: ({ relations }, numberOf) =>
      relations.flatMap((relation) =>
        relation.columns.map(({ name, isNotNull }, i) => [
          oid(numberOf, relation),
          text(name),
          String(isNotNull),
          'false',
          String(i + 1),
        ]),
      ),
  },
  pg_extension: {
    columns: ['extname'],
    rows: ({ extensions }) => [...extensions].map((name) => [text(name)]),
  },
  columns: {
    columns: [
      'table_schema',
      'table_name',
      'column_name',
      'is_nullable',
      'data_type',
      'udt_name',
      'ordinal_position',
    ],
    rows: ({ relations }, _numberOf) =>
      relations.flatMap((relation) =>
        relation.columns.map((column, i) => informationColumn(relation, column, i)),
      ),
  },
  tables: {
    columns: ['table_schema', 'table_name', 'table_type'],
    rows: ({ relations }, _numberOf) =>
      relations.map(({ schema, name, kind }) => [
        text(schema),
        text(name),
        text(kind === 'view' ? 'VIEW' : 'BASE TABLE'),
      ]),
  },
  table_constraints: {
    columns: ['constraint_schema', 'table_schema', 'table_name', 'constraint_name', 'constraint_type'],
    rows: ({ relations }, _numberOf) =>
      relations.flatMap(({ schema, name, constraints }) =>
        constraints.map((one) => [
          text(schema),
          text(schema),
          text(name),
          text(one.name),
          text(one.kind.toUpperCase()),
        ]),
      ),
  },
}

const constraintTypes: Readonly<Record<string, string>> = {
  'primary key': 'p',
  unique: 'u',
  'foreign key': 'f',
  check: 'c',
  exclusion: 'x',
  'not null': 'n',
}
const relationKinds: Readonly<Record<string, string>> = {
  table: 'r',
  'partitioned table': 'p',
  view: 'v',
  'materialized view': 'm',
  'foreign table': 'f',
}
const typeKinds: Readonly<Record<string, string>> = {
  base: 'b',
  enum: 'e',
  domain: 'd',
  composite: 'c',
  range: 'r',
  pseudo: 'p',
}

/** Catalogs of the server that the chain can answer for. */
export const answeredCatalogs: ReadonlySet<string> = new Set(Object.keys(catalogs))

/** Catalogs that statements change and the chain does not answer for. Others, such as pg_roles, stay as they are. */
export const changingCatalogs: ReadonlySet<string> = new Set([
  ...['pg_proc', 'pg_policy', 'pg_policies', 'pg_sequence', 'pg_sequences'],
  ...[
    'pg_depend',
    'pg_inherits',
    'pg_index',
    'pg_attrdef',
    'pg_description',
    'pg_rewrite',
    'pg_rules',
    'pg_partitioned_table',
  ],
  ...[
    'pg_publication',
    'pg_publication_tables',
    'pg_publication_rel',
    'pg_statistic_ext',
    'pg_event_trigger',
  ],
  ...['routines', 'triggers', 'sequences', 'schemata', 'key_column_usage', 'constraint_column_usage'],
  ...[
    'referential_constraints',
    'check_constraints',
    'role_table_grants',
    'table_privileges',
    'domains',
    'parameters',
  ],
])

/** The rows that a catalog of the server will hold at this point of the chain, for the columns that migrations ask for. */
export function catalogQuery(catalog: CatalogModel, name: string, numberOf: NumberOf): string {
  const known = catalogs[name]
  if (!known) throw new Error(`no such catalog: ${name}`)
  const rows = known.rows(catalog, numberOf).map((row) => `(${row.join(', ')})`)
  const values =
    rows.length > 0
      ? `VALUES ${rows.join(', ')}`
      : `SELECT ${known.columns.map(() => 'NULL').join(', ')} WHERE false`
  return `SELECT * FROM (${values}) AS v (${known.columns.join(', ')})`
}

function oid(numberOf: NumberOf, relation: Relation): string {
  return `${numberOf(relation)}::oid`
}

function namespace(schema: string): string {
  return `COALESCE((SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ${text(schema)}), 0::oid)`
}

function informationColumn({ schema, name }: Relation, column: Column, i: number): string[] {
  const type = column.type.isArray
    ? 'ARRAY'
    : (column.type.liveText ?? 'USER-DEFINED').replace(/\([^)]*\)/, '')
  return [
    text(schema),
    text(name),
    text(column.name),
    text(column.isNotNull ? 'NO' : 'YES'),
    text(type),
    text(column.type.object.name),
    `${i + 1}`,
  ]
}
