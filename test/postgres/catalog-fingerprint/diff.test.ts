import { expect, test } from '@jest/globals'
import type { CatalogObject } from '../../../src/domain/catalog-object.js'
import { diffCatalogObjects } from '../../../src/postgres/catalog-fingerprint/diff.js'
import { foldTableParts } from '../../../src/postgres/catalog-fingerprint/fold.js'
import { formatCatalogDifference } from '../../../src/postgres/catalog-fingerprint/format.js'
import { hashCatalogObjects } from '../../../src/postgres/catalog-fingerprint/hash.js'

const object = (
  kind: CatalogObject['kind'],
  name: string,
  properties: CatalogObject['properties'] = {},
): CatalogObject => ({ kind, name, properties })

const lines = (before: CatalogObject[], after: CatalogObject[]) =>
  diffCatalogObjects(before, after).map(formatCatalogDifference)

const columns = (table: string, ...names: string[]) =>
  names.map((name, i) => object('column', `${table}.${name}`, { position: i + 1, type: 'integer' }))

test('a column that goes or comes moves no other one', () => {
  const before = columns('public.t', 'a', 'b', '"c.d"', 'e')
  expect(lines(before, columns('public.t', 'a', '"c.d"', 'e'))).toEqual(['column public.t.b is missing'])
  expect(lines(before, columns('public.t', 'x', 'a', 'b', '"c.d"', 'e'))).toEqual([
    'column public.t.x is new',
  ])
  expect(lines(before, columns('public.t', 'a', '"c.d"', 'b', 'e'))).toEqual([
    'column public.t."c.d": position 3 → 2',
    'column public.t.b: position 2 → 3',
  ])
})

test('the order of the objects and of their properties says nothing', () => {
  const one = [object('table', 'public.a', { owner: 'x', options: ['p'] }), object('view', 'public.b')]
  const other = [object('view', 'public.b'), object('table', 'public.a', { options: ['p'], owner: 'x' })]
  expect(lines(one, other)).toEqual([])
  expect(hashCatalogObjects(other)).toBe(hashCatalogObjects(one))
  expect(hashCatalogObjects(one)).toMatch(/^[0-9a-f]{64}$/)
})

test('objects of two kinds with one name are two objects', () => {
  expect(lines([object('type', 'public.a')], [object('table', 'public.a')])).toEqual([
    'table public.a is new',
    'type public.a is missing',
  ])
})

test('a difference is one line, whatever stands in names and values', () => {
  const name = 'public."two\nlines"'
  expect(lines([object('table', name, { comment: 'a\u001b[31m\n\tb' })], [object('table', name)])).toEqual([
    'table public."two lines": comment a [31m b → none',
  ])
})

test('of a long value the part is shown that differs', () => {
  const [start, end] = ['x'.repeat(500), 'y'.repeat(500)]
  const before = object('function', 'public.f()', { definition: `${start}one${end}` })
  const after = object('function', 'public.f()', { definition: `${start}two${end}` })
  const shown = (word: string) => `…${'x'.repeat(20)}${word}${'y'.repeat(57)}…`
  expect(lines([before], [after])).toEqual([
    `function public.f(): definition ${shown('one')} → ${shown('two')}`,
  ])
})

test('values that differ only beyond what one line can show are not shown as the same', () => {
  const with_ = (definition: string) => [object('function', 'public.f()', { definition })]
  expect(lines(with_('SELECT  1'), with_('SELECT 1'))).toEqual([
    'function public.f(): definition differs only in white space',
  ])
})

test('of a list the entries are shown that came and went, or the whole when only its order differs', () => {
  const type = (...labels: string[]) => [object('type', 'public.mood', { labels })]
  expect(lines(type('a', 'b'), type('b', 'c'))).toEqual(['type public.mood: labels without a, with c'])
  expect(lines(type('a', 'b'), type('b', 'a'))).toEqual(['type public.mood: labels a, b → b, a'])
  expect(lines(type('a'), [object('type', 'public.mood')])).toEqual(['type public.mood: labels without a'])
})

test('of what is new or missing as a whole the parts are not told', () => {
  const index = (name: string, table: string) => object('index', name, { table })
  const before = [
    object('table', 'public.kept'),
    object('table', 'public."old.one"'),
    object('column', 'public."old.one".id'),
    object('constraint', '"a on b" on public."old.one"'),
    index('public.old_key', 'public."old.one"'),
    index('public.kept_key', 'public.kept'),
    object('constraint', 'small on domain public.size'),
  ]
  const after = [
    object('table', 'public.kept', { comment: 'x' }),
    object('column', 'public.kept.more'),
    object('table', 'public.fresh'),
    object('column', 'public.fresh.id'),
    object('sequence', 'public.fresh_id_seq', { 'owned by': 'public.fresh.id as identity' }),
    index('public.fresh_key', 'public.fresh'),
    object('policy', 'own on public.fresh'),
  ]
  const folded = foldTableParts(diffCatalogObjects(before, after), before, after)
  expect(folded.map(formatCatalogDifference)).toEqual([
    'table public."old.one" is missing',
    'table public.fresh is new',
    'table public.kept: comment none → x',
    'column public.kept.more is new',
    'constraint small on domain public.size is missing',
    'index public.kept_key is missing',
  ])
})
