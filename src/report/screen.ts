import type { MigrationOutcome } from '../domain/deployment.js'
import { isBlocking } from '../domain/finding.js'
import type { MarkedBaseline } from '../domain/marked-baseline.js'
import type { RolledBack } from '../domain/rolled-back.js'
import { type RunRecord, type StepName, type StepRecord, stepNames } from '../domain/run-record.js'
import type { TargetIdentity } from '../domain/target.js'
import { formatExitCode } from './exit-code-words.js'
import { formatFindingHead } from './finding-text.js'
import { isDeployStarted, listFindings, makeVerdict } from './json.js'
import { formatNextCommand, formatRestoreCommand, type OptionsToRepeat } from './next-command.js'
import { formatStanding } from './standing-text.js'
import { clean, formatCount, formatTargetName, plural, shorten } from './words.js'

/** The last screen fits on the smallest terminal, whatever the record holds. */
const lastScreenLines = 20
const lineLength = 200

/** One step on one line: its name, its outcome, its summary. */
export function formatStepLine(name: StepName, { outcome, summary }: StepRecord): string {
  return `${name.padEnd(9)} ${outcome.padEnd(8)} ${clean(summary ?? '')}`.trimEnd()
}

interface LastScreenOptions {
  readonly reportPath: string
  readonly options?: OptionsToRepeat
  /** The lines of the steps and the findings stand above: they are not told again. */
  readonly isToldAbove?: boolean
}

/** What a person must know when the run is over, in at most 20 lines; the rest is in the report. */
export function formatLastScreen(
  record: RunRecord,
  { reportPath, options, isToldAbove = false }: LastScreenOptions,
): string {
  const before = [
    formatHeadline(record),
    labelled('target', formatTarget(record.plan?.target)),
    ...(isToldAbove ? formatStepsNotRun(record) : formatSteps(record)),
  ]
  const after = [...listOmissions(record), labelled('database', formatDatabaseState(record))]
  if (record.failure) after.push(labelled('next', record.failure.hint))
  after.push(labelled('exit', formatExitCode(record.exitCode)))
  const toCopy = [...formatCommands(record, options), labelled('report', reportPath)]
  const room = lastScreenLines - before.length - after.length - toCopy.length
  const blockers = formatBlockers(record, isToldAbove ? 'heads' : 'whole', room)
  const lines = [...before, ...blockers, ...after].map((line) => shorten(line, lineLength))
  // Command and path are there to be copied: they are never cut.
  return [...lines, ...toCopy].join('\n')
}

/** How a command ends that leaves no report: the verdict, and what to do next. */
export function formatEnd(record: RunRecord, options?: OptionsToRepeat): string {
  const next = record.failure ? [labelled('next', record.failure.hint)] : formatCommands(record, options)
  // A plan asks no data: it has no verdict on it.
  const isPlanned = record.command === 'plan' && record.exitCode === 0
  return [isPlanned ? `planned: ${formatPending(record)}` : formatHeadline(record), ...next].join('\n')
}

function formatCommands(record: RunRecord, options?: OptionsToRepeat): string[] {
  const [next, restore] = [formatNextCommand(record, options), formatRestoreCommand(record, options)]
  return [
    ...(next === undefined ? [] : [labelled('next', next)]),
    ...(restore === undefined ? [] : [labelled('restore', restore)]),
  ]
}

/** The verdict in one line: how the run ended and on what. */
export function formatHeadline(record: RunRecord): string {
  const { failure } = record
  if (failure) {
    const where = failure.step === null ? '' : ` at ${failure.step}`
    return `failed${where}: ${clean(failure.message)} (${clean(failure.code)})`
  }
  if (record.exitCode === undefined) return `unknown: the run has not ended${formatRunningStep(record)}`
  if (record.exitCode !== 0) return `failed with exit code ${formatExitCode(record.exitCode)}`
  return `${passedWords[makeVerdict(record)]}: ${formatAchievement(record)}`
}

/** A record that ends with 0 although something in it blocks contradicts itself: that is not a pass. */
const passedWords = {
  pass: 'passed',
  warn: 'passed with warnings',
  block: 'unknown',
  unknown: 'unknown',
} as const

function formatRunningStep({ steps }: RunRecord): string {
  const running = stepNames.find((name) => name !== 'report' && steps[name].outcome === 'running')
  return running === undefined ? '' : `; ${running} is recorded as running`
}

function formatAchievement(record: RunRecord): string {
  const { deployment, verification, baseline, rollback } = record
  if (rollback)
    return `${plural(rollback.migrations.length, 'migration')} ${rollback.done ? 'taken back' : 'to take back'}`
  if (baseline) {
    const count = plural(baseline.migrations.length, 'migration')
    return baseline.marked ? `${count} marked as applied` : `${count} to mark as applied`
  }
  const verified = verification ? `verification ${verification.outcome}` : 'not verified'
  if (deployment && deployment.migrations.length > 0) {
    return `${formatApplied(deployment.migrations)}; ${verified}`
  }
  return verification ? `${formatPending(record)}; ${verified}` : formatPending(record)
}

function formatPending(record: RunRecord): string {
  const { plan, findings } = record
  if (!plan) return 'no plan is recorded'
  if (plan.pending.length === 0) return 'nothing is pending'
  const deployed = isDeployStarted(record) ? 'no result of the deploy is recorded' : 'not deployed'
  return `${plural(plan.pending.length, 'pending migration')}, ${findings ? '' : 'not checked, '}${deployed}`
}

