import { expect, test } from '@jest/globals'
import type { CatalogObject } from '../../../../src/domain/catalog-object.js'
import { makeCatalogTimeline } from '../../../../src/domain/catalog-timeline.js'
import { catalogStep } from '../../../../src/postgres/catalog-fingerprint/step.js'
import { judgeCatalog } from '../../../../src/steps/standing/judge-catalog.js'

const column = (name: string, properties: Record<string, unknown> = {}): CatalogObject => ({
  kind: 'column',
  name: `public.people.${name}`,
  properties: { type: 'text', position: 1, ...properties },
})
const table = (name: string, properties: Record<string, unknown> = {}): CatalogObject => ({
  kind: 'table',
  name: `public.${name}`,
  properties: { owner: 'shop', ...properties },
})
const index = (valid: boolean): CatalogObject => ({
  kind: 'index',
  name: 'public.people_email_key',
  properties: { table: 'public.people', definition: 'CREATE UNIQUE INDEX …', valid },
})

// m1 adds a column, m2 drops one and makes a table, m3 makes an index.
const begin = [table('people'), column('id'), column('fax')]
const afterOne = [...begin, column('phone')]
const afterTwo = [table('people'), column('id'), column('phone', { position: 2 }), table('phones')]
const afterThree = [...afterTwo, index(true)]
const timeline = makeCatalogTimeline([
  catalogStep({ migration: 'm1' }, begin, afterOne),
  catalogStep({ migration: 'm2' }, afterOne, afterTwo),
  catalogStep({ migration: 'm3' }, afterTwo, afterThree),
])

test.each([
  ['before', begin, 0],
  ['after the first', afterOne, 1],
  ['after the second', afterTwo, 2],
  ['after the last', afterThree, 3],
])('%s: exactly that place, by every object', (_, now, place) => {
  expect(judgeCatalog(timeline, begin, now)).toMatchObject({ places: [place], foreign: [], byOthers: [] })
  expect(judgeCatalog(timeline, undefined, now)).toMatchObject({ places: [place], foreign: [] })
})

test('objects of two steps at once fit no place', () => {
  const mixed = [...begin, table('phones')]
  expect(judgeCatalog(timeline, begin, mixed)).toMatchObject({
    places: [],
    moved: ['table public.phones'],
    foreign: [],
  })
})

test('an object that is neither as before nor as after is named', () => {
  const edited = [...begin, column('phone', { type: 'integer' })]
  expect(judgeCatalog(timeline, begin, edited)).toMatchObject({
    places: [],
    foreign: ['column public.people.phone'],
  })
})

test("what no step touches is somebody else's, and does not disturb", () => {
  const others = [...afterOne.filter(({ name }) => !name.endsWith('.id')), table('of_another')]
  expect(judgeCatalog(timeline, begin, others)).toMatchObject({
    places: [1],
    byOthers: ['column public.people.id', 'table public.of_another'],
  })
})

test('an invalid index that was not there before is no effect of its statement, and is named', () => {
  const failed = [...afterTwo, index(false)]
  expect(judgeCatalog(timeline, begin, failed)).toMatchObject({
    places: [2],
    invalidIndexes: ['public.people_email_key'],
  })
  expect(judgeCatalog(timeline, undefined, failed)).toMatchObject({ places: [2] })
})

test('an invalid index that was there before is the same as before', () => {
  const known = [...begin, index(false)]
  const rebuilt = makeCatalogTimeline([catalogStep({ migration: 'm' }, known, [...begin, index(true)])])
  expect(judgeCatalog(rebuilt, known, known)).toMatchObject({ places: [0], invalidIndexes: [] })
})

test('what this database had otherwise than the copy, it keeps: only the change of a step counts', () => {
  const copy = [table('people', { owner: 'copy', comment: null })]
  const own = [table('people', { owner: 'shop', comment: null })]
  const commented = makeCatalogTimeline([
    catalogStep({ migration: 'm' }, copy, [table('people', { owner: 'copy', comment: 'of CRM' })]),
  ])
  expect(judgeCatalog(commented, own, own).places).toEqual([0])
  expect(
    judgeCatalog(commented, own, [table('people', { owner: 'shop', comment: 'of CRM' })]).places,
  ).toEqual([1])
  expect(judgeCatalog(commented, own, [table('people', { owner: 'x', comment: 'of CRM' })]).places).toEqual(
    [],
  )
})

test('a migration that changes no object fits before and after', () => {
  const silent = makeCatalogTimeline([catalogStep({ migration: 'update' }, begin, begin)])
  expect(judgeCatalog(silent, begin, begin).places).toEqual([0, 1])
})

test('without a catalog of before, an owner does not matter, and a column more on a new table does', () => {
  const owned = afterTwo.map((one) => (one.name === 'public.phones' ? table('phones', { owner: 'x' }) : one))
  expect(judgeCatalog(timeline, undefined, owned).places).toEqual([2])
  const more = { kind: 'column', name: 'public.phones.number', properties: {} } as const
  expect(judgeCatalog(timeline, undefined, [...afterTwo, more]).foreign).toEqual([
    'column public.phones.number',
  ])
})
