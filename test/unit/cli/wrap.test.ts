import { expect, test } from '@jest/globals'
import { wrap } from '../../../src/cli/wrap.js'

test('no line of prose is longer than the terminal is wide, and the rest stands below its text', () => {
  const hint = '  hint: Merge the rows, or change the key of all but one of each, before this statement runs.'
  expect(wrap(hint, 50)).toBe(
    [
      '  hint: Merge the rows, or change the key of all',
      '        but one of each, before this statement',
      '        runs.',
    ].join('\n'),
  )
})

test('every word is kept, in its order', () => {
  const words = Array.from({ length: 200 }, (_, i) => 'x'.repeat((i * 7) % 13) + i).join(' ')
  const wrapped = wrap(`database  ${words}`, 60)
  expect(wrapped.replace(/\s+/g, ' ')).toBe(`database ${words}`)
  expect(Math.max(...wrapped.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(60)
})

test('SQL, commands and paths stay whole, for they are copied', () => {
  const sql = `  find: SELECT ${'a, '.repeat(60)}b\n          FROM ${'long '.repeat(30)}`
  expect(wrap(sql, 60)).toBe(sql)
  const next = `next      npx migrate-guard deploy ${'--accept x '.repeat(20)}`
  expect(wrap(next, 60)).toBe(next)
})

test('a word that is longer than the line is not cut', () => {
  const path = `/${'a'.repeat(120)}`
  expect(wrap(`  at ${path} there`, 60)).toContain(path)
})
