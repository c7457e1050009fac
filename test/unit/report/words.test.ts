import { describe, expect, test } from '@jest/globals'
import {
  clean,
  cleanLines,
  formatBytes,
  formatCount,
  formatMs,
  formatRow,
  formatTargetName,
  formatValue,
  plural,
  shorten,
} from '../../../src/report/words.js'
import { cpuMsOf } from '../../support/cpu-time.js'

test('a count has a comma at every thousand', () => {
  expect([0, 999, 1000, 1_200_000].map(formatCount)).toEqual(['0', '999', '1,000', '1,200,000'])
})

test('a noun is plural unless there is exactly one', () => {
  expect([0, 1, 2, 1200].map((count) => plural(count, 'pending migration'))).toEqual([
    '0 pending migrations',
    '1 pending migration',
    '2 pending migrations',
    '1,200 pending migrations',
  ])
})

test('a size is in the units of pg_size_pretty', () => {
  expect(
    [0, 1, 1023, 1024, 10_189, 10_190, 432_013_312, 1_073_741_823, 1_288_490_189].map(formatBytes),
  ).toEqual(['0 bytes', '1 byte', '1,023 bytes', '1.0 kB', '10 kB', '10 kB', '412 MB', '1.0 GB', '1.2 GB'])
})

test('a duration is said as a person would say it', () => {
  expect(
    [0, 40.4, 999.4, 999.6, 3100, 9949, 9960, 18_000, 59_499, 59_500, 125_000, 4_200_000].map(formatMs),
  ).toEqual([
    '0 ms',
    '40 ms',
    '999 ms',
    '1.0 s',
    '3.1 s',
    '9.9 s',
    '10 s',
    '18 s',
    '59 s',
    '1 min 0 s',
    '2 min 5 s',
    '1 h 10 min',
  ])
})

describe('a text from the database becomes one harmless line', () => {
  test.each([
    ['plain', 'orders', 'orders'],
    ['other scripts', 'заказы 訂單 🧾', 'заказы 訂單 🧾'],
    ['a colour', '\x1b[31mred\x1b[0m', 'red'],
    ['a cursor movement', 'a\x1b[2J\x1b[1;1Hb', 'ab'],
    ['a window title', '\x1b]0;owned\x07name', 'name'],
    ['a link', '\x1b]8;;http://evil\x1b\\name\x1b]8;;\x1b\\', 'name'],
    ['an escape that never ends', 'a\x1b]0;never', 'a0;never'],
    ['an eight-bit colour', '\x9b31mred', 'red'],
    ['an escape inside an escape', '\x1b\x1b[31m[31mred', '[31mred'],
    ['a device string', '\x1bPq#0\x1b\\name', 'name'],
    ['line breaks and tabs', 'a\r\nb\nc\td\u2028e', 'a b c d e'],
    ['control characters', 'a\x00\x07\x08\x7f\x85b', 'a b'],
    ['writing turned round', 'user\u202etxt.exe\u202c', 'usertxt.exe'],
  ])('%s', (_, text, cleaned) => {
    expect(clean(text)).toBe(cleaned)
  })

  test('a megabyte of unfinished escapes takes no time', () => {
    const cleanAll = () => {
      for (const piece of ['\x1b]', '\x90', '\x9b', '\x1b[', '\x1b ']) clean(piece.repeat(500_000))
    }
    expect(cpuMsOf(cleanAll)).toBeLessThan(2000)
  })
})

test('text of several lines keeps its lines and its indentation', () => {
  expect(cleanLines('SELECT 1\r\n  FROM \x1b[1ma\n\n')).toEqual(['SELECT 1', '  FROM a'])
})

test('a cut text shows that something is missing', () => {
  expect([shorten('abc', 3), shorten('abcd', 3), shorten('🧾🧾🧾', 2)]).toEqual(['abc', 'ab…', '🧾…'])
})

test('a value is shown so that one sees where it ends', () => {
  expect(
    [
      null,
      undefined,
      4,
      12n,
      true,
      'anna@example.com',
      'two words',
      'a, b=c',
      '',
      'x\x1b[1m\ny',
      { n: 1n },
    ].map(formatValue),
  ).toEqual([
    'NULL',
    'NULL',
    '4',
    '12',
    'true',
    'anna@example.com',
    '"two words"',
    '"a, b=c"',
    '""',
    '"x y"',
    '{"n":"1"}',
  ])
  expect(formatValue('a'.repeat(61))).toBe(`"${'a'.repeat(59)}…"`)
})

test('a row is its columns and values', () => {
  expect(formatRow({ id: 4, 'e\nmail': null })).toBe('id=4, e mail=NULL')
})

test('a target is named with its schema where that is not the one that everybody has', () => {
  const target = { database: 'shop', host: 'db1.example.com', port: 5432, user: 'deployer', schema: 'public' }
  expect(formatTargetName(target)).toBe('shop on db1.example.com:5432 as deployer')
  expect(formatTargetName({ ...target, schema: 'app' })).toBe(
    'shop on db1.example.com:5432 as deployer, schema app',
  )
})
