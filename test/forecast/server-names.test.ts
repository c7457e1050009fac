import { beforeAll, expect, test } from '@jest/globals'
import { withServerNames } from '../../src/forecast/server-names.js'
import { loadParser } from '../../src/sql/parser.js'

beforeAll(loadParser)

const written = (sql: string) => withServerNames(sql).replaceAll(/\s+/g, ' ').trim()

test.each([
  ['a = $1', 'a OPERATOR(pg_catalog.=) $1'],
  ['a = ANY ($1)', 'a OPERATOR(pg_catalog.=) ANY ($1)'],
  ["a IN ('p', 'u')", "a OPERATOR(pg_catalog.=) 'p' OR a OPERATOR(pg_catalog.=) 'u'"],
  ["a NOT IN ('p')", "a OPERATOR(pg_catalog.<>) 'p'"],
  ['a IN (SELECT b FROM u)', 'a OPERATOR(pg_catalog.=) ANY (SELECT b FROM u)'],
  ['a BETWEEN 1 AND 2', 'a OPERATOR(pg_catalog.>=) 1 AND a OPERATOR(pg_catalog.<=) 2'],
  ["a LIKE 'x%'", "a OPERATOR(pg_catalog.~~) 'x%'"],
  ['lower(a) ~ b', 'pg_catalog.lower(a) OPERATOR(pg_catalog.~) b'],
  [
    'CASE a & 1 WHEN 1 THEN b END',
    'CASE WHEN (a OPERATOR(pg_catalog.&) 1) OPERATOR(pg_catalog.=) 1 THEN b END',
  ],
])('%s is asked of the server itself', (condition, expected) => {
  expect(written(`SELECT 1 FROM t WHERE ${condition}`)).toBe(`SELECT 1 FROM t WHERE ${expected}`)
})

test('also in the middle of a statement that writes', () => {
  expect(written('UPDATE "t" SET "n" = ("n" + $1) WHERE "id" = $2')).toBe(
    'UPDATE t SET n = n OPERATOR(pg_catalog.+) $1 WHERE id OPERATOR(pg_catalog.=) $2',
  )
})

test.each(['a IS DISTINCT FROM b', 'NULLIF(a, b) IS NULL'])(
  '%s has no place for a schema, and is not sent',
  (condition) => {
    expect(() => withServerNames(`SELECT 1 FROM t WHERE ${condition}`)).toThrow('in a query of our own')
  },
)
