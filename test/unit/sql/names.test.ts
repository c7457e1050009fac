import { expect, test } from '@jest/globals'
import {
  formatRelation,
  mayBeSame,
  quoteIdentifier,
  quoteRelation,
  relationOf,
  relationOfParts,
} from '../../../src/sql/names.js'
import { parse } from '../../support/parse.js'

test('the relation of a statement', () => {
  const relations = parse(
    'INSERT INTO a.b VALUES (1); INSERT INTO c VALUES (1); INSERT INTO db.s.t VALUES (1)',
  )
  expect(relations.map(({ node }) => relationOf(node.relation))).toEqual([
    { schema: 'a', name: 'b' },
    { name: 'c' },
    { schema: 's', name: 't' },
  ])
  expect(relationOf(undefined)).toEqual({ name: '' })
})

test('the relation of name parts', () => {
  const parts = (...names: string[]) => names.map((sval) => ({ String: { sval } }))
  expect(relationOfParts(parts('t'))).toEqual({ name: 't' })
  expect(relationOfParts(parts('s', 't'))).toEqual({ schema: 's', name: 't' })
  expect(relationOfParts(parts('db', 's', 't'))).toEqual({ schema: 's', name: 't' })
  expect(relationOfParts([])).toEqual({ name: '' })
})

test('names for people and names for SQL', () => {
  expect(formatRelation({ schema: 's', name: 't' })).toBe('s.t')
  expect(formatRelation({ name: 't' })).toBe('t')
  expect(quoteIdentifier('a"b.c')).toBe('"a""b.c"')
  expect(quoteRelation('S', 'T')).toBe('"S"."T"')
  expect(() => quoteIdentifier('a\0b')).toThrow('a name holds a NUL byte, which Postgres cannot carry')
})

test('two names may be of one relation unless name or schema tell otherwise', () => {
  expect(mayBeSame({ name: 't' }, { schema: 's', name: 't' })).toBe(true)
  expect(mayBeSame({ schema: 's', name: 't' }, { schema: 's', name: 't' })).toBe(true)
  expect(mayBeSame({ schema: 'r', name: 't' }, { schema: 's', name: 't' })).toBe(false)
  expect(mayBeSame({ name: 't' }, { name: 'u' })).toBe(false)
})
