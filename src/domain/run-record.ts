import type { Approval } from './approval.js'
import type { Backup } from './backup.js'
import type { DatabaseState, Deployment } from './deployment.js'
import type { Findings } from './finding.js'
import type { MarkedBaseline } from './marked-baseline.js'
import type { OfflinePlan, Plan } from './plan.js'
import type { Rehearsal } from './rehearsal.js'
import type { RolledBack } from './rolled-back.js'
import type { Verification } from './verification.js'

export const stepNames = [
  'plan',
  'check',
  'backup',
  'rehearse',
  'confirm',
  'deploy',
  'verify',
  'report',
] as const
export type StepName = (typeof stepNames)[number]

export type Outcome = 'not-run' | 'running' | 'passed' | 'failed' | 'skipped'

export interface StepRecord {
  readonly outcome: Outcome
  readonly startedAt?: string
  readonly durationMs?: number
  /** One line for the screen and the report. */
  readonly summary?: string
}

export interface RunFailure {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly step: StepName | null
}

/** Who started a run, by the account of the operating system. */
export interface StartedBy {
  readonly user: string
  readonly host: string
}

/** One execution of the line; `run.json`. Saved before and after every step. */
export interface RunRecord {
  readonly tool: 'migrate-guard'
  readonly version: string
  readonly command: string
  readonly runId: string
  readonly startedAt: string
  /** Absent in runs of earlier versions. */
  readonly by?: StartedBy
  readonly finishedAt?: string
  readonly steps: Readonly<Record<StepName, StepRecord>>
  /** `unknown` from just before the deploy until its end has been proven. */
  readonly databaseState: DatabaseState
  readonly exitCode?: number
  readonly failure?: RunFailure
  readonly plan?: Plan
  /** Instead of a plan, when no database was asked. */
  readonly offlinePlan?: OfflinePlan
  readonly findings?: Findings
  readonly backup?: Backup
  readonly rehearsal?: Rehearsal
  readonly approval?: Approval
  readonly deployment?: Deployment
  readonly verification?: Verification
  /** Of a run that marks migrations as applied. */
  readonly baseline?: MarkedBaseline
  /** Of a run that takes migrations back; the files of its plan are their down scripts. */
  readonly rollback?: RolledBack
}
