import { beforeAll, describe, expect, test } from '@jest/globals'
import { readCheckFile } from '../../../src/checks/check-file.js'
import { loadParser, parseStatements } from '../../../src/sql/parser.js'

beforeAll(loadParser)

const source = { id: 'm/before/010.sql', file: 'prisma/migrations/m/checks/before/010.sql', folderId: 'm' }
const read = (text: string) => readCheckFile({ ...source, text }, parseStatements)
const head = '-- title: t\n-- verdict: block\n'

test('a check with all that its header may say', () => {
  expect(
    readCheckFile(
      {
        ...source,
        migration: 'm',
        text: `-- title: No customer is lost
-- verdict: warn
-- equals: before/020_count.sql
-- hint: Look at the log.
-- fix: INSERT INTO a
--   SELECT 1
--     FROM b;
--
-- The author's own words.
--   And more of them.
SELECT 1;
`,
      },
      parseStatements,
    ),
  ).toEqual({
    id: 'm/before/010.sql',
    file: 'prisma/migrations/m/checks/before/010.sql',
    migration: 'm',
    title: 'No customer is lost',
    verdict: 'warn',
    hint: 'Look at the log.',
    fixSql: 'INSERT INTO a\nSELECT 1\n  FROM b;',
    equals: 'm/before/020_count.sql',
    query: 'SELECT 1',
  })
})

const least = { id: source.id, file: source.file, title: 't', verdict: 'block', query: 'SELECT 1' }

test.each([
  ['the least that it must say', `${head}SELECT 1`],
  ['CRLF', '-- title: t\r\n-- verdict: block\r\nSELECT 1;\r\n'],
  ['without spaces', '--title:t\n--verdict:block\nSELECT 1'],
  ['with too many', '-- title:   t  \n-- verdict:\tblock \nSELECT 1'],
  ['an empty line before and between', '\n-- title: t\n\n-- verdict: block\n\nSELECT 1'],
  ['words of the author between', '-- by Ann\n-- title: t\n-- note: none\n-- verdict: block\nSELECT 1'],
  [
    'what looks like a header below the query',
    `${head}SELECT 1\n-- title: other`.replace('SELECT 1\n', 'SELECT 1;\n'),
  ],
])('%s', (_, text) => {
  expect(read(text)).toEqual(least)
})

test('a hint may go on; an empty one is none', () => {
  expect(read(`-- hint: one\n--   two\n${head}SELECT 1`)).toMatchObject({ hint: 'one\ntwo' })
  expect(read(`-- hint:\n${head}SELECT 1`)).toEqual(least)
})

describe('what is no check says why', () => {
  test.each([
    ['no title', '-- verdict: block\nSELECT 1', 'it has no "-- title:" line'],
    ['an empty title', '-- title:\n-- verdict: block\nSELECT 1', 'it has no "-- title:" line'],
    ['a title below the query', 'SELECT 1\n-- title: t', 'it has no "-- title:" line'],
    ['an empty file', '', 'it has no "-- title:" line'],
    ['no verdict', '-- title: t\nSELECT 1', 'its "-- verdict:" line must say block, warn or info'],
    [
      'a verdict that there is not',
      '-- title: t\n-- verdict: error\nSELECT 1',
      'its "-- verdict:" line must say block, warn or info',
    ],
    ['no query', head, 'it must hold exactly one query'],
    ['two queries', `${head}SELECT 1; SELECT 2`, 'it must hold exactly one query'],
    ['a DELETE', `${head}DELETE FROM t RETURNING *`, 'it must hold exactly one query'],
    ['an EXPLAIN', `${head}EXPLAIN SELECT 1`, 'it must hold exactly one query'],
    ['a syntax error', `${head}SELECT 1\nFROM WHERE`, 'line 4: syntax error at or near "WHERE"'],
  ])('%s', (_, text, problem) => {
    expect(read(text)).toEqual({ problem })
  })
})

test('any query will do', () => {
  for (const query of [
    'WITH x AS (SELECT 1) SELECT * FROM x',
    'VALUES (1)',
    'TABLE t',
    '(SELECT 1) UNION SELECT 2',
  ]) {
    expect(read(head + query)).toMatchObject({ query })
  }
})
