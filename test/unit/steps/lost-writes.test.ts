import { expect, test } from '@jest/globals'
import type { TableLineage } from '../../../src/domain/lineage.js'
import { findWritesSince } from '../../../src/steps/resolve/back/lost-writes.js'

const writes = (table: string, inserted: number, updated = 0, deleted = 0) => ({
  ...{ schema: 'public', table, inserted, updated, deleted },
})
const renamed = (table: string, now: string): TableLineage => ({
  ...{ schema: 'public', table, now: { schema: 'public', table: now }, rowsChangedBy: [], columns: [] },
})

test('what was written since is the difference, the most written table first; untouched ones are left out', () => {
  const before = [writes('a', 10, 1), writes('b', 5), writes('c', 7)]
  const now = [writes('a', 12, 1, 1), writes('b', 5), writes('c', 107), writes('new', 4)]
  expect(findWritesSince(before, now, [])).toEqual({
    lost: [
      { ...writes('c', 100), atLeast: false },
      { ...writes('new', 4), atLeast: false },
      { ...writes('a', 2, 0, 1), atLeast: false },
    ],
    gone: [],
  })
})

test('counters that were set back say at least, also when they are at nothing', () => {
  const { lost } = findWritesSince([writes('a', 10), writes('b', 9, 9)], [writes('a', 3), writes('b', 0)], [])
  expect(lost).toEqual([
    { ...writes('a', 3), atLeast: true },
    { ...writes('b', 0), atLeast: true },
  ])
})

test('a renamed table keeps its counters; where the rename did not happen, the old name does', () => {
  const lineage = [renamed('customers', 'contacts')]
  const before = [writes('customers', 10), writes('dropped', 1)]
  expect(findWritesSince(before, [writes('contacts', 11)], lineage)).toEqual({
    lost: [{ ...writes('contacts', 1), atLeast: false }],
    gone: ['public.dropped'],
  })
  expect(findWritesSince(before, [writes('customers', 12)], lineage)).toEqual({
    lost: [{ ...writes('customers', 2), atLeast: false }],
    gone: ['public.dropped'],
  })
})
