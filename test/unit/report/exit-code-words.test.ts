import { expect, test } from '@jest/globals'
import { exitCode } from '../../../src/domain/exit-code.js'
import { exitCodeWords, formatExitCode } from '../../../src/report/exit-code-words.js'

test('every exit code has its meaning', () => {
  expect(Object.keys(exitCodeWords).map(Number)).toEqual(Object.values(exitCode))
})

test('an exit code is told with its meaning', () => {
  expect(formatExitCode(20)).toBe('20: the deploy failed; the target is proven unchanged')
})

test('no exit code and a foreign one are told as such', () => {
  expect(formatExitCode(undefined)).toBe('none is recorded: the run has not ended')
  expect(formatExitCode(99)).toBe('99: not an exit code that this version knows')
})
