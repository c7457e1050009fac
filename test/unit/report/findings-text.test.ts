import { expect, test } from '@jest/globals'
import type { Finding } from '../../../src/domain/finding.js'
import { formatFindingCounts, formatFindings } from '../../../src/report/findings-text.js'

const inShort = { isVerbose: false }
const file = 'prisma/migrations/1_a/migration.sql'

function locked(line: number, table: string): Finding {
  return {
    code: 'lock-held-through-file',
    kind: 'lock',
    verdict: 'warn',
    step: 'check',
    message: `ACCESS EXCLUSIVE on "${table}" is kept`,
    file,
    line,
    hint: 'Move line 9 into a migration of its own.',
  }
}

const blocker: Finding = {
  code: 'null-values',
  kind: 'failure',
  verdict: 'block',
  step: 'check',
  message: '3 rows hold NULL',
  file,
  line: 2,
  evidence: { count: 3, samples: [] },
  findSql: 'SELECT 1',
  fixSql: 'one;\ntwo;\nthree;\nfour;',
}

test('findings that differ only in their place are told together, with their hint once, and after what blocks', () => {
  expect(formatFindings([locked(3, 'a'), blocker, locked(12, 'b')], inShort).slice(1)).toEqual([
    `warning lock-held-through-file  ${file}
  line 3  ACCESS EXCLUSIVE on "a" is kept
  line 12  ACCESS EXCLUSIVE on "b" is kept
  hint: Move line 9 into a migration of its own.`,
  ])
})

test('a verbose screen shows each of them whole', () => {
  expect(formatFindings([locked(3, 'a'), locked(12, 'b')], { isVerbose: true })).toHaveLength(2)
})

test('two blockers are never told as one', () => {
  const { evidence: _rows, findSql: _find, fixSql: _fix, ...bare } = blocker
  expect(formatFindings([bare, bare], inShort)).toHaveLength(2)
})

test('a long fix is shown for what blocks, and left for --verbose for what only warns', () => {
  const [shown] = formatFindings([blocker], inShort)
  const [hidden] = formatFindings([{ ...blocker, verdict: 'warn' }], inShort)
  expect(shown).toContain('four;')
  expect(hidden).toContain('fix:  -- 4 lines of SQL: --verbose prints them')
  expect(hidden).not.toContain('four;')
})

test('an accepted finding is there, in short', () => {
  expect(formatFindings([{ ...blocker, accepted: 'known' }], inShort)).toEqual([
    `accepted null-values  ${file}:2\n  3 rows hold NULL\n  accepted: known`,
  ])
})

test('findings are counted by code', () => {
  expect(formatFindingCounts([locked(1, 'a'), blocker, locked(2, 'b')])).toBe(
    '2 lock-held-through-file, 1 null-values',
  )
})
