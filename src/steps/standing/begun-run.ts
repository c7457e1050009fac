import { join } from 'node:path'
import type { Plan } from '../../domain/plan.js'
import type { RunRecord } from '../../domain/run-record.js'
import type { TargetIdentity } from '../../domain/target.js'
import type { DeployTraces } from '../deploy-evidence.js'
import { isRunId, readRuns } from '../run-folder/runs.js'
import { readDeployTraces } from './kept-facts.js'

/** A run whose deploy began, with what it left in its folder. */
export interface BegunRun {
  readonly record: RunRecord
  readonly plan: Plan
  readonly traces: DeployTraces
}

/** What the run folders tell of the last deploy that began. */
export interface FoundBegunRun {
  readonly begun?: BegunRun
  /** Newer run folders, or this very one, that cannot be read: one sentence each. One of them may have begun a deploy. */
  readonly unreadable: readonly string[]
}

/**
 * The newest run in the backups folder that has begun to deploy to this very database. Later runs that came to no deploy
 * are passed over; of those that cannot be read it is told. Where what it left cannot be read, no older run is given for it.
 */
export async function findBegunRun(
  target: Pick<TargetIdentity, 'systemIdentifier' | 'databaseOid'>,
  backupsPath: string,
): Promise<FoundBegunRun> {
  const unreadable: string[] = []
  for await (const run of readRuns(backupsPath)) {
    if (run.problem !== undefined) {
      unreadable.push(run.problem)
      continue
    }
    const { record, folder } = run
    if (record.plan === undefined || !hasBegun(record) || !isOf(record.plan, target)) continue
    const rehearsedBy = record.rehearsal?.outcome === 'reused' ? (record.rehearsal.runId ?? '') : ''
    const kept = await readDeployTraces(
      folder,
      isRunId(rehearsedBy) ? join(backupsPath, rehearsedBy) : folder,
    )
    if (kept?.problem !== undefined) return { unreadable: [...unreadable, kept.problem] }
    // Before the catalog is kept nothing is started.
    if (kept) return { begun: { record, plan: record.plan, traces: kept.value }, unreadable }
  }
  return { unreadable }
}

function hasBegun({ databaseState, deployment }: RunRecord): boolean {
  return databaseState === 'unknown' || deployment !== undefined
}

function isOf(
  { target }: Plan,
  { systemIdentifier, databaseOid }: Pick<TargetIdentity, 'systemIdentifier' | 'databaseOid'>,
): boolean {
  return target.systemIdentifier === systemIdentifier && target.databaseOid === databaseOid
}
