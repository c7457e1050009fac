import type { DatabaseState, Deployment, MigrationOutcome, StatementFailure } from '../domain/deployment.js'
import type { HistoryRow, PendingMigration } from '../domain/migration.js'
import type { Plan } from '../domain/plan.js'
import { type Catalog, readCatalog, unmetExpectations } from '../postgres/catalog.js'
import type { Client } from '../postgres/connection.js'
import { readTransactionStatus } from '../postgres/sessions.js'
import type { EngineEvent } from '../prisma/engine-events.js'
import { readHistory } from '../prisma/history.js'

/** What was found after the deploy ended, however it ended. */
export type DeployEvidence = Pick<Deployment, 'state' | 'migrations' | 'evidence' | 'complete'>

/**
 * Decides what became of the deploy by looking, never by an exit code: the rows of this run in the migration history,
 * the server's own commit log for each transaction, and the catalog before and after.
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
  const migrations = plan.pending.map((migration) => outcomeOf(migration, rowsOfThisRun, events))
  const after = await readCatalog(client)
  const catalogChanged = after.hash !== before.hash
  const evidence = [
    ...migrations.map(describeRow),
    catalogChanged
      ? 'the catalog differs from the one before the deploy'
      : 'the catalog is the same as before the deploy',
  ]
  if (migrations.every(({ outcome }) => outcome === 'applied')) {
    const unmet = await unmetExpectations(client, plan.expectations, schema)
    for (const { kind, relation, name, present, migration, line } of unmet) {
      const object = name ? `${kind} ${name} on ${relation}` : `${kind} ${relation}`
      evidence.push(
        `not as planned: ${object} is ${present ? 'not there' : 'still there'} (${migration}, line ${line})`,
      )
    }
    if (unmet.length === 0)
      evidence.push(`all ${plan.expectations.length} objects that the statements name are as planned`)
    return { state: 'changed', migrations, evidence, complete: unmet.length === 0 }
  }
  const stopped = plan.pending.filter((_, i) => migrations[i]?.outcome !== 'applied')
  const proof = await stateOfStopped(stopped, events, client)
  const somethingApplied = stopped.length < plan.pending.length
  return {
    state: somethingApplied ? 'changed' : combine(proof.state, { catalogChanged }),
    migrations,
    evidence: [...evidence, ...proof.evidence],
    complete: false,
  }
}

function outcomeOf(
  migration: PendingMigration,
  rowsOfThisRun: readonly HistoryRow[],
  events: readonly EngineEvent[],
): MigrationOutcome {
  const rows = rowsOfThisRun.filter(({ migrationName }) => migrationName === migration.name)
  const applied = rows.some(
    ({ finishedAt, rolledBackAt, checksum }) =>
      finishedAt !== null && rolledBackAt === null && checksum === migration.checksum,
  )
  const own = events.filter((event) => event.migration === migration.name)
  const finished = own.findLast((event) => event.type === 'migration-finished')
  const error = own.findLast((event) => event.type === 'statement-failed')
  return {
    name: migration.name,
    outcome: applied ? 'applied' : rows.length > 0 || own.length > 0 ? 'failed' : 'not-run',
    ...(finished ? { durationMs: finished.durationMs } : {}),
    ...(error && !applied ? { error: failureOf(error) } : {}),
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

function describeRow({ name, outcome }: MigrationOutcome): string {
  switch (outcome) {
    case 'applied':
      return `the history row of "${name}" from this run is finished and has the planned checksum`
    case 'failed':
      return `"${name}" was started by this run and has no finished history row`
    case 'not-run':
      return `"${name}" was not started by this run`
  }
}

/** What is left in the database of the migrations that did not get through. */
async function stateOfStopped(
  stopped: readonly PendingMigration[],
  events: readonly EngineEvent[],
  client: Client,
): Promise<{ state: DatabaseState; evidence: string[] }> {
  const evidence: string[] = []
  const states = new Set<DatabaseState>()
  for (const { name, execution } of stopped) {
    const own = events.filter((event) => event.migration === name)
    if (execution.mode === 'statement-by-statement') {
      const finished = own.filter((event) => event.type === 'statement-finished').length
      const begun = own.filter((event) => event.type === 'statement-started').length
      // A statement that is a transaction of its own may leave traces even when it fails; the catalog will tell.
      states.add(finished > 0 ? 'changed' : begun > 0 ? 'unknown' : 'unchanged')
      evidence.push(
        `"${name}" runs statement by statement: ${finished} statements finished, ${begun - finished} did not`,
      )
    }
    for (const event of own) {
      if (event.type !== 'transaction-started') continue
      const status = await readTransactionStatus(client, event.transactionId)
      states.add(status === 'aborted' ? 'unchanged' : status === 'committed' ? 'changed' : 'unknown')
      evidence.push(`the server says that transaction ${event.transactionId} of "${name}" is ${status}`)
    }
  }
  const worst = (['changed', 'unknown'] as const).find((state) => states.has(state))
  return { state: worst ?? 'unchanged', evidence }
}

/** The commit log speaks of our transactions; the catalog of everything. Only when both agree is it unchanged. */
function combine(state: DatabaseState, { catalogChanged }: { catalogChanged: boolean }): DatabaseState {
  if (catalogChanged) return 'changed'
  return state
}
