import type { CatalogTimeline } from '../domain/catalog-timeline.js'
import type {
  DatabaseState,
  Deployment,
  MigrationOutcome,
  StatementFailure,
  Traces,
} from '../domain/deployment.js'
import type { CatalogExpectation, HistoryRow, PendingMigration } from '../domain/migration.js'
import type { EngineName, Plan } from '../domain/plan.js'
import type { Standing } from '../domain/standing.js'
import { type Catalog, compareCatalogs, readCatalog } from '../postgres/catalog.js'
import { foldTableParts } from '../postgres/catalog-fingerprint/fold.js'
import { formatCatalogDifference } from '../postgres/catalog-fingerprint/format.js'
import { lastPartOf } from '../postgres/catalog-fingerprint/names.js'
import type { Client } from '../postgres/connection.js'
import { unmetExpectations } from '../postgres/expectations.js'
import { readTransactionStatus } from '../postgres/sessions.js'
import { type EngineEvent, withoutRepeated } from '../prisma/engine-events.js'
import { readHistory } from '../prisma/history.js'
import { concludeStanding, type MigrationReach } from './standing/conclude.js'
import { type CatalogJudgement, judgeCatalog } from './standing/judge-catalog.js'
import { tracesOfStatements } from './statement-traces.js'

/** What was found after the deploy ended, however it ended. */
export type DeployEvidence = Omit<Deployment, 'startedAt' | 'durationMs'>

/** What is known of the deploy from before it and from its engine. */
export interface DeployTraces {
  /** The catalog right before the deploy. */
  readonly before: Catalog
  readonly events: readonly EngineEvent[]
  /** Our own engine has opened the database; false for one that tells nothing. */
  readonly engineOpened: boolean
  /** How the rehearsal went from step to step; absent without one. */
  readonly timeline?: CatalogTimeline
}

/** So many objects that differ are named in the evidence. */
const namedObjects = 10

/**
 * Decides what became of the deploy by looking, never by an exit code: the rows of this run in the migration history,
 * what our engine did, the server's own commit log for each of its transactions, the catalog before and after, and each
 * object that the rehearsal saw change. No session of the deploy may be alive any more.
 */
export async function gatherEvidence(
  plan: Plan,
  { before, events, engineOpened, timeline }: DeployTraces,
  client: Client,
): Promise<DeployEvidence> {
  const schema = plan.target.schema
  const known = new Set(plan.history.map(({ id }) => id))
  const newRows = (await readHistory(client, schema)).filter(({ id }) => !known.has(id))
  const unmet = await unmetExpectations(client, plan.expectations, schema)
  const after = await readCatalog(client)
  const invalidIndexes = newInvalidIndexes(before, after).map(lastPartOf)
  const catalogChanged = after.hash !== before.hash
  const judgement = timeline && judgeCatalog(timeline, before.objects, after.objects)

  const migrations: MigrationOutcome[] = []
  const reaches: MigrationReach[] = []
  const evidence: string[] = []
  for (const migration of plan.pending) {
    const own = withoutRepeated(
      events.filter(({ migration: name, type }) => name === migration.name && type !== 'history-row'),
    )
    const row = findRow(migration, newRows, events, plan.engine === 'hosted' && engineOpened)
    const found =
      plan.engine === 'hosted' && migration.statements.length > 0
        ? await tracesByEngine(migration, own, client)
        : tracesWithoutEngine(migration, row.state, unmet)
    let traces = isRowWithoutRun(row.state, found.traces) ? 'unknown' : found.traces
    // CONCURRENTLY leaves something behind also when it fails.
    if (traces === 'none' && row.state !== 'none' && mayLeaveTraces(migration) && catalogChanged)
      traces = invalidIndexes.length > 0 ? 'part' : 'unknown'
    const outcome = outcomeOf(migration, row, traces, own)
    migrations.push(outcome)
    const isSeen = timeline !== undefined || !unmet.some((one) => one.migration === migration.name)
    reaches.push(reachOf(migration, row, found, isSeen))
    evidence.push(describeRow(outcome, plan.engine), ...found.evidence)
  }
  const isComplete = migrations.every(({ outcome }) => outcome === 'applied')
  evidence.push(
    ...describeCatalog(before, after),
    ...(judgement && timeline ? describeJudgement(judgement, timeline) : []),
  )
  const standing: Standing = isComplete
    ? { kind: 'all' }
    : concludeStanding({
        pending: plan.pending,
        reaches,
        ...(judgement && timeline ? { catalog: { timeline, judgement } } : {}),
        catalogChanged,
        seesSteps: plan.engine === 'hosted',
        invalidIndexes: judgement?.invalidIndexes ?? newInvalidIndexes(before, after),
      })
  const found = {
    state: stateOf(standing, migrations, catalogChanged),
    standing,
    migrations,
    ...(invalidIndexes.length ? { invalidIndexes } : {}),
  }
  if (!isComplete) {
    const hasRun = events.length > 0 || !engineOpened
    const isDeployed = migrations.every(
      ({ rowByOther, historyRow }) => rowByOther && historyRow === 'finished',
    )
    if (hasRun || !isDeployed || unmet.length > 0 || (judgement && !isAtEnd(judgement, timeline)))
      return { ...found, evidence, complete: false }
    return {
      ...found,
      // By this run, which is what the exit code promises.
      state: 'unchanged',
      standing: { kind: 'all' },
      byOther: { kind: 'deployed' },
      evidence,
      complete: false,
    }
  }
  const missing = unmet.map(describeUnmet)
  evidence.push(
    ...missing.map((text) => `not as planned: ${text}`),
    ...(missing.length === 0
      ? [`all ${plan.expectations.length} objects that the statements name are as planned`]
      : []),
  )
  return {
    ...found,
    ...(missing.length ? { standing: { kind: 'unknown', why: missing.join(', ') }, unmet: missing } : {}),
    evidence,
    complete: missing.length === 0,
  }
}

