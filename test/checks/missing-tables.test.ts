import { expect, test } from '@jest/globals'
import { missingTables } from '../../src/checks/missing-tables.js'
import { ask } from '../support/ask.js'
import { createTestDatabase } from '../support/test-database.js'

const declared = 'CREATE TABLE "a" ("x" INT); CREATE TABLE "B b" ("x" INT); CREATE TABLE "s"."c" ("x" INT);'

test('every table that Prisma declares is looked for, in its schema', async () => {
  const database = await createTestDatabase({
    sql: 'CREATE SCHEMA s; CREATE TABLE a (x int); CREATE TABLE s."B b" (x int); CREATE TABLE s.c (x int)',
  })
  expect(await ask(missingTables, database, { step: 'verify', declared })).toEqual({
    results: [{ id: 'missing-table', title: 'every table of the Prisma schema exists', outcome: 'failed' }],
    findings: [
      {
        code: 'missing-table',
        kind: 'failure',
        verdict: 'block',
        step: 'verify',
        object: 'B b',
        message: 'table "B b" of the Prisma schema does not exist',
        hint: 'Compare the migration history with the schema: prisma migrate status, prisma migrate diff.',
      },
    ],
  })
  await database.query('CREATE VIEW "B b" AS SELECT 1 AS x')
  expect((await ask(missingTables, database, { step: 'verify', declared })).findings).toEqual([])
})

test('before a deploy some tables are still to come, so nobody asks', async () => {
  const database = await createTestDatabase()
  expect(await ask(missingTables, database, { declared })).toEqual({ results: [], findings: [] })
})
