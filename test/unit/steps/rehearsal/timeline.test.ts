import { describe, expect, test } from '@jest/globals'
import type { ExecutionModel, PendingMigration } from '../../../../src/domain/migration.js'
import type { SeenLock } from '../../../../src/postgres/lock-sampler.js'
import type { EngineEvent, EngineEventBody, ObservedLock } from '../../../../src/prisma/engine-events.js'
import { formatRehearsal } from '../../../../src/report/rehearsal-text.js'
import { makeTimeline } from '../../../../src/steps/rehearsal/timeline.js'

const start = Date.parse('2026-11-20T04:34:00.000Z')

function pending(name: string, execution: ExecutionModel): PendingMigration {
  return { name, execution, file: '', directory: '', checksum: '', statements: [], dataChanges: [] }
}

const whole = pending('1_whole', { mode: 'all-or-nothing' })

const statement = (index: number, sql: string) => ({ index, line: index, sql, kind: '' })

/** Events of one migration, each some milliseconds after the beginning. */
function told(migration: string, ...events: readonly (readonly [afterMs: number, EngineEventBody])[]) {
  return events.map(
    ([afterMs, event]): EngineEvent => ({ ...event, migration, at: new Date(start + afterMs).toISOString() }),
  )
}

const started = (statement: number, line: number): EngineEventBody => ({
  type: 'statement-started',
  statement,
  line,
  summary: `statement of line ${line}`,
})

const finished = (
  statement: number,
  durationMs: number,
  locks: readonly ObservedLock[] = [],
  others: {
    rowsChanged?: readonly string[]
    walBytes?: number
    databaseSizeBytes?: number
    rewritten?: readonly string[]
  } = {},
): EngineEventBody => ({
  type: 'statement-finished',
  statement,
  rows: null,
  durationMs,
  observed: { locks, rewritten: [], walBytes: 0, databaseSizeBytes: 0, ...others },
})

const exclusive = (relation: string): ObservedLock => ({ relation, mode: 'ACCESS EXCLUSIVE' })
const begin: EngineEventBody = { type: 'migration-started', statements: 2, mode: '' }
const end = (commitMs: number): EngineEventBody => ({ type: 'migration-finished', durationMs: 0, commitMs })

