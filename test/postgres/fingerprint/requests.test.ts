import { expect, test } from '@jest/globals'
import { readFingerprintRequests } from '../../../src/postgres/fingerprint/read-requests.js'
import { countRows } from '../../../src/postgres/row-counts.js'
import { connectTo } from '../../support/address.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'

async function requestsOf(database: TestDatabase, schemas?: string[]) {
  const client = await connectTo(database)
  const requests = await readFingerprintRequests(client, schemas ? { schemas } : {})
  const counts = await countRows(client)
  await client.end()
  return { requests, counts }
}

test('names every table with rows of its own, and of an extension only those that pg_dump takes along', async () => {
  const database = await createTestDatabase({
    sql: `
CREATE TABLE parts (id int) PARTITION BY LIST (id); CREATE TABLE part PARTITION OF parts DEFAULT;
CREATE TABLE parent (id int); CREATE TABLE child () INHERITS (parent);
CREATE UNLOGGED TABLE unlogged (id int); CREATE TEMPORARY TABLE temporary (id int);
CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY);
CREATE MATERIALIZED VIEW materialized AS SELECT 1; CREATE VIEW plain AS SELECT 1;
CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER far FOREIGN DATA WRAPPER nothing; CREATE FOREIGN TABLE foreign_one (id int) SERVER far;
CREATE SCHEMA other; CREATE TABLE other.one (id int);
CREATE EXTENSION citext;`,
  })
  const { requests, counts } = await requestsOf(database)
  const names = requests.map(({ schema, table }) => `${schema}.${table}`)
  expect(names).toEqual([
    'other.one',
    'public._prisma_migrations',
    'public.child',
    'public.parent',
    'public.part',
    'public.unlogged',
  ])
  expect(counts.map(({ schema, table }) => `${schema}.${table}`)).toEqual(names)
  expect((await requestsOf(database, ['other'])).requests).toHaveLength(1)

  await database.query(`
CREATE TABLE configuration (id int); ALTER EXTENSION citext ADD TABLE configuration;
CREATE TABLE internals (id int); ALTER EXTENSION citext ADD TABLE internals;
UPDATE pg_extension SET extconfig = ARRAY['configuration'::regclass::oid], extcondition = '{""}' WHERE extname = 'citext'`)
  const more = await requestsOf(database)
  expect(more.requests.map(({ table }) => table).sort()).toEqual(
    ['_prisma_migrations', 'child', 'configuration', 'one', 'parent', 'part', 'unlogged'].sort(),
  )
})

test('takes the primary key, else the smallest index that no two rows can escape, in the order of the index', async () => {
  const database = await createTestDatabase({
    sql: `
CREATE TABLE primary_key (a int NOT NULL UNIQUE, b int, c int, PRIMARY KEY (c, b));
CREATE TABLE smallest (a int NOT NULL, b int NOT NULL, c text NOT NULL, UNIQUE (a, b), UNIQUE (c) INCLUDE (a));
CREATE TABLE nullable (a int, b int NOT NULL, UNIQUE (a), UNIQUE (b, a));
CREATE TABLE partial (a int NOT NULL); CREATE UNIQUE INDEX ON partial (a) WHERE a > 0;
CREATE TABLE expression (a int NOT NULL); CREATE UNIQUE INDEX ON expression ((a + 1));
CREATE TABLE plain_index (a int NOT NULL); CREATE INDEX ON plain_index (a);
CREATE TABLE invalid (a int NOT NULL UNIQUE); UPDATE pg_index SET indisvalid = false WHERE indrelid = 'invalid'::regclass;
CREATE TABLE late (a int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED);
CREATE DOMAIN code AS varchar(8); CREATE TABLE domained (a code PRIMARY KEY, b numeric(10,2)[]);`,
  })
  const { requests } = await requestsOf(database)
  expect(Object.fromEntries(requests.map(({ table, key }) => [table, key.map(({ name }) => name)]))).toEqual({
    primary_key: ['c', 'b'],
    smallest: ['c'],
    nullable: [],
    partial: [],
    expression: [],
    plain_index: [],
    invalid: [],
    late: ['a'],
    domained: ['a'],
  })
  expect(requests.find(({ table }) => table === 'domained')?.columns).toEqual([
    { name: 'a', type: 'public.code', baseType: 'character varying', nullable: false, generated: false },
    { name: 'b', type: 'numeric(10,2)[]', baseType: 'numeric[]', nullable: true, generated: false },
  ])
})
