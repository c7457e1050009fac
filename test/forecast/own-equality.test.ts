import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { orphans } from '../../src/checks/orphans.js'
import { ask } from '../support/ask.js'
import { filesOf, foretell } from '../support/forecast.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

// What citext calls equal, text does not. Our questions see no schema but the server's own, so they must name its operator.

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await createTestDatabase({
    sql: `CREATE EXTENSION citext;
      CREATE DOMAIN code AS citext;
      CREATE TABLE parents (name citext PRIMARY KEY, code code UNIQUE);
      CREATE TABLE children (id int PRIMARY KEY, parent citext, code code);
      INSERT INTO parents VALUES ('anna', 'x');
      INSERT INTO children VALUES (1, 'Anna', 'X');`,
  })
  client = await database.client()
})

const endOf = async (sql: string) => (await foretell(client, filesOf([sql]))).end?.sqlstate

test.each([
  ['ALTER TABLE children ADD FOREIGN KEY (parent) REFERENCES parents', undefined],
  ['ALTER TABLE children ADD FOREIGN KEY (code) REFERENCES parents (code)', undefined],
  ["INSERT INTO parents VALUES ('ANNA', 'y')", '23505'],
  ["INSERT INTO parents VALUES ('bob', 'X')", '23505'],
  ["INSERT INTO parents VALUES ('ANNA', 'y') ON CONFLICT DO NOTHING", undefined],
  ["UPDATE parents SET name = 'Anna'", undefined],
])('%s', async (sql, sqlstate) => {
  expect(await endOf(sql)).toBe(sqlstate)
})

test('a relation that only Prisma declares', async () => {
  const declared = `
    CREATE TABLE parents (name text PRIMARY KEY, code text UNIQUE);
    CREATE TABLE children (id int PRIMARY KEY, parent text, code text);
    ALTER TABLE children ADD CONSTRAINT "by name" FOREIGN KEY (parent) REFERENCES parents (name);
    ALTER TABLE children ADD CONSTRAINT "by code" FOREIGN KEY (code) REFERENCES parents (code);`
  expect((await ask(orphans, database, { declared })).findings).toEqual([])
})
