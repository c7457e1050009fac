import type { Approval } from '../domain/approval.js'
import type { Backup } from '../domain/backup.js'
import type { DatabaseState, Deployment, MigrationOutcome, StatementFailure } from '../domain/deployment.js'
import {
  type CheckResult,
  type Evidence,
  type Finding,
  type FindingPlace,
  isBlocking,
} from '../domain/finding.js'
import type { LockGroup } from '../domain/lock-group.js'
import type { MarkedBaseline } from '../domain/marked-baseline.js'
import type { DataChange, ExecutionModel, PendingMigration } from '../domain/migration.js'
import type { EngineName, OfflinePlan } from '../domain/plan.js'
import type { Prediction } from '../domain/prediction.js'
import type { Rehearsal } from '../domain/rehearsal.js'
import type { RolledBack } from '../domain/rolled-back.js'
import type { RunFailure, RunRecord, StepName, StepRecord } from '../domain/run-record.js'
import type { StatementLock } from '../domain/statement-lock.js'
import type { TargetIdentity } from '../domain/target.js'
import type { Verification } from '../domain/verification.js'
import { summarizeSql } from '../sql/summary.js'

/** What the run comes to, loss, locks and health included. */
export type RunVerdict = 'pass' | 'warn' | 'block' | 'unknown'

/** The report for programs. The keys are frozen; what the run record does not hold is null. */
export interface JsonReport {
  readonly tool: 'migrate-guard'
  readonly version: string
  readonly command: string
  readonly runId: string
  readonly verdict: RunVerdict
  readonly prediction: Prediction
  readonly exitCode: number | null
  readonly target: TargetIdentity | null
  readonly databaseState: DatabaseState
  readonly steps: Readonly<Record<StepName, StepRecord>>
  readonly plan: JsonPlan | null
  readonly migrations: readonly JsonMigration[]
  readonly checks: readonly CheckResult[]
  readonly findings: readonly JsonFinding[]
  readonly backup: Backup | null
  readonly rehearsal: Rehearsal | null
  readonly approval: Approval | null
  readonly deployment: Deployment | null
  readonly verification: Verification | null
  /** Of `baseline`: what was marked as applied, or would be. */
  readonly baseline?: MarkedBaseline
  /** Of `rollback`: what was taken back, or would be. The files of `pending` are their down scripts. */
  readonly rollback?: RolledBack
  readonly failure: RunFailure | null
}

/** What a person approves and a pipeline hands to `--confirm`. */
export interface JsonPlan {
  /** null when no database was asked: such a plan cannot be approved. */
  readonly hash: string | null
  readonly engine: EngineName
  readonly prismaVersion: string | null
  readonly appliedCount: number | null
  /** The git ref since which the migrations shown are new. */
  readonly since: string | null
  /** Pending migrations that are left for a later deploy. */
  readonly leftOut: readonly string[]
  /**
   * Of a plan by itself: whether the migrations ran on a schema twin, offline on an empty one, and from where on what it
   * tells is not certain.
   */
  readonly replay: { readonly lost: string | null } | null
}

export interface JsonMigration {
  readonly name: string
  readonly prediction: Prediction
  /** `unknown` when the deploy was started and no result of it is recorded. */
  readonly outcome: MigrationOutcome['outcome'] | 'unknown'
  readonly durationMs: number | null
  readonly error: StatementFailure | null
  readonly file: string
  readonly checksum: string
  readonly statements: number
  readonly statementList: readonly JsonStatement[]
  readonly execution: ExecutionModel
  /** null where nobody has looked, as for a file that is not all-or-nothing. */
  readonly lockFirst: readonly LockGroup[] | null
  readonly dataChanges: readonly DataChange[]
}

