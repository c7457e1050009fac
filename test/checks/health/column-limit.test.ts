import { expect, test } from '@jest/globals'
import { columnLimit } from '../../../src/checks/health/column-limit.js'
import { ask } from '../../support/ask.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'

const passed = {
  results: [
    {
      id: 'column-limit',
      title: 'every table has room for more columns, dropped ones counted',
      outcome: 'passed',
    },
  ],
  findings: [],
}

/** Adds columns and drops them again, as years of migrations do. */
async function wearOut(database: TestDatabase, columns: number): Promise<void> {
  const names = Array.from({ length: columns }, (_, i) => `c${i}`)
  await database.query(`ALTER TABLE t ${names.map((name) => `ADD COLUMN ${name} int`).join(', ')}`)
  await database.query(`ALTER TABLE t ${names.map((name) => `DROP COLUMN ${name}`).join(', ')}`)
}

test('a table that has nearly used up its columns is told with what is left, and no more can be added', async () => {
  const database = await createTestDatabase({ sql: 'CREATE TABLE t (a int); CREATE TABLE other (a int)' })
  await wearOut(database, 1499)
  expect(await ask(columnLimit, database)).toEqual(passed)
  await wearOut(database, 98)
  const { results, findings } = await ask(columnLimit, database)
  expect(results).toMatchObject([{ outcome: 'warned' }])
  expect(findings).toEqual([
    {
      code: 'column-limit',
      kind: 'health',
      verdict: 'warn',
      step: 'check',
      object: 't',
      message: '"t" has had 1,598 columns, 1,597 dropped ones among them: it takes 2 more',
      hint: 'Copy the rows into a new table and rename it; only that gives back the numbers of dropped columns.',
    },
  ])
  await database.query('ALTER TABLE t ADD COLUMN b int, ADD COLUMN c int')
  await expect(database.query('ALTER TABLE t ADD COLUMN d int')).rejects.toMatchObject({ code: '54011' })
  const onOther = { concerned: { tables: [{ schema: 'public', name: 'other' }] } }
  expect(await ask(columnLimit, database, onOther)).toEqual(passed)
})