describe('all or nothing', () => {
  const events = told(
    '1_whole',
    [0, begin],
    [0, started(1, 3)],
    [100, finished(1, 100, [exclusive('public.a')], { walBytes: 10, databaseSizeBytes: 1_500 })],
    [100, started(2, 7)],
    [
      400,
      finished(2, 300, [{ relation: 'public.b', mode: 'SHARE ROW EXCLUSIVE' }], {
        walBytes: 5,
        databaseSizeBytes: 1_200,
        rewritten: ['public.b'],
      }),
    ],
    [420, end(20)],
  )

  test('a lock is held from its statement to the end of the commit', () => {
    const { migrations, durationMs } = makeTimeline([whole], events, [], 1_000)
    expect(durationMs).toBe(420)
    expect(migrations).toEqual([
      {
        name: '1_whole',
        durationMs: 420,
        statements: [
          {
            index: 1,
            line: 3,
            summary: 'statement of line 3',
            durationMs: 100,
            rows: null,
            locks: [{ relation: 'public.a', mode: 'ACCESS EXCLUSIVE', heldMs: 420 }],
            rewritten: [],
            walBytes: 10,
            growthBytes: 500,
          },
          {
            index: 2,
            line: 7,
            summary: 'statement of line 7',
            durationMs: 300,
            rows: null,
            locks: [{ relation: 'public.b', mode: 'SHARE ROW EXCLUSIVE', heldMs: 320 }],
            rewritten: ['public.b'],
            walBytes: 5,
            growthBytes: 200,
          },
        ],
      },
    ])
  })

  test('readers wait for ACCESS EXCLUSIVE only, writers for all that keeps them out', () => {
    expect(makeTimeline([whole], events, [], 1_000).exposures).toEqual([
      { relation: 'public.a', readersMs: 420, writersMs: 420 },
      { relation: 'public.b', readersMs: 0, writersMs: 320 },
    ])
  })

  test('rows that were changed or locked keep writers of the same rows waiting until the commit', () => {
    const writes: ObservedLock[] = [{ relation: 'public.c', mode: 'ROW EXCLUSIVE' }]
    const reads: ObservedLock[] = [{ relation: 'public.d', mode: 'ROW SHARE' }]
    const changing = told(
      '1_whole',
      [0, begin],
      [0, started(1, 3)],
      [100, finished(1, 100, writes, { rowsChanged: ['public.c'] })],
      [100, started(2, 7)],
      [400, finished(2, 300, [...reads, exclusive('public.a')])],
      [420, end(20)],
    )
    const exposures = (second: string) => {
      const statements = [statement(1, 'UPDATE c SET x = 1'), statement(2, second)]
      return makeTimeline([{ ...whole, statements }], changing, [], 1_000).exposures
    }
    const others = [
      { relation: 'public.a', readersMs: 320, writersMs: 320 },
      { relation: 'public.c', readersMs: 0, writersMs: 0, rowWritersMs: 420 },
    ]
    // The check of a foreign key locks rows of the parent, but only against changes of their keys.
    expect(exposures('INSERT INTO e VALUES (1)')).toEqual(others)
    const locking = exposures('SELECT 1 FROM d FOR NO KEY UPDATE')
    expect(locking).toEqual([
      ...others,
      { relation: 'public.d', readersMs: 0, writersMs: 0, rowWritersMs: 320 },
    ])
    const [, summary] = formatRehearsal({ outcome: 'passed', exposures: locking })
    expect(summary).toBe(
      'the longest that others wait: public.a: readers 320 ms, writers 320 ms; public.c: writers of the same rows 420 ms',
    )
  })

  test('a lock that lets others read and write is no exposure', () => {
    const harmless = told(
      '1_whole',
      [0, begin],
      [0, started(1, 1)],
      [9, finished(1, 9, [{ relation: 'public.a', mode: 'SHARE UPDATE EXCLUSIVE' }])],
    )
    const timeline = makeTimeline([whole], harmless, [], 0)
    expect(timeline.migrations[0]?.statements[0]?.locks).toHaveLength(1)
    expect(timeline.exposures).toEqual([])
  })

  test('disk is the most that it grew, write-ahead log the sum, and shrinking is no growth', () => {
    expect(makeTimeline([whole], events, [], 1_000)).toMatchObject({ diskNeededBytes: 500, walBytes: 15 })
    expect(makeTimeline([whole], events, [], 9_000)).toMatchObject({ diskNeededBytes: 0 })
  })

  test('what others saw is not added to what the session itself told', () => {
    const seen: SeenLock = {
      relation: 'public.c',
      mode: 'ACCESS EXCLUSIVE',
      firstSeenAt: start + 5,
      lastSeenAt: start + 50,
    }
    const { exposures } = makeTimeline([whole], events, [seen], 0)
    expect(exposures.map(({ relation }) => relation)).toEqual(['public.a', 'public.b'])
  })

  test('of a file that runs as written only what was repeated is forgotten', () => {
    const again = told(
      '1_whole',
      [0, begin],
      [0, started(1, 3)],
      [10, finished(1, 10)],
      [10, started(2, 4)],
      [900, finished(2, 890)],
      [
        900,
        { type: 'retry', attempt: 1, waitMs: 10, sqlstate: '55P03', reason: 'lock-timeout', statement: 2 },
      ],
      [910, started(2, 4)],
      [930, finished(2, 20)],
      [931, end(0)],
    )
    const { durationMs } = makeTimeline([whole], again, [], 0)
    expect(durationMs).toBe(30)
  })

  test('only the last attempt counts', () => {
    const again = told(
      '1_whole',
      [0, begin],
      [0, started(1, 3)],
      [900, finished(1, 900, [exclusive('public.a')])],
      [900, { type: 'retry', attempt: 2, waitMs: 10, sqlstate: '55P03', reason: 'lock-timeout' }],
      [910, started(1, 3)],
      [940, finished(1, 30, [exclusive('public.a')])],
      [941, end(1)],
    )
    const { durationMs, exposures, migrations } = makeTimeline([whole], again, [], 0)
    expect(durationMs).toBe(31)
    expect(exposures).toEqual([{ relation: 'public.a', readersMs: 31, writersMs: 31 }])
    expect(migrations[0]?.statements).toHaveLength(1)
  })

  test('an engine that does not observe leaves locks, log and growth untold', () => {
    const blind = told(
      '1_whole',
      [0, begin],
      [0, started(1, 3)],
      [5, { type: 'statement-finished', statement: 1, rows: 4, durationMs: 5 }],
    )
    const { migrations } = makeTimeline([whole], blind, [], 0)
    expect(migrations[0]?.statements[0]).toEqual({
      index: 1,
      line: 3,
      summary: 'statement of line 3',
      durationMs: 5,
      rows: 4,
      locks: [],
      rewritten: [],
    })
  })
})

