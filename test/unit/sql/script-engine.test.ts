import { describe, expect, test } from '@jest/globals'
import { scriptEngineOf, splittingOf } from '../../../src/sql/script-engine.js'
import { parse } from '../../support/parse.js'

test.each([
  ['hosted', '7.10.1', 'hosted'],
  ['hosted', '', 'hosted'],
  ['native', '6.19.3', 'one-query'],
  ['native', '7.3.99', 'one-query'],
  ['native', '7.4.0', 'split'],
  ['native', '7.10.1', 'split'],
  ['native', '8.0.0', 'split'],
] as const)('the %s engine of Prisma %s runs files as %s', (engine, version, expected) => {
  expect(scriptEngineOf(engine, version)).toBe(expected)
})

describe("whether Prisma's parser reads a file", () => {
  test.each<[string, boolean | 'unknown', number | undefined]>([
    [
      'CREATE TABLE t (); CREATE INDEX CONCURRENTLY i ON t (a); ALTER TYPE s ADD VALUE $$a$$',
      true,
      undefined,
    ],
    ['BEGIN; UPDATE t SET a = 1; COMMIT; SET lock_timeout = 0', true, undefined],
    ['CREATE TABLE t ();\nDROP INDEX CONCURRENTLY i', false, 2],
    ['DO $$ BEGIN NULL; END $$;\nDROP INDEX CONCURRENTLY i', false, 2],
    ['CREATE TABLE t ();\nDO $$ BEGIN NULL; END $$', 'unknown', 2],
    ['ALTER TABLE p DETACH PARTITION q CONCURRENTLY', 'unknown', 1],
    ['VACUUM t', 'unknown', 1],
  ])('%s', (sql, canSplit, line) => {
    const splitting = splittingOf(parse(sql))
    expect(splitting.canSplit).toBe(canSplit)
    expect(splitting.canSplit === true ? undefined : splitting.stumblesOver.line).toBe(line)
  })
})
