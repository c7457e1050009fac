import { expect, test } from '@jest/globals'
import { Chain, QuestionTooLarge } from '../../../src/forecast/chain.js'

const chainOf = (length: number, query: (before: string) => string) => {
  const chain = new Chain('public')
  let last = '"public"."t"'
  for (let i = 0; i < length; i++) last = chain.add('t', query(last))
  return { chain, last }
}
const kept = (sql: string) => (sql.match(/ AS MATERIALIZED /g) ?? []).length

test('a short chain is left to the planner, also where a link is read twice', () => {
  const { chain, last } = chainOf(
    5,
    (before) => `SELECT * FROM ${before} WHERE EXISTS (SELECT FROM ${before})`,
  )
  expect(kept(chain.withClauseOf(`SELECT FROM ${last}`))).toBe(0)
})

test('of a long chain, some links are computed once, so that the planner sees few of them at a time', () => {
  const { chain, last } = chainOf(200, (before) => `SELECT * FROM ${before}`)
  const count = kept(chain.withClauseOf(`SELECT FROM ${last}`))
  expect(count).toBeGreaterThan(15)
  expect(count).toBeLessThan(30)
})

test('a link that is read twice is not planned twice with all that it reads', () => {
  const { chain, last } = chainOf(40, (before) => `SELECT * FROM ${before} UNION ALL SELECT * FROM ${before}`)
  expect(kept(chain.withClauseOf(`SELECT FROM ${last}`))).toBeGreaterThan(15)
})

test('a question that reads too many links, or too long ones, is not asked', () => {
  const long = chainOf(500, (before) => `SELECT * FROM ${before}`)
  expect(() => long.chain.withClauseOf(`SELECT FROM ${long.last}`)).toThrow(QuestionTooLarge)
  const wide = chainOf(2, (before) => `SELECT '${'x'.repeat(3_000_000)}' FROM ${before}`)
  expect(() => wide.chain.withClauseOf(`SELECT FROM ${wide.last}`)).toThrow(QuestionTooLarge)
})

test('what is too long to be read is not shown', () => {
  const { chain, last } = chainOf(1, (before) => `SELECT '${'x'.repeat(50_000)}' FROM ${before}`)
  expect(chain.shownSql(`SELECT FROM ${last}`)).toBeUndefined()
  expect(chain.shownSql('SELECT 1')).toBe('SELECT 1')
})