/** How many migrations came to what: `1 of 3 migrations applied, 1 failed, 1 not run`. */
export function formatApplied(migrations: readonly MigrationOutcome[]): string {
  const count = (outcome: MigrationOutcome['outcome']) =>
    migrations.filter((migration) => migration.outcome === outcome).length
  const parts = [`${formatCount(count('applied'))} of ${plural(migrations.length, 'migration')} applied`]
  if (count('failed') > 0) parts.push(`${formatCount(count('failed'))} failed`)
  if (count('not-run') > 0) parts.push(`${formatCount(count('not-run'))} not run`)
  return parts.join(', ')
}

/** Where the target is and who it is, e.g. `shop on db1.example.com:5432 as deployer (PostgreSQL 15.18)`. */
export function formatTarget(target: TargetIdentity | undefined): string {
  if (!target) return 'not known: the run made no plan'
  return clean(`${formatTargetName(target)} (PostgreSQL ${target.serverVersion})`)
}

/** What the database is now, in one sentence, as far as it has been proven. */
export function formatDatabaseState(record: RunRecord): string {
  const { databaseState, deployment, verification, baseline, rollback } = record
  if (rollback) return formatRollbackState(databaseState, rollback)
  if (baseline) return formatBaselineState(databaseState, baseline)
  switch (databaseState) {
    case 'unchanged':
      if (!isDeployStarted(record)) return 'unchanged by this run: deploy did not run'
      if (!deployment) return 'unchanged as recorded; no result of the deploy is recorded'
      if (deployment.byOther) return 'unchanged by this run: another deploy was at work'
      return `unchanged: deploy ${deployment.complete ? 'had nothing to do' : 'failed'}; the evidence is in the report`
    case 'changed': {
      if (!deployment) return 'changed; no result of the deploy is recorded'
      const verified = verification ? `verification ${verification.outcome}` : 'not verified'
      if (!deployment.complete && deployment.standing)
        return `changed: ${formatStanding(deployment.standing)}; ${verified}`
      return `changed${deployment.complete ? '' : ' in part'}: ${formatApplied(deployment.migrations)}; ${verified}`
    }
    case 'unknown':
      return 'UNKNOWN: deploy was started and how it ended is not proven; look at the database before anything else'
  }
}

function formatRollbackState(state: RunRecord['databaseState'], { migrations }: RolledBack): string {
  switch (state) {
    case 'unchanged':
      return 'unchanged by this run: no migration was taken back'
    case 'changed':
      return `changed: ${plural(migrations.length, 'migration')} taken back, as the history says`
    case 'unknown':
      return 'UNKNOWN: the rollback was started and how it ended is not proven; npx migrate-guard status lists what is applied'
  }
}

function formatBaselineState(state: RunRecord['databaseState'], { migrations }: MarkedBaseline): string {
  switch (state) {
    case 'unchanged':
      return 'unchanged by this run: no migration was marked'
    case 'changed':
      return `only its migration history is changed: ${plural(migrations.length, 'migration')} marked as applied`
    case 'unknown':
      return 'UNKNOWN: the marking was started and how it ended is not proven; look with npx migrate-guard status'
  }
}

/**
 * What the run left out although migrations are pending. Said loudly, in capitals, wherever the run is told. A run that
 * stopped before it came so far has left nothing out.
 */
export function listOmissions(record: RunRecord): string[] {
  const { steps, plan, backup } = record
  // A baseline runs nothing, and a rollback leaves nothing out.
  if (record.baseline || record.rollback || !plan || plan.pending.length === 0) return []
  const omissions: string[] = []
  const backupSkipped = steps.backup.outcome === 'skipped' || backup?.outcome === 'skipped'
  if (backupSkipped || (isDeployStarted(record) && steps.backup.outcome !== 'passed')) {
    omissions.push('NO BACKUP: there is no backup of this run to go back to')
  }
  if (
    steps.rehearse.outcome === 'skipped' ||
    (isRehearsalDue(record) && steps.rehearse.outcome !== 'passed')
  ) {
    omissions.push('NOT REHEARSED: the migrations were not tried on a copy of this database')
  }
  return omissions
}

/** True when the run went past the place of the rehearsal, also in a dry run, which ends there. */
function isRehearsalDue({ steps, exitCode }: RunRecord): boolean {
  const backupDone = steps.backup.outcome === 'passed' || steps.backup.outcome === 'skipped'
  return (
    steps.confirm.outcome !== 'not-run' ||
    steps.deploy.outcome !== 'not-run' ||
    (backupDone && exitCode === 0)
  )
}

/** Every step but the report, which cannot tell of its own end. */
function formatSteps({ steps }: RunRecord): string[] {
  return stepNames.filter((name) => name !== 'report').map((name) => formatStepLine(name, steps[name]))
}

/** The names of the steps that the run did not come to, on one line. */
function formatStepsNotRun({ steps }: RunRecord): string[] {
  const names = stepNames.filter((name) => name !== 'report' && steps[name].outcome === 'not-run')
  return names.length === 0 ? [] : [labelled('not run', names.join(', '))]
}

function formatBlockers(record: RunRecord, detail: 'whole' | 'heads', room: number): string[] {
  const blockers = [...listFindings(record), ...(record.verification?.findings ?? [])].filter(isBlocking)
  const heads = blockers.map((finding) => `  ${formatFindingHead(finding)}`)
  if (detail === 'whole' && heads.length * 2 <= room) {
    return blockers.flatMap((finding, index) => [heads[index] ?? '', `    ${clean(finding.message)}`])
  }
  if (heads.length <= room) return heads
  const shown = heads.slice(0, room - 1)
  return [...shown, `  … and ${formatCount(heads.length - shown.length)} more, see report.txt`]
}

function labelled(label: string, text: string): string {
  return `${label.padEnd(9)} ${clean(text)}`
}
