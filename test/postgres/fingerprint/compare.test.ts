import { expect, test } from '@jest/globals'
import type { DataFingerprint, TableFingerprint } from '../../../src/domain/fingerprint.js'
import { compareFingerprints, compareTables } from '../../../src/postgres/fingerprint/compare.js'

const customers: TableFingerprint = {
  schema: 'public',
  table: 'customers',
  rows: 1200,
  key: ['id'],
  columns: [
    { column: 'id', type: 'integer', values: 1200, sum: '-17' },
    { column: 'email', type: 'text', values: 1100, sum: '23' },
  ],
}
const log: TableFingerprint = {
  schema: 'public',
  table: 'log',
  rows: 2,
  key: [],
  columns: [{ column: 'note', type: 'text', values: 2, sum: '5' }],
  rowSum: '99',
}
const [id, email] = customers.columns as [(typeof customers.columns)[0], (typeof customers.columns)[0]]
const none = { objects: 0, sum: '0' }
const all: DataFingerprint = { tables: [customers, log], largeObjects: none }

function messages(before: TableFingerprint, after: TableFingerprint): string[] {
  return compareTables(before, after).map(({ kind, message }) => `${kind}: ${message}`)
}

test('finds nothing in equal fingerprints, whatever the order of tables and columns', () => {
  const reordered = { ...customers, columns: [email, id] }
  expect(compareFingerprints(all, { tables: [log, reordered], largeObjects: none })).toEqual([])
})

test('names tables that are missing or new', () => {
  const after = { tables: [{ ...customers, table: 'contacts' }, log], largeObjects: none }
  expect(compareFingerprints(all, after)).toEqual([
    {
      kind: 'table-missing',
      schema: 'public',
      table: 'customers',
      message: '"public"."customers" is missing, which held 1,200 rows',
    },
    {
      kind: 'table-added',
      schema: 'public',
      table: 'contacts',
      message: '"public"."contacts" is new and holds 1,200 rows',
    },
  ])
})

test('tells of rows that are missing or added, and not that their sums differ', () => {
  const fewer = { ...customers, rows: 1199, columns: [{ ...id, values: 1199, sum: '1' }, email] }
  expect(messages(customers, fewer)).toEqual([
    'rows-missing: "public"."customers" has lost 1 row: 1,200 rows before, 1,199 rows after',
  ])
  expect(messages(fewer, customers)).toEqual([
    'rows-added: "public"."customers" has gained 1 row: 1,199 rows before, 1,200 rows after',
  ])
})

test('tells values that differ from NULLs that differ', () => {
  expect(messages(customers, { ...customers, columns: [id, { ...email, sum: '24' }] })).toEqual([
    'values-differ: "public"."customers"."email" has other values than before, or in other rows',
  ])
  expect(messages(customers, { ...customers, columns: [id, { ...email, values: 1199, sum: '24' }] })).toEqual(
    ['nulls-differ: "public"."customers"."email" has 1 NULL where it had 100 NULLs'],
  )
  expect(
    messages(customers, { ...customers, columns: [{ ...id, type: 'bigint', sum: '2' }, email] }),
  ).toEqual([
    'values-differ: "public"."customers"."id" has other values than before, or in other rows; its type was integer and is bigint',
  ])
})

test('names columns that are missing or new', () => {
  const renamed = { ...customers, columns: [id, { ...email, column: 'Mail' }] }
  expect(messages(customers, renamed)).toEqual([
    'column-missing: "public"."customers"."email" is missing, which held 1,100 values',
    'column-added: "public"."customers"."Mail" is new',
  ])
})

test('tells when values of a table without a key are in other rows', () => {
  expect(messages(log, { ...log, rowSum: '98' })).toEqual([
    'rows-differ: "public"."log" has the same values in every column, but in other rows',
  ])
})

test('does not compare sums that were seeded in another way', () => {
  const keyless = { ...customers, key: [], rowSum: '1', columns: [id, { ...email, sum: '24' }] }
  expect(messages(customers, keyless)).toEqual([
    'not-comparable: "public"."customers" cannot be compared value by value: key ("id") before, no key after',
  ])
})

test('compares large objects', () => {
  const differ = (before: typeof none, after: typeof none) =>
    compareFingerprints({ ...all, largeObjects: before }, { ...all, largeObjects: after })
  expect(differ(none, { objects: 1, sum: '7' })).toEqual([
    { kind: 'large-objects-differ', message: 'there were 0 large objects and are 1 large object' },
  ])
  expect(differ({ objects: 2, sum: '6' }, { objects: 2, sum: '7' })).toEqual([
    { kind: 'large-objects-differ', message: '2 large objects before and after, but with other contents' },
  ])
})
