import { expect, test } from '@jest/globals'
import { cachedPlans } from '../../../src/checks/health/cached-plans.js'
import { ask } from '../../support/ask.js'
import { useOwnServer } from '../../support/own-server.js'
import { createTestDatabase } from '../../support/test-database.js'

useOwnServer({ shared_preload_libraries: 'pg_stat_statements' })

const concerned = {
  tables: [],
  rowTypes: [
    {
      schema: 'public',
      name: 'orders',
      changes: [{ kind: 'added' as const, column: 'note' }],
      isReplaced: false,
    },
  ],
}

test('what was run is found in pg_stat_statements, wherever the extension is, when nobody is connected', async () => {
  // To the extension a list of all columns and * are the same statement, told in the words of whichever came first.
  const database = await createTestDatabase({
    sql: 'CREATE SCHEMA stats; CREATE EXTENSION pg_stat_statements SCHEMA stats; CREATE TABLE orders (id int, total int); CREATE TABLE others (id int);',
  })
  expect((await ask(cachedPlans, database, { concerned })).findings).toEqual([])
  await database.query('SELECT * FROM others')
  await database.query('SELECT id FROM orders WHERE id = 4711')
  expect((await ask(cachedPlans, database, { concerned })).findings).toEqual([])
  await database.query('SELECT * FROM orders WHERE id = 4711')
  const { findings } = await ask(cachedPlans, database, { concerned })
  expect(findings).toHaveLength(1)
  expect(findings[0]?.message).toContain(
    'no other session is connected now; seen: SELECT * FROM orders WHERE id = $1 (pg_stat_statements); what',
  )
})
