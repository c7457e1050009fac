import type { CatalogTimeline } from '../domain/catalog-timeline.js'
import type {
  DatabaseState,
  Deployment,
  MigrationOutcome,
  StatementFailure,
  Traces,
} from '../domain/deployment.js'
import type { PendingMigration } from '../domain/migration.js'
import type { Plan } from '../domain/plan.js'
import type { Standing } from '../domain/standing.js'
import { type Catalog, readCatalog } from '../postgres/catalog.js'
import { lastPartOf } from '../postgres/catalog-fingerprint/names.js'
import type { Client } from '../postgres/connection.js'
import { unmetExpectations } from '../postgres/expectations.js'
import { type EngineEvent, withoutRepeated } from '../prisma/engine-events.js'
import { readHistory } from '../prisma/history.js'
import { concludeStanding, type MigrationReach } from './standing/conclude.js'
import {
  describeCatalog,
  describeJudgement,
  describeRow,
  describeUnmet,
} from './standing/describe-evidence.js'
import { type FoundRow, findRow, isOpen } from './standing/history-row.js'
import { type CatalogJudgement, judgeCatalog } from './standing/judge-catalog.js'
import { type CatalogSeen, settleLostStatement } from './standing/lost-statement.js'
import {
  type FoundTraces,
  tracesByEngine,
  tracesOfClaim,
  tracesWithoutEngine,
} from './standing/migration-traces.js'

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

  const seen = { before, expectations: plan.expectations, unmet, schema }
  const migrations: MigrationOutcome[] = []
  const reaches: MigrationReach[] = []
  const evidence: string[] = []
  for (const migration of plan.pending) {
    const own = withoutRepeated(
      events.filter(
        ({ migration: name, type }) =>
          name === migration.name && type !== 'history-row' && type !== 'refused',
      ),
    )
    const row = findRow(migration, newRows, events, plan.engine === 'hosted' && engineOpened)
    const found =
      plan.engine === 'hosted' && migration.statements.length > 0
        ? believed(migration, await tracesByEngine(migration, own, row, client), row.state, seen)
        : tracesWithoutEngine(migration, row.state, unmet)
    let traces = isRowWithoutRun(row, found.traces) ? 'unknown' : found.traces
    // CONCURRENTLY leaves something behind also when it fails.
    if (traces === 'none' && row.state !== 'none' && mayLeaveTraces(migration) && catalogChanged)
      traces = invalidIndexes.length > 0 ? 'part' : 'unknown'
    const outcome = outcomeOf(migration, row, traces, own)
    migrations.push(outcome)
    const isSeen = timeline !== undefined || !unmet.some((one) => one.migration === migration.name)
    const isNowhere = plan.expectations.every(
      (one) => one.migration !== migration.name || unmet.includes(one),
    )
    reaches.push(reachOf(migration, row, isNowhere ? found : { ...found, isUndone: false }, isSeen))
    evidence.push(describeRow(outcome, plan.engine), ...found.evidence)
  }
  const isComplete = migrations.every(({ outcome }) => outcome === 'applied')
  const missing = isComplete ? unmet.map(describeUnmet) : []
  const standing: Standing = isComplete
    ? standingOfComplete(missing)
    : concludeStanding({
        pending: plan.pending,
        reaches,
        ...(judgement && timeline ? { catalog: { timeline, judgement } } : {}),
        catalogChanged,
        seesSteps: plan.engine === 'hosted',
        invalidIndexes: judgement?.invalidIndexes ?? newInvalidIndexes(before, after),
      })
  const isByOthers = catalogChanged && standing.kind === 'unchanged'
  evidence.push(
    ...describeCatalog(before, after),
    ...(isByOthers ? ["what differs is somebody else's: what this run did is undone"] : []),
    ...(judgement && timeline ? describeJudgement(judgement, timeline) : []),
  )
  const refused = events.findLast((event) => event.type === 'refused')?.message
  const found = {
    state: stateOf(standing, catalogChanged),
    standing,
    migrations,
    ...(refused === undefined ? {} : { refused }),
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
  evidence.push(
    ...missing.map((text) => `not as planned: ${text}`),
    ...(missing.length === 0
      ? [`all ${plan.expectations.length} objects that the statements name are as planned`]
      : []),
  )
  return {
    ...found,
    ...(missing.length ? { unmet: missing } : {}),
    evidence,
    complete: missing.length === 0,
  }
}

/** What the engine tells, held against the history and the catalog. */
function believed(
  migration: PendingMigration,
  told: FoundTraces,
  row: FoundRow['state'],
  seen: CatalogSeen,
): FoundTraces {
  return tracesOfClaim(migration, settleLostStatement(migration, told, seen), row, seen.unmet)
}

function isAtEnd({ places }: CatalogJudgement, timeline: CatalogTimeline | undefined): boolean {
  return places.includes(timeline?.points.length ?? 0)
}

/**
 * How far the engine can have come; of what another deploy did only its row tells.
 * @param isSeen the catalog is asked, or shows what the statements name: a row alone is no proof
 */
function reachOf(
  { statements }: PendingMigration,
  row: FoundRow,
  { least, most, traces, isUndone }: FoundTraces,
  isSeen: boolean,
): MigrationReach {
  const all = statements.length
  const { state, byOther } = row
  if (byOther) return { least: 0, most: all, row: state === 'finished' && !isSeen ? 'unfinished' : state }
  // Events without a row prove nothing, either.
  if (state === 'none' && traces !== 'none') return { least: 0, most: all, row: 'unfinished' }
  // A finished row that the engine does not vouch for proves nothing.
  if (isRowWithoutRun(row, traces)) return { least: 0, most: all, row: 'unfinished' }
  return { least, most, row: state, ...(isUndone ? { isUndone } : {}) }
}

/** No transaction of its own vouches for a file that ran statement by statement. */
function mayLeaveTraces({ execution }: PendingMigration): boolean {
  return execution.mode === 'statement-by-statement'
}

/** Somebody has written that the migration is applied, but it was not our engine that ran it. */
function isRowWithoutRun({ state, isOfOtherFile }: FoundRow, traces: Traces): boolean {
  return state === 'finished' && (traces !== 'all' || isOfOtherFile)
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

function failureOf({ statement, line, sqlstate, message }: StatementFailure): StatementFailure {
  return {
    message,
    ...(statement === undefined ? {} : { statement }),
    ...(line === undefined ? {} : { line }),
    ...(sqlstate === undefined ? {} : { sqlstate }),
  }
}

/** What the standing leaves open, the catalog may still decide: it is changed, whatever by. What an engine says does not. */
function stateOf(standing: Standing, catalogChanged: boolean): DatabaseState {
  if (standing.kind === 'unchanged') return 'unchanged'
  return standing.kind !== 'unknown' || catalogChanged ? 'changed' : 'unknown'
}

/** Engine and history say that all is applied; what the statements name must be seen, too. */
function standingOfComplete(missing: readonly string[]): Standing {
  return missing.length === 0 ? { kind: 'all' } : { kind: 'unknown', why: missing.join(', ') }
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
