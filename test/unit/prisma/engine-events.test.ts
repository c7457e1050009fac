import { expect, test } from '@jest/globals'
import { type EngineEvent, type EngineEventBody, withoutRepeated } from '../../../src/prisma/engine-events.js'

const told = (...bodies: EngineEventBody[]) =>
  bodies.map((body) => ({ at: '2026-01-01T00:00:00Z', migration: 'm', ...body })) as EngineEvent[]

const started = (statement: number) =>
  ({ type: 'statement-started', statement, line: statement, summary: '' }) as const
const finished = (statement: number) =>
  ({ type: 'statement-finished', statement, rows: null, durationMs: 1 }) as const
const retry = (statement?: number) =>
  ({
    type: 'retry',
    attempt: 1,
    waitMs: 1,
    sqlstate: '55P03',
    reason: 'lock-timeout',
    ...(statement === undefined ? {} : { statement }),
  }) as const

test('what a later attempt has repeated does not count', () => {
  const events = told(
    ...[started(1), finished(1), started(2), finished(2)],
    ...[started(3), { type: 'statement-failed', statement: 3, sqlstate: '55P03', message: '' } as const],
    ...[retry(2), started(2)],
  )
  expect(withoutRepeated(events)).toEqual(told(started(1), finished(1), retry(2), started(2)))
})

test('of a file that is repeated as a whole everything stays: its transactions are asked for', () => {
  const events = told(
    { type: 'transaction-started', transactionId: '7', serverStart: '', attempt: 1 },
    started(1),
    retry(),
  )
  expect(withoutRepeated(events)).toEqual(events)
})
