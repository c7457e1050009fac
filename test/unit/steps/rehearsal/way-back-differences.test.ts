import { expect, test } from '@jest/globals'
import type { CatalogObject } from '../../../../src/domain/catalog-object.js'
import type { TableFingerprint } from '../../../../src/domain/fingerprint.js'
import type { TableProof } from '../../../../src/domain/rehearsal.js'
import type { FullFingerprint } from '../../../../src/steps/fingerprint.js'
import {
  differencesAfterDown,
  differencesAfterSecondUp,
} from '../../../../src/steps/rehearsal/way-back-differences.js'

interface Change {
  /** Sums by column. */
  readonly sums?: Readonly<Record<string, string>>
  readonly rows?: number
  readonly order?: readonly string[]
  readonly lastValue?: string
  readonly largeObjects?: string
  readonly table?: string
}

function state({
  sums = {},
  rows = 2,
  order = ['id', 'fax'],
  lastValue = '1',
  ...rest
}: Change = {}): FullFingerprint {
  const table: TableFingerprint = {
    schema: 'public',
    table: rest.table ?? 't',
    rows,
    key: ['id'],
    columns: ['id', 'fax'].map((column) => ({
      column,
      type: 'text',
      values: rows,
      sum: sums[column] ?? '1',
    })),
  }
  const catalog: CatalogObject[] = [
    ...order.map((column, i) => ({
      kind: 'column' as const,
      name: `public.t.${column}`,
      properties: { position: i + 1 },
    })),
    { kind: 'sequence', name: 'public.s', properties: { 'last value': lastValue, 'is called': true } },
  ]
  return {
    catalog,
    fingerprint: { tables: [table], largeObjects: { objects: 1, sum: rest.largeObjects ?? '5' } },
  }
}

function proof(
  outcomes: Partial<Record<'id' | 'fax', 'dropped' | 'rewritten'>>,
  rows: TableProof['rows'] = 'identical',
) {
  const columns = (['id', 'fax'] as const).map((column) => ({
    column,
    outcome: outcomes[column] ?? ('identical' as const),
    by: [],
  }))
  return [{ schema: 'public', table: 't', rowsBefore: 2, rows, by: [], columns }]
}

const told = (
  before: FullFingerprint,
  up: FullFingerprint,
  down: FullFingerprint,
  proven: readonly TableProof[],
) => differencesAfterDown(before, up, down, proven).map(({ verdict, object }) => `${verdict} ${object}`)

test.each([
  ['nothing differs', state(), proof({}), []],
  ['a sequence stands elsewhere', state({ lastValue: '9' }), proof({}), []],
  ['a value that was kept', state({ sums: { fax: '7' } }), proof({}), ['block t.fax']],
  ['a value that was dropped', state({ sums: { fax: '7' } }), proof({ fax: 'dropped' }), ['warn t.fax']],
  [
    'another than the one that was dropped',
    state({ sums: { id: '7' } }),
    proof({ fax: 'dropped' }),
    ['block t.id'],
  ],
  [
    'a value of a row that is known by another key',
    state({ sums: { fax: '7' } }),
    proof({ id: 'rewritten' }),
    ['warn t.fax'],
  ],
  ['rows that were kept', state({ rows: 1 }), proof({}), ['block t']],
  ['rows that were changed', state({ rows: 1 }), proof({}, 'changed'), ['warn t']],
  ['large objects that were kept', state({ largeObjects: '6' }), proof({}), ['block large objects']],
  ['the migration history', state({ table: '_prisma_migrations', rows: 9 }), proof({}), []],
])('after down: %s', (_, down, proven, expected) => {
  const isHistory = down.fingerprint.tables[0]?.table === '_prisma_migrations'
  const before = state(isHistory ? { table: '_prisma_migrations' } : {})
  expect(told(before, before, down, proven)).toEqual(expected)
})

test('large objects that the migrations changed do not come back', () => {
  const changed = state({ largeObjects: '6' })
  expect(told(state(), changed, changed, proof({}))).toEqual(['warn large objects'])
})

test('a column that is added again comes last: that warns', () => {
  const moved = differencesAfterDown(state(), state(), state({ order: ['fax', 'id'] }), proof({}))
  expect(moved.map(({ verdict, message }) => [verdict, message])).toEqual([
    ['warn', 'after down.sql column public.t.fax stands at another place'],
    ['warn', 'after down.sql column public.t.id stands at another place'],
  ])
})

test('the second time, an object blocks and a value warns', () => {
  const found = differencesAfterSecondUp(state(), state({ sums: { fax: '7' }, order: ['id'] }))
  expect(found.map(({ verdict, message }) => [verdict, message])).toEqual([
    ['block', 'after up, down and up again column public.t.fax is missing'],
    [
      'warn',
      't.fax is another one the second time: "public"."t"."fax" has other values than before, or in other rows',
    ],
  ])
})
