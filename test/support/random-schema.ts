import fc from 'fast-check'
import { quoteIdentifier, quoteRelation } from '../../src/sql/names.js'
import { createTestDatabase, queryOnce, type TestDatabase } from './test-database.js'
import { literalOf, makeTypes, type TypedValues } from './typed-values.js'

/** Roles belong to a server, so only for a test file with a server of its own. */
export async function createRoles(): Promise<void> {
  await queryOnce(
    process.env.MIGRATE_GUARD_TEST_URL as string,
    'CREATE ROLE app; CREATE ROLE reader; CREATE ROLE clerk',
  )
}

/** What the random schemas stand on, to be copied; with the types that this server can have. */
export async function createGround(): Promise<{
  database: TestDatabase
  types: readonly TypedValues[]
}> {
  const database = await createTestDatabase()
  const types = await makeTypes(database)
  await database.query(`
    CREATE SCHEMA "odd schema";
    CREATE EXTENSION pg_trgm SCHEMA "odd schema";
    CREATE EXTENSION btree_gist;
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';`)
  return { database, types }
}

interface RandomTable {
  readonly kind: 'plain' | 'unlogged' | 'inherited' | 'by list' | 'by range' | 'by hash'
  readonly schema: string
  readonly hasKey: boolean
  readonly columns: readonly {
    readonly type: number
    readonly hasDefault: boolean
  }[]
  /** Of a row, `-1` is NULL and every other number chooses one of the type's values. */
  readonly rows: readonly (readonly number[])[]
  readonly extras: readonly (keyof typeof tableExtras)[]
}

export interface RandomSchema {
  readonly names: readonly string[]
  readonly tables: readonly RandomTable[]
  readonly extras: readonly (keyof typeof extras)[]
}

interface Named {
  /** In quotes, with its schema. */
  readonly relation: string
  readonly table: RandomTable
  readonly number: number
}

const names = [
  'orders',
  'Odd "Name"',
  "it's; DROP TABLE t; --",
  'größe ✓ 🐘',
  'line\nbreak',
  'x'.repeat(63),
  'select',
  'a.b',
  'back\\slash',
  '$1 %s {}',
]

/** What can be added to any table; most of it comes with one statement. */
const tableExtras = {
  check: ({ relation }: Named) => `ALTER TABLE ${relation} ADD CONSTRAINT "as it is" CHECK (id >= 0)`,
  'check not valid': ({ relation }: Named) =>
    `ALTER TABLE ${relation} ADD CONSTRAINT "not yet" CHECK (id > 100) NOT VALID`,
  'unique, deferrable': ({ relation }: Named) =>
    `ALTER TABLE ${relation} ADD UNIQUE (id) DEFERRABLE INITIALLY DEFERRED`,
  'foreign key not valid': ({ relation, table }: Named) =>
    table.hasKey && !table.kind.startsWith('by')
      ? `ALTER TABLE ${relation} ADD COLUMN ref int DEFAULT 77, ADD FOREIGN KEY (ref) REFERENCES ${relation} ON DELETE CASCADE NOT VALID`
      : '',
  'index on part of it': ({ relation }: Named) =>
    `CREATE INDEX ON ${relation} ((id % 3) DESC NULLS LAST, lower(note)) INCLUDE (id) WHERE id > 1`,
  'index by trigrams': ({ relation }: Named) =>
    `CREATE INDEX ON ${relation} USING gin (note "odd schema".gin_trgm_ops) WITH (fastupdate = off)`,
  exclusion: ({ relation, table }: Named) =>
    table.kind.startsWith('by') ? '' : `ALTER TABLE ${relation} ADD EXCLUDE USING gist (id WITH =)`,
  comments: ({ relation }: Named) =>
    `COMMENT ON TABLE ${relation} IS E'it''s\\n"ours" \\\\'; COMMENT ON COLUMN ${relation}.note IS 'a note'`,
  statistics: ({ relation, number }: Named) =>
    `CREATE STATISTICS statistics_${number} (ndistinct) ON id, note FROM ${relation}`,
  view: ({ relation, number }: Named) =>
    `CREATE VIEW view_${number} WITH (security_barrier) AS SELECT note, id + 1 AS "next id" FROM ${relation} WHERE id > 0`,
  'materialized view': ({ relation, number }: Named) =>
    `CREATE MATERIALIZED VIEW seen_${number} AS SELECT id, note FROM ${relation} WITH ${number % 2 ? 'NO ' : ''}DATA;
     CREATE UNIQUE INDEX ON seen_${number} (id)`,
  trigger: ({ relation }: Named) =>
    `CREATE TRIGGER touched BEFORE UPDATE OF note ON ${relation} FOR EACH ROW WHEN (OLD.id > 1) EXECUTE FUNCTION touch('it''s')`,
  'disabled trigger': ({ relation }: Named) =>
    `CREATE TRIGGER asleep AFTER INSERT ON ${relation} FOR EACH ROW EXECUTE FUNCTION touch(); ALTER TABLE ${relation} DISABLE TRIGGER asleep`,
  policy: ({ relation }: Named) =>
    `CREATE POLICY own ON ${relation} FOR SELECT TO reader, clerk USING (id > 1); ALTER TABLE ${relation} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`,
  grants: ({ relation }: Named) =>
    `GRANT SELECT ON ${relation} TO reader WITH GRANT OPTION; GRANT UPDATE (note) ON ${relation} TO clerk`,
  'other owner': ({ relation }: Named) => `ALTER TABLE ${relation} OWNER TO app`,
  'owner without rights': ({ relation }: Named) => `REVOKE ALL ON ${relation} FROM CURRENT_USER`,
  rule: ({ relation }: Named) => `CREATE RULE quiet AS ON DELETE TO ${relation} DO INSTEAD NOTHING`,
  'replica identity': ({ relation }: Named) => `ALTER TABLE ${relation} REPLICA IDENTITY FULL`,
  storage: ({ relation }: Named) =>
    `ALTER TABLE ${relation} ALTER COLUMN note SET STORAGE EXTERNAL, ALTER COLUMN note SET STATISTICS 7, ALTER COLUMN id SET (n_distinct = 5)`,
  identity: ({ relation, table }: Named) =>
    table.kind.startsWith('by') || table.kind === 'inherited'
      ? ''
      : `ALTER TABLE ${relation} ADD COLUMN number bigint GENERATED BY DEFAULT AS IDENTITY (START 5 INCREMENT 3)`,
  'generated column': ({ relation }: Named) =>
    `ALTER TABLE ${relation} ADD COLUMN twice int GENERATED ALWAYS AS (id * 2) STORED`,
  'serial column': ({ relation }: Named) => `ALTER TABLE ${relation} ADD COLUMN counted serial`,
  'dropped column': ({ relation }: Named) =>
    `ALTER TABLE ${relation} ADD COLUMN gone text DEFAULT 'x'; ALTER TABLE ${relation} DROP COLUMN gone`,
  'column with a default for old rows': ({ relation }: Named) =>
    `ALTER TABLE ${relation} ADD COLUMN late text DEFAULT 'was not there'`,
}

