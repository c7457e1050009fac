import { expect, test } from '@jest/globals'
import { duplicates } from '../../src/checks/duplicates.js'
import type { Findings } from '../../src/domain/finding.js'
import { ask, type Question } from '../support/ask.js'
import { withTestDatabase } from '../support/test-database.js'

async function find(sql: string, question: Question): Promise<Findings> {
  return withTestDatabase(async (database) => {
    await database.query(sql)
    const found = await ask(duplicates, database, question)
    for (const { findSql, evidence } of found.findings) {
      if (findSql) expect(await database.query(findSql)).toHaveLength(evidence?.count ?? -1)
    }
    return found
  })
}

const people = `CREATE TABLE people (id int PRIMARY KEY, tenant_id int, email text);
  INSERT INTO people VALUES (1, 1, 'ann@x'), (2, 2, 'ann@x'), (3, 1, NULL), (4, 1, NULL), (5, NULL, 'ann@x'), (6, NULL, 'ann@x'), (7, 1, 'Ann@x');`
const declared = 'CREATE UNIQUE INDEX "people_tenant_id_email_key" ON "people"("tenant_id", "email");'
const passed = {
  results: [
    { id: 'duplicate-keys', title: 'no unique key that Prisma declares is used twice', outcome: 'passed' },
  ],
  findings: [],
}

test('a key of two columns is one key; NULL is like nothing else, and ann is not Ann', async () => {
  expect(await find(people, { declared })).toEqual(passed)
})

test('values that are used twice are found, one a value', async () => {
  const { results, findings } = await find(
    `${people} INSERT INTO people VALUES (10, 1, 'ann@x'), (11, 1, 'ann@x'), (12, 2, 'bob'), (13, 2, 'bob')`,
    { declared },
  )
  expect(results).toMatchObject([{ outcome: 'failed' }])
  expect(findings).toEqual([
    {
      code: 'duplicate-keys',
      kind: 'failure',
      verdict: 'block',
      step: 'check',
      object: 'people.tenant_id,email',
      message:
        '2 values are used by more than one row of "people" in (tenant_id, email), which "people_tenant_id_email_key" declares unique',
      evidence: {
        count: 2,
        samples: expect.arrayContaining([
          { tenant_id: '1', email: 'ann@x', rows: '3' },
          { tenant_id: '2', email: 'bob', rows: '2' },
        ]),
      },
      findSql: `SELECT "tenant_id", "email", count(*) AS rows
  FROM "public"."people"
 WHERE "tenant_id" IS NOT NULL AND "email" IS NOT NULL
 GROUP BY "tenant_id", "email" HAVING count(*) > 1`,
      hint: 'Merge the rows or change the key of all but one of each; then run the command again.',
    },
  ])
})

test('one value is one value, in a table with a name like no other', async () => {
  const { findings } = await find(
    `CREATE SCHEMA "S.1"; CREATE TABLE "S.1"."My ""T" ("rows" bigint); INSERT INTO "S.1"."My ""T" VALUES (9007199254740993), (9007199254740993), (9007199254740992)`,
    { declared: 'CREATE UNIQUE INDEX "k" ON "S.1"."My ""T"("rows");' },
  )
  expect(findings).toMatchObject([
    {
      message: '1 value is used by more than one row of "My "T" in (rows), which "k" declares unique',
      evidence: { count: 1, samples: [{ rows: '9007199254740993', row_count: '2' }] },
    },
  ])
})

test('a unique index that is there and lets duplicates in is not believed', async () => {
  const { findings } = await find(
    `CREATE TABLE t (a int); CREATE UNIQUE INDEX k ON t(a); UPDATE pg_index SET indisready = false WHERE indexrelid = 'k'::regclass;
     INSERT INTO t VALUES (1), (1);`,
    { declared: 'CREATE UNIQUE INDEX "k" ON "t"("a");' },
  )
  expect(findings).toMatchObject([{ evidence: { count: 1 } }])
})

test('partitions are one table, children by inheritance are not', async () => {
  const question = { declared: 'CREATE UNIQUE INDEX "k" ON "t"("a");' }
  const partitions = `CREATE TABLE t (a int, b int) PARTITION BY LIST (b); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
    CREATE TABLE t2 PARTITION OF t DEFAULT; INSERT INTO t VALUES (1, 1), (1, 2);`
  expect((await find(partitions, question)).findings).toMatchObject([{ evidence: { count: 1 } }])
  const children = `CREATE TABLE t (a int); CREATE TABLE c () INHERITS (t); INSERT INTO t VALUES (1); INSERT INTO c VALUES (1);`
  expect(await find(children, question)).toEqual(passed)
})

test('a key whose table or columns are still to come has no rows to look at', async () => {
  expect(await find('SELECT 1', { declared })).toEqual(passed)
  expect(await find('CREATE TABLE people (email text)', { declared })).toEqual(passed)
})

test('a type that cannot be compared is still to change; afterwards nobody knows', async () => {
  const sql = `CREATE TABLE t (a json); INSERT INTO t VALUES ('{}')`
  const question = { declared: 'CREATE UNIQUE INDEX "k" ON "t"("a");' }
  expect(await find(sql, question)).toEqual(passed)
  expect((await find(sql, { ...question, step: 'verify' })).findings).toMatchObject([
    {
      code: 'check-not-answered',
      verdict: 'unknown',
      object: 't.a',
      message: '""k" is unique" could not be answered: could not identify an equality operator for type json',
    },
  ])
})
