import { describe, expect, test } from '@jest/globals'
import { type Finding, isBlocking } from '../../../src/domain/finding.js'
import type { PendingMigration } from '../../../src/domain/migration.js'
import { acceptancesFor, applyAcceptances, assertNothingBlocks, usedHere } from '../../../src/steps/accept.js'

const finding = (fields: Partial<Finding> = {}): Finding => ({
  code: 'orphan-rows',
  kind: 'health',
  verdict: 'block',
  step: 'check',
  message: 'x',
  object: 'orders.customer_id',
  migration: 'm1',
  ...fields,
})
const reason = 'known since March'
const accepted = (findings: Finding[]) => findings.map((one) => one.accepted)

test('without acceptances nothing changes', () => {
  expect(applyAcceptances([finding()], [], 'check')).toEqual([finding()])
})

test('a code accepts every finding with it', () => {
  const findings = [finding(), finding({ object: 'lines.order_id' }), finding({ code: 'orphan' })]
  const weighed = applyAcceptances(findings, [{ code: 'orphan-rows', reason }], 'check')
  expect(accepted(weighed)).toEqual([reason, reason, undefined])
  expect(weighed.map(isBlocking)).toEqual([false, false, true])
})

test('code and object accept the one finding', () => {
  const findings = [finding(), finding({ object: 'lines.order_id' }), finding({ object: undefined as never })]
  const acceptance = { code: 'orphan-rows', object: 'orders.customer_id', reason }
  expect(accepted(applyAcceptances(findings, [acceptance], 'check'))).toEqual([reason, undefined, undefined])
})

test('code and migration accept the findings of the migration', () => {
  const findings = [finding(), finding({ migration: 'm2' })]
  expect(
    accepted(applyAcceptances(findings, [{ code: 'orphan-rows', migration: 'm2', reason }], 'check')),
  ).toEqual([undefined, reason])
})

test('an unknown can be accepted too; the first acceptance that covers it gives the reason', () => {
  const weighed = applyAcceptances(
    [finding({ verdict: 'unknown' })],
    [
      { code: 'orphan-rows', reason },
      { code: 'orphan-rows', object: 'orders.customer_id', reason: 'second' },
    ],
    'check',
  )
  expect(weighed[0]).toMatchObject({ verdict: 'unknown', accepted: reason })
  expect(weighed.slice(1).map(({ code, object }) => [code, object])).toEqual([
    ['unused-acceptance', 'orphan-rows:orders.customer_id'],
  ])
})

describe('a comment in a migration', () => {
  const comment = { code: 'orphan-rows', reason, migration: 'm1', file: 'm1/migration.sql', line: 4 }
  const at = (line: number | undefined, file = 'm1/migration.sql') =>
    finding({ file, ...(line === undefined ? {} : { line }) })

  test('accepts the findings on its lines', () => {
    const acceptance = { ...comment, lines: { first: 5, last: 7 } }
    const findings = [at(4), at(5), at(7), at(8), at(undefined), at(6, 'm1/checks/before/a.sql')]
    const weighed = applyAcceptances(findings, [acceptance], 'check')
    expect(accepted(weighed)).toEqual([undefined, reason, reason, undefined, undefined, undefined])
  })

  test('for the whole file accepts every finding in the migration, and none in another', () => {
    const findings = [at(99), at(undefined), finding({ migration: 'm2' })]
    expect(accepted(applyAcceptances(findings, [comment], 'check'))).toEqual([reason, reason, undefined])
  })

  test('that accepts nothing is named by its place', () => {
    expect(applyAcceptances([], [comment], 'check')).toEqual([
      expect.objectContaining({
        code: 'unused-acceptance',
        migration: 'm1',
        file: 'm1/migration.sql',
        line: 4,
        message: 'nothing was found in "m1" that "orphan-rows" accepts',
      }),
    ])
  })
})

test('the acceptances of a run are those of the settings and those of the pending files', () => {
  const own = { code: 'orphan-rows', reason }
  const comment = { ...own, migration: 'm1', file: 'f', line: 1 }
  const pending = [{ acceptances: [comment] }, {}] as unknown as PendingMigration[]
  expect(acceptancesFor(pending, { accept: [own] })).toEqual([own, comment])
})

