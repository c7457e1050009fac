import type {
  DatabaseState,
  Deployment,
  MigrationOutcome,
  StatementFailure,
  Traces,
} from '../domain/deployment.js'
import type { CatalogExpectation, HistoryRow, PendingMigration } from '../domain/migration.js'
import type { EngineName, Plan } from '../domain/plan.js'
import { type Catalog, compareCatalogs, readCatalog } from '../postgres/catalog.js'
import { foldTableParts } from '../postgres/catalog-fingerprint/fold.js'
import { formatCatalogDifference } from '../postgres/catalog-fingerprint/format.js'
import { lastPartOf } from '../postgres/catalog-fingerprint/names.js'
import type { Client } from '../postgres/connection.js'
import { unmetExpectations } from '../postgres/expectations.js'
import { readTransactionStatus } from '../postgres/sessions.js'
import { type EngineEvent, withoutRepeated } from '../prisma/engine-events.js'
import { readHistory } from '../prisma/history.js'
import { tracesOfStatements } from './statement-traces.js'

/** What was found after the deploy ended, however it ended. */
export type DeployEvidence = Omit<Deployment, 'startedAt' | 'durationMs'>

/** So many objects that differ are named in the evidence. */
const namedObjects = 10

/**
 * Decides what became of the deploy by looking, never by an exit code: the rows of this run in the migration history,
 * what our engine did, the server's own commit log for each of its transactions, and the catalog before and after.
 * No session of the deploy may be alive any more.
 */
export async function gatherEvidence(
  plan: Plan,
  before: Catalog,
  events: readonly EngineEvent[],
  client: Client,
): Promise<DeployEvidence> {
  const schema = plan.target.schema
  const known = new Set(plan.history.map(({ id }) => id))
  const rowsOfThisRun = (await readHistory(client, schema)).filter(({ id }) => !known.has(id))
  const unmet = await unmetExpectations(client, plan.expectations, schema)
  const after = await readCatalog(client)
  const invalidIndexes = newInvalidIndexes(before, after)
  const catalogChanged = after.hash !== before.hash

  const migrations: MigrationOutcome[] = []
  const evidence: string[] = []
  for (const migration of plan.pending) {
    const own = withoutRepeated(events.filter((event) => event.migration === migration.name))
    const historyRow = historyRowOf(migration, rowsOfThisRun)
    const found =
      plan.engine === 'hosted' && migration.statements.length > 0
        ? await tracesByEngine(migration, own, client)
        : tracesWithoutEngine(migration, historyRow, unmet)
    let traces = isRowWithoutRun(historyRow, found.traces) ? 'unknown' : found.traces
    // CONCURRENTLY leaves something behind also when it fails.
    if (traces === 'none' && historyRow !== 'none' && mayLeaveTraces(migration) && catalogChanged)
      traces = invalidIndexes.length > 0 ? 'part' : 'unknown'
    const outcome = outcomeOf(migration, historyRow, traces, own)
    migrations.push(outcome)
    evidence.push(describeRow(outcome, plan.engine), ...found.evidence)
  }
  evidence.push(...describeCatalog(before, after))
  const findings = { state: stateOf(migrations, catalogChanged), migrations }
  if (!migrations.every(({ outcome }) => outcome === 'applied')) {
    return { ...findings, evidence, complete: false, ...(invalidIndexes.length ? { invalidIndexes } : {}) }
  }
  const missing = unmet.map(describeUnmet)
  evidence.push(
    ...missing.map((text) => `not as planned: ${text}`),
    ...(missing.length === 0
      ? [`all ${plan.expectations.length} objects that the statements name are as planned`]
      : []),
  )
  return {
    ...findings,
    evidence,
    complete: missing.length === 0,
    ...(missing.length ? { unmet: missing } : {}),
    ...(invalidIndexes.length ? { invalidIndexes } : {}),
  }
}

type HistoryRowState = NonNullable<MigrationOutcome['historyRow']>

function historyRowOf(migration: PendingMigration, rowsOfThisRun: readonly HistoryRow[]): HistoryRowState {
  const rows = rowsOfThisRun.filter(
    ({ migrationName, rolledBackAt }) => migrationName === migration.name && rolledBackAt === null,
  )
  if (rows.length === 0) return 'none'
  const finished = rows.some(
    ({ finishedAt, checksum }) => finishedAt !== null && checksum === migration.checksum,
  )
  return finished ? 'finished' : 'unfinished'
}

/** No transaction of its own vouches for a file that ran statement by statement. */
function mayLeaveTraces({ execution }: PendingMigration): boolean {
  return execution.mode === 'statement-by-statement'
}

/** Somebody has written that the migration is applied, but it was not our engine that ran it. */
function isRowWithoutRun(historyRow: HistoryRowState, traces: Traces): boolean {
  return historyRow === 'finished' && traces !== 'all'
}

