import { expect, test } from '@jest/globals'
import { invalidIndexes } from '../../src/checks/invalid-indexes.js'
import { ask } from '../support/ask.js'
import { createTestDatabase } from '../support/test-database.js'

const passed = {
  results: [{ id: 'invalid-index', title: 'every index is valid', outcome: 'passed' }],
  findings: [],
}

test('valid indexes pass, also one of a partitioned table that waits for its partitions', async () => {
  const database = await createTestDatabase({
    sql: `CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE p (a int) PARTITION BY LIST (a);
      CREATE TABLE p1 PARTITION OF p DEFAULT; CREATE INDEX i ON ONLY p(a)`,
  })
  expect(await ask(invalidIndexes, database)).toEqual(passed)
})

test('what a failed CREATE INDEX CONCURRENTLY leaves is told, and the fix works once the cause is gone', async () => {
  const database = await createTestDatabase({
    sql: 'CREATE TABLE "T 1" (a int); INSERT INTO "T 1" VALUES (1), (1)',
  })
  await expect(database.query('CREATE UNIQUE INDEX CONCURRENTLY "I 1" ON "T 1"(a)')).rejects.toThrow(
    'could not create unique index',
  )
  const { results, findings } = await ask(invalidIndexes, database)
  expect(results).toMatchObject([{ outcome: 'warned' }])
  expect(findings).toEqual([
    {
      code: 'invalid-index',
      kind: 'health',
      // It may be in the making.
      verdict: 'warn',
      step: 'check',
      object: 'I 1',
      message: 'index "I 1" on "T 1" is invalid: no query uses it, and it does not keep values unique',
      hint: 'Unless it is being built right now, build it again; for a unique index, remove the duplicates first.',
      fixSql: 'REINDEX INDEX CONCURRENTLY "public"."I 1";',
    },
  ])
  expect((await ask(invalidIndexes, database, { step: 'verify' })).findings).toMatchObject([
    { verdict: 'block', step: 'verify' },
  ])
  await database.query('DELETE FROM "T 1"')
  await database.query(findings[0]?.fixSql ?? '')
  expect(await ask(invalidIndexes, database)).toEqual(passed)
})

test('what a failed REINDEX CONCURRENTLY leaves is to be dropped', async () => {
  const database = await createTestDatabase({
    // Duplicates that came in while the index was not kept.
    sql: `CREATE TABLE t (a int); CREATE UNIQUE INDEX i ON t(a);
      UPDATE pg_index SET indisready = false WHERE indexrelid = 'i'::regclass; INSERT INTO t VALUES (1), (1);
      UPDATE pg_index SET indisready = true WHERE indexrelid = 'i'::regclass`,
  })
  await expect(database.query('REINDEX INDEX CONCURRENTLY i')).rejects.toThrow(
    'could not create unique index',
  )
  const { findings } = await ask(invalidIndexes, database)
  expect(findings).toMatchObject([
    {
      message: 'index "i_ccnew" on "t" is invalid: no query uses it, and it does not keep values unique',
      fixSql: 'DROP INDEX CONCURRENTLY "public"."i_ccnew";',
    },
  ])
  await database.query(findings[0]?.fixSql ?? '')
  expect(await ask(invalidIndexes, database)).toEqual(passed)
})

test('an index that is kept but not valid, as after a failed validation, is told too', async () => {
  const database = await createTestDatabase({
    sql: `CREATE TABLE t (a int); CREATE INDEX i ON t(a);
      UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass`,
  })
  const { findings } = await ask(invalidIndexes, database)
  expect(findings).toMatchObject([{ message: 'index "i" on "t" is invalid: no query uses it' }])
})