export interface JsonStatement {
  /** 1-based, in file order. */
  readonly index: number
  readonly line: number
  /** The parser's node name, e.g. `AlterTableStmt`. */
  readonly kind: string
  /** The first words, without values. */
  readonly summary: string
  /** null where it was not found out: only a plan by itself tells, up to the statement that is refused. */
  readonly locks: readonly StatementLock[] | null
  /** Whether a server has shown the locks on a schema twin. Else they are those that the text tells, and there may be others. */
  readonly locksSeen: boolean | null
}

export interface JsonFinding {
  readonly code: string
  readonly kind: Finding['kind']
  readonly verdict: Finding['verdict']
  readonly step: Finding['step']
  readonly migration: string | null
  readonly file: string | null
  readonly line: number | null
  readonly object: string | null
  readonly message: string
  readonly evidence: Evidence | null
  readonly hint: string | null
  readonly findSql: string | null
  readonly fixSql: string | null
  readonly accepted: string | null
  /** Of one that stands for several statements: where each is. */
  readonly places: readonly FindingPlace[]
}

/** The run record as one object for programs; names and values are exactly those of the database. */
export function makeJsonReport(record: RunRecord): JsonReport {
  const findings = [...listFindings(record), ...(record.verification?.findings ?? [])]
  return {
    tool: record.tool,
    version: record.version,
    command: record.command,
    runId: record.runId,
    verdict: makeVerdict(record),
    prediction: makePrediction(record),
    exitCode: record.exitCode ?? null,
    target: record.plan?.target ?? null,
    databaseState: record.databaseState,
    steps: record.steps,
    plan: makeJsonPlan(record),
    migrations:
      (record.plan ?? record.offlinePlan)?.pending.map((migration) => makeJsonMigration(migration, record)) ??
      [],
    checks: record.findings?.results ?? [],
    findings: findings.map(makeJsonFinding),
    backup: record.backup ?? null,
    rehearsal: record.rehearsal ?? null,
    approval: record.approval ?? null,
    deployment: record.deployment ?? null,
    verification: record.verification ?? null,
    ...(record.baseline ? { baseline: record.baseline } : {}),
    ...(record.rollback ? { rollback: record.rollback } : {}),
    failure: record.failure ?? null,
  }
}

/**
 * What the check step found; while it has not weighed them, what the plan step found. An audit without a check looks at
 * files and history again: what the plan found is then among its own findings.
 */
export function listFindings(record: RunRecord): readonly Finding[] {
  if (record.findings) return [...record.findings.findings, ...(record.rehearsal?.findings ?? [])]
  return record.verification ? [] : ((record.plan ?? record.offlinePlan)?.findings ?? [])
}

/**
 * Findings that block come first. Then the run itself: without an end, without a check, with a state of the database that
 * is not known, or deployed and not verified, it is unknown; and a run that failed is never a pass.
 */
export function makeVerdict(record: RunRecord): RunVerdict {
  const findings = [...listFindings(record), ...(record.verification?.findings ?? [])]
  const blocking = findings.filter(isBlocking)
  if (blocking.some((finding) => finding.verdict === 'block')) return 'block'
  if (blocking.length > 0 || record.exitCode === undefined || record.databaseState === 'unknown')
    return 'unknown'
  const plan = record.plan ?? record.offlinePlan
  if (!record.findings && !record.verification && plan?.pending.length !== 0) return 'unknown'
  if (record.exitCode !== 0 || record.failure || record.verification?.outcome === 'failed') return 'block'
  if (record.deployment && !(record.deployment.complete && record.verification)) return 'unknown'
  return findings.some((finding) => finding.verdict !== 'info') ? 'warn' : 'pass'
}

/** Findings about the history on which `prisma migrate deploy` itself stops: P3009 and P3015. */
const historyStopsPrisma: ReadonlySet<string> = new Set(['failed-migration', 'migration-file-missing'])

/**
 * Whether the migrations of the run succeed, as far as was found out: what the files and the history alone make fail,
 * then what a rehearsal showed, then what the live rows say. An acceptance changes nothing of it: a statement that is refused is refused.
 */
