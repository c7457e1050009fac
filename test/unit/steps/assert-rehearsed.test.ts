import { expect, test } from '@jest/globals'
import type { MigrationOutcome } from '../../../src/domain/deployment.js'
import type { Finding } from '../../../src/domain/finding.js'
import { assertRehearsed } from '../../../src/steps/rehearse.js'

const migration = (outcome: MigrationOutcome['outcome'], others: Partial<MigrationOutcome> = {}) => ({
  name: '1_phone',
  outcome,
  ...others,
})

const finding = (code: string): Finding => ({
  code,
  kind: 'failure',
  verdict: 'block',
  step: 'rehearse',
  message: 'x',
})

test.each(['passed', 'reused', 'skipped'] as const)('a rehearsal that %s stops nothing', (outcome) => {
  expect(() => assertRehearsed({ outcome, findings: [finding('x')] })).not.toThrow()
})

test.each<[string, Parameters<typeof assertRehearsed>[0], object]>([
  [
    'a backup that does not come back',
    { outcome: 'failed', findings: [finding('backup-differs')] },
    { code: 'backup-not-exact', exitCode: 4 },
  ],
  [
    'a statement that fails',
    {
      outcome: 'failed',
      outcomes: [migration('failed', { error: { line: 3, sqlstate: '23505', message: 'twice' } })],
    },
    { exitCode: 5, message: '"1_phone", line 3, fails on the copy: 23505: twice' },
  ],
  [
    'a migration that Prisma never came to',
    { outcome: 'failed', outcomes: [migration('applied'), { ...migration('not-run'), name: '2_fax' }] },
    { exitCode: 5, message: '"2_fax" fails on the copy: Prisma did not apply it' },
  ],
  [
    'a catalog that does not show it',
    { outcome: 'failed', outcomes: [migration('applied')] },
    { exitCode: 5, message: expect.stringContaining('its catalog does not show what their statements name') },
  ],
  [
    'a finding on the copy',
    { outcome: 'failed', outcomes: [migration('applied')], findings: [finding('declared-check')] },
    { exitCode: 5, code: 'rehearsal-not-verified', message: expect.stringContaining(': 1 found') },
  ],
])('%s says so', (_, rehearsal, error) => {
  expect(() => assertRehearsed(rehearsal)).toThrow(expect.objectContaining(error))
})