function outcomeOf(
  { name }: PendingMigration,
  historyRow: HistoryRowState,
  traces: Traces,
  own: readonly EngineEvent[],
): MigrationOutcome {
  const applied = historyRow === 'finished' && traces === 'all'
  const finished = own.findLast((event) => event.type === 'migration-finished')
  const error = own.findLast((event) => event.type === 'statement-failed')
  return {
    name,
    outcome: applied ? 'applied' : historyRow !== 'none' || own.length > 0 ? 'failed' : 'not-run',
    traces,
    historyRow,
    ...(finished ? { durationMs: finished.durationMs } : {}),
    ...(error && !finished ? { error: failureOf(error) } : {}),
  }
}

function failureOf({ statement, line, sqlstate, message }: StatementFailure): StatementFailure {
  return {
    message,
    ...(statement === undefined ? {} : { statement }),
    ...(line === undefined ? {} : { line }),
    ...(sqlstate === undefined ? {} : { sqlstate }),
  }
}

function describeRow({ name, outcome, historyRow }: MigrationOutcome, engine: EngineName): string {
  if (outcome === 'not-run') return `"${name}" was not started by this run`
  if (outcome === 'applied')
    return `the history row of "${name}" from this run is finished and has the planned checksum`
  if (historyRow === 'finished')
    return `the history row of "${name}" is finished, but the ${engine} engine did not run it to its end`
  return `"${name}" was started by this run and has no finished history row`
}

/** Our own engine tells each transaction and each statement; of the former the server tells what became. */
async function tracesByEngine(
  { name, execution, statements }: PendingMigration,
  own: readonly EngineEvent[],
  client: Client,
): Promise<{ traces: Traces; evidence: string[] }> {
  if (execution.mode === 'statement-by-statement' && own.length > 0) {
    const { traces, committed } = tracesOfStatements(statements, own)
    const finished = own.filter(({ type }) => type === 'statement-finished').length
    const begun = own.filter(({ type }) => type === 'statement-started').length
    return {
      traces,
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
    found.add(status === 'aborted' ? 'none' : status === 'committed' ? 'all' : 'unknown')
    evidence.push(`the server says that transaction ${event.transactionId} of "${name}" is ${status}`)
  }
  return { traces: (['all', 'unknown'] as const).find((traces) => found.has(traces)) ?? 'none', evidence }
}

/**
 * Prisma's own engine tells nothing of its transactions. Before it runs a file it writes the history row, and then the
 * statements run in their order: when the first one has left no trace, none has.
 */
function tracesWithoutEngine(
  { name, statements }: PendingMigration,
  historyRow: HistoryRowState,
  unmet: readonly CatalogExpectation[],
): { traces: Traces; evidence: string[] } {
  if (historyRow === 'none') return { traces: 'none', evidence: [] }
  if (historyRow === 'finished') return { traces: 'all', evidence: [] }
  const first = unmet.find(
    ({ migration, line, present }) => migration === name && line === statements[0]?.line && present,
  )
  return first
    ? {
        traces: 'none',
        evidence: [`the first statement of "${name}" has left no trace: ${describeUnmet(first)}`],
      }
    : {
        traces: 'unknown',
        evidence: [`Prisma's own engine does not tell whether statements of "${name}" took effect`],
      }
}

/** The engine speaks of its own statements, the catalog of everything. Only when both agree is it unchanged. */
function stateOf(migrations: readonly MigrationOutcome[], catalogChanged: boolean): DatabaseState {
  const found = new Set(migrations.map(({ traces }) => traces))
  if (found.has('all') || found.has('part') || catalogChanged) return 'changed'
  return found.has('unknown') ? 'unknown' : 'unchanged'
}

function describeCatalog(before: Catalog, after: Catalog): string[] {
  if (after.hash === before.hash) return ['the catalog is the same as before the deploy']
  const differences = foldTableParts(compareCatalogs(before, after), before.objects, after.objects)
  const more = differences.length - namedObjects
  return [
    'the catalog differs from the one before the deploy',
    ...differences
      .slice(0, namedObjects)
      .map((difference) => `in the catalog: ${formatCatalogDifference(difference)}`),
    ...(more > 0 ? [`in the catalog: ${more} more ${more === 1 ? 'difference' : 'differences'}`] : []),
  ]
}

/** Indexes that no reader uses, and that were not there, or were valid, before. */
function newInvalidIndexes(before: Catalog, after: Catalog): string[] {
  const known = new Set(invalidIndexesOf(before))
  return invalidIndexesOf(after)
    .filter((name) => !known.has(name))
    .map(lastPartOf)
}

function invalidIndexesOf({ objects }: Catalog): string[] {
  return objects
    .filter(({ kind, properties }) => kind === 'index' && properties.valid === false)
    .map(({ name }) => name)
}

function describeUnmet({ kind, relation, name, present, migration, line }: CatalogExpectation): string {
  const object = name ? `${kind} ${name} on ${relation}` : `${kind} ${relation}`
  return `${object} is ${present ? 'not there' : 'still there'} (${migration}, line ${line})`
}