/** What belongs to no table. */
const extras = {
  sequences: `CREATE SEQUENCE down_to AS smallint INCREMENT -2 MINVALUE -100 MAXVALUE 5 START 5 CYCLE CACHE 7;
    SELECT setval('down_to', -9); CREATE SEQUENCE "odd schema"."Not Called" START 9; SELECT setval('"odd schema"."Not Called"', 12, false)`,
  'large objects': `SELECT lo_from_bytea(4711, '\\x00ff'::bytea || convert_to(repeat('scan', 5000), 'UTF8')), lo_create(4712);
    COMMENT ON LARGE OBJECT 4711 IS 'a scan'; GRANT SELECT ON LARGE OBJECT 4711 TO reader; ALTER LARGE OBJECT 4712 OWNER TO app`,
  functions: `CREATE FUNCTION add_one(n int DEFAULT 3) RETURNS int LANGUAGE sql IMMUTABLE STRICT SET work_mem = '8MB' AS $x$ SELECT n + 1 -- it's $x$;
    CREATE FUNCTION modern(n int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT n * 2; END;
    CREATE PROCEDURE "odd schema".tidy(INOUT n int) LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN n := 0; END';
    CREATE AGGREGATE total_of(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
    REVOKE EXECUTE ON FUNCTION add_one FROM PUBLIC; GRANT EXECUTE ON FUNCTION add_one TO clerk; COMMENT ON FUNCTION modern IS 'new'`,
  operators: `CREATE FUNCTION near(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT abs($1 - $2) < 2';
    CREATE OPERATOR ~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = near, COMMUTATOR = ~~~)`,
  'text search': 'CREATE TEXT SEARCH CONFIGURATION search (COPY = pg_catalog.english)',
  types: `ALTER TYPE mood ADD VALUE 'so so' BEFORE 'ok'; ALTER TYPE mood RENAME VALUE 'A' TO 'B'; COMMENT ON TYPE pair IS 'two';
    ALTER DOMAIN percent ADD CONSTRAINT "not yet" CHECK (VALUE < 1) NOT VALID; GRANT USAGE ON TYPE mood TO reader; ALTER TYPE nested OWNER TO app`,
  publication: 'CREATE PUBLICATION feed FOR TABLE named_one WITH (publish = insert)',
  'event trigger': `CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION watch(); ALTER EVENT TRIGGER watching DISABLE`,
  'default privileges': `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader;
    ALTER DEFAULT PRIVILEGES FOR ROLE app REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC`,
  'schema grants': `GRANT USAGE ON SCHEMA "odd schema" TO reader; COMMENT ON SCHEMA "odd schema" IS 'odd'; REVOKE CREATE ON SCHEMA public FROM PUBLIC`,
}

const keysOf = <T extends object>(object: T) => Object.keys(object) as (keyof T)[]

