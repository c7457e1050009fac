import { expect, test } from '@jest/globals'
import type { TableLineage } from '../../../../src/domain/lineage.js'
import type { TableWrites } from '../../../../src/domain/write-counts.js'
import { writesBetween } from '../../../../src/steps/rehearsal/table-writes.js'

const writes = (name: string, inserted = 0, updated = 0, deleted = 0): TableWrites => {
  const [schema = '', table = ''] = name.split('.')
  return { schema, table, inserted, updated, deleted }
}

const renamed = (from: string, to: string): TableLineage => {
  const [before, now] = [writes(from), writes(to)]
  return {
    schema: before.schema,
    table: before.table,
    now: { schema: now.schema, table: now.table },
    rowsChangedBy: [],
    columns: [],
  }
}

test('what was counted before is taken away, kind by kind', () => {
  const before = [writes('public.orders', 10, 20, 30), writes('public.notes', 1, 1, 1)]
  const after = [writes('public.orders', 15, 20, 31), writes('public.notes', 1, 1, 1)]
  expect(writesBetween(before, after, [])).toEqual([
    writes('public.orders', 5, 0, 1),
    writes('public.notes', 0, 0, 0),
  ])
})

test('a table that was not there before counts from nothing', () => {
  expect(writesBetween([], [writes('public.new', 3)], [])).toEqual([writes('public.new', 3)])
})

test('tables of one name in two schemas are two tables', () => {
  const before = [writes('a.t', 5), writes('b.t', 7)]
  expect(writesBetween(before, [writes('b.t', 8)], [])).toEqual([writes('b.t', 1)])
})

test('a renamed table goes by its new name and counts from its old one', () => {
  const before = [writes('public.customers', 100), writes('public.contacts', 7)]
  const after = [writes('public.contacts', 101)]
  expect(writesBetween(before, after, [renamed('public.customers', 'public.contacts')])).toEqual([
    writes('public.contacts', 1),
  ])
})

test('two tables that swap their names keep their own counts', () => {
  const before = [writes('public.a', 100), writes('public.b', 7)]
  const after = [writes('public.a', 8), writes('public.b', 100)]
  const lineages = [renamed('public.a', 'public.b'), renamed('public.b', 'public.a')]
  expect(writesBetween(before, after, lineages)).toEqual([writes('public.a', 1), writes('public.b', 0)])
})

test('a table that was dropped and made anew under its name counts from nothing', () => {
  const dropped: TableLineage = {
    schema: 'public',
    table: 't',
    droppedBy: { migration: 'm', file: 'm.sql', line: 1 },
    rowsChangedBy: [],
    columns: [],
  }
  expect(writesBetween([writes('public.t', 100)], [writes('public.t', 2)], [dropped])).toEqual([
    writes('public.t', 2),
  ])
})
