import { expect, test } from '@jest/globals'
import type { Finding } from '../../../src/domain/finding.js'
import { foldFindings } from '../../../src/steps/fold-findings.js'

function doubt(line: number, more: Partial<Finding> = {}): Finding {
  return {
    code: 'decided-by-rehearsal',
    kind: 'failure',
    verdict: 'unknown',
    step: 'check',
    migration: 'm',
    file: 'm/migration.sql',
    line,
    object: `t${line}`,
    message: `line ${line} is undecided`,
    cause: 'line 1 is not followed',
    findSql: 'SELECT 1',
    ...more,
  }
}

test('one cause is one finding, which counts its statements and names the first', () => {
  const [one, ...others] = foldFindings([2, 3, 4, 5, 6, 7, 8, 9].map((line) => doubt(line)))
  expect(others).toEqual([])
  expect(one?.message).toBe(
    'line 2 is undecided; the same of 7 more statements: line 3 (t3), line 4 (t4), line 5 (t5), line 6 (t6), line 7 (t7), 2 more',
  )
  expect(one?.places?.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
  // It would find the rows of one of them only.
  expect(one?.findSql).toBeUndefined()
})

test('what is accepted takes no other with it', () => {
  const folded = foldFindings([doubt(2, { accepted: 'seen' }), doubt(3), doubt(4)])
  expect(folded.map(({ accepted, places }) => [accepted, places?.length])).toEqual([
    ['seen', undefined],
    [undefined, 2],
  ])
})

test('another cause, code or weight, and what has no cause, stay apart', () => {
  const { cause: _, ...none } = doubt(5)
  const apart = [
    doubt(2),
    doubt(3, { cause: 'other' }),
    doubt(4, { verdict: 'warn' }),
    doubt(5, { code: 'x' }),
    none,
    none,
  ]
  expect(foldFindings(apart)).toEqual(apart)
})
