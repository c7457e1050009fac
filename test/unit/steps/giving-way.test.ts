import { expect, test } from '@jest/globals'
import type { Plan } from '../../../src/domain/plan.js'
import type { EngineEvent, EngineEventBody } from '../../../src/prisma/engine-events.js'
import { mayGiveWay } from '../../../src/steps/giving-way.js'

const told = (...bodies: EngineEventBody[]) =>
  bodies.map((body) => ({ at: '2026-01-01T00:00:00Z', migration: 'm', ...body })) as EngineEvent[]

const planOf = (engine: 'hosted' | 'native', mode: string) =>
  ({ engine, pending: [{ name: 'm', execution: { mode } }] }) as unknown as Plan

const begun = (mode: string) => ({ type: 'migration-started', statements: 2, mode }) as const
const started = { type: 'statement-started', statement: 2, line: 2, summary: 'x' } as const
const finished = { type: 'statement-finished', statement: 2, rows: 0, durationMs: 1 } as const
const over = { type: 'migration-finished', durationMs: 1 } as const

test.each([
  ['all-or-nothing', [started], true],
  // The COMMIT.
  ['all-or-nothing', [started, finished], true],
  ['all-or-nothing', [started, finished, over], false],
  ['statement-by-statement', [started], true],
  ['statement-by-statement', [started, finished], false],
] as const)('%s: %j may give way: %s', (mode, events, possible) => {
  const found = mayGiveWay(planOf('hosted', mode), told(begun(mode), ...events))
  expect(found).toEqual({ possible })
})

test('what would leave something behind is not cancelled, and it is said why', () => {
  const mode = 'statement-by-statement'
  const events = told(begun(mode), { ...started, cannotGiveWay: 'VACUUM does not run in one transaction' })
  expect(mayGiveWay(planOf('hosted', mode), events)).toEqual({
    possible: false,
    why: 'statement 2 of "m": VACUUM does not run in one transaction',
  })
})

test("before a migration has begun, Prisma's own questions are let alone", () => {
  expect(mayGiveWay(planOf('hosted', 'all-or-nothing'), [])).toEqual({ possible: false })
})

test("Prisma's own engine gives way when no migration can be left half applied", () => {
  expect(mayGiveWay(planOf('native', 'all-or-nothing'), [])).toEqual({ possible: true })
  expect(mayGiveWay(planOf('native', 'statement-by-statement'), [])).toEqual({
    possible: false,
    why: 'Prisma\'s own engine may leave "m" half applied',
  })
})
