import type { Traces } from '../../domain/deployment.js'
import type { CatalogExpectation, PendingMigration } from '../../domain/migration.js'
import type { Client } from '../../postgres/connection.js'
import { readServerStart } from '../../postgres/server-start.js'
import { readTransactionStatus } from '../../postgres/sessions.js'
import type { EngineEvent } from '../../prisma/engine-events.js'
import { tracesOfStatements } from '../statement-traces.js'
import { describeUnmet } from './describe-evidence.js'
import { type FoundRow, type HistoryRowState, isOpen } from './history-row.js'

/** How much of one migration is there, as its engine and the server tell. */
export interface FoundTraces {
  readonly traces: Traces
  /** Of its statements, counted from the first: so many have surely taken effect, and no more than so many can have. */
  readonly least: number
  readonly most: number
  /** It was at work in transactions that our engine has told, and the server says that all of them are undone. */
  readonly isUndone?: boolean
  readonly evidence: string[]
}

/** Our own engine tells each transaction and each statement; of the former the server tells what became. */
export async function tracesByEngine(
  { name, execution, statements }: PendingMigration,
  own: readonly EngineEvent[],
  row: FoundRow,
  client: Client,
): Promise<FoundTraces> {
  if (execution.mode === 'statement-by-statement' && own.length > 0) {
    const { traces, committed, least, most } = tracesOfStatements(statements, own)
    const finished = own.filter(({ type }) => type === 'statement-finished').length
    const begun = own.filter(({ type }) => type === 'statement-started').length
    return {
      traces,
      least,
      most,
      evidence: [
        `"${name}" runs statement by statement: ${finished} of ${statements.length} statements finished, ${begun - finished} did not; ${committed} of them took effect`,
      ],
    }
  }
  const evidence: string[] = []
  const found = new Set<Traces>()
  for (const event of own) {
    if (event.type !== 'transaction-started') continue
    const status = await readTransactionStatus(client, event.transactionId)
    const isOfAnother = status === 'committed' && (await mayBeOfAnother(event, row, client))
    found.add(isOfAnother ? 'unknown' : tracesByStatus[status])
    evidence.push(
      `the server says that transaction ${event.transactionId} of "${name}" is ${status}${isOfAnother ? ', but it was restarted since, and may have given this id again' : ''}`,
    )
  }
  const traces = (['all', 'unknown'] as const).find((one) => found.has(one)) ?? 'none'
  const all = statements.length
  const isUndone = found.size > 0 && traces === 'none'
  return { traces, least: traces === 'all' ? all : 0, most: traces === 'none' ? 0 : all, isUndone, evidence }
}

const tracesByStatus = {
  committed: 'all',
  aborted: 'none',
  forgotten: 'none',
  'in progress': 'unknown',
  'too old': 'unknown',
} as const

/**
 * After a crash the server gives the ids again that were not on its disk yet: what is committed may be another transaction.
 * Not where the row is finished: the engine finishes it after the COMMIT.
 */
async function mayBeOfAnother(
  event: { readonly serverStart?: string },
  { state, byOther, isOfOtherFile }: FoundRow,
  client: Client,
): Promise<boolean> {
  const isVouchedFor = state === 'finished' && !byOther && !isOfOtherFile
  return !isVouchedFor && event.serverStart !== (await readServerStart(client))
}

/**
 * Prisma's own engine tells nothing of its transactions. Before it runs a file it writes the history row, and then the
 * statements run in their order: when the first one has left no trace, none has.
 */
export function tracesWithoutEngine(
  { name, statements }: PendingMigration,
  historyRow: HistoryRowState,
  unmet: readonly CatalogExpectation[],
): FoundTraces {
  const all = statements.length
  if (!isOpen(historyRow)) return { traces: 'none', least: 0, most: 0, evidence: [] }
  if (historyRow === 'finished') return { traces: 'all', least: all, most: all, evidence: [] }
  const first = unmet.find(
    ({ migration, line, present }) => migration === name && line === statements[0]?.line && present,
  )
  return first
    ? {
        traces: 'none',
        least: 0,
        most: 0,
        evidence: [`the first statement of "${name}" has left no trace: ${describeUnmet(first)}`],
      }
    : {
        traces: 'unknown',
        least: 0,
        most: all,
        evidence: [`Prisma's own engine does not tell whether statements of "${name}" took effect`],
      }
}

/**
 * Our engine writes the history row before it runs a file. Where events tell of a run and there is no row, they are only
 * believed as far as the catalog goes: what a statement names and is not there did not take effect.
 */
export function tracesOfClaim(
  { name, execution, statements }: PendingMigration,
  found: FoundTraces,
  row: HistoryRowState,
  unmet: readonly CatalogExpectation[],
): FoundTraces {
  if (row !== 'none' || found.traces === 'none') return found
  const isWhole = execution.mode === 'all-or-nothing'
  const missing = unmet.find(
    ({ migration, line }) => migration === name && (isWhole || line === statements[0]?.line),
  )
  const claim = `events tell that "${name}" ran, but it has no row in the migration history`
  return missing
    ? { traces: 'none', least: 0, most: 0, evidence: [`${claim}, and ${describeUnmet(missing)}`] }
    : { traces: 'unknown', least: 0, most: statements.length, evidence: [...found.evidence, claim] }
}
