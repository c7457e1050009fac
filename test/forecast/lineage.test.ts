import { beforeAll, expect, test } from '@jest/globals'
import type { Client } from 'pg'
import type { StatementReference, TableLineage } from '../../src/domain/lineage.js'
import { forecastOf, resetDatabase } from '../support/losses.js'
import { createTestDatabase } from '../support/test-database.js'

const setup = `
  CREATE TABLE customers (id int PRIMARY KEY, name text, email text, company_id int);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers ON UPDATE CASCADE ON DELETE SET NULL);
  CREATE TABLE untouched (id int);
  CREATE TABLE events (id int, at date, note text, loud text GENERATED ALWAYS AS (upper(note)) STORED) PARTITION BY RANGE (at);
  CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY RANGE ((id + 0));
  CREATE TABLE events_2a PARTITION OF events_2 DEFAULT;
  INSERT INTO events VALUES (1, '2025-02-02', 'a'), (2, '2026-02-02', 'b');
  INSERT INTO customers VALUES (1, 'Ann', 'a', NULL), (2, 'Bob', 'b', 7);
  INSERT INTO orders VALUES (10, 1), (11, 2);`

let client: Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

/** One line a table and one for each column with something to tell: `customers.email → mail @2 @5`. */
async function lineageAfter(...files: string[]): Promise<string[]> {
  await resetDatabase(client, setup)
  const { lineage } = await forecastOf(client, files)
  return lineage.flatMap(format)
}

function format({ table, now, droppedBy, rowsChangedBy, columns }: TableLineage): string[] {
  const line = (name: string, after: string | undefined, lost: string, by: readonly StatementReference[]) =>
    `${name}${after === undefined ? ` gone ${lost}` : after === name.replace(/.*\./, '') ? '' : ` → ${after}`}${by.map((one) => ` ${at(one)}`).join('')}`
  return [
    line(table, now?.table, at(droppedBy), rowsChangedBy),
    ...columns
      .filter((one) => now && (one.now !== one.column || one.rewrittenBy.length > 0))
      .map((one) => line(`${table}.${one.column}`, one.now, at(one.droppedBy), one.rewrittenBy)),
  ]
}

function at(reference: StatementReference | undefined): string {
  return reference ? `@${reference.file.replace('migration_', '')}:${reference.line}` : ''
}

test.each<[what: string, files: string[], lineage: string[]]>([
  ['nothing', ['SELECT 1'], []],
  [
    'renames over two files',
    ['ALTER TABLE customers RENAME TO contacts', '\nALTER TABLE contacts RENAME email TO mail;'],
    ['customers → contacts', 'customers.email → mail'],
  ],
  [
    'an update, and the same column again',
    [
      'UPDATE customers SET company_id = 1 WHERE company_id IS NULL;\nUPDATE customers SET company_id = company_id + 1',
    ],
    ['customers', 'customers.company_id @1:1 @1:2'],
  ],
  [
    'an update under the new name',
    ['ALTER TABLE customers RENAME TO c;\nUPDATE c SET name = upper(name)'],
    ['customers → c', 'customers.name @1:2'],
  ],
  [
    'a new type',
    ['ALTER TABLE customers ALTER company_id TYPE bigint'],
    ['customers', 'customers.company_id @1:1'],
  ],
  [
    'a dropped column',
    ['ALTER TABLE customers ADD x int;\nALTER TABLE customers DROP email'],
    ['customers', 'customers.email gone @1:2'],
  ],
  [
    'a column dropped and made again is another one',
    ['ALTER TABLE customers DROP email, ADD email text'],
    ['customers', 'customers.email gone @1:1'],
  ],
  ['a dropped table', ['\n\nDROP TABLE orders'], ['orders gone @1:3']],
  [
    'rows that come and go',
    ['INSERT INTO orders VALUES (12, 1);\nDELETE FROM orders WHERE id = 10'],
    ['orders @1:1 @1:2'],
  ],
  ['truncation', ['TRUNCATE orders'], ['orders @1:1']],
  [
    'what a foreign key carries on',
    ['UPDATE customers SET id = id + 10;\nDELETE FROM customers WHERE id = 11'],
    ['customers @1:2', 'customers.id @1:1', 'orders', 'orders.customer_id @1:1 @1:2'],
  ],
  [
    'other values in rows of a partitioned table are those of its partitions',
    ["UPDATE events SET note = 'x'"],
    ['events', 'events_1', 'events_2', 'events_2a'].flatMap((name) => [
      name,
      `${name}.note @1:1`,
      `${name}.loud @1:1`,
    ]),
  ],
  [
    'by another key, rows move from partition to partition',
    ['UPDATE events SET at = at + 1'],
    ['events', 'events.at @1:1', 'events_1 @1:1', 'events_2 @1:1', 'events_2a @1:1'],
  ],
  [
    'by another key of a partition, rows move within it',
    ['UPDATE events SET id = id + 1'],
    [
      'events',
      'events.id @1:1',
      'events_1',
      'events_1.id @1:1',
      'events_2',
      'events_2.id @1:1',
      'events_2a @1:1',
    ],
  ],
  [
    'rows that go from a partitioned table go from its partitions',
    ['DELETE FROM events WHERE id = 1'],
    ['events @1:1', 'events_1 @1:1', 'events_2 @1:1', 'events_2a @1:1'],
  ],
  [
    'a partition that comes or goes leaves the others as they are',
    ['ALTER TABLE events DETACH PARTITION events_1;\nDROP TABLE events_1'],
    ['events @1:1', 'events_1 gone @1:2'],
  ],
  [
    'additions leave the rest as it is',
    ['ALTER TABLE customers ADD x int DEFAULT 1, ALTER name SET NOT NULL;\nCREATE INDEX ON customers (name)'],
    [],
  ],
])('%s', async (_, files, lineage) => {
  expect((await lineageAfter(...files)).sort()).toEqual(lineage.sort())
})

test('what cannot be followed counts as changed by it', async () => {
  const lineage = await lineageAfter(
    'CREATE PROCEDURE change() LANGUAGE sql AS $$ UPDATE customers SET name = 1 $$;\nCALL change()',
  )
  expect(lineage).toContain('customers @1:2')
})
