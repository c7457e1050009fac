import { describe, expect, test } from '@jest/globals'
import type { TableFingerprint } from '../../../../src/domain/fingerprint.js'
import type { ColumnLineage, StatementReference, TableLineage } from '../../../../src/domain/lineage.js'
import { formatTableProof } from '../../../../src/report/rehearsal-text.js'
import { proveTable, unexplainedFindings } from '../../../../src/steps/rehearsal/data-proof.js'

const line = (number: number): StatementReference => ({
  migration: '1_contacts',
  file: 'prisma/migrations/1_contacts/migration.sql',
  line: number,
})

/** A table by its rows, and for each column its number of values and their sum. */
function fingerprint(
  table: string,
  rows: number,
  columns: Readonly<Record<string, readonly [values: number, sum: string]>>,
): TableFingerprint {
  return {
    schema: 'public',
    table,
    rows,
    key: ['id'],
    columns: Object.entries(columns).map(([column, [values, sum]]) => ({
      column,
      type: 'text',
      values,
      sum,
    })),
  }
}

function lineage(columns: readonly ColumnLineage[], others: Partial<TableLineage> = {}): TableLineage {
  return {
    schema: 'public',
    table: 'customers',
    now: { schema: 'public', table: 'customers' },
    rowsChangedBy: [],
    columns,
    ...others,
  }
}

const kept = (column: string, now = column): ColumnLineage => ({ column, now, rewrittenBy: [] })

const before = fingerprint('customers', 3, { id: [3, '1'], email: [3, '2'], fax: [1, '3'] })

describe('a table that nothing touches', () => {
  test('is identical', () => {
    const proof = proveTable({ before, after: before, lineage: undefined })
    expect(proof).toMatchObject({ rows: 'identical', rowsBefore: 3, rowsAfter: 3, by: [] })
    expect(proof.columns.map(({ outcome }) => outcome)).toEqual(['identical', 'identical', 'identical'])
    expect(unexplainedFindings([proof])).toEqual([])
  })

  test.each([
    ['a value', fingerprint('customers', 3, { id: [3, '1'], email: [3, '99'], fax: [1, '3'] })],
    ['a NULL', fingerprint('customers', 3, { id: [3, '1'], email: [2, '2'], fax: [1, '3'] })],
  ])('is unexplained for %s that is another', (_, after) => {
    const proof = proveTable({ before, after, lineage: undefined })
    expect(proof.rows).toBe('identical')
    expect(proof.columns.map(({ outcome }) => outcome)).toEqual(['identical', 'unexplained', 'identical'])
    expect(unexplainedFindings([proof])).toEqual([
      expect.objectContaining({
        code: 'unexplained-change',
        verdict: 'block',
        object: 'customers',
        message:
          'the migrations change "public"."customers" in the rehearsal, and no statement says so: other values in email',
      }),
    ])
    expect(formatTableProof(proof)).toBe(
      'all 3 customers are there; 2 of 3 columns identical; email CHANGED, AND NO STATEMENT SAYS SO',
    )
  })

  test.each([2, 4])('is unexplained when it has %i rows where it had 3', (rows) => {
    const after = fingerprint('customers', rows, { id: [rows, '5'], email: [rows, '6'], fax: [1, '3'] })
    const proof = proveTable({ before, after, lineage: undefined })
    expect(proof.rows).toBe('unexplained')
    const [finding] = unexplainedFindings([proof])
    expect(finding?.message).toContain(`it had 3 rows and has ${rows}`)
    expect(formatTableProof(proof)).toContain(`3 customers became ${rows}, AND NO STATEMENT SAYS SO`)
  })

  test('is unexplained when it is gone', () => {
    const proof = proveTable({ before, after: undefined, lineage: undefined })
    expect(proof).toMatchObject({ rows: 'unexplained', rowsBefore: 3 })
    const [finding] = unexplainedFindings([proof])
    expect(finding?.message).toContain('the table is gone with its 3 rows')
    expect(formatTableProof(proof)).toBe('customers is gone with 3 rows, AND NO STATEMENT SAYS SO')
  })

  test('is unexplained when a column of it is gone', () => {
    const after = fingerprint('customers', 3, { id: [3, '1'], email: [3, '2'] })
    const proof = proveTable({ before, after, lineage: undefined })
    expect(proof.columns[2]).toEqual({ column: 'fax', outcome: 'unexplained', by: [] })
    expect(unexplainedFindings([proof])).toHaveLength(1)
  })
})

