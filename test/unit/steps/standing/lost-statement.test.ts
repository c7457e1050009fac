import { expect, test } from '@jest/globals'
import type { CatalogExpectation, PendingMigration } from '../../../../src/domain/migration.js'
import type { Catalog } from '../../../../src/postgres/catalog.js'
import { settleLostStatement } from '../../../../src/steps/standing/lost-statement.js'
import type { FoundTraces } from '../../../../src/steps/standing/migration-traces.js'

const index: CatalogExpectation = {
  kind: 'index',
  relation: 'by city',
  present: true,
  migration: 'm',
  line: 2,
}
const column: CatalogExpectation = { ...index, kind: 'column', relation: 'people', name: 'note' }
const unknown: FoundTraces = { traces: 'unknown', least: 0, most: 1, evidence: [] }

function settle(
  kinds: readonly string[],
  found: FoundTraces,
  expectations: readonly CatalogExpectation[],
  unmet: readonly CatalogExpectation[],
  before: readonly string[] = [],
) {
  const statements = kinds.map((kind, at) => ({ index: at + 1, line: at + 2, sql: '', kind }))
  const execution = { mode: 'statement-by-statement' }
  const migration = { name: 'm', execution, statements } as unknown as PendingMigration
  const objects = before.map((name) => ({ kind: 'index' as const, name, properties: { valid: true } }))
  const { traces, least, most } = settleLostStatement(migration, found, {
    before: { objects, hash: '' } as Catalog,
    expectations,
    unmet,
    schema: 'public',
  })
  return `${traces} ${least}..${most}`
}

const two = ['IndexStmt', 'CreateStmt']

test('the objects that a lost statement names tell whether it took effect', () => {
  expect(settle(two, unknown, [index], [])).toBe('part 1..1')
  expect(settle(two, unknown, [index], [index])).toBe('none 0..0')
  expect(settle(['IndexStmt'], unknown, [index], [])).toBe('all 1..1')
})

test('they tell nothing where they were there before, or where only some of them are there', () => {
  expect(settle(two, unknown, [index], [], ['public."by city"'])).toBe('unknown 0..1')
  expect(settle(two, unknown, [index, column], [column])).toBe('unknown 0..1')
  expect(settle(two, unknown, [], [])).toBe('unknown 0..1')
})

test('a block and its COMMIT are one, and what commits on its way is not', () => {
  const block = ['TransactionStmt', 'CreateStmt', 'AlterTableStmt', 'TransactionStmt', 'CreateStmt']
  const found: FoundTraces = { ...unknown, most: 4 }
  const own = [
    { ...column, line: 3 },
    { ...index, line: 4 },
  ]
  expect(settle(block, found, own, [])).toBe('part 4..4')
  expect(settle(block, found, own, own)).toBe('none 0..0')
  expect(settle(['DoStmt', 'CreateStmt'], unknown, [index], [])).toBe('unknown 0..1')
})
