import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { forecastOf, resetDatabase } from '../support/losses.js'
import { createTestDatabase } from '../support/test-database.js'

const tables = `
  CREATE TYPE state AS ENUM ('OPEN', 'DONE');
  CREATE FUNCTION make_id(prefix text) RETURNS text LANGUAGE sql VOLATILE AS 'SELECT prefix || random()';
  CREATE TABLE orgs (id text PRIMARY KEY, name text, at state);
  CREATE TABLE teams (id text PRIMARY KEY, org text REFERENCES orgs);`

/** Whose values nobody can compute, and which hit no row. */
const idle: Record<string, string> = {
  'INSERT … SELECT': `INSERT INTO teams SELECT make_id('t'), id FROM orgs`,
  'over a WITH item': `WITH o AS (SELECT id, unnest(ARRAY[1, 2]) FROM orgs) INSERT INTO teams SELECT make_id('t'), o.id FROM o`,
  UPDATE: `UPDATE orgs SET name = make_id('n')`,
  'UPDATE … FROM': `UPDATE orgs o SET name = make_id('n') FROM teams t WHERE t.org = o.id`,
  'DELETE by the order of an enum': `DELETE FROM orgs WHERE id IN (SELECT id FROM orgs ORDER BY at = 'OPEN', at)`,
  'WITH items that write': `WITH new AS (INSERT INTO orgs (id) SELECT make_id('o') FROM teams RETURNING id) UPDATE teams t SET org = new.id FROM new`,
  'a join': `INSERT INTO teams SELECT make_id('t'), o.id FROM orgs o LEFT JOIN teams t ON t.org = o.id`,
}

/** They hit a row although a table is empty. */
const busy: Record<string, string> = {
  'an aggregate without GROUP BY': `INSERT INTO teams SELECT make_id('t'), max(id) FROM orgs`,
  VALUES: `INSERT INTO teams VALUES (make_id('t'), NULL)`,
  'a full join': `INSERT INTO teams SELECT make_id('t'), o.id FROM (SELECT 1 AS one) x LEFT JOIN orgs o ON true`,
  'a part of a UNION': `INSERT INTO teams SELECT make_id('t'), id FROM orgs UNION ALL SELECT make_id('u'), NULL`,
}

const after = 'ALTER TABLE teams ALTER org SET NOT NULL; CREATE UNIQUE INDEX ON teams (org)'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

test.each(Object.entries(idle))('on an empty table nothing about rows is unknown: %s', async (_, sql) => {
  await resetDatabase(client, '')
  const { failure, doubts } = await forecastOf(client, [`${tables} ${sql}; ${after}`])
  expect({ failure, doubts }).toEqual({ failure: undefined, doubts: [] })
})

test.each(Object.entries(idle))('on a live table without a row neither: %s', async (_, sql) => {
  await resetDatabase(client, tables)
  const { failure, doubts } = await forecastOf(client, [
    'ALTER TABLE teams ADD COLUMN note text;',
    `${sql}; ${after}`,
  ])
  expect({ failure, doubts }).toEqual({ failure: undefined, doubts: [] })
})

const made = `CREATE FUNCTION made_id(text) RETURNS text LANGUAGE sql AS 'SELECT $1'; INSERT INTO teams SELECT made_id('t'), id FROM orgs;`

test.each([
  ['no row is there', tables, '', 0],
  ['a row is there', `${tables} INSERT INTO orgs VALUES ('a', 'b')`, '', 1],
  ['a row is put in before', tables, `INSERT INTO orgs VALUES ('a', 'b');`, 1],
  [
    'rows are put in by many statements',
    tables,
    `INSERT INTO orgs VALUES ('a', 'b'); INSERT INTO orgs VALUES ('b', 'b'); INSERT INTO orgs VALUES ('c', 'b');`,
    1,
  ],
  ['a column is added before', tables, 'ALTER TABLE orgs ADD COLUMN note text;', 0],
  [
    'a materialized view is filled before',
    `${tables.replace('orgs (id', 'kept (id').replace('REFERENCES orgs', '')} CREATE MATERIALIZED VIEW orgs AS SELECT id FROM kept`,
    `INSERT INTO kept VALUES ('a', 'b'); REFRESH MATERIALIZED VIEW orgs;`,
    1,
  ],
  [
    'a partition with a row is attached before',
    `${tables.replace('orgs (id text PRIMARY KEY, name text, at state)', 'orgs (id text) PARTITION BY LIST (id)').replace('REFERENCES orgs', '')} CREATE TABLE part (id text); INSERT INTO part VALUES ('a')`,
    `ALTER TABLE orgs ATTACH PARTITION part FOR VALUES IN ('a');`,
    1,
  ],
])('whether a function that the migration makes is of concern: %s', async (_, setup, before, least) => {
  await resetDatabase(client, setup)
  const { doubts } = await forecastOf(client, [`${before} ${made} ${after}`])
  expect(Math.min(doubts.length, 1)).toBe(least)
})

test.each(Object.entries(busy))('what puts in a row is still unknown: %s', async (_, sql) => {
  await resetDatabase(client, '')
  const { failure, doubts } = await forecastOf(client, [`${tables} ${sql}; ${after}`])
  expect(failure !== undefined || doubts.length > 0).toBe(true)
})
