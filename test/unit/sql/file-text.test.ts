import { describe, expect, test } from '@jest/globals'
import { lineAt, readFileText } from '../../../src/sql/file-text.js'

const read = (...parts: (string | number[])[]) =>
  readFileText(Buffer.concat(parts.map((part) => Buffer.from(part as string))))

describe('text is given back as it is', () => {
  test.each(['', 'SELECT 1', 'SELECT 1;\r\nSELECT 2;\r\n', "SELECT 'ä€😀';\n", "SELECT '\u2028\ufeff'"])(
    '%j',
    (text) => {
      expect(read(text)).toEqual({ text })
    },
  )
})

test('a byte order mark', () => {
  expect(read('\ufeffSELECT 1')).toEqual({
    problem: {
      code: 'byte-order-mark',
      line: 1,
      message: 'the file begins with a byte order mark, which Postgres takes for SQL',
      hint: 'Save the file as UTF-8 without a byte order mark.',
    },
  })
})

test('a NUL byte, with its line', () => {
  expect(read('SELECT 1;\n\nSELECT \0', '\n')).toEqual({
    problem: {
      code: 'nul-byte',
      line: 3,
      message: 'the file holds a NUL byte, at which Postgres stops reading',
      hint: 'Save the file as UTF-8 text; it may have been written as UTF-16.',
    },
  })
})

test('UTF-16, with and without its mark, is full of NUL bytes', () => {
  for (const mark of ['', '\ufeff']) {
    expect(readFileText(Buffer.from(`${mark}SELECT 1`, 'utf16le'))).toMatchObject({
      problem: { code: 'nul-byte', line: 1 },
    })
  }
})

describe('bytes that are not UTF-8, with their line', () => {
  test.each<[string, (string | number[])[], number]>([
    ['Latin-1', ['-- one\n-- two: ', [0xe4], 'pfel\n'], 2],
    ['in the first byte', [[0xff], '\n\n'], 1],
    ['in the last byte', ['-- one\n-- two', [0x80]], 2],
    ['a character that ends too early', ['-- one\n', [0xe2, 0x82], '\n-- three'], 2],
    ['a character that the end of the file cuts', ['-- ä\n-- €\n-- ', [0xe2, 0x82]], 3],
    ['half of a surrogate pair', ['\n\n\n', [0xed, 0xa0, 0x80]], 4],
    ['an overlong slash', ['\n', [0xc0, 0xaf]], 2],
    ['after characters of several bytes', ['-- 😀€ä\n'.repeat(50), [0xfe]], 51],
  ])('%s', (_, parts, line) => {
    expect(read(...parts)).toEqual({
      problem: {
        code: 'invalid-utf8',
        line,
        message: 'the file is not valid UTF-8',
        hint: 'Save the file as UTF-8.',
      },
    })
  })
})

describe('a merge conflict, with its line', () => {
  test.each<[string, number]>([
    ['SELECT 1;\n<<<<<<< HEAD\nSELECT 2;\n=======\nSELECT 3;\n>>>>>>> main\n', 2],
    ['SELECT 1;\r\n\r\n>>>>>>> main\r\n', 3],
  ])('%j', (text, line) => {
    expect(read(text)).toEqual({
      problem: {
        code: 'merge-conflict',
        line,
        message: 'the file holds an unresolved merge conflict',
        hint: 'Resolve the conflict and commit the file again.',
      },
    })
  })
  test('lines of equals signs and shorter arrows are no conflict', () => {
    const text = '-- =======\n=======\n<<<<<< six\n-- <<<<<<< HEAD\n<<<<<<<< eight'
    expect(read(text)).toEqual({ text })
  })
})

test('the line of a character', () => {
  const text = 'a\nb\r\n\nc'
  expect([0, 1, 2, 4, 5, 6, 99].map((at) => lineAt(text, at))).toEqual([1, 1, 2, 2, 3, 4, 4])
})
