import { describe, expect, test } from '@jest/globals'
import { unmetExpectations } from '../../src/postgres/expectations.js'
import { catalogExpectationsOf } from '../../src/sql/expectations.js'
import { loadParser, type ParsedStatement, parseStatements } from '../../src/sql/parser.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

// A false alarm here makes a good deploy end as a failed one: so the chains are run, and the catalog is asked.

interface Chain {
  /** What is there before. */
  readonly before?: string
  readonly files: readonly string[]
}

const chains: Record<string, string | string[] | Chain> = {
  'a table with its key, an index and a foreign key': `
    CREATE TABLE "customers" ("id" SERIAL NOT NULL, "email" TEXT, CONSTRAINT "customers_pkey" PRIMARY KEY ("id"));
    CREATE TABLE "orders" ("id" SERIAL PRIMARY KEY, "customer_id" INT);
    CREATE UNIQUE INDEX "customers_email_key" ON "customers"("email");
    ALTER TABLE "orders" ADD CONSTRAINT "orders_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customers"("id");`,
  'quoted names with dots, quotes, spaces and capitals': `
    CREATE TABLE "My ""Table"".x" ("Id" int, "a b" int);
    ALTER TABLE "My ""Table"".x" RENAME COLUMN "a b" TO "A.B";
    CREATE INDEX "I ""1""" ON "My ""Table"".x"("A.B");
    ALTER TABLE "My ""Table"".x" RENAME TO "Ünï";`,
  'names without quotes in capitals': `CREATE TABLE Orders (Id int); ALTER TABLE ORDERS ADD COLUMN Total int;
    CREATE INDEX Orders_Idx ON orders(TOTAL);`,
  'names longer than Postgres keeps': `
    CREATE TABLE t (a int);
    CREATE INDEX "${'i'.repeat(80)}" ON t(a);
    ALTER TABLE t ADD CONSTRAINT "${'c'.repeat(70)}" CHECK (a > 0), ADD COLUMN "${'ä'.repeat(40)}" int;`,
  'another schema': `CREATE SCHEMA "crm"; CREATE TABLE "crm"."t" (a int); CREATE INDEX i ON "crm"."t"(a);
    ALTER TABLE "crm"."t" RENAME TO "u"; ALTER INDEX "crm"."i" RENAME TO "j"; DROP INDEX "crm"."j";`,
  'a name with and without its schema': `CREATE TABLE t (a int); CREATE INDEX i ON t(a); DROP INDEX public.i;
    DROP TABLE "public"."t"; CREATE TABLE public.u (a int); ALTER TABLE u RENAME TO v; ALTER TABLE public.v RENAME a TO b;`,
  'the same names in two schemas': `CREATE SCHEMA s1; CREATE SCHEMA s2;
    CREATE TABLE s1.t (a int); CREATE TABLE s2.t (b int); ALTER TABLE s1.t RENAME TO u; DROP TABLE s2.t;`,
  'a schema that is renamed': 'CREATE SCHEMA s; CREATE TABLE s.t (a int); ALTER SCHEMA s RENAME TO r;',
  'a table that changes its schema': `CREATE SCHEMA archive; CREATE TABLE t (a int); CREATE INDEX i ON t(a);
    ALTER TABLE t SET SCHEMA archive; CREATE TABLE t (b int);`,
  'a schema that goes with everything in it':
    'CREATE SCHEMA s; CREATE TABLE s.t (a int); CREATE TABLE t (a int); DROP SCHEMA s CASCADE;',
  'a search_path': `CREATE SCHEMA s; CREATE TABLE t (a int); SET search_path TO s; CREATE TABLE u (a int);
    CREATE TABLE t (b int); DROP TABLE t; CREATE INDEX i ON u(a);`,
  'a search_path by function, as pg_dump writes it': `SELECT pg_catalog.set_config('search_path', '', false);
    CREATE SCHEMA s; CREATE TABLE s.t (a int); ALTER TABLE ONLY s.t ADD CONSTRAINT k PRIMARY KEY (a);`,
  'a search_path set in a block': `CREATE SCHEMA s; DO $$ BEGIN SET search_path TO s; END $$; CREATE TABLE t (a int);`,
  'a column that is added and dropped in one statement': {
    before: 'CREATE TABLE t (a int)',
    files: ['ALTER TABLE t ADD COLUMN a text, DROP COLUMN a'],
  },
  'a column that is dropped and made again': {
    before: 'CREATE TABLE t (a int)',
    files: [
      'ALTER TABLE t DROP COLUMN a, ADD COLUMN a text',
      'ALTER TABLE t DROP a; ALTER TABLE t ADD a int',
    ],
  },
  'a column with its index and its constraint': `CREATE TABLE t (a int, b int); CREATE INDEX i ON t(a, b);
    ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0), ADD CONSTRAINT u UNIQUE (a, b); ALTER TABLE t DROP COLUMN a;`,
  'a column with a view on it': `CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a FROM t;
    ALTER TABLE t DROP COLUMN a CASCADE;`,
  'renamed columns, constraints, indexes and triggers': {
    before: `CREATE TABLE t (a int CONSTRAINT c CHECK (a > 0)); CREATE INDEX i ON t(a);
      CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();`,
    files: [
      `ALTER TABLE t RENAME COLUMN a TO b; ALTER TABLE t RENAME CONSTRAINT c TO d; ALTER INDEX i RENAME TO j;
       ALTER TRIGGER g ON t RENAME TO h; ALTER TABLE t RENAME TO u;`,
      'ALTER TABLE u RENAME b TO a; DROP TRIGGER h ON u; DROP INDEX j; ALTER TABLE u DROP CONSTRAINT d;',
    ],
  },
  'an index renamed by ALTER TABLE': {
    before: 'CREATE TABLE t (a int); CREATE INDEX old ON t(a)',
    files: [`ALTER TABLE old RENAME TO new; CREATE INDEX mine ON t(a); ALTER TABLE mine RENAME TO yours;`],
  },
  'a sequence and a view renamed by ALTER TABLE': {
    before: 'CREATE SEQUENCE s; CREATE VIEW v AS SELECT 1 AS one',
    files: [
      'ALTER TABLE s RENAME TO r; ALTER TABLE v RENAME TO w; ALTER TABLE w RENAME COLUMN one TO uno; CREATE SEQUENCE s;',
    ],
  },
  'the index of a constraint is renamed': {
    before: 'CREATE TABLE t (a int CONSTRAINT t_pkey PRIMARY KEY)',
    files: [
      `ALTER TABLE t ADD CONSTRAINT t_key UNIQUE (a); ALTER INDEX t_key RENAME TO u_key; ALTER INDEX t_pkey RENAME TO u_pkey;
       ALTER TABLE t RENAME CONSTRAINT u_key TO v_key;`,
    ],
  },
  'an index gives way to a constraint of its name': {
    before:
      'CREATE TABLE t (a int, b int); CREATE UNIQUE INDEX t_a_key ON t(a); CREATE UNIQUE INDEX t_b_key ON t(b)',
    files: [
      `DROP INDEX t_a_key; ALTER TABLE t ADD CONSTRAINT t_a_key UNIQUE (a); DROP INDEX t_b_key; ALTER TABLE t ADD UNIQUE (b);`,
    ],
  },
  'a constraint gives way to an index of its name': {
    before: 'CREATE TABLE t (a int CONSTRAINT t_a_key UNIQUE)',
    files: ['ALTER TABLE t DROP CONSTRAINT t_a_key; CREATE UNIQUE INDEX t_a_key ON t(a)'],
  },
  'a constraint takes over an index': {
    before: 'CREATE TABLE t (a int NOT NULL, b int); CREATE UNIQUE INDEX old ON t(b)',
    files: [
      `CREATE UNIQUE INDEX fresh ON t(a); ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY USING INDEX fresh;
       DROP INDEX old; CREATE UNIQUE INDEX other ON t(b); ALTER TABLE t ADD CONSTRAINT old UNIQUE USING INDEX other;
       CREATE UNIQUE INDEX nameless ON t(b); ALTER TABLE t ADD UNIQUE USING INDEX nameless;`,
    ],
  },
  'names that Postgres finds by itself': {
    before: `CREATE TABLE p (id int PRIMARY KEY);
      CREATE TABLE t (a int REFERENCES p, b int CHECK (b > 0), c int); CREATE INDEX ON t(c);`,
    files: [
      `ALTER TABLE t DROP CONSTRAINT t_b_check; ALTER TABLE t ADD CHECK (b > 1);
       ALTER TABLE t DROP CONSTRAINT t_a_fkey, ADD FOREIGN KEY (a) REFERENCES p ON DELETE CASCADE;
       DROP INDEX t_c_idx; CREATE INDEX ON t(c); ALTER TABLE t DROP COLUMN b; ALTER TABLE t ADD b int CHECK (b > 2);`,
    ],
  },
  'not null that comes and goes': `CREATE TABLE t (a int, b int NOT NULL); ALTER TABLE t ALTER a SET NOT NULL;
    ALTER TABLE t ALTER a DROP NOT NULL, ALTER b DROP NOT NULL;`,
  'IF EXISTS of what is not there': `DROP TABLE IF EXISTS no; DROP INDEX IF EXISTS no_idx; DROP VIEW IF EXISTS no_view;
    ALTER TABLE IF EXISTS no ADD COLUMN a int, DROP COLUMN b, ADD CONSTRAINT c CHECK (a > 0);
    ALTER TABLE IF EXISTS no RENAME TO yes; ALTER TABLE IF EXISTS no RENAME COLUMN a TO b;
    ALTER TABLE IF EXISTS no RENAME CONSTRAINT a TO b; ALTER INDEX IF EXISTS no_idx RENAME TO yes_idx;
    ALTER VIEW IF EXISTS no_view RENAME TO yes_view; ALTER TABLE IF EXISTS no SET SCHEMA public;
    CREATE TABLE t (a int); ALTER TABLE t DROP COLUMN IF EXISTS b, DROP CONSTRAINT IF EXISTS c;
    DROP TRIGGER IF EXISTS g ON t; DROP TRIGGER IF EXISTS g ON no;`,
  'IF NOT EXISTS of what is there already': {
    before: 'CREATE TABLE t (a int); CREATE INDEX i ON t(a); CREATE MATERIALIZED VIEW m AS SELECT 1 AS one',
    files: [
      `CREATE TABLE IF NOT EXISTS t (a int, b int, c int); ALTER TABLE t ADD COLUMN IF NOT EXISTS a text;
       CREATE INDEX IF NOT EXISTS i ON t(a); CREATE MATERIALIZED VIEW IF NOT EXISTS m AS SELECT 2 AS two;
       CREATE TABLE IF NOT EXISTS u AS SELECT 1 AS one; CREATE SCHEMA IF NOT EXISTS public;`,
    ],
  },
  'views made, replaced and dropped': `CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t;
    CREATE OR REPLACE VIEW v AS SELECT a, 1 AS b FROM t; ALTER VIEW v RENAME TO w; ALTER VIEW w RENAME COLUMN b TO c;
    CREATE VIEW x AS SELECT * FROM w; DROP VIEW w CASCADE;`,
  'a materialized view and its index': `CREATE MATERIALIZED VIEW m AS SELECT 1 AS one; CREATE UNIQUE INDEX i ON m(one);
    ALTER MATERIALIZED VIEW m RENAME TO n; REFRESH MATERIALIZED VIEW CONCURRENTLY n; DROP MATERIALIZED VIEW n;`,
  'a view becomes a table': {
    before: 'CREATE VIEW v AS SELECT 1 AS one; CREATE TABLE t (a int)',
    files: ['DROP VIEW v; CREATE TABLE v (one int); DROP TABLE t; SELECT 1 AS a INTO t;'],
  },
  'what takes the name of a table': {
    before: 'CREATE TABLE a (x int); CREATE TABLE b (x int); CREATE TABLE c (x int); CREATE TABLE d (x int)',
    files: [
      `DROP TABLE a, b, c; CREATE TYPE a AS (x int); CREATE SEQUENCE b; CREATE INDEX c ON d(x); DROP TABLE d; CREATE VIEW d AS SELECT 1;`,
    ],
  },
  'temporary tables': {
    before: 'CREATE TABLE t (a int); CREATE INDEX i ON t(a)',
    files: [
      `CREATE TEMP TABLE t (b int); ALTER TABLE t ADD COLUMN c int, ADD CONSTRAINT k CHECK (c > 0); CREATE INDEX i ON t(b);
       DROP INDEX i; DROP TABLE t; CREATE TEMP TABLE u AS SELECT 1 AS one; CREATE VIEW v AS SELECT * FROM u;
       CREATE TABLE pg_temp.w (a int); SELECT 1 AS one INTO TEMP x; ALTER TABLE x RENAME TO y;
       CREATE TEMP TABLE z (a int) ON COMMIT DROP; CREATE TEMP VIEW vv AS SELECT 1;`,
    ],
  },
  partitions: `CREATE TABLE p (id int, at date) PARTITION BY RANGE (at);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE TABLE p2 (id int, at date); ALTER TABLE p2 ADD CONSTRAINT c CHECK (id > 0);
    ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
    CREATE INDEX p_id ON p(id); ALTER TABLE p RENAME COLUMN id TO nr; ALTER TABLE p ADD COLUMN x int; ALTER TABLE p DROP x;
    ALTER TABLE p DETACH PARTITION p2; DROP TABLE p1; CREATE INDEX only_p ON ONLY p(nr);`,
  'a partitioned table goes with its partitions': [
    `CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
     CREATE TABLE p2 (id int); ALTER TABLE p ATTACH PARTITION p2 DEFAULT; ALTER TABLE p1 RENAME TO p3;`,
    'CREATE INDEX i ON p(id); DROP TABLE p;',
  ],
  'an index on partitions, one after the other': `CREATE TABLE p (id int) PARTITION BY LIST (id);
    CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE INDEX i ON ONLY p(id); CREATE INDEX i1 ON p1(id);
    ALTER INDEX i ATTACH PARTITION i1;`,
  inheritance: `CREATE TABLE a (x int, y int CONSTRAINT c CHECK (y > 0)); CREATE TABLE b (x int, z int) INHERITS (a);
    ALTER TABLE a RENAME x TO w; ALTER TABLE a RENAME CONSTRAINT c TO d; ALTER TABLE a DROP y;
    CREATE TABLE e (w int); ALTER TABLE e INHERIT a; ALTER TABLE a RENAME w TO v; DROP TABLE a CASCADE;`,
  'identity, generated columns and defaults': `CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, a int,
      b int GENERATED ALWAYS AS (a * 2) STORED); ALTER TABLE t ALTER id DROP IDENTITY; ALTER TABLE t ALTER b DROP EXPRESSION;
    ALTER TABLE t ADD COLUMN c bigserial; ALTER TABLE t ALTER a TYPE bigint USING a::bigint; CREATE TABLE u (LIKE t INCLUDING ALL);`,
  triggers: `CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
    CREATE OR REPLACE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
    CREATE CONSTRAINT TRIGGER h AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
    DROP TRIGGER g ON public.t; DROP FUNCTION f CASCADE;`,
  'two tables change places': {
    before: 'CREATE TABLE a (x int); CREATE TABLE b (y int)',
    files: [
      `ALTER TABLE a ADD COLUMN xx int; ALTER TABLE b ADD COLUMN yy int;
       ALTER TABLE a RENAME TO c; ALTER TABLE b RENAME TO a; ALTER TABLE c RENAME TO b;`,
    ],
  },
  'a table is built again and takes the place': {
    before: 'CREATE TABLE t (id int CONSTRAINT t_pkey PRIMARY KEY, a int); CREATE INDEX t_a ON t(a)',
    files: [
      `CREATE TABLE new_t (id int CONSTRAINT new_t_pkey PRIMARY KEY, a text); INSERT INTO new_t SELECT id, a FROM t;
       CREATE INDEX new_t_a ON new_t(a); DROP TABLE t; ALTER TABLE new_t RENAME TO t;
       ALTER TABLE t RENAME CONSTRAINT new_t_pkey TO t_pkey; ALTER INDEX new_t_a RENAME TO t_a;`,
    ],
  },
  'an enum is made again as Prisma does it': {
    before: `CREATE TYPE "s" AS ENUM ('a', 'b', 'c'); CREATE TABLE t (s "s" DEFAULT 'a')`,
    files: [
      `BEGIN; CREATE TYPE "s_new" AS ENUM ('a', 'b'); ALTER TABLE t ALTER s DROP DEFAULT;
       ALTER TABLE t ALTER s TYPE "s_new" USING (s::text::"s_new"); ALTER TYPE "s" RENAME TO "s_old";
       ALTER TYPE "s_new" RENAME TO "s"; DROP TYPE "s_old"; ALTER TABLE t ALTER s SET DEFAULT 'a'; COMMIT;`,
    ],
  },
  'what is rolled back': `CREATE TABLE t (a int); BEGIN; CREATE TABLE u (a int); ALTER TABLE t RENAME TO v; ROLLBACK;
    BEGIN; SAVEPOINT s; CREATE TABLE w (a int); ROLLBACK TO s; CREATE TABLE x (a int); COMMIT;`,
  'blocks and functions that change the catalog': [
    'CREATE TABLE t (a int); DO $$ BEGIN DROP TABLE t; END $$; CREATE TABLE u (a int)',
    `CREATE PROCEDURE p() LANGUAGE sql AS 'DROP TABLE u'; CALL p(); CREATE TABLE v (a int);
     CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DROP TABLE v'; SELECT f();`,
  ],
  'types that columns go with': `CREATE TYPE m AS ENUM ('a'); CREATE DOMAIN d AS int; CREATE TABLE t (a m, b d, c int);
    DROP TYPE m CASCADE; DROP DOMAIN d CASCADE;`,
  'a key that foreign keys hang on': `CREATE TABLE p (id int CONSTRAINT p_pkey PRIMARY KEY); CREATE TABLE c (p int);
    ALTER TABLE c ADD CONSTRAINT c_fkey FOREIGN KEY (p) REFERENCES p; ALTER TABLE p DROP CONSTRAINT p_pkey CASCADE;`,
  concurrently: `CREATE TABLE t (a int); CREATE INDEX CONCURRENTLY i ON t(a); DROP INDEX CONCURRENTLY i;
    CREATE INDEX CONCURRENTLY IF NOT EXISTS j ON t(a); REINDEX INDEX CONCURRENTLY j;`,
  'foreign tables': `CREATE TABLE t (a int); DROP TABLE t; CREATE EXTENSION IF NOT EXISTS file_fdw;
    CREATE SERVER s FOREIGN DATA WRAPPER file_fdw; CREATE FOREIGN TABLE t (a int) SERVER s OPTIONS (filename '/dev/null');
    ALTER TABLE t ADD COLUMN b int; ALTER FOREIGN TABLE t DROP COLUMN b; ALTER FOREIGN TABLE t RENAME TO u; DROP FOREIGN TABLE u;`,
  'two files, the second undoes half of the first': [
    'CREATE TABLE t (a int, b int); CREATE INDEX i ON t(a); CREATE INDEX j ON t(b); CREATE TABLE u (a int);',
    'DROP INDEX i; ALTER TABLE t RENAME TO s; ALTER TABLE s DROP COLUMN b; DROP TABLE u;',
  ],
}

