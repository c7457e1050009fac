import type { BackupManifest } from '../../src/domain/backup.js'
import type { Plan } from '../../src/domain/plan.js'
import { type RunRecord, stepNames } from '../../src/domain/run-record.js'
import type { TargetIdentity } from '../../src/domain/target.js'

/** As the server would tell of it. */
export const keptTarget: TargetIdentity = {
  host: 'db1.example.com',
  port: 5432,
  database: 'shop',
  user: 'deployer',
  schema: 'public',
  databaseOid: '16384',
  systemIdentifier: '7714018986610133169',
  marks: { timeline: 1, statisticsSince: '2026-01-01T00:00:00.000000Z', clusterName: '', place: null },
  serverVersion: '15.18',
  serverVersionNum: 150018,
  inRecovery: false,
  databaseSizeBytes: 7_000_000,
}

/** A plan with nothing in it. */
export const keptPlan: Plan = {
  hash: 'ab'.repeat(32),
  target: keptTarget,
  engine: 'hosted',
  prismaVersion: '7.10.1',
  history: [],
  pending: [],
  appliedCount: 0,
  catalogHash: 'cd'.repeat(32),
  expectations: [],
  findings: [],
}

/** The record of a run as it is written to run.json, with these members over it. */
export function keptRecord(runId: string, members: Partial<RunRecord> = {}): RunRecord {
  return {
    tool: 'migrate-guard',
    version: '0.1.0',
    command: 'rehearse',
    runId,
    startedAt: '2026-11-20T04:34:00.000Z',
    steps: Object.fromEntries(
      stepNames.map((name) => [name, { outcome: 'not-run' }]),
    ) as unknown as RunRecord['steps'],
    databaseState: 'unchanged',
    ...members,
  }
}

/** A manifest as it is written to manifest.json, of a database that holds nothing. */
export function keptManifest(runId: string, members: Partial<BackupManifest> = {}): BackupManifest {
  return {
    format: 1,
    runId,
    createdAt: '2026-11-20T04:34:00.000Z',
    target: keptTarget,
    tool: 'migrate-guard 0.1.0',
    pgDumpVersion: '15.18',
    snapshotLsn: '0/1',
    rowCounts: [],
    fingerprint: { tables: [], largeObjects: { objects: 0, sum: '0' } },
    catalogHash: 'ef'.repeat(32),
    sequencesAfter: {},
    tableWrites: [],
    files: [],
    notIncluded: [],
    ...members,
  }
}
