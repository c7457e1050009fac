import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { forecastOf, resetDatabase } from '../support/losses.js'
import { createTestDatabase } from '../support/test-database.js'

const tables = `
  CREATE SCHEMA other;
  CREATE TABLE orders (id int PRIMARY KEY, name text);
  CREATE TABLE other.orders (id int PRIMARY KEY, name text);
  INSERT INTO orders VALUES (1, NULL);
  INSERT INTO other.orders VALUES (1, NULL);`

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

test('what a table outside of the schema of the target stops is named with its schema', async () => {
  await resetDatabase(client, `DROP SCHEMA IF EXISTS other CASCADE; ${tables}`)
  const { failure, later } = await forecastOf(client, [
    'ALTER TABLE orders ALTER name SET NOT NULL; ALTER TABLE other.orders ALTER name SET NOT NULL;',
    'CREATE TABLE other.made (id int); INSERT INTO other.made VALUES (NULL); ALTER TABLE other.made ADD PRIMARY KEY (id);',
  ])
  expect(failure).toMatchObject({ object: 'orders.name', title: '"orders"."name" holds no NULL' })
  expect(failure).not.toHaveProperty('schema')
  expect(later.map(({ object, schema, title }) => ({ object, schema, title }))).toEqual([
    { object: 'other.orders.name', schema: 'other', title: '"other"."orders"."name" holds no NULL' },
    { object: 'other.made.id', schema: 'other', title: '"other"."made"."id" holds no NULL' },
  ])
})
