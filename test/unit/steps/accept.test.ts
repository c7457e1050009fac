import { expect, test } from '@jest/globals'
import { type Finding, isBlocking } from '../../../src/domain/finding.js'
import { applyAcceptances } from '../../../src/steps/accept.js'

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

test('one that accepts nothing is a warning of its own', () => {
  const acceptances = [
    { code: 'orphans', reason },
    { code: 'orphan-rows', object: 'order.customer_id', reason },
  ]
  expect(applyAcceptances([finding()], acceptances, 'verify')).toEqual([
    finding(),
    ...['orphans', 'orphan-rows:order.customer_id'].map((object) => ({
      code: 'unused-acceptance',
      kind: 'custom',
      verdict: 'warn',
      step: 'verify',
      object,
      message: `nothing was found that "${object}" accepts`,
      hint: 'Remove the acceptance, or correct its code.',
    })),
  ])
})
