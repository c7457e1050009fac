import type { ColumnProof, Rehearsal, TableExposure, TableProof } from '../domain/rehearsal.js'
import { formatBytes, formatCount, formatMs, plural } from './words.js'

/** What a person must know of the rehearsal before the question, a line each. */
export function formatRehearsal(rehearsal: Rehearsal): string[] {
  const { outcome, runId, durationMs = 0, exposures = [], diskNeededBytes, proof = [] } = rehearsal
  const { locksNotSeen } = rehearsal
  if (outcome === 'skipped') return ['NOT REHEARSED']
  return [
    `${outcome === 'reused' ? `by run ${runId}: ` : ''}${formatMs(durationMs)} on the copy${diskNeededBytes === undefined ? '' : `, ${formatBytes(diskNeededBytes)} more disk`}`,
    exposures.length === 0
      ? 'no lock was seen for which others would wait'
      : `the longest that others wait: ${formatLongest(exposures)}`,
    ...(locksNotSeen === undefined ? [] : [formatLocksNotSeen(locksNotSeen)]),
    ...proof.filter(isTouched).map(formatTableProof),
  ]
}

export function formatLocksNotSeen(reason: string): string {
  return `NOT ALL LOCKS WERE SEEN: the watch ended early: ${reason}`
}

/** Of the table that others wait longest for, and of the table whose rows they wait longest for, where that is longer. */
function formatLongest(exposures: readonly TableExposure[]): string {
  const [table] = exposures.toSorted(
    (one, other) => other.readersMs - one.readersMs || other.writersMs - one.writersMs,
  )
  const [rows] = exposures.toSorted((one, other) => rowsMs(other) - rowsMs(one))
  const shown = [
    ...(table && table.writersMs > 0 ? [table] : []),
    ...(rows && rowsMs(rows) > (table?.writersMs ?? 0) ? [rows] : []),
  ]
  return [...new Set(shown)].map(formatExposure).join('; ')
}

function rowsMs({ rowWritersMs = 0 }: TableExposure): number {
  return rowWritersMs
}

/** `public.orders: readers 1.2 s, writers 1.2 s, writers of the same rows 8.1 s` */
function formatExposure({ relation, readersMs, writersMs, rowWritersMs = 0 }: TableExposure): string {
  const parts = [
    ...(readersMs > 0 ? [`readers ${formatMs(readersMs)}`] : []),
    ...(writersMs > 0 ? [`writers ${formatMs(writersMs)}`] : []),
    ...(rowWritersMs > writersMs ? [`writers of the same rows ${formatMs(rowWritersMs)}`] : []),
  ]
  return `${relation}: ${parts.join(', ')}`
}

/** Of an untouched table there is nothing to tell but that it is. */
export function isTouched({ schema, table, now, rows, columns }: TableProof): boolean {
  return (
    rows !== 'identical' ||
    now?.schema !== schema ||
    now.table !== table ||
    columns.some(({ column, now, outcome }) => outcome !== 'identical' || now !== column)
  )
}

/** `all 200,000 customers are contacts now; 9 of 10 columns identical; company_id rewritten by line 31` */
export function formatTableProof(proof: TableProof): string {
  return [formatRows(proof), ...formatColumns(proof.columns)].join('; ')
}

function formatRows(proof: TableProof): string {
  const { table, now, rowsBefore, rowsAfter = 0, rowsUntouched, rows, by, columns } = proof
  if (rows === 'dropped') return `${table} is dropped by ${formatLines(by)} with ${plural(rowsBefore, 'row')}`
  const name = now !== undefined && now.table !== table ? `${now.table} now` : 'there'
  const all = `all ${formatCount(rowsBefore)} ${table} are ${name}`
  const isWhole = rowsBefore === rowsAfter && columns.every(({ outcome }) => outcome === 'identical')
  if (rows === 'identical' || (rows === 'changed' && isWhole)) return all
  if (rows === 'unexplained') return formatUnexplained(proof, all)
  const added = rowsAfter - (rowsUntouched ?? 0)
  if (rowsUntouched === rowsBefore)
    return added === 0 ? all : `${all}, and ${plural(added, 'row')} added by ${formatLines(by)}`
  const came = `${formatCount(rowsBefore)} ${table} became ${formatCount(rowsAfter)}${name === 'there' ? '' : ` ${now?.table}`} by ${formatLines(by)}`
  return rowsUntouched === undefined ? came : `${came}, ${formatCount(rowsUntouched)} of them untouched`
}

function formatUnexplained({ table, now, rowsBefore, rowsAfter = 0 }: TableProof, all: string): string {
  if (now === undefined) return `${table} is gone with ${plural(rowsBefore, 'row')}, AND NO STATEMENT SAYS SO`
  return rowsBefore === rowsAfter
    ? `${all}, their VALUES IN OTHER ROWS, AND NO STATEMENT SAYS SO`
    : `${formatCount(rowsBefore)} ${table} became ${formatCount(rowsAfter)}, AND NO STATEMENT SAYS SO`
}

function formatColumns(columns: readonly ColumnProof[]): string[] {
  if (columns.length === 0) return []
  const identical = columns.filter(({ outcome }) => outcome === 'identical').length
  const told = columns.filter(({ outcome }) => outcome !== 'identical' && outcome !== 'not-compared')
  const notCompared = columns.length - identical - told.length
  return [
    ...(identical === columns.length
      ? [`all ${formatCount(columns.length)} columns identical`]
      : identical > 0 || notCompared === 0
        ? [`${identical} of ${plural(columns.length, 'column')} identical`]
        : []),
    ...(notCompared > 0 ? [`${plural(notCompared, 'column')} not compared, because rows came or went`] : []),
    ...told.map(formatColumn),
  ]
}

function formatColumn({ column, now, outcome, by }: ColumnProof): string {
  const name = now === undefined || now === column ? column : `${column} (${now} now)`
  return outcome === 'unexplained'
    ? `${name} CHANGED, AND NO STATEMENT SAYS SO`
    : `${name} ${outcome} by ${formatLines(by)}`
}

/** `line 31`, `lines 31 and 40`; with the migration where there is more than one. */
function formatLines(by: TableProof['by']): string {
  const migrations = new Set(by.map(({ migration }) => migration))
  const names = by.map(({ migration, line }) => (migrations.size > 1 ? `${migration}:${line}` : String(line)))
  return `${names.length > 1 ? 'lines' : 'line'} ${names.join(', ')}`
}