describe('a table that the migrations touch', () => {
  test('renamed in all its names, it is identical', () => {
    const after = fingerprint('contacts', 3, { id: [3, '1'], mail: [3, '2'], fax: [1, '3'] })
    const renamed = lineage([kept('id'), kept('email', 'mail'), kept('fax')], {
      now: { schema: 'public', table: 'contacts' },
    })
    const proof = proveTable({ before, after, lineage: renamed })
    expect(proof).toMatchObject({ rows: 'identical', now: { schema: 'public', table: 'contacts' } })
    expect(proof.columns[1]).toEqual({ column: 'email', now: 'mail', outcome: 'identical', by: [] })
    expect(unexplainedFindings([proof])).toEqual([])
    expect(formatTableProof(proof)).toBe('all 3 customers are contacts now; all 3 columns identical')
  })

  test('a column that a statement writes is rewritten by its line, and only that one', () => {
    const after = fingerprint('customers', 3, { id: [3, '1'], email: [3, '99'], fax: [1, '98'] })
    const written = lineage([
      kept('id'),
      { ...kept('email'), rewrittenBy: [line(31), line(40)] },
      kept('fax'),
    ])
    const proof = proveTable({ before, after, lineage: written })
    expect(proof.columns.map(({ outcome }) => outcome)).toEqual(['identical', 'rewritten', 'unexplained'])
    expect(proof.columns[1]?.by).toEqual([line(31), line(40)])
    expect(formatTableProof(proof)).toContain('email rewritten by lines 31, 40')
    const [finding] = unexplainedFindings([proof])
    expect(finding?.message).toMatch(/other values in fax$/)
  })

  test('a column that a statement writes with the values that it had is identical', () => {
    const written = lineage([kept('id'), { ...kept('email'), rewrittenBy: [line(31)] }, kept('fax')])
    const proof = proveTable({ before, after: before, lineage: written })
    expect(proof.columns[1]).toEqual({ column: 'email', now: 'email', outcome: 'identical', by: [] })
  })

  test('a dropped column is dropped by its line, though another has its name now', () => {
    const dropped = lineage([
      kept('id'),
      kept('email'),
      { column: 'fax', droppedBy: line(7), rewrittenBy: [] },
    ])
    const proof = proveTable({ before, after: before, lineage: dropped })
    expect(proof.columns[2]).toEqual({ column: 'fax', outcome: 'dropped', by: [line(7)] })
    expect(unexplainedFindings([proof])).toEqual([])
  })

  test('a dropped table is dropped by its line', () => {
    const { now: _, ...gone } = lineage([kept('id')])
    const proof = proveTable({ before, after: undefined, lineage: { ...gone, droppedBy: line(9) } })
    expect(proof).toMatchObject({ rows: 'dropped', by: [line(9)] })
    expect(unexplainedFindings([proof])).toEqual([])
    expect(formatTableProof(proof)).toBe('customers is dropped by line 9 with 3 rows')
  })

  test('a table that is expected under a new name and is not there is unexplained', () => {
    const proof = proveTable({ before, after: undefined, lineage: lineage([kept('id')]) })
    expect(proof.rows).toBe('unexplained')
    expect(unexplainedFindings([proof])).toHaveLength(1)
  })

  test('rows that a statement removes explain the other values of each column', () => {
    const after = fingerprint('customers', 2, { id: [2, '8'], email: [2, '9'], fax: [1, '3'] })
    const fewer = lineage([kept('id'), kept('email'), kept('fax')], { rowsChangedBy: [line(12)] })
    const proof = proveTable({ before, after, lineage: fewer })
    expect(proof).toMatchObject({ rows: 'changed', rowsAfter: 2, by: [line(12)] })
    expect(proof.columns.map(({ outcome }) => outcome)).toEqual(['not-compared', 'not-compared', 'identical'])
    expect(unexplainedFindings([proof])).toEqual([])
  })

  test('rows that came are told from the old ones, which nobody touched', () => {
    const more = lineage([kept('id'), kept('email'), kept('fax')], { rowsChangedBy: [line(12)] })
    const after = { ...before, rows: 5, columns: before.columns.map((one) => ({ ...one, sum: '99' })) }
    const proof = proveTable({ before, after, lineage: more, untouched: before })
    expect(formatTableProof(proof)).toBe(
      'all 3 customers are there, and 2 rows added by line 12; all 3 columns identical',
    )
    const one = { ...before, rows: 1 }
    expect(formatTableProof(proveTable({ before, after, lineage: more, untouched: one }))).toMatch(
      /^3 customers became 5 by line 12, 1 of them untouched; .*not compared, because rows came or went$/,
    )
  })

  test('rows that a statement may change and did not are there', () => {
    const same = lineage([kept('id'), kept('email'), kept('fax')], { rowsChangedBy: [line(12)] })
    const proof = proveTable({ before, after: before, lineage: same })
    expect(formatTableProof(proof)).toBe('all 3 customers are there; all 3 columns identical')
  })

  test('another number of rows is unexplained although a column is rewritten', () => {
    const after = fingerprint('customers', 2, { id: [2, '8'], email: [2, '9'], fax: [1, '3'] })
    const written = lineage([kept('id'), { ...kept('email'), rewrittenBy: [line(31)] }, kept('fax')])
    const proof = proveTable({ before, after, lineage: written })
    expect(proof.rows).toBe('unexplained')
    expect(unexplainedFindings([proof])).toHaveLength(1)
  })
})

describe('a table without a key', () => {
  const keyless = { ...before, key: [], rowSum: '70' }

  test('with its values in other rows is unexplained', () => {
    const proof = proveTable({ before: keyless, after: { ...keyless, rowSum: '71' }, lineage: undefined })
    const [finding] = unexplainedFindings([proof])
    expect(finding?.message).toContain('no statement says so: its values are in other rows')
    expect(formatTableProof(proof)).toContain(
      'all 3 customers are there, their VALUES IN OTHER ROWS, AND NO STATEMENT SAYS SO',
    )
  })

  test('with its values in other rows is explained by the statement that writes one of them', () => {
    const written = lineage([kept('id'), { ...kept('email'), rewrittenBy: [line(31)] }, kept('fax')])
    const proof = proveTable({ before: keyless, after: { ...keyless, rowSum: '71' }, lineage: written })
    expect(unexplainedFindings([proof])).toEqual([])
  })

  test('is not compared row by row where it has a column more', () => {
    const columns = [...keyless.columns, { column: 'phone', type: 'text', values: 0, sum: '0' }]
    const proof = proveTable({
      before: keyless,
      after: { ...keyless, columns, rowSum: '71' },
      lineage: undefined,
    })
    expect(unexplainedFindings([proof])).toEqual([])
  })

  test('with the same rows is identical', () => {
    const proof = proveTable({ before: keyless, after: { ...keyless }, lineage: undefined })
    expect(unexplainedFindings([proof])).toEqual([])
  })
})
