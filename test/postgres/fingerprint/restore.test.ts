import { expect, test } from '@jest/globals'
import { fingerprint, restoreCopy } from '../../support/fingerprint.js'
import { createTestDatabase } from '../../support/test-database.js'
import { literalOf, makeTypes } from '../../support/typed-values.js'

test('stays the same for every type when a database is dumped and restored', async () => {
  const database = await createTestDatabase()
  const types = await makeTypes(database)
  // Other OIDs there than here: some are used up before the types are made again.
  await database.query(`CREATE TYPE gone AS ENUM ('x'); DROP TYPE gone;`)
  await database.query(
    types
      .map((typed, number) => {
        const rows = typed.values.map((value, place) => `(${place}, ${literalOf(typed, value)})`)
        return `
          CREATE TABLE keyed_${number} (id int PRIMARY KEY, gone int, x ${typed.type}, copy ${typed.type});
          ALTER TABLE keyed_${number} DROP gone;
          INSERT INTO keyed_${number} (id, x) VALUES ${rows.join(', ')}, (100, NULL);
          UPDATE keyed_${number} SET copy = x WHERE id > 0;
          ${number % 8 === 0 ? `CREATE TABLE keyless_${number} AS TABLE keyed_${number};` : ''}`
      })
      .join('\n'),
  )
  const copy = await restoreCopy(database)
  expect(await fingerprint(copy)).toEqual(await fingerprint(database))
})

test('stays the same for every kind of table when a database is dumped and restored', async () => {
  const columns = Array.from({ length: 1600 }, (_, place) => `c${place} int`).join(', ')
  const database = await createTestDatabase({
    sql: `
CREATE TABLE parts (id int, at date, note text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE parts_old (note text, gone int, at date NOT NULL, id int NOT NULL); ALTER TABLE parts_old DROP gone;
ALTER TABLE parts ATTACH PARTITION parts_old FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE TABLE parts_new PARTITION OF parts DEFAULT PARTITION BY HASH (id);
CREATE TABLE parts_new_0 PARTITION OF parts_new FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO parts SELECT i, date '2025-12-01' + i, 'note ' || i FROM generate_series(1, 60) i;
CREATE TABLE parent (id int PRIMARY KEY, name text); CREATE TABLE child (extra int) INHERITS (parent);
INSERT INTO parent VALUES (1, 'parent'); INSERT INTO child VALUES (2, 'child', 3);
CREATE UNLOGGED TABLE unlogged AS SELECT i, i::text AS word FROM generate_series(1, 9) i;
CREATE TABLE empty (id int PRIMARY KEY, name text);
CREATE TABLE "no columns" (); INSERT INTO "no columns" DEFAULT VALUES; INSERT INTO "no columns" DEFAULT VALUES;
CREATE SCHEMA "Odd ""schema"; CREATE TABLE "Odd ""schema"."t. ü'; DROP" ("a "" \\ ' ü" int PRIMARY KEY, "$1" text);
INSERT INTO "Odd ""schema"."t. ü'; DROP" VALUES (1, 'x');
CREATE TABLE computed (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED, n int GENERATED ALWAYS AS IDENTITY);
INSERT INTO computed VALUES (1), (2);
CREATE TABLE widest (${columns}); INSERT INTO widest (c0, c7, c1599) VALUES (1, 2, 3), (4, NULL, 5);
CREATE TABLE big (id int PRIMARY KEY, plain text, packed bytea);
ALTER TABLE big ALTER plain SET STORAGE EXTERNAL;
INSERT INTO big SELECT i, repeat(i::text, 100000), decode(repeat('00ff', 50000), 'hex') FROM generate_series(1, 3) i;`,
  })
  const before = await fingerprint(database)
  expect(Object.fromEntries(Object.values(before).map(({ table, rows }) => [table, rows]))).toEqual({
    parts_old: 30,
    parts_new_0: 30,
    parent: 1,
    child: 1,
    unlogged: 9,
    empty: 0,
    'no columns': 2,
    "t. ü'; DROP": 1,
    computed: 2,
    widest: 2,
    big: 3,
  })
  expect(before.widest?.columns).toHaveLength(1600)
  expect(before.widest?.columns.filter(({ values }) => values > 0)).toMatchObject([
    { column: 'c0', values: 2 },
    { column: 'c7', values: 1 },
    { column: 'c1599', values: 2 },
  ])
  expect(before.empty?.columns).toEqual([
    { column: 'id', type: 'integer', values: 0, sum: '0' },
    { column: 'name', type: 'text', values: 0, sum: '0' },
  ])
  const copy = await restoreCopy(database)
  expect(await fingerprint(copy)).toEqual(before)
  const parallel = new URL(copy.url)
  parallel.searchParams.set(
    'options',
    '-c min_parallel_table_scan_size=0 -c parallel_setup_cost=0 -c parallel_tuple_cost=0',
  )
  expect(await fingerprint({ url: parallel.href })).toEqual(before)
  await copy.query('UPDATE widest SET c1598 = 1 WHERE c0 = 4; UPDATE computed SET id = 3 WHERE id = 2')
  const after = await fingerprint(copy)
  expect(after.widest?.rowSum).not.toBe(before.widest?.rowSum)
  expect(after.widest?.columns[1598]).not.toEqual(before.widest?.columns[1598])
  expect(after.computed?.columns[1]).not.toEqual(before.computed?.columns[1])
})