test('one that accepts nothing is a warning of its own', () => {
  const acceptances = [
    { code: 'orphan-row', reason },
    { code: 'no-such-thing', migration: 'm1', reason },
    { code: 'orphan-rows', object: 'order.customer_id', reason },
  ]
  const unused = { code: 'unused-acceptance', kind: 'custom', verdict: 'warn', step: 'verify' }
  const weighed = applyAcceptances([finding()], acceptances, 'verify')
  expect(weighed).toEqual([
    finding(),
    {
      ...unused,
      object: 'orphan-row',
      message: 'nothing was found that "orphan-row" accepts',
      hint: 'There is no such code; did you mean orphan-rows?',
    },
    {
      ...unused,
      object: 'no-such-thing',
      migration: 'm1',
      message: 'nothing was found in "m1" that "no-such-thing" accepts',
      hint: 'There is no such code; npx migrate-guard explain lists all of them.',
    },
    {
      ...unused,
      object: 'orphan-rows:order.customer_id',
      message: 'nothing was found that "orphan-rows:order.customer_id" accepts',
      hint: 'Remove the acceptance, or correct what it names.',
    },
  ])
  // Before the data was asked, only what can never be found is known to be for nothing.
  expect(applyAcceptances([], acceptances, 'plan').map(({ object }) => object)).toEqual([
    'orphan-row',
    'no-such-thing',
  ])
})

describe('a name that two schemas have', () => {
  const own = finding({ code: 'drop-column', object: 'Order.old' })
  const other = finding({ code: 'drop-column', object: 'b.Order.old', schema: 'b' })
  const accept = (object: string, findings = [own, other]) =>
    applyAcceptances(findings, [{ code: 'drop-column', object, reason }], 'check', 'a')

  test('accepts nothing, and the names to choose from are told', () => {
    const weighed = accept('Order.old')
    expect(accepted(weighed)).toEqual([undefined, undefined, undefined])
    expect(weighed[2]).toMatchObject({
      code: 'unused-acceptance',
      verdict: 'warn',
      message: '"drop-column:Order.old" could mean several objects, so it accepts none of them',
      hint: 'Name the schema too: "drop-column:a.Order.old" or "drop-column:b.Order.old".',
    })
  })

  test('accepts the one of its schema when it is given with it', () => {
    expect(accepted(accept('a.Order.old'))).toEqual([reason, undefined])
    expect(accepted(accept('b.Order.old'))).toEqual([undefined, reason])
  })

  test('needs no schema where only one of them is found', () => {
    expect(accepted(accept('Order.old', [other]))).toEqual([reason])
    expect(accepted(accept('old', [own]))).toEqual([undefined, undefined])
  })

  test('accepts both without a name', () => {
    expect(accepted(applyAcceptances([own, other], [{ code: 'drop-column', reason }], 'check', 'a'))).toEqual(
      [reason, reason],
    )
  })
})

test('what a later step finds is not for nothing in the check', () => {
  const acceptances = [{ code: 'schema-difference', object: 't.x', reason }]
  expect(applyAcceptances([], acceptances, 'check')).toEqual([])
  expect(usedHere(acceptances, [finding({ code: 'schema-difference', object: 't.y' })], 'public')).toEqual([])
})

describe('what to do about what blocks', () => {
  const adviceOn = (...findings: Finding[]) => {
    try {
      assertNothingBlocks({ findings })
    } catch (error) {
      return (error as { hint: string }).hint
    }
    return undefined
  }
  const exists = finding({ code: 'object-exists', hint: 'Fix what is named.' })
  const baseline = 'Run npx migrate-guard baseline.'

  test('is the baseline where the database has no history, whatever follows from that', () => {
    const cause = finding({ code: 'no-history', hint: baseline })
    expect(adviceOn(exists, cause)).toBe(baseline)
    expect(adviceOn(exists, { ...cause, verdict: 'warn' })).toBe(baseline)
    expect(adviceOn(exists, { ...cause, accepted: reason })).toMatch(/^Fix what was found/)
  })

  test('is to resolve a migration that is unfinished', () => {
    const hint = 'Run npx migrate-guard resolve.'
    expect(adviceOn(exists, finding({ code: 'failed-migration', hint }))).toBe(hint)
  })

  test('is that of a squash only while it blocks', () => {
    const squash = finding({ code: 'squashed-history', hint: baseline })
    expect(adviceOn(exists, squash)).toBe(baseline)
    expect(adviceOn(exists, { ...squash, verdict: 'warn' })).toMatch(/^Fix what was found/)
    expect(adviceOn({ ...squash, verdict: 'warn' })).toBeUndefined()
  })
})