async function run({ before = '', files }: Chain, database: TestDatabase) {
  await loadParser()
  const client = await database.client()
  const read = (text: string) => {
    const parsed = parseStatements(text)
    if ('problem' in parsed) throw new Error(`line ${parsed.problem.line}: ${parsed.problem.message}`)
    return parsed.statements
  }
  for (const text of [before, ...files]) {
    for (const { sql } of read(text)) await client.query(sql)
  }
  // Another session looks, as in a deploy: temporary tables and the search_path are gone.
  await client.end()
  const expectations = catalogExpectationsOf(
    files.map((text, index) => ({ migration: `file ${index + 1}`, statements: read(text) })),
  )
  const looker = await database.client()
  return { expectations, unmet: await unmetExpectations(looker, expectations, 'public') }
}

function chainOf(given: string | string[] | Chain): Chain {
  if (typeof given === 'string') return { files: [given] }
  return Array.isArray(given) ? { files: given } : given
}

describe('no false alarm', () => {
  test.each(Object.keys(chains))('%s', async (name) => {
    const database = await createTestDatabase()
    const { unmet } = await run(chainOf(chains[name] as string), database)
    expect(unmet).toEqual([])
    await database.drop()
  })
})

// The other way round: a deploy of which nothing happened must not look like a good one.
test('every kind of statement is missed when it has not run', async () => {
  const database = await createTestDatabase({
    sql: `CREATE TABLE t (a int, b int CONSTRAINT c CHECK (b > 0)); CREATE INDEX i ON t(a); CREATE VIEW v AS SELECT 1;
      CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
      CREATE MATERIALIZED VIEW m AS SELECT 1`,
  })
  const statements = [
    'CREATE TABLE u (a int)',
    'CREATE TABLE u AS SELECT 1 AS one',
    'SELECT 1 AS one INTO u',
    'CREATE VIEW w AS SELECT 1',
    'CREATE INDEX j ON t(a)',
    'ALTER TABLE t ADD COLUMN d int',
    'ALTER TABLE t DROP COLUMN a',
    'ALTER TABLE t ADD CONSTRAINT d CHECK (a > 0)',
    'ALTER TABLE t DROP CONSTRAINT c',
    'ALTER TABLE t RENAME TO u',
    'ALTER TABLE t RENAME a TO d',
    'ALTER TABLE t RENAME CONSTRAINT c TO d',
    'ALTER INDEX i RENAME TO j',
    'ALTER TRIGGER g ON t RENAME TO h',
    'ALTER VIEW v RENAME TO w',
    'ALTER MATERIALIZED VIEW m RENAME TO n',
    'CREATE TRIGGER h BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()',
    'DROP TABLE t',
    'DROP INDEX i',
    'DROP VIEW v',
    'DROP MATERIALIZED VIEW m',
    'DROP TRIGGER g ON t',
  ]
  const client = await database.client()
  for (const sql of statements) {
    const parsed = parseStatements(sql) as { statements: ParsedStatement[] }
    const expectations = catalogExpectationsOf([{ migration: 'm', statements: parsed.statements }])
    const unmet = await unmetExpectations(client, expectations, 'public')
    expect({ sql, unmet: unmet.length }).toEqual({ sql, unmet: expectations.length })
    expect({ sql, said: expectations.length > 0 }).toEqual({ sql, said: true })
  }
})

test('an index that is there and not valid does not count', async () => {
  const database = await createTestDatabase({
    sql: `CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)`,
  })
  const sql = 'CREATE UNIQUE INDEX CONCURRENTLY i ON t(a)'
  await expect(database.query(sql)).rejects.toThrow('could not create unique index')
  const parsed = parseStatements(sql) as { statements: ParsedStatement[] }
  const expectations = catalogExpectationsOf([{ migration: 'm', statements: parsed.statements }])
  expect(await unmetExpectations(await database.client(), expectations, 'public')).toEqual(expectations)
})