function isAtEnd({ places }: CatalogJudgement, timeline: CatalogTimeline | undefined): boolean {
  return places.includes(timeline?.points.length ?? 0)
}

type HistoryRowState = NonNullable<MigrationOutcome['historyRow']>

interface FoundRow {
  readonly state: HistoryRowState
  /** Our engine tells the id of each row before it writes it; where it never came to work nobody can know. */
  readonly byOther: boolean
}

function findRow(
  migration: PendingMigration,
  newRows: readonly HistoryRow[],
  events: readonly EngineEvent[],
  ourEngineTells: boolean,
): FoundRow {
  const ownIds = new Set(events.flatMap((event) => (event.type === 'history-row' ? [event.rowId] : [])))
  const all = newRows.filter(({ migrationName }) => migrationName === migration.name)
  const rows = all.filter(({ rolledBackAt }) => rolledBackAt === null)
  if (rows.length === 0) return { state: all.length > 0 ? 'rolled-back' : 'none', byOther: false }
  const finished = rows.some(
    ({ finishedAt, checksum }) => finishedAt !== null && checksum === migration.checksum,
  )
  return {
    state: finished ? 'finished' : 'unfinished',
    byOther: ourEngineTells && !rows.some(({ id }) => ownIds.has(id)),
  }
}

/**
 * How far the engine can have come; of what another deploy did only its row tells.
 * @param isSeen the catalog is asked, or shows what the statements name: a row alone is no proof
 */
function reachOf(
  { statements }: PendingMigration,
  { state, byOther }: FoundRow,
  { least, most, traces }: FoundTraces,
  isSeen: boolean,
): MigrationReach {
  const all = statements.length
  if (byOther) return { least: 0, most: all, row: state === 'finished' && !isSeen ? 'unfinished' : state }
  // A finished row that the engine does not vouch for proves nothing.
  if (isRowWithoutRun(state, traces)) return { least: 0, most: all, row: 'unfinished' }
  return { least, most, row: state }
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
  { state: historyRow, byOther }: FoundRow,
  traces: Traces,
  own: readonly EngineEvent[],
): MigrationOutcome {
  const applied = historyRow === 'finished' && traces === 'all'
  const finished = own.findLast((event) => event.type === 'migration-finished')
  const error = own.findLast((event) => event.type === 'statement-failed')
  return {
    name,
    outcome: applied ? 'applied' : (isOpen(historyRow) && !byOther) || own.length > 0 ? 'failed' : 'not-run',
    traces,
    historyRow,
    ...(byOther ? { rowByOther: true } : {}),
    ...(finished ? { durationMs: finished.durationMs } : {}),
    ...(error && !finished ? { error: failureOf(error) } : {}),
  }
}

function isOpen(historyRow: HistoryRowState): boolean {
  return historyRow === 'finished' || historyRow === 'unfinished'
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

interface FoundTraces {
  readonly traces: Traces
  /** Of its statements, counted from the first: so many have surely taken effect, and no more than so many can have. */
  readonly least: number
  readonly most: number
  readonly evidence: string[]
}

/** Our own engine tells each transaction and each statement; of the former the server tells what became. */
async function tracesByEngine(
  { name, execution, statements }: PendingMigration,
  own: readonly EngineEvent[],
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
    found.add(status === 'aborted' ? 'none' : status === 'committed' ? 'all' : 'unknown')
    evidence.push(`the server says that transaction ${event.transactionId} of "${name}" is ${status}`)
  }
  const traces = (['all', 'unknown'] as const).find((one) => found.has(one)) ?? 'none'
  const all = statements.length
  return { traces, least: traces === 'all' ? all : 0, most: traces === 'none' ? 0 : all, evidence }
}

/**
 * Prisma's own engine tells nothing of its transactions. Before it runs a file it writes the history row, and then the
 * statements run in their order: when the first one has left no trace, none has.
 */
function tracesWithoutEngine(
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

/** What the standing leaves open, what is seen of the catalog may still decide: it is changed, whatever by. */
function stateOf(
  standing: Standing,
  migrations: readonly MigrationOutcome[],
  catalogChanged: boolean,
): DatabaseState {
  if (standing.kind === 'unchanged') return 'unchanged'
  if (standing.kind !== 'unknown') return 'changed'
  const found = new Set(migrations.map(({ traces }) => traces))
  return found.has('all') || found.has('part') || catalogChanged ? 'changed' : 'unknown'
}

function describeJudgement(judgement: CatalogJudgement, { points }: CatalogTimeline): string[] {
  const { places, moved, foreign, byOthers } = judgement
  const objects = (names: readonly string[]) =>
    `${names.slice(0, namedObjects).join(', ')}${names.length > namedObjects ? ` and ${names.length - namedObjects} more` : ''}`
  const fits = places.map((place) => {
    const point = points[place - 1]
    if (point === undefined) return 'before the deploy'
    const { migration, statements } = point
    return statements === undefined
      ? `after "${migration}"`
      : `after statement ${statements} of "${migration}"`
  })
  return [
    fits.length > 0
      ? `every object that the rehearsal saw change is as ${fits.join(', and as ')}`
      : 'the objects that the rehearsal saw change are as at no step of it',
    ...(moved.length > 0 && fits.length === 0 ? [`not as before: ${objects(moved)}`] : []),
    ...(foreign.length > 0 ? [`as at no step of the rehearsal: ${objects(foreign)}`] : []),
    ...(byOthers.length > 0 ? [`changed by somebody else meanwhile: ${objects(byOthers)}`] : []),
  ]
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
  return invalidIndexesOf(after).filter((name) => !known.has(name))
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
