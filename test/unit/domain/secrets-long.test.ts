import { expect, test } from '@jest/globals'
import { withoutPasswords } from '../../../src/domain/secrets.js'
import { cpuMsOf } from '../../support/cpu-time.js'

// Texts that took minutes while a repetition had no limit.
test.each([
  ['a long word', 'x'.repeat(200_000)],
  ['a long row of schemes', 'a://'.repeat(10_000)],
  ['a long row of colons', 'a:'.repeat(100_000)],
  ['a long row of dots', 'a.'.repeat(100_000)],
  ['a long row of settings', '=a:'.repeat(20_000)],
])('%s is read within a moment', (_, text) => {
  let read = ''
  const cpuMs = cpuMsOf(() => {
    read = withoutPasswords(`${text} postgresql://app:canary@db/shop`)
  })
  expect(read).not.toContain('canary')
  expect(cpuMs).toBeLessThan(5_000)
})
