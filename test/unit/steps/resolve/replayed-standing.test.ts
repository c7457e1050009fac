import { beforeAll, expect, test } from '@jest/globals'
import type { CatalogTimeline } from '../../../../src/domain/catalog-timeline.js'
import { loadParser, parseStatements } from '../../../../src/sql/parser.js'
import { standingFromReplay } from '../../../../src/steps/resolve/replayed-standing.js'
import type { CatalogJudgement } from '../../../../src/steps/standing/judge-catalog.js'

beforeAll(() => loadParser())

const none: CatalogJudgement = { places: [], moved: [], foreign: [], byOthers: [], invalidIndexes: [] }
const splits = { refusesAnyway: false, maySplit: true }

function read(sql: string) {
  const parsed = parseStatements(sql)
  if ('problem' in parsed) throw new Error(parsed.problem.message)
  const { statements } = parsed
  const timeline: CatalogTimeline = {
    points: statements.map(({ index }) =>
      index === statements.length ? { migration: 'm' } : { migration: 'm', statements: index },
    ),
    objects: [],
  }
  return { statements, timeline }
}

test.each([
  ['CREATE TABLE a (); CREATE TABLE b ();', [0], 'none'],
  ['CREATE TABLE a (); CREATE TABLE b ();', [1], 'part'],
  ['CREATE TABLE a (); CREATE TABLE b ();', [2], 'all'],
  ['SET lock_timeout = 0; CREATE TABLE a ();', [0, 1], 'none'],
  ['CREATE TABLE a (); RESET lock_timeout;', [1, 2], 'all'],
  ['UPDATE t SET a = 1; CREATE TABLE a ();', [0, 1], 'unknown'],
  ['CREATE TABLE a (); UPDATE t SET a = 1;', [1, 2], 'unknown'],
])('%s at %j: %s', (sql, places, kind) => {
  const { statements, timeline } = read(sql)
  const found = standingFromReplay({ statements }, { timeline, ...splits }, { ...none, places }, false)
  expect(found.kind).toBe(kind)
})

test('an engine that runs the file in one transaction leaves nothing between beginning and end', () => {
  const { statements, timeline } = read('UPDATE t SET a = 1; CREATE TABLE a ();')
  const replayed = { timeline, refusesAnyway: false, maySplit: false }
  const at = (places: number[]) =>
    standingFromReplay({ statements }, replayed, { ...none, places }, true).kind
  expect([at([0, 1]), at([1])]).toEqual(['none', 'unknown'])
})

test('a replay that stops where only rows could stop it tells nothing; one that is refused anyway does', () => {
  const { statements, timeline } = read('CREATE TABLE a (); CREATE TABLE b ();')
  const stopped = {
    timeline: { ...timeline, points: timeline.points.slice(0, 1) },
    stoppedBy: { code: '22012', message: 'no', mayCommit: false },
    maySplit: true,
  }
  const at = (refusesAnyway: boolean) =>
    standingFromReplay({ statements }, { ...stopped, refusesAnyway }, { ...none, places: [1] }, true).kind
  expect([at(false), at(true)]).toEqual(['unknown', 'part'])
})

test('all is there although a statement failed: made by hand, so rows of it are not proven', () => {
  const { statements, timeline } = read('CREATE TABLE a (); UPDATE t SET a = 1; CREATE TABLE b ();')
  const at = (hasFailed: boolean) =>
    standingFromReplay({ statements }, { timeline, ...splits }, { ...none, places: [3] }, hasFailed).kind
  expect([at(false), at(true)]).toEqual(['all', 'unknown'])
})

test('a replay that stops tells of a target that did not come so far', () => {
  const { statements, timeline } = read(
    'CREATE TABLE a (); DO $$ BEGIN RAISE EXCEPTION $x$no$x$; END $$; CREATE TABLE b ();',
  )
  const stopped = {
    timeline: { ...timeline, points: timeline.points.slice(0, 1) },
    stoppedBy: { code: 'P0001', message: 'no', mayCommit: false },
    refusesAnyway: false,
    maySplit: true,
  }
  const at = (places: number[]) => standingFromReplay({ statements }, stopped, { ...none, places }, true).kind
  expect([at([0]), at([1]), at([0, 1])]).toEqual(['none', 'unknown', 'unknown'])
})
