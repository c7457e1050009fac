import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { SettingsError } from '../../../src/domain/errors.js'
import { formatDuration, parseDuration } from '../../../src/settings/duration.js'

describe('a duration', () => {
  test.each([
    ['0', 0],
    ['0s', 0],
    ['500ms', 500],
    ['1s', 1_000],
    ['1.1s', 1_100],
    [' 90 s ', 90_000],
    ['5m', 300_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
  ])('of %s is %d milliseconds', (text, ms) => {
    expect(parseDuration(text, '--lock-timeout')).toBe(ms)
  })

  test.each([
    '',
    '5',
    '-1s',
    '1 day',
    '5 minutes',
    's',
    '1e3s',
    '0x10s',
    '1,5s',
    '0.5ms',
    '1s 2s',
    'Infinity',
  ])('cannot be "%s"', (text) => {
    const wrong = () => parseDuration(text, '--lock-timeout')
    expect(wrong).toThrow(SettingsError)
    expect(wrong).toThrow(
      expect.objectContaining({
        code: 'invalid-setting',
        message: `--lock-timeout "${text}" is not a duration`,
        hint: 'Write a number with its unit: 500ms, 1s, 5m or 2h; or 0 for no limit.',
      }),
    )
  })

  test('cannot be longer than Postgres can wait', () => {
    expect(parseDuration('596h', '--statement-timeout')).toBe(2_145_600_000)
    expect(() => parseDuration('597h', '--statement-timeout')).toThrow(
      expect.objectContaining({
        code: 'invalid-setting',
        message: '--statement-timeout "597h" is longer than Postgres can wait',
        hint: 'Write at most 596h, or 0 for no limit.',
      }),
    )
  })

  test('in whole milliseconds is read as it was written', () => {
    fc.assert(
      fc.property(fc.nat(2_147_483_647), (ms) => {
        expect(parseDuration(`${ms}ms`, '--lock-timeout')).toBe(ms)
        expect(parseDuration(`${ms / 1_000}s`, '--lock-timeout')).toBe(ms)
      }),
    )
  })
})

describe('for people,', () => {
  test.each([
    [0, '0 ms'],
    [0.4, '0 ms'],
    [40, '40 ms'],
    [999.4, '999 ms'],
    [999.6, '1 s'],
    [1_000, '1 s'],
    [3_100, '3.1 s'],
    [3_149, '3.1 s'],
    [59_949, '59.9 s'],
    [59_960, '1 min'],
    [60_000, '1 min'],
    [125_000, '2 min 5 s'],
    [119_600, '2 min'],
    [3_599_600, '1 h'],
    [3_840_000, '1 h 4 min'],
    [7_199_999, '2 h'],
    [360_000_000, '100 h'],
  ])('%d milliseconds are %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })
})
