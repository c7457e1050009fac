import { beforeAll, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { type Catalog, compareCatalogs, readCatalog } from '../../src/postgres/catalog.js'
import { formatCatalogDifference } from '../../src/postgres/catalog-fingerprint/format.js'
import { unmetExpectations } from '../../src/postgres/expectations.js'
import { connectTo } from '../support/address.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

const sql = `
CREATE EXTENSION citext;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE parents (id int PRIMARY KEY, mood mood, amount numeric(10, 2) DEFAULT 1, note citext, size positive);
CREATE TABLE children (id serial PRIMARY KEY, parent int, "odd ""Name" text, CHECK (parent > 0));
ALTER TABLE children ADD CONSTRAINT children_parent_fkey FOREIGN KEY (parent) REFERENCES parents (id) NOT VALID;
CREATE TABLE events (at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX children_parent ON children (parent) WHERE parent > 5;
CREATE VIEW happy AS SELECT id FROM parents WHERE mood = 'happy';
CREATE MATERIALIZED VIEW sizes AS SELECT count(*) FROM parents;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON parents FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY own ON parents USING (id > 0);
CREATE SEQUENCE numbers;
CREATE RULE quiet AS ON DELETE TO children DO INSTEAD NOTHING;
CREATE TABLE _prisma_migrations (id text PRIMARY KEY, name text);
CREATE TABLE "my _prisma_migrations" (id int);
INSERT INTO parents SELECT i, 'sad' FROM generate_series(1, 9) i;
INSERT INTO children (parent) SELECT 3 FROM generate_series(1, 9);
`

let template: TestDatabase

beforeAll(async () => {
  template = await createTestDatabase({ sql })
})

async function read(database: TestDatabase): Promise<Catalog> {
  const client = await connectTo(database)
  try {
    return await readCatalog(client)
  } finally {
    await client.end()
  }
}

test('is the same when nothing changed: read twice, rewritten by VACUUM FULL, analysed, filled', async () => {
  const database = await createTestDatabase({ template: template.name })
  const before = await read(database)
  expect((await read(database)).hash).toBe(before.hash)
  for (const statement of [
    'VACUUM FULL',
    'ANALYZE',
    'REINDEX TABLE children',
    'INSERT INTO parents VALUES (70)',
  ])
    await database.query(statement)
  expect(compareCatalogs(before, await read(database))).toEqual([])
  expect((await read(database)).hash).toBe(before.hash)
})

test('is the same after pg_dump and pg_restore into another database', async () => {
  const copy = await createTestDatabase()
  const file = `/tmp/guard-test-${copy.name}.dump`
  await execa('pg_dump', ['--format=custom', `--file=${file}`, `--dbname=${template.url}`])
  await execa('pg_restore', ['--exit-on-error', `--dbname=${copy.url}`, file])
  await execa('rm', [file])
  expect(compareCatalogs(await read(template), await read(copy))).toEqual([])
  expect((await read(copy)).hash).toBe((await read(template)).hash)
})

test.each([
  ['a table', 'CREATE TABLE more (id int)'],
  ['a dropped table', 'DROP TABLE events'],
  ['a column', 'ALTER TABLE parents ADD COLUMN x int'],
  ['a type', 'ALTER TABLE parents ALTER COLUMN amount TYPE numeric(12, 2)'],
  ['a default', 'ALTER TABLE parents ALTER COLUMN amount SET DEFAULT 2'],
  ['NOT NULL', 'ALTER TABLE parents ALTER COLUMN mood SET NOT NULL'],
  ['a generated column', 'ALTER TABLE parents ADD COLUMN twice int GENERATED ALWAYS AS (id * 2) STORED'],
  ['a constraint', 'ALTER TABLE parents ADD CHECK (id > 0)'],
  ['NOT VALID to validated', 'ALTER TABLE children VALIDATE CONSTRAINT children_parent_fkey'],
  ['an index', 'CREATE INDEX ON parents (mood)'],
  ['a view', 'CREATE OR REPLACE VIEW happy AS SELECT id FROM parents'],
  [
    'a function body',
    "CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
  ],
  [
    'a function that speaks of the history table',
    "CREATE FUNCTION applied() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM _prisma_migrations'",
  ],
  ['a trigger', 'DROP TRIGGER touch ON parents'],
  ['a disabled trigger', 'ALTER TABLE parents DISABLE TRIGGER touch'],
  ['a disabled foreign key', 'ALTER TABLE children DISABLE TRIGGER ALL'],
  ['a policy', 'ALTER POLICY own ON parents USING (id > 1)'],
  ['row level security', 'ALTER TABLE parents ENABLE ROW LEVEL SECURITY'],
  ['an enum value', "ALTER TYPE mood ADD VALUE 'angry'"],
  ['the name of an enum value', "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'"],
  ['a domain', 'CREATE DOMAIN small AS int'],
  ['a check of a domain', 'ALTER DOMAIN positive DROP CONSTRAINT positive_check'],
  ['a sequence', 'CREATE SEQUENCE more'],
  ['the end of a sequence', 'ALTER SEQUENCE numbers MAXVALUE 5'],
  ['an extension', 'CREATE EXTENSION pg_trgm'],
  ['a rule', 'ALTER TABLE children DISABLE RULE quiet'],
  ['statistics', 'CREATE STATISTICS related ON id, mood FROM parents'],
  [
    'a partition',
    "CREATE TABLE events_2027 PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
  ],
  ['a detached partition', 'ALTER TABLE events DETACH PARTITION events_2026'],
  ['storage of a table', 'ALTER TABLE parents SET (fillfactor = 70)'],
  ['persistence', 'ALTER TABLE children SET UNLOGGED'],
  ['a schema', 'CREATE SCHEMA more'],
  ['a table with a name like that of the history', 'ALTER TABLE "my _prisma_migrations" ADD COLUMN x int'],
])('shows %s', async (_, change) => {
  const client = await connectTo(template)
  try {
    const before = await readCatalog(client)
    await client.query('BEGIN')
    await client.query(change)
    expect((await readCatalog(client)).hash).not.toBe(before.hash)
    await client.query('ROLLBACK')
    expect((await readCatalog(client)).hash).toBe(before.hash)
  } finally {
    await client.end()
  }
})

test('shows an invalid index', async () => {
  const database = await createTestDatabase({ template: template.name })
  const before = await read(database)
  await expect(database.query('CREATE UNIQUE INDEX CONCURRENTLY one ON children (parent)')).rejects.toThrow()
  const after = await read(database)
  expect(compareCatalogs(before, after).map(formatCatalogDifference)).toEqual(['index public.one is new'])
  expect(after.objects.find(({ name }) => name === 'public.one')?.properties).toMatchObject({
    definition: 'CREATE UNIQUE INDEX one ON public.children USING btree (parent)',
    valid: false,
    ready: false,
  })
})

test("leaves Prisma's history table out with all that depends on it", async () => {
  const database = await createTestDatabase({ template: template.name })
  const before = await read(database)
  await database.query(
    'CREATE INDEX more ON _prisma_migrations (name); ALTER TABLE _prisma_migrations ADD CHECK (id > name), ADD COLUMN x text',
  )
  expect((await read(database)).hash).toBe(before.hash)
  await database.query('DROP TABLE _prisma_migrations')
  expect((await read(database)).hash).toBe(before.hash)
})

test('an expectation counts an index only when it is valid', async () => {
  const database = await createTestDatabase({ template: template.name })
  await expect(database.query('CREATE UNIQUE INDEX CONCURRENTLY one ON children (parent)')).rejects.toThrow()
  const client = await connectTo(database)
  const about = { present: true, migration: 'm', line: 1 } as const
  const expectations = [
    { kind: 'index', relation: 'one', ...about },
    { kind: 'index', relation: 'children_parent', ...about },
    { kind: 'relation', relation: 'happy', ...about },
    { kind: 'column', relation: 'children', name: 'odd "Name', ...about },
    { kind: 'constraint', relation: 'children', name: 'children_parent_fkey', ...about },
    { kind: 'trigger', relation: 'parents', name: 'touch', ...about, present: false },
  ] as const
  const unmet = await unmetExpectations(client, expectations, 'public')
  expect(unmet).toEqual([expectations[0], expectations[5]])
  await client.end()
})
