import { beforeAll, expect, test } from '@jest/globals'
import { loadParser } from '../../../src/sql/parser.js'
import { scanTokens } from '../../../src/sql/scan.js'

beforeAll(loadParser)

test('tokens are as they are written, with control characters and letters of several bytes in names and strings', () => {
  const sql = `ALTER TABLE "\x1b[31mrée\nd" -- \x07 note\n  ADD c text DEFAULT 'a\x01\tb';`
  const tokens = scanTokens(sql)
  expect(tokens.map(({ text }) => text)).toEqual([
    ...['ALTER', 'TABLE', '"\x1b[31mrée\nd"', '-- \x07 note', 'ADD', 'c', 'text', 'DEFAULT'],
    ...["'a\x01\tb'", ';'],
  ])
  expect(tokens.map(({ tokenName }) => tokenName)).toContain('SQL_COMMENT')
  const { start, end } = tokens[8] as (typeof tokens)[number]
  expect(Buffer.from(sql).toString('utf8', start, end)).toBe("'a\x01\tb'")
})
