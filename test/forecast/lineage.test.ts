import { beforeAll, expect, test } from '@jest/globals'
import type { Client } from 'pg'
import type { StatementReference, TableLineage } from '../../src/domain/lineage.js'
import { forecastOf, resetDatabase } from '../support/losses.js'
import { createTestDatabase } from '../support/test-database.js'
import { cases, setup } from './corpus/lineage.js'

let client: Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

/** One line a table and one for each column with something to tell: `customers.email → mail @2 @5`. */
async function lineageAfter(...files: string[]): Promise<string[]> {
  await resetDatabase(client, setup)
  const { lineage } = await forecastOf(client, files)
  return lineage.flatMap(format)
}

function format({ table, now, droppedBy, rowsChangedBy, columns }: TableLineage): string[] {
  const line = (name: string, after: string | undefined, lost: string, by: readonly StatementReference[]) =>
    `${name}${after === undefined ? ` gone ${lost}` : after === name.replace(/.*\./, '') ? '' : ` → ${after}`}${by.map((one) => ` ${at(one)}`).join('')}`
  return [
    line(table, now?.table, at(droppedBy), rowsChangedBy),
    ...columns
      .filter((one) => now && (one.now !== one.column || one.rewrittenBy.length > 0))
      .map((one) => line(`${table}.${one.column}`, one.now, at(one.droppedBy), one.rewrittenBy)),
  ]
}

function at(reference: StatementReference | undefined): string {
  return reference ? `@${reference.file.replace('migration_', '')}:${reference.line}` : ''
}

test.each<[what: string, files: string[], lineage: string[]]>(cases)('%s', async (_, files, lineage) => {
  expect((await lineageAfter(...files)).sort()).toEqual(lineage.sort())
})

test('what cannot be followed counts as changed by it', async () => {
  const lineage = await lineageAfter(
    'CREATE PROCEDURE change() LANGUAGE sql AS $$ UPDATE customers SET name = 1 $$;\nCALL change()',
  )
  expect(lineage).toContain('customers @1:2')
})
