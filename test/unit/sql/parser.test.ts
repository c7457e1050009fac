import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseStatements } from '../../../src/sql/parser.js'
import { parse } from '../../support/parse.js'

const split = (text: string) => parse(text).map(({ line, sql }) => `${line}: ${sql}`)

describe('where a statement begins and ends', () => {
  test.each<[string, string, string[]]>([
    ['nothing', '', []],
    ['white space', ' \r\n\t\n', []],
    ['comments only', '-- one\n/* two\n/* three */ */\n', []],
    ['empty statements', ';;\n;SELECT 1;;', ['2: SELECT 1']],
    ['the last one without a semicolon', 'SELECT 1;\nSELECT 2', ['1: SELECT 1', '2: SELECT 2']],
    ['a string with a semicolon', "SELECT ';\n;';\nSELECT 2", ["1: SELECT ';\n;'", '3: SELECT 2']],
    ['a string with a quote', "SELECT ';''--';SELECT E'\\';'", ["1: SELECT ';''--'", "1: SELECT E'\\';'"]],
    ['a name with a semicolon', 'SELECT 1 AS ";--";SELECT 2', ['1: SELECT 1 AS ";--"', '1: SELECT 2']],
    ['a dollar quote', 'DO $$;$a$\n;$$;\nSELECT $x$;$$;$x$', ['1: DO $$;$a$\n;$$', '3: SELECT $x$;$$;$x$']],
    ['comments before', '-- ;\n\n/* ; /* ; */ */ SELECT 1', ['3: SELECT 1']],
    ['a comment inside', 'SELECT /* ; */ 1 -- ;\n;SELECT 2', ['1: SELECT /* ; */ 1 -- ;', '2: SELECT 2']],
    ['CRLF', '-- a\r\nSELECT 1;\r\n\r\nSELECT 2;\r\n', ['2: SELECT 1', '4: SELECT 2']],
    [
      'characters of several bytes',
      "-- äöü€😀\nSELECT '😀ä';SELECT '€'\n;\nSELECT 1",
      ["2: SELECT '😀ä'", "2: SELECT '€'", '4: SELECT 1'],
    ],
    [
      'a body of SQL',
      'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;\nSELECT 3',
      ['1: CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END', '2: SELECT 3'],
    ],
  ])('%s', (_, text, statements) => {
    expect(split(text)).toEqual(statements)
  })
})

test('statements are numbered and named', () => {
  expect(parse('BEGIN; CREATE TABLE t (); COMMIT').map(({ index, kind }) => [index, kind])).toEqual([
    [1, 'TransactionStmt'],
    [2, 'CreateStmt'],
    [3, 'TransactionStmt'],
  ])
})

describe('a syntax error', () => {
  test.each<[string, string, number, string]>([
    ['in the first line', 'SELEC 1', 1, 'syntax error at or near "SELEC"'],
    ['in a later line', 'SELECT 1;\n\nCREATE TABEL t ();', 3, 'syntax error at or near "TABEL"'],
    ['at the end', 'SELECT 1;\nCREATE TABLE t (\n', 3, 'syntax error at end of input'],
    ['after CRLF', 'SELECT 1;\r\nSELEC', 2, 'syntax error at or near "SELEC"'],
    [
      'after characters that JavaScript counts twice',
      `SELECT '${'😀'.repeat(20)}';\n\n\nSELEC`,
      4,
      'syntax error at or near "SELEC"',
    ],
    ['an open string', "SELECT 1;\nSELECT 'open", 2, 'unterminated quoted string at or near "\'open"'],
    ['an open comment', 'SELECT 1;\n/* open', 2, 'unterminated /* comment at or near "/* open"'],
  ])('%s', (_, text, line, message) => {
    expect(parseStatements(text)).toEqual({ problem: { line, message } })
  })
})

// Whatever stands between statements, they come back as they were written, each with its line.
test('any statements, joined by anything', () => {
  const statement = fc.constantFrom(
    'SELECT 1',
    "SELECT ';--'",
    'SELECT "a;b" FROM "t""x"',
    'DO $$ BEGIN\n  NULL; -- ;\nEND $$',
    "INSERT INTO t VALUES ('ä;\n😀')",
    'CREATE TABLE t (\r\n  a int -- one;\r\n)',
    'SELECT $tag$ ; $$ ; $tag$',
    'UPDATE t SET a = /* ; */ 1',
    'BEGIN',
  )
  const blank = fc
    .array(
      fc.constantFrom(' ', '\n', '\r\n', '\t', '-- ; €\n', '-- 😀\r\n', '/* ; */', '/* /* \n */ ; */', ';'),
    )
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(fc.array(fc.tuple(blank, statement)), blank, (pairs, end) => {
      let text = ''
      const expected = pairs.map(([before, sql], position) => {
        text += before
        const line = text.split('\n').length
        text += `${sql};`
        return { index: position + 1, line, sql }
      })
      const found = parse(text + end).map(({ index, line, sql }) => ({ index, line, sql }))
      expect(found).toEqual(expected)
    }),
    { numRuns: 500 },
  )
})