const randomTable: fc.Arbitrary<RandomTable> = fc
  .record({
    kind: fc.constantFrom(
      'plain',
      'plain',
      'unlogged',
      'inherited',
      'by list',
      'by range',
      'by hash',
    ) as fc.Arbitrary<RandomTable['kind']>,
    schema: fc.constantFrom('public', 'public', 'odd schema'),
    hasKey: fc.boolean(),
    columns: fc.array(fc.record({ type: fc.nat(), hasDefault: fc.boolean() }), {
      minLength: 1,
      maxLength: 8,
    }),
    extras: fc.subarray(keysOf(tableExtras), { maxLength: 8 }),
  })
  .chain((table) =>
    fc.record({
      ...(Object.fromEntries(
        Object.entries(table).map(([key, value]) => [key, fc.constant(value)]),
      ) as unknown as { [K in keyof typeof table]: fc.Arbitrary<(typeof table)[K]> }),
      rows: fc.array(
        fc.array(fc.integer({ min: -1, max: 11 }), {
          minLength: table.columns.length,
          maxLength: table.columns.length,
        }),
        { maxLength: 8 },
      ),
    }),
  )

export const randomSchema: fc.Arbitrary<RandomSchema> = fc.record({
  names: fc.shuffledSubarray(names, { minLength: names.length, maxLength: names.length }),
  tables: fc.array(randomTable, { minLength: 1, maxLength: 4 }),
  extras: fc.subarray(keysOf(extras)),
})

/** The statements that make it, on a copy of the ground, to be sent one after the other. */
export function statementsOf(
  { names, tables, extras: chosen }: RandomSchema,
  types: readonly TypedValues[],
): string[] {
  return [
    ...tables.flatMap((table, number) => {
      const relation = quoteRelation(table.schema, names[number] as string)
      return tableStatements({ relation, table, number }, types)
    }),
    ...chosen.map((name) => extras[name]),
  ].filter((statement) => statement !== '')
}

function tableStatements(named: Named, types: readonly TypedValues[]): string[] {
  const { relation, table, number } = named
  const typeOf = (at: number) => types[(table.columns[at]?.type ?? 0) % types.length] as TypedValues
  const columns = [
    `id int ${table.hasKey ? 'PRIMARY KEY' : 'NOT NULL'}`,
    'note text',
    ...table.columns.map(({ hasDefault }, at) => {
      const type = typeOf(at)
      const value = hasDefault ? ` DEFAULT ${literalOf(type, type.values[0] as string)}` : ''
      return `${columnName(at)} ${type.type}${value}`
    }),
  ]
  const rows = table.rows.map((choices, id) => {
    const values = choices.map((choice, at) => {
      const type = typeOf(at)
      return choice < 0 ? 'NULL' : literalOf(type, type.values[choice % type.values.length] as string)
    })
    return `(${[id, id % 3 === 0 ? 'NULL' : `E'tab\\t, line\\n, \\\\N, ü ${id}'`, ...values].join(', ')})`
  })
  const insert = rows.length > 0 ? `INSERT INTO ${relation} VALUES ${rows.join(', ')}` : ''
  return [
    ...createStatements(named, columns),
    insert,
    ...(table.kind === 'inherited' ? [`INSERT INTO heir_${number} (id, extra) VALUES (90, 'own')`] : []),
    ...table.extras.map((name) => tableExtras[name](named)),
  ]
}

const columnName = (at: number) => quoteIdentifier(at % 2 === 0 ? `c${at}` : `Column "${at}"`)

function createStatements(
  { relation, table: { kind, hasKey }, number }: Named,
  columns: readonly string[],
): string[] {
  const list = columns.join(', ')
  const part = `part_${number}`
  const partition = `CREATE TABLE ${part}_a PARTITION OF ${relation} FOR VALUES`
  switch (kind) {
    case 'plain':
      return [`CREATE TABLE ${relation} (${list})`]
    case 'unlogged':
      return [`CREATE UNLOGGED TABLE ${relation} (${list}) WITH (fillfactor = 70)`]
    case 'inherited':
      return [
        `CREATE TABLE ${relation} (${list})`,
        `CREATE TABLE heir_${number} (extra text${hasKey ? ', UNIQUE (id)' : ''}) INHERITS (${relation})`,
      ]
    case 'by list': {
      const backwards = [...columns].reverse().join(', ')
      return [
        `CREATE TABLE ${relation} (${list}) PARTITION BY LIST (id)`,
        `CREATE TABLE ${part}_a (${backwards})`,
        `ALTER TABLE ${relation} ATTACH PARTITION ${part}_a FOR VALUES IN (0, 1, 2)`,
        `CREATE TABLE ${part}_rest PARTITION OF ${relation} DEFAULT`,
      ]
    }
    case 'by range':
      return [
        `CREATE TABLE ${relation} (${list}) PARTITION BY RANGE (id)`,
        `${partition} FROM (MINVALUE) TO (3)`,
        `CREATE TABLE ${part}_b PARTITION OF ${relation} FOR VALUES FROM (3) TO (MAXVALUE)`,
      ]
    case 'by hash':
      return [
        `CREATE TABLE ${relation} (${list}) PARTITION BY HASH (id)`,
        `${partition} WITH (MODULUS 2, REMAINDER 0)`,
        `CREATE TABLE ${part}_b PARTITION OF ${relation} FOR VALUES WITH (MODULUS 2, REMAINDER 1)`,
      ]
  }
}
