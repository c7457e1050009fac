import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Plan } from '../../domain/plan.js'
import type { RunRecord } from '../../domain/run-record.js'
import type { TargetIdentity } from '../../domain/target.js'
import type { DeployTraces } from '../deploy-evidence.js'
import { readDeployTraces } from './kept-facts.js'

/** A run whose deploy began, with what it left in its folder. */
export interface BegunRun {
  readonly record: RunRecord
  readonly plan: Plan
  readonly traces: DeployTraces
}

/**
 * The newest run in the backups folder that has begun to deploy to this very database. Later runs that came to no deploy
 * are passed over, and so are records that cannot be read.
 */
export async function findBegunRun(
  target: Pick<TargetIdentity, 'systemIdentifier' | 'databaseOid'>,
  backupsPath: string,
): Promise<BegunRun | undefined> {
  const names = existsSync(backupsPath) ? await readdir(backupsPath) : []
  // A run id begins with its time.
  for (const name of names.sort().reverse()) {
    const folder = join(backupsPath, name)
    const record = await readRecord(folder)
    if (record?.plan === undefined || !hasBegun(record) || !isOf(record.plan, target)) continue
    const rehearsedBy = record.rehearsal?.outcome === 'reused' ? record.rehearsal.runId : undefined
    const traces = await readDeployTraces(folder, rehearsedBy && join(backupsPath, rehearsedBy))
    // Before the catalog is kept nothing is started.
    if (traces) return { record, plan: record.plan, traces }
  }
  return undefined
}

async function readRecord(folder: string): Promise<RunRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')) as RunRecord
  } catch {
    return undefined
  }
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
