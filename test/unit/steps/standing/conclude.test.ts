import { expect, test } from '@jest/globals'
import type { CatalogTimeline } from '../../../../src/domain/catalog-timeline.js'
import type { PendingMigration } from '../../../../src/domain/migration.js'
import {
  concludeStanding,
  type MigrationReach,
  type StandingEvidence,
} from '../../../../src/steps/standing/conclude.js'
import type { CatalogJudgement } from '../../../../src/steps/standing/judge-catalog.js'

const migration = (name: string, statements: number) =>
  ({ name, statements: Array.from({ length: statements }, () => ({})) }) as unknown as PendingMigration
const pending = [migration('m1', 2), migration('m2', 3)]
const timeline: CatalogTimeline = {
  points: [
    { migration: 'm1' },
    { migration: 'm2', statements: 1 },
    { migration: 'm2', statements: 2 },
    { migration: 'm2' },
  ],
  objects: [],
}
const nothing: MigrationReach = { least: 0, most: 0, row: 'none' }
const undone: MigrationReach = { least: 0, most: 0, row: 'unfinished', isUndone: true }
const done = (all: number): MigrationReach => ({ least: all, most: all, row: 'finished' })

function conclude(
  reaches: readonly MigrationReach[],
  judgement?: Partial<CatalogJudgement>,
  more: Partial<StandingEvidence> = {},
) {
  const none = { places: [], moved: [], foreign: [], byOthers: [], invalidIndexes: [] }
  return concludeStanding({
    pending,
    reaches,
    ...(judgement ? { catalog: { timeline, judgement: { ...none, ...judgement } } } : {}),
    catalogChanged: false,
    seesSteps: true,
    invalidIndexes: judgement?.invalidIndexes ?? [],
    ...more,
  })
}

const unknown = (why: RegExp) => ({ kind: 'unknown', why: expect.stringMatching(why) })
const open = (why: RegExp) => ({ ...unknown(why), isOpen: true })

test.each([
  ['nothing', [nothing, nothing], [0], { kind: 'unchanged' }],
  ['the first', [done(2), nothing], [1], { kind: 'prefix', applied: ['m1'], pending: ['m2'] }],
  ['both', [done(2), { least: 3, most: 3, row: 'unfinished' as const }], [4], { kind: 'all' }],
  [
    'a part of the second',
    [done(2), { least: 1, most: 1, row: 'unfinished' as const }],
    [2],
    { kind: 'part', applied: ['m1'], migration: 'm2', statements: 1, objects: [] },
  ],
])('%s, and all evidence agrees', (_, reaches, places, standing) => {
  expect(conclude(reaches, { places })).toEqual(standing)
  // Without a rehearsal the transactions and the history say the same.
  expect(conclude(reaches, undefined, { catalogChanged: places[0] !== 0 })).toEqual(standing)
})

test('the transactions are too old to be told: the catalog decides', () => {
  const old: MigrationReach = { least: 0, most: 2, row: 'unfinished' }
  expect(conclude([old, nothing], { places: [0] })).toEqual({ kind: 'unchanged' })
  expect(conclude([old, nothing], { places: [1] })).toMatchObject({ kind: 'prefix', applied: ['m1'] })
  expect(conclude([old, nothing])).toEqual(open(/nothing tells which/))
})

test('the catalog changed, and nobody saw by whom: unchanged only where what this run did is undone', () => {
  const without = { catalogChanged: true }
  expect(conclude([undone, nothing], undefined, without)).toEqual({ kind: 'unchanged' })
  const untold: MigrationReach = { least: 0, most: 0, row: 'unfinished' }
  expect(conclude([untold, nothing], undefined, without)).toEqual(open(/another one than before/))
  expect(conclude([nothing, nothing], undefined, without)).toEqual(open(/another one than before/))
})

test('a migration that only writes rows: the transactions decide, and without them nobody', () => {
  const places = [0, 1]
  expect(conclude([{ least: 0, most: 0, row: 'unfinished' }, nothing], { places })).toEqual({
    kind: 'unchanged',
  })
  expect(conclude([{ least: 2, most: 2, row: 'unfinished' }, nothing], { places })).toMatchObject({
    kind: 'prefix',
  })
  expect(conclude([{ least: 0, most: 2, row: 'unfinished' }, nothing], { places })).toEqual(
    unknown(/the catalog cannot tell it/),
  )
})

test.each([
  [
    'committed, but the objects are as before',
    [{ least: 2, most: 2, row: 'unfinished' as const }, nothing],
    [0],
  ],
  [
    'aborted, but the objects are as after',
    [{ least: 0, most: 0, row: 'unfinished' as const }, nothing],
    [1],
  ],
  ['no row, but the objects are as after', [nothing, nothing], [1]],
  [
    'a finished row, but the objects are as before',
    [{ least: 0, most: 2, row: 'finished' as const }, nothing],
    [0],
  ],
])('%s: unknown', (_, reaches, places) => {
  expect(conclude(reaches, { places })).toEqual(unknown(/the catalog is .*, the deploy itself got/))
})

test('a committed migration without any row contradicts itself', () => {
  expect(conclude([{ least: 2, most: 2, row: 'none' }, nothing], { places: [1] })).toEqual(
    unknown(/contradict/),
  )
})

test('objects of different steps: unknown where each step was seen, a part where it was not', () => {
  const reach: MigrationReach = { least: 0, most: 2, row: 'unfinished' }
  const mixed = { places: [], moved: ['table public.a'] }
  expect(conclude([reach, nothing], mixed)).toEqual(unknown(/as after different steps: table public.a/))
  expect(conclude([reach, nothing], mixed, { seesSteps: false })).toEqual({
    kind: 'part',
    applied: [],
    migration: 'm1',
    objects: ['table public.a'],
  })
})

test('an object as at no step: unknown, whatever the rest says', () => {
  expect(conclude([nothing, nothing], { places: [0], foreign: ['table public.a'] })).toEqual(
    unknown(/neither as before nor as after any step: table public.a/),
  )
})

test('an invalid index that is left is a part', () => {
  const reaches: MigrationReach[] = [done(2), { least: 0, most: 0, row: 'unfinished' }]
  expect(conclude(reaches, { places: [1], invalidIndexes: ['public.i'] })).toEqual({
    kind: 'part',
    applied: ['m1'],
    migration: 'm2',
    statements: 0,
    objects: ['index public.i, which is not valid'],
    invalidIndexes: ['public.i'],
  })
})

test('without a rehearsal, a catalog that nobody explains is unknown', () => {
  expect(conclude([nothing, nothing], undefined, { catalogChanged: true })).toEqual(
    open(/another one than before/),
  )
})
