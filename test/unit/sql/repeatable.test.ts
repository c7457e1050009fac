import { expect, test } from '@jest/globals'
import { loadParser, parseStatements } from '../../../src/sql/parser.js'
import { repeatsOf } from '../../../src/sql/repeatable.js'

async function repeats(sql: string) {
  await loadParser()
  const parsed = parseStatements(sql)
  if ('problem' in parsed) throw new Error(parsed.problem.message)
  return repeatsOf(parsed.statements)
}

test('a statement that commits by itself is repeated alone, a block from its BEGIN', async () => {
  expect(
    await repeats('CREATE TABLE a (); BEGIN; SAVEPOINT s; DO $$ BEGIN END $$; COMMIT; DROP TABLE a;'),
  ).toEqual([{ from: 1 }, { from: 2 }, { from: 2 }, { from: 2 }, { from: 2 }, { from: 6 }])
})

test.each([
  ['CREATE INDEX CONCURRENTLY i ON a (b)', 'CREATE INDEX CONCURRENTLY does not run in one transaction'],
  ['DROP INDEX CONCURRENTLY i', 'DROP INDEX CONCURRENTLY does not run in one transaction'],
  ['VACUUM a', 'VACUUM does not run in one transaction'],
  ['CALL p()', 'CALL may do its work in several transactions'],
  ['DO $$ BEGIN COMMIT; END $$', 'DO may do its work in several transactions'],
  ['ANALYZE', 'ANALYZE may do its work in several transactions'],
  ['REINDEX TABLE a', 'REINDEX may do its work in several transactions'],
  ['CLUSTER a USING i', 'CLUSTER may do its work in several transactions'],
  ["COMMIT PREPARED 'p'", 'it is outside of any transaction'],
])('%s is never repeated', async (sql, why) => {
  expect(await repeats(sql)).toEqual([{ why }])
})

test('what AND CHAIN has begun cannot be begun anew', async () => {
  const chained = { why: 'its transaction was begun by AND CHAIN' }
  expect(await repeats('BEGIN; SELECT 1; COMMIT AND CHAIN; SELECT 2; COMMIT')).toEqual([
    { from: 1 },
    { from: 1 },
    { from: 1 },
    chained,
    chained,
  ])
})
