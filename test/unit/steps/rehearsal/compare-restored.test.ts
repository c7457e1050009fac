import { expect, test } from '@jest/globals'
import type { CatalogObject } from '../../../../src/domain/catalog-object.js'
import { compareRestored } from '../../../../src/steps/rehearsal/compare-restored.js'

const noData = { tables: [], largeObjects: { objects: 0, sum: '0' } }

const sequence = (value: string, isCalled = true): CatalogObject => ({
  kind: 'sequence',
  name: 'public.ids',
  properties: { owner: 'app', 'last value': value, 'is called': isCalled },
})

/** What is found when the sequence was `first` in the snapshot, `last` after the dump, and is `copied` in the copy. */
function compare(first: CatalogObject, last: string | undefined, copied: CatalogObject): string[] {
  return compareRestored(
    {
      fingerprint: noData,
      catalog: [first],
      sequencesAfter: last === undefined ? {} : { 'public.ids': last },
    },
    { fingerprint: noData, catalog: [copied] },
  ).map(({ object = '' }) => object)
}

test('a sequence that stood still while pg_dump worked must stand where it stood', () => {
  expect(compare(sequence('5'), undefined, sequence('5'))).toEqual([])
  expect(compare(sequence('5'), undefined, sequence('6'))).toEqual(['public.ids'])
  expect(compare(sequence('1', false), undefined, sequence('1', true))).toEqual(['public.ids'])
})

test('one that moved may be anywhere on its way, and nowhere else', () => {
  const place = (value: string) => compare(sequence('5'), '9', sequence(value))
  expect([place('5'), place('7'), place('9')]).toEqual([[], [], []])
  expect([place('4'), place('10')]).toEqual([['public.ids'], ['public.ids']])
  // Downwards too.
  expect(compare(sequence('9'), '5', sequence('7'))).toEqual([])
  expect(compare(sequence('9'), '5', sequence('4'))).toEqual(['public.ids'])
})

test('the first value that is taken leaves the number as it was', () => {
  expect(compare(sequence('1', false), '1', sequence('1', true))).toEqual([])
  expect(compare(sequence('1', false), '1', sequence('2', true))).toEqual(['public.ids'])
})

test('numbers beyond those of JavaScript are told apart', () => {
  const [one, next] = ['9223372036854775806', '9223372036854775807']
  expect(compare(sequence(one), undefined, sequence(next))).toEqual(['public.ids'])
  expect(compare(sequence('1'), one, sequence(next))).toEqual(['public.ids'])
})

test('what else a moved sequence is must be as it was', () => {
  const { properties, ...rest } = sequence('7')
  expect(compare(sequence('5'), '9', { ...rest, properties: { ...properties, owner: 'eve' } })).toEqual([
    'public.ids',
  ])
})

const object = (
  kind: CatalogObject['kind'],
  name: string,
  properties: CatalogObject['properties'] = {},
): CatalogObject => ({ kind, name, properties })

function verdicts(before: readonly CatalogObject[], after: readonly CatalogObject[]): string[] {
  return compareRestored(
    { fingerprint: noData, catalog: before, sequencesAfter: {} },
    { fingerprint: noData, catalog: after },
  ).map(({ object = '', verdict }) => `${object} ${verdict}`)
}

test('what no dump holds is named and blocks nothing', () => {
  const [old, now] = [object('extension', 'pg_trgm', { version: '1.3' }), { version: '1.6' }]
  expect(verdicts([old], [{ ...old, properties: now }])).toEqual(['pg_trgm warn'])
  expect(verdicts([old], [{ ...old, properties: { ...now, owner: 'eve' } }])).toEqual(['pg_trgm warn'])
  expect(verdicts([old], [{ ...old, properties: { ...now, schema: 'eve' } }])).toEqual(['pg_trgm block'])
  expect(verdicts([old], [])).toEqual(['pg_trgm block'])
  const table = object('table', 'public.a', { tablespace: 'fast' })
  expect(verdicts([table], [{ ...table, properties: {} }])).toEqual(['public.a warn'])
  expect(verdicts([table], [{ ...table, properties: { persistence: 'unlogged' } }])).toEqual([
    'public.a block',
  ])
})

test('an extension that is left out of every copy takes its tables along', () => {
  const cron = object('extension', 'pg_cron')
  const job = object('table', 'cron.job with changed privileges')
  expect(verdicts([cron, job], [])).toEqual(['pg_cron warn', 'cron.job with changed privileges warn'])
  // Without it, a schema of that name is anybody's.
  expect(verdicts([job], [])).toEqual(['cron.job with changed privileges block'])
  const columns = [{ column: 'id', type: 'int', values: 0, sum: '0' }]
  const fingerprint = (schema: string) => ({
    ...noData,
    tables: [{ schema, table: 'job', rows: 0, key: [], columns }],
  })
  const missing = (schema: string) =>
    compareRestored(
      { fingerprint: fingerprint(schema), catalog: [cron], sequencesAfter: {} },
      { fingerprint: noData, catalog: [] },
    ).map(({ verdict }) => verdict)
  expect([missing('cron'), missing('cronies')]).toEqual([
    ['warn', 'warn'],
    ['block', 'warn'],
  ])
})