export function makePrediction(record: RunRecord): Prediction {
  const pending = record.plan?.pending ?? []
  if (listPlanned(record).some(stopsPrisma)) return 'fails'
  const each = pending.map(({ name }) => predictionOf(name, record))
  if (each.includes('fails')) return 'fails'
  return record.plan && each.every((one) => one === 'succeeds') ? 'succeeds' : 'decided-by-rehearsal'
}

function predictionOf(migration: string, record: RunRecord): Prediction {
  const fails = listPlanned(record).some((finding) => finding.migration === migration && stopsPrisma(finding))
  if (fails) return 'fails'
  return rehearsed(migration, record) ?? record.findings?.predictions?.[migration] ?? 'decided-by-rehearsal'
}

/** What the copy showed, which is more than what can be told beforehand. */
function rehearsed(migration: string, { rehearsal }: RunRecord): Prediction | undefined {
  const outcome = rehearsal?.outcomes?.find(({ name }) => name === migration)?.outcome
  if (outcome === 'applied') return 'succeeds'
  return outcome === 'failed' ? 'fails' : undefined
}

function listPlanned(record: RunRecord): readonly Finding[] {
  return listFindings(record).filter(({ step }) => step === 'plan')
}

function stopsPrisma({ verdict, kind, code }: Finding): boolean {
  return verdict === 'block' && (kind === 'failure' || historyStopsPrisma.has(code))
}

function makeJsonPlan({ plan, offlinePlan }: RunRecord): JsonPlan | null {
  if (plan) {
    const { hash, engine, prismaVersion, appliedCount, leftOut = [], since, replay } = plan
    const ran = makeJsonReplay(replay)
    return { hash, engine, prismaVersion, appliedCount, since: since?.ref ?? null, leftOut, replay: ran }
  }
  if (offlinePlan === undefined) return null
  const { engine, prismaVersion = null, since = null, replay } = offlinePlan
  return {
    hash: null,
    engine,
    prismaVersion,
    appliedCount: null,
    since,
    leftOut: [],
    replay: makeJsonReplay(replay),
  }
}

function makeJsonReplay(replay: OfflinePlan['replay']): JsonPlan['replay'] {
  return replay ? { lost: replay.lost ?? null } : null
}

function makeJsonMigration(migration: PendingMigration, record: RunRecord): JsonMigration {
  const deployed = record.deployment?.migrations.find(({ name }) => name === migration.name)
  return {
    name: migration.name,
    prediction: predictionOf(migration.name, record),
    outcome: deployed?.outcome ?? (isDeployStarted(record) ? 'unknown' : 'not-run'),
    durationMs: deployed?.durationMs ?? null,
    error: deployed?.error ?? null,
    file: migration.file,
    checksum: migration.checksum,
    statements: migration.statements.length,
    statementList: migration.statements.map(({ index, line, kind, sql, locks, locksSeen }) => ({
      index,
      line,
      kind,
      summary: summarizeSql(sql),
      locks: locks ?? null,
      locksSeen: locksSeen ?? null,
    })),
    execution: migration.execution,
    lockFirst: migration.lockFirst ?? null,
    dataChanges: migration.dataChanges,
  }
}

/** True when the deploy step was at least started. */
export function isDeployStarted({ steps }: RunRecord): boolean {
  return steps.deploy.outcome !== 'not-run' && steps.deploy.outcome !== 'skipped'
}

function makeJsonFinding(finding: Finding): JsonFinding {
  return {
    code: finding.code,
    kind: finding.kind,
    verdict: finding.verdict,
    step: finding.step,
    migration: finding.migration ?? null,
    file: finding.file ?? null,
    line: finding.line ?? null,
    object: finding.object ?? null,
    message: finding.message,
    evidence: finding.evidence ?? null,
    hint: finding.hint ?? null,
    findSql: finding.findSql ?? null,
    fixSql: finding.fixSql ?? null,
    accepted: finding.accepted ?? null,
    places: finding.places ?? [],
  }
}
