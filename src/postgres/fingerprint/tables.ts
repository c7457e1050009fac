import { shareOut } from '../../checks/share-out.js'
import { CheckError } from '../../domain/errors.js'
import type { ColumnFingerprint, TableFingerprint } from '../../domain/fingerprint.js'
import type { Reader } from '../../domain/reader.js'
import { quoteRelation } from '../../sql/names.js'
import { releasingLocks } from '../release-locks.js'
import { withFixedOutput } from './fixed-output.js'
import { type FingerprintColumn, type FingerprintRequest, typeOf } from './request.js'
import { countStatement, fingerprintStatement } from './statement.js'

export interface FingerprintProgress {
  /** Of the tables that are finished; from this and the time that went by the caller can tell the time left. */
  readonly doneBytes: number
  readonly totalBytes: number
  /** The table that was finished last. */
  readonly schema: string
  readonly table: string
}

export interface FingerprintOptions {
  readonly onProgress?: (progress: FingerprintProgress) => void
}

/** A row of partial sums cannot have more than 1664 entries, and a column takes two; a wider table is read once more. */
const columnsAtOnce = 800

/**
 * Fingerprints tables in the server, each in one scan: side by side on the readers, the biggest first. The readers look at one
 * snapshot, else what is written meanwhile shows in some tables and not in others.
 * @returns one fingerprint a request, in the order of the requests.
 * @throws CheckError when the role may not read a table, or row-level security hides rows of it.
 */
export async function fingerprintTables(
  readers: readonly Reader[],
  requests: readonly FingerprintRequest[],
  { onProgress }: FingerprintOptions = {},
): Promise<TableFingerprint[]> {
  const totalBytes = requests.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  let doneBytes = 0
  let failure: unknown
  const fingerprint = async (request: FingerprintRequest, reader: Reader) => {
    // The other readers must not go on for hours with what nobody wants any more.
    if (failure !== undefined) throw failure
    try {
      const { schema, table, sizeBytes } = request
      const found = await withFixedOutput(reader, () => fingerprintTable(reader, request))
      doneBytes += sizeBytes
      onProgress?.({ doneBytes, totalBytes, schema, table })
      return { request, found }
    } catch (error) {
      failure ??= error
      throw error
    }
  }
  const biggestFirst = requests.toSorted((one, other) => other.sizeBytes - one.sizeBytes)
  const answers = await shareOut(biggestFirst, readers, fingerprint)
  const byRequest = new Map(answers.map(({ request, found }) => [request, found]))
  return requests.map((request) => byRequest.get(request) as TableFingerprint)
}

async function fingerprintTable(reader: Reader, request: FingerprintRequest): Promise<TableFingerprint> {
  const { schema, table, key, columns } = request
  const first = await readPart(reader, request, columns.slice(0, columnsAtOnce), true)
  const fingerprints = [...first.columns]
  for (let from = columnsAtOnce; from < columns.length; from += columnsAtOnce) {
    const part = await readPart(reader, request, columns.slice(from, from + columnsAtOnce), false)
    fingerprints.push(...part.columns)
  }
  return {
    schema,
    table,
    rows: first.rows,
    key: key.map(({ name }) => name),
    columns: fingerprints,
    ...(first.rowSum === undefined ? {} : { rowSum: first.rowSum }),
  }
}

async function readPart(
  reader: Reader,
  request: FingerprintRequest,
  columns: readonly FingerprintColumn[],
  isFirst: boolean,
): Promise<{ rows: number; columns: ColumnFingerprint[]; rowSum?: string }> {
  const withRowSum = isFirst && request.key.length === 0 && columns.length > 0
  const row = await readRow(reader, request, fingerprintStatement(request, columns, withRowSum))
  const fingerprints: ColumnFingerprint[] = []
  for (const [place, column] of columns.entries()) {
    const sum: string = row.sums[place] ?? '0'
    const values = row.values[place] ?? (await countValues(reader, request, column, row.sums[place]))
    fingerprints.push({ column: column.name, type: typeOf(column), values: Number(values), sum })
  }
  return {
    rows: Number(row.rows),
    columns: fingerprints,
    ...(withRowSum ? { rowSum: row.row_sum ?? '0' } : {}),
  }
}

/** Where the count could not be told from the sum: there is no sum, for want of values, or it happens to be 0. */
async function countValues(
  reader: Reader,
  request: FingerprintRequest,
  column: FingerprintColumn,
  sum: string | null,
): Promise<string> {
  if (sum === null) return '0'
  return (await readRow(reader, request, countStatement(request, column))).values
}

// biome-ignore lint/suspicious/noExplicitAny: the statement says what comes
async function readRow(reader: Reader, { schema, table }: FingerprintRequest, sql: string): Promise<any> {
  try {
    return (await releasingLocks(reader, () => reader.query(sql))).rows[0]
  } catch (error) {
    // insufficient_privilege: https://www.postgresql.org/docs/current/errcodes-appendix.html
    if ((error as { code?: string }).code !== '42501') throw error
    throw new CheckError(
      'table-not-readable',
      `the role cannot read all of ${quoteRelation(schema, table)}: ${(error as Error).message}`,
      {
        hint: 'Use a role that may SELECT from every table and from which row-level security hides nothing: a superuser, or one with BYPASSRLS.',
        cause: error,
      },
    )
  }
}