describe('statement by statement', () => {
  const transactions = [
    { first: 1, last: 1, line: 1, leaves: [] },
    { first: 2, last: 3, line: 4, leaves: [] },
    { first: 4, last: 4, line: 9, leaves: [] },
  ]
  const parted = pending('2_parted', { mode: 'statement-by-statement', transactions })
  const events = told(
    '2_parted',
    [0, begin],
    [0, started(1, 1)],
    [100, finished(1, 100)],
    [100, started(2, 4)],
    [150, finished(2, 50, [exclusive('public.b')])],
    [150, started(3, 5)],
    [180, finished(3, 30, [exclusive('public.a')])],
    [180, started(4, 9)],
    [200, finished(4, 20)],
  )
  const seenInFirst = (mode: SeenLock['mode'], lastMs: number): SeenLock => ({
    relation: 'public.a',
    mode,
    firstSeenAt: start + 10,
    lastSeenAt: start + lastMs,
  })

  test('a lock is held to the end of its own transaction, not of the file', () => {
    const { migrations, durationMs } = makeTimeline([parted], events, [], 0)
    expect(durationMs).toBe(200)
    expect(migrations[0]?.statements.flatMap(({ locks }) => locks)).toEqual([
      { relation: 'public.b', mode: 'ACCESS EXCLUSIVE', heldMs: 80 },
      { relation: 'public.a', mode: 'ACCESS EXCLUSIVE', heldMs: 30 },
    ])
  })

  test('a lock that others saw belongs to the statement in which it was first seen', () => {
    const { migrations } = makeTimeline([parted], events, [seenInFirst('SHARE', 60)], 0)
    expect(migrations[0]?.statements.map(({ locks }) => locks.map(({ mode }) => mode))).toEqual([
      ['SHARE'],
      ['ACCESS EXCLUSIVE'],
      ['ACCESS EXCLUSIVE'],
      [],
    ])
  })

  test('it was held for one look longer than it was seen, and no longer than its statement', () => {
    const heldFor = (lastMs: number) =>
      makeTimeline([parted], events, [seenInFirst('SHARE', lastMs)], 0).migrations[0]?.statements[0]?.locks[0]
        ?.heldMs
    expect(heldFor(60)).toBe(70)
    expect(heldFor(99)).toBe(100)
  })

  test('what a statement writes that commits by itself is seen from outside', () => {
    const statements = [{ ...statement(1, 'UPDATE a SET x = 1'), kind: 'UpdateStmt' }]
    const { exposures } = makeTimeline(
      [{ ...parted, statements }],
      events,
      [seenInFirst('ROW EXCLUSIVE', 60)],
      0,
    )
    expect(exposures).toContainEqual({ relation: 'public.a', readersMs: 30, writersMs: 30, rowWritersMs: 70 })
    const inserting = makeTimeline([parted], events, [seenInFirst('ROW EXCLUSIVE', 60)], 0)
    expect(inserting.exposures.every(({ rowWritersMs }) => rowWritersMs === undefined)).toBe(true)
  })

  test('a lock that the session told itself is not told twice', () => {
    const seen: SeenLock = {
      relation: 'public.b',
      mode: 'ACCESS EXCLUSIVE',
      firstSeenAt: start + 120,
      lastSeenAt: start + 140,
    }
    const { migrations } = makeTimeline([parted], events, [seen], 0)
    expect(migrations[0]?.statements[1]?.locks).toHaveLength(1)
  })

  test('between two transactions the others get their turn: the longest one counts, not the sum', () => {
    const { exposures } = makeTimeline([parted], events, [seenInFirst('SHARE', 60)], 0)
    expect(exposures).toEqual([
      { relation: 'public.b', readersMs: 80, writersMs: 80 },
      { relation: 'public.a', readersMs: 30, writersMs: 70 },
    ])
  })
})

describe('several migrations', () => {
  const next = pending('2_next', { mode: 'all-or-nothing' })
  const first = told(
    '1_whole',
    [0, begin],
    [0, started(1, 1)],
    [40, finished(1, 40, [exclusive('public.a')])],
  )
  const second = told(
    '2_next',
    [50, begin],
    [50, started(1, 1)],
    [80, finished(1, 30, [exclusive('public.a')])],
  )

  test('their times add up, and each has locks of its own', () => {
    const { migrations, durationMs, exposures } = makeTimeline([whole, next], [...first, ...second], [], 0)
    expect(migrations.map(({ name }) => name)).toEqual(['1_whole', '2_next'])
    expect(durationMs).toBe(70)
    expect(exposures).toEqual([{ relation: 'public.a', readersMs: 40, writersMs: 40 }])
  })

  test('one that never began is not in the timeline, and nothing at all needs nothing', () => {
    expect(makeTimeline([whole, next], first, [], 0).migrations.map(({ name }) => name)).toEqual(['1_whole'])
    expect(makeTimeline([whole, next], [], [], 5)).toEqual({
      migrations: [],
      durationMs: 0,
      exposures: [],
      diskNeededBytes: 0,
      walBytes: 0,
    })
  })
})
