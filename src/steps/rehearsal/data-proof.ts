import type { Finding } from '../../domain/finding.js'
import type { ColumnFingerprint, TableFingerprint } from '../../domain/fingerprint.js'
import type { ColumnLineage, StatementReference, TableLineage } from '../../domain/lineage.js'
import type { ColumnProof, TableProof } from '../../domain/rehearsal.js'
import { quoteRelation } from '../../sql/names.js'

/** A table of today, what is predicted of it, and what it held before and after. */
export interface ProofInput {
  readonly before: TableFingerprint
  /** Absent when the table is not there any more. */
  readonly after: TableFingerprint | undefined
  /** Absent for a table that the migrations are not expected to touch. */
  readonly lineage: TableLineage | undefined
  /** Of the rows after that no statement has written to, where rows were added or removed. */
  readonly untouched?: TableFingerprint | undefined
}

/**
 * Tells for each old table and each old column what became of it: by the fingerprints, and where they differ, by the
 * statement that says so. The fingerprints of before and after are seeded with the same key.
 */
export function proveTable({ before, after, lineage, untouched }: ProofInput): TableProof {
  const { schema, table, rows: rowsBefore } = before
  const base = { schema, table, rowsBefore }
  if (after === undefined) {
    const by = lineage?.droppedBy ? [lineage.droppedBy] : []
    return { ...base, rows: by.length > 0 ? 'dropped' : 'unexplained', by, columns: [] }
  }
  const changedBy = lineage?.rowsChangedBy ?? []
  // When every old row is untouched, the others are new, and the old ones can be compared by themselves.
  const compared = untouched?.rows === rowsBefore ? untouched : after
  const columns = before.columns.map((column) => proveColumn(column, compared, lineage, changedBy))
  const areSame = after.rows === rowsBefore && !areShuffled(before, after, lineage)
  return {
    ...base,
    now: { schema: after.schema, table: after.table },
    rowsAfter: after.rows,
    ...(untouched ? { rowsUntouched: untouched.rows } : {}),
    rows: changedBy.length > 0 ? 'changed' : areSame ? 'identical' : 'unexplained',
    by: changedBy,
    columns,
  }
}

/**
 * Without a key only the sum over whole rows shows that values are in other rows. It compares like with like only where
 * the columns are the same ones, and says nothing new where a statement writes one of them.
 */
function areShuffled(
  before: TableFingerprint,
  after: TableFingerprint,
  lineage: TableLineage | undefined,
): boolean {
  const isWritten = lineage?.columns.some((one) => one.droppedBy || one.rewrittenBy.length > 0) ?? false
  return !isWritten && before.columns.length === after.columns.length && before.rowSum !== after.rowSum
}

function proveColumn(
  before: ColumnFingerprint,
  after: TableFingerprint,
  lineage: TableLineage | undefined,
  rowsChangedBy: readonly StatementReference[],
): ColumnProof {
  const { column } = before
  const own: ColumnLineage = lineage?.columns.find((one) => one.column === column) ?? {
    column,
    now: column,
    rewrittenBy: [],
  }
  if (own.droppedBy) return { column, outcome: 'dropped', by: [own.droppedBy] }
  const found = after.columns.find((one) => one.column === own.now)
  if (found === undefined) return { column, outcome: 'unexplained', by: [] }
  const named = { column, now: found.column }
  if (found.values === before.values && found.sum === before.sum)
    return { ...named, outcome: 'identical', by: [] }
  if (own.rewrittenBy.length > 0) return { ...named, outcome: 'rewritten', by: own.rewrittenBy }
  return { ...named, outcome: rowsChangedBy.length > 0 ? 'not-compared' : 'unexplained', by: rowsChangedBy }
}

/**
 * A finding for each table in which something changed that no statement explains. It blocks, unless somebody is known who
 * writes to the table on his own.
 *
 * @param writerOf says who that is, in words
 */
export function unexplainedFindings(
  proofs: readonly TableProof[],
  writerOf: (schema: string, table: string) => string | undefined = () => undefined,
): Finding[] {
  return proofs.flatMap((proof) => {
    const columns = proof.columns.filter(({ outcome }) => outcome === 'unexplained')
    if (proof.rows !== 'unexplained' && columns.length === 0) return []
    const name = quoteRelation(proof.schema, proof.table)
    // A table that is gone has been dropped by somebody, whoever else writes to it.
    const writer = proof.rowsAfter === undefined ? undefined : writerOf(proof.schema, proof.table)
    const what =
      proof.rows === 'unexplained'
        ? describeRows(proof)
        : `other values in ${columns.map(({ column }) => column).join(', ')}`
    return [
      {
        code: 'unexplained-change',
        kind: 'loss',
        verdict: writer === undefined ? 'block' : 'warn',
        step: 'rehearse',
        object: proof.table,
        message: `the migrations change ${name} in the rehearsal, and no statement says so: ${what}${writer === undefined ? '' : `; it is written by ${writer}`}`,
        hint:
          writer === undefined
            ? 'Look for a trigger, a rule or a function that writes to it; accept the change by name if it is meant.'
            : 'Nothing is to be done if that is meant.',
      } satisfies Finding,
    ]
  })
}

function describeRows({ rowsBefore, rowsAfter }: TableProof): string {
  if (rowsAfter === undefined) return `the table is gone with its ${rowsBefore} rows`
  if (rowsAfter === rowsBefore) return 'its values are in other rows'
  return `it had ${rowsBefore} rows and has ${rowsAfter}`
}
