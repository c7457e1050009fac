import { expect, test } from '@jest/globals'
import type { Statement } from '../../../src/domain/migration.js'
import type { EngineEvent } from '../../../src/prisma/engine-events.js'
import { tracesOfStatements } from '../../../src/steps/statement-traces.js'

const create = 'CREATE TABLE a (id int)'
const concurrently = 'CREATE INDEX CONCURRENTLY i ON a (id)'

function statementsOf(...texts: readonly string[]): Statement[] {
  return texts.map((sql, i) => {
    const kind = /^(BEGIN|COMMIT|ROLLBACK)/.test(sql)
      ? 'TransactionStmt'
      : sql.startsWith('DO')
        ? 'DoStmt'
        : sql.startsWith('SET')
          ? 'VariableSetStmt'
          : 'CreateStmt'
    return { index: i + 1, line: i + 1, sql, kind }
  })
}

/** `1` finished, `2!55P03` was refused, `2?` never came back; a word is an event without a statement. */
function eventsOf(...words: readonly string[]): EngineEvent[] {
  return words.map((word) => {
    const common = { at: '', migration: 'm' }
    const [, statement, ending, sqlstate] = /^(\d+)([!?]?)(.*)$/.exec(word) ?? []
    if (statement === undefined) return { ...common, type: word } as EngineEvent
    const type =
      ending === '!' ? 'statement-failed' : ending === '?' ? 'statement-started' : 'statement-finished'
    return { ...common, type, statement: Number(statement), sqlstate } as unknown as EngineEvent
  })
}

function traced(statements: readonly Statement[], ...words: readonly string[]): string {
  const { traces, least, most } = tracesOfStatements(statements, eventsOf(...words))
  return `${traces} ${least}..${most}`
}

test('statements outside a block count one by one', () => {
  const two = statementsOf(create, concurrently)
  expect(traced(two)).toBe('none 0..0')
  expect(traced(two, '1?')).toBe('unknown 0..1')
  expect(traced(two, '1')).toBe('part 1..1')
  expect(traced(two, '1', '2!23505')).toBe('part 1..1')
  expect(traced(two, '1', '2!57P01')).toBe('part 1..2')
})

test('all is there when the last statement has come back, whether or not the engine came to say that this was the end', () => {
  const two = statementsOf(create, concurrently)
  expect(traced(two, '1', '2')).toBe('all 2..2')
  expect(traced(two, '1', '2', 'migration-finished')).toBe('all 2..2')
})

test('a block counts when its COMMIT has come back', () => {
  const block = statementsOf('BEGIN', create, 'COMMIT', concurrently)
  expect(traced(block, '1', '2')).toBe('none 0..0')
  expect(traced(block, '1', '2', '3?')).toBe('unknown 0..3')
  expect(traced(block, '1', '2', '3')).toBe('part 3..3')
  expect(traced(statementsOf('BEGIN', create, 'ROLLBACK', create), '1', '2', '3')).toBe('none 3..3')
})

test('a block of code may have committed before it was refused, a setting leaves nothing', () => {
  expect(traced(statementsOf('DO $$$$', create), '1!23505')).toBe('unknown 0..1')
  expect(traced(statementsOf('SET a.b = 1', create), '1', '2!23505')).toBe('none 1..1')
})

test('of a rest that resolve ran in one transaction nothing is known, until it is rolled back', () => {
  const two = statementsOf(create, create)
  expect(traced(two, '1', 'rest-started')).toBe('unknown 1..2')
  expect(traced(two, '1', 'rest-started', 'rest-rolled-back')).toBe('part 1..1')
})
