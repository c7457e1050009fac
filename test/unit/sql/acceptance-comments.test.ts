import { describe, expect, test } from '@jest/globals'
import { readAcceptanceComments } from '../../../src/sql/acceptance-comments.js'
import { parse } from '../../support/parse.js'

const read = (text: string) => readAcceptanceComments(text, parse(text))
const drop = 'ALTER TABLE t DROP COLUMN a;'

describe('what a comment says', () => {
  test.each<[string, object]>([
    ['drop-column: exported', { code: 'drop-column', reason: 'exported' }],
    [
      'drop-column:t.a: exported on Monday',
      { code: 'drop-column', object: 't.a', reason: 'exported on Monday' },
    ],
    ['  drop-column  :   exported  ', { code: 'drop-column', reason: 'exported' }],
    ['drop-column : t.a: exported', { code: 'drop-column', reason: 't.a: exported' }],
    [
      'declared-check:m/before/1.sql: seen',
      { code: 'declared-check', object: 'm/before/1.sql', reason: 'seen' },
    ],
    ['drop-table:sales:orders: old', { code: 'drop-table', object: 'sales:orders', reason: 'old' }],
    ['drop-table:my table: old', { code: 'drop-table', object: 'my table', reason: 'old' }],
    ['drop-table: it is: old', { code: 'drop-table', reason: 'it is: old' }],
  ])('%s', (body, acceptance) => {
    const found = [{ ...acceptance, line: 1, lines: { first: 2, last: 2 } }]
    for (const [comment, end] of [
      ['--', ''],
      ['----', '\r'],
      ['/*', '*/'],
      ['/**', ' */'],
    ]) {
      expect(read(`${comment} migrate-guard-accept ${body}${end}\n${drop}`)).toEqual({
        acceptances: found,
        problems: [],
      })
    }
  })

  test.each([
    ['', 'the comment does not give the code of a finding'],
    [': exported', 'the comment does not give the code of a finding'],
    ['Drop_Column: exported', 'the comment does not give the code of a finding'],
    ['drop-column', 'the comment has no reason, so it accepts nothing'],
    ['drop-column:', 'the comment has no reason, so it accepts nothing'],
    ['drop-column:   ', 'the comment has no reason, so it accepts nothing'],
    ['drop-column:t.a', 'the comment has no reason, so it accepts nothing'],
    ['drop-column:t.a:', 'the comment has no reason, so it accepts nothing'],
    ['drop-column:exported', 'the comment has no reason, so it accepts nothing'],
    ['drop-column exported on Monday', 'the comment has no reason, so it accepts nothing'],
  ])('"%s" cannot be understood', (body, message) => {
    const problems = [{ line: 3, message }]
    expect(read(`SELECT 1;\n\n-- migrate-guard-accept ${body}\n${drop}`)).toEqual({
      acceptances: [],
      problems,
    })
  })
})

describe('where Postgres sees no comment, there is none', () => {
  test.each([
    "SELECT '-- migrate-guard-accept drop-column: x';",
    'SELECT $$\n-- migrate-guard-accept drop-column: x\n$$;',
    'DO $body$ BEGIN\n-- migrate-guard-accept drop-column: x\nEND $body$;',
    "SELECT E'\\'\n-- migrate-guard-accept drop-column: x\n';",
    'SELECT 1 AS "\n-- migrate-guard-accept drop-column: x\n";',
    '/* see\n-- migrate-guard-accept drop-column: x\n*/ SELECT 1;',
    '-- see migrate-guard-accept drop-column: x\nSELECT 1;',
    '-- migrate-guard-accepted drop-column: x\nSELECT 1;',
  ])('%s', (text) => {
    expect(read(text)).toEqual({ acceptances: [], problems: [] })
  })
})

describe('what a comment is for', () => {
  const note = '-- migrate-guard-accept drop-column: x'
  const scopes = (text: string) => read(text).acceptances.map(({ line, lines }) => [line, lines])
  const file = undefined

  test.each<[string, string, unknown[]]>([
    ['the file, at its head', `${note}\n\n${drop}\n${drop}`, [[1, file]]],
    ['the file, below other comments', `-- about\n${note}\n-- more\n \t\r\n${drop}`, [[2, file]]],
    ['the first statement, right above it', `${note}\n${drop}\n${drop}`, [[1, { first: 2, last: 2 }]]],
    [
      'the first statement, with a comment between',
      `${note}\n-- DropColumn\n${drop}`,
      [[1, { first: 3, last: 3 }]],
    ],
    ['a later statement', `${drop}\n${note}\n${drop}\n${drop}`, [[2, { first: 3, last: 3 }]]],
    ['a later statement, past an empty line', `${drop}\n${note}\n\n${drop}`, [[2, { first: 4, last: 4 }]]],
    [
      'all lines of a statement',
      `${note}\nALTER TABLE t\n  DROP a,\n  DROP b;\n${drop}`,
      [[1, { first: 2, last: 4 }]],
    ],
    ['the statement on its line', `${drop} ${note}\n${drop}`, [[1, { first: 1, last: 1 }]]],
    ['the statement around it', `ALTER TABLE t\n  ${note}\n  DROP a;\n${drop}`, [[2, { first: 1, last: 3 }]]],
    [
      'each its own',
      `${note}\n${drop}\n${note}\n${drop}`,
      [
        [1, { first: 2, last: 2 }],
        [3, { first: 4, last: 4 }],
      ],
    ],
    ['a file without statements', note, [[1, file]]],
    [
      'the statement below characters of several bytes',
      `-- äöü€😀\nSELECT '😀\x01';\n${note} 😀\n${drop}`,
      [[3, { first: 4, last: 4 }]],
    ],
  ])('%s', (_, text, expected) => {
    expect(scopes(text)).toEqual(expected)
    expect(read(text).problems).toEqual([])
  })

  test('below the last statement it is for nothing', () => {
    expect(read(`${drop}\n\n${note}\n`)).toEqual({
      acceptances: [],
      problems: [{ line: 3, message: 'the comment stands above no statement' }],
    })
  })
})
