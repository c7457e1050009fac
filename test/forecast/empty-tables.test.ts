import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { forecastOf, resetDatabase } from '../support/losses.js'
import { createTestDatabase } from '../support/test-database.js'
import { after, busy, idle, tables } from './corpus/empty-tables.js'

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
