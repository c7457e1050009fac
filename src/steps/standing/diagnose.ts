// diagnose: says what state the database is in, from the history and from what the last run that deployed has left.
// Starts nothing and writes nothing; the target is only read.
import type {
  DiagnosedRun,
  Diagnosis,
  MigrationStanding,
  UnfinishedMigration,
} from '../../domain/diagnosis.js'
import { describeHolder } from '../../domain/lock-holder.js'
import type { HistoryRow } from '../../domain/migration.js'
import type { Standing } from '../../domain/standing.js'
import type { Client } from '../../postgres/connection.js'
import { readTargetIdentity } from '../../postgres/identity.js'
import { readLockHolders } from '../../postgres/lock-holders.js'
import { waitUntilGone } from '../../postgres/sessions.js'
import { readHistory } from '../../prisma/history.js'
import { gatherEvidence } from '../deploy-evidence.js'
import { applicationName, type Tools, withTarget } from '../tools.js'
import { type BegunRun, findBegunRun } from './begun-run.js'

export interface DiagnoseOptions {
  /** How long sessions of a run that was killed have to end; the server looks for their client twice a second. */
  readonly patienceMs: number
}

/** What the history, the run folders and the server tell. */
export async function diagnose(tools: Tools, { patienceMs }: DiagnoseOptions): Promise<Diagnosis> {
  const { target, backupsPath } = tools.settings
  return withTarget(tools, async (client) => {
    const identity = await readTargetIdentity(client, target)
    const unfinished = unfinishedOf(await readHistory(client, target.schema))
    const { begun, unreadable } = await findBegunRun(identity, backupsPath)
    const isSettled = begun?.record.deployment?.complete || begun?.record.deployment?.byOther
    const isOpen = unfinished.length > 0 || (begun !== undefined && !isProven(begun))
    const run = begun && isOpen && !isSettled ? await diagnoseRun(begun, client, patienceMs) : undefined
    const holders = await readLockHolders(client)
    const prismaHolder = holders.find(({ lock }) => lock === 'prisma')
    const deployHolder = holders.find(({ lock }) => lock === 'migrate-guard')
    return {
      unfinished,
      ...(unreadable.length > 0 ? { unreadable } : {}),
      ...(run ? { run } : {}),
      ...(prismaHolder ? { prismaLock: describeHolder(prismaHolder) } : {}),
      ...(deployHolder ? { deployLock: describeHolder(deployHolder) } : {}),
    }
  })
}

/** The run has found out itself how it ended. */
function isProven({ record }: BegunRun): boolean {
  const { standing } = record.deployment ?? {}
  return standing !== undefined && standing.kind !== 'unknown'
}

function unfinishedOf(history: readonly HistoryRow[]): UnfinishedMigration[] {
  return history
    .filter(({ finishedAt, rolledBackAt }) => finishedAt === null && rolledBackAt === null)
    .map(({ id, migrationName, checksum, startedAt }) => ({
      rowId: id,
      name: migrationName,
      checksum,
      startedAt,
    }))
}

async function diagnoseRun(
  { record, plan, traces }: BegunRun,
  client: Client,
  patienceMs: number,
): Promise<DiagnosedRun> {
  const { runId } = record
  if (!(await waitUntilGone(client, applicationName({ runId }, 'deploy'), patienceMs))) {
    const why = `a session of run ${runId} is still at work on the server`
    return { runId, standing: { kind: 'unknown', why }, evidence: [why], atWork: true }
  }
  const { standing, evidence } = await gatherEvidence(plan, traces, client)
  return {
    runId,
    standing: standing ?? { kind: 'unknown', why: 'nothing tells' },
    evidence: [`no session of run ${runId} is left on the server`, ...evidence],
    atWork: false,
  }
}

/**
 * How much of an unfinished migration is there, as the run that started it tells; undefined when it was another one that
 * did, such as a bare `prisma migrate deploy`.
 */
export async function standingByRun(
  { name, rowId }: UnfinishedMigration,
  { run }: Diagnosis,
  tools: Tools,
): Promise<MigrationStanding | undefined> {
  if (run === undefined) return undefined
  const { begun } = await withTarget(tools, async (client) =>
    findBegunRun(await readTargetIdentity(client, tools.settings.target), tools.settings.backupsPath),
  )
  const index = begun?.plan.pending.findIndex((migration) => migration.name === name) ?? -1
  const isOurs = begun?.traces.events.some((event) => event.type === 'history-row' && event.rowId === rowId)
  const isOfNative = begun?.plan.engine === 'native' && !begun.plan.history.some(({ id }) => id === rowId)
  if (index < 0 || !(isOurs || isOfNative)) return undefined
  return standingIn(run.standing, index, name, run.evidence)
}

/** The part of a standing that is about one migration. */
function standingIn(
  standing: Standing,
  index: number,
  name: string,
  evidence: readonly string[],
): MigrationStanding {
  const common = { invalidIndexes: [], evidence }
  switch (standing.kind) {
    case 'unchanged':
      return { kind: 'none', ...common }
    case 'all':
      return { kind: 'all', ...common }
    case 'prefix':
      return { kind: index < standing.applied.length ? 'all' : 'none', ...common }
    case 'part': {
      const { applied, migration, statements, invalidIndexes = [] } = standing
      if (migration !== name) return { kind: index < applied.length ? 'all' : 'none', ...common }
      if (statements === 0) return { kind: 'none', ...common, invalidIndexes }
      if (statements !== undefined) return { kind: 'part', ...common, statements, invalidIndexes }
      const why = `these objects of it are there, and the others are not: ${standing.objects.join(', ')}`
      return { kind: 'unknown', ...common, invalidIndexes, why }
    }
    case 'unknown':
      return {
        kind: 'unknown',
        ...common,
        why: standing.why,
        ...(standing.isOpen ? { isOpen: true } : {}),
      }
  }
}
