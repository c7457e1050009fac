import { expect, test } from '@jest/globals'
import { countRows } from '../../src/postgres/row-counts.js'
import { connectTo } from '../support/address.js'
import { createTestDatabase } from '../support/test-database.js'

test('counts every table exactly once', async () => {
  const database = await createTestDatabase({
    sql: `
CREATE TABLE empty (id int);
CREATE TABLE parts (id int) PARTITION BY RANGE (id);
CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (10) TO (20);
INSERT INTO parts SELECT generate_series(5, 11);
CREATE TABLE parent (id int);
CREATE TABLE child () INHERITS (parent);
INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2), (3);
CREATE UNLOGGED TABLE unlogged AS SELECT generate_series(1, 4);
CREATE TEMPORARY TABLE temporary AS SELECT 1;
CREATE SCHEMA "odd ""schema";
CREATE TABLE "odd ""schema"."A. ""table"" – ü" AS SELECT generate_series(1, 6);
CREATE TABLE wide (); INSERT INTO wide DEFAULT VALUES; INSERT INTO wide DEFAULT VALUES;
CREATE MATERIALIZED VIEW view AS SELECT * FROM parent;
CREATE EXTENSION citext; CREATE TABLE of_extension AS SELECT 1; ALTER EXTENSION citext ADD TABLE of_extension;`,
  })
  const client = await connectTo(database)
  const counts = await countRows(client)
  await client.end()
  expect(counts.map(({ schema, table, rows }) => `${schema} ${table} ${rows}`).sort()).toEqual(
    [
      'odd "schema A. "table" – ü 6',
      'public child 2',
      'public empty 0',
      'public parent 1',
      'public parts_high 2',
      'public parts_low 5',
      'public unlogged 4',
      'public wide 2',
    ].sort(),
  )
})
