import type { Approval } from '../domain/approval.js'
import type { Backup } from '../domain/backup.js'
import type { Deployment } from '../domain/deployment.js'
import type { Findings } from '../domain/finding.js'
import { isBlocking } from '../domain/finding.js'
import type { Plan } from '../domain/plan.js'
import type { Rehearsal } from '../domain/rehearsal.js'
import type { RunRecord, StepRecord } from '../domain/run-record.js'
import type { Verification } from '../domain/verification.js'
import { formatPendingCount } from '../report/plan-text.js'
import { formatBytes, formatCount, formatMs, plural } from '../report/words.js'
import { planWithoutSecrets } from '../sql/without-secrets.js'
import type { Checked } from './check.js'

interface Summary {
  readonly outcome: StepRecord['outcome']
  readonly summary: string
  readonly record: Partial<RunRecord>
}

function checkSummary(findings: Findings): Summary {
  return {
    outcome: findings.findings.some(isBlocking) ? 'failed' : 'passed',
    summary: describeFindings(findings),
    record: { findings },
  }
}

/** For each step, what its value says: outcome, one line, and the part of the run record that it becomes. */
export const summaries = {
  plan: (plan: Plan): Summary => ({
    outcome: 'passed',
    summary:
      plan.pending.length === 0 && plan.since === undefined
        ? `nothing pending; ${plural(plan.appliedCount, 'migration')} applied`
        : formatPendingCount(plan),
    record: { plan: planWithoutSecrets(plan) },
  }),

  check: checkSummary,

  checkOfPlan: ({ plan, findings }: Checked): Summary => {
    const { record, ...rest } = checkSummary(findings)
    return { ...rest, record: { ...record, plan: planWithoutSecrets(plan) } }
  },

  backup: (backup: Backup): Summary =>
    backup.outcome === 'skipped'
      ? { outcome: 'skipped', summary: 'NO BACKUP: skipped by --skip-backup', record: { backup } }
      : {
          outcome: 'passed',
          summary: `${formatBytes(backup.sizeBytes ?? 0)} in ${formatMs(backup.durationMs ?? 0)}, ${backup.level === 'read' ? 'read back in full' : 'for the rehearsal to restore'}   ${backup.path}`,
          record: { backup },
        },

  rehearse: (rehearsal: Rehearsal, backup: Backup): Summary => {
    const { outcome, durationMs = 0, place, backupLevel, runId, findings = [] } = rehearsal
    const proven = backupLevel && outcome !== 'reused' ? { backup: { ...backup, level: backupLevel } } : {}
    const record = { rehearsal, ...proven }
    if (outcome === 'skipped') {
      const why =
        backup.outcome === 'skipped' ? 'there is no backup to rehearse on' : 'skipped by --skip-rehearsal'
      return { outcome: 'skipped', summary: `NOT REHEARSED: ${why}`, record }
    }
    if (outcome === 'failed') {
      const blockers = findings.filter(isBlocking).length
      return {
        outcome: 'failed',
        summary: `backup ${backupLevel}; ${blockers > 0 ? plural(blockers, 'blocker') : 'a migration fails on the copy'}`,
        record,
      }
    }
    return {
      outcome: 'passed',
      summary:
        outcome === 'reused'
          ? `rehearsed by run ${runId}, the same plan on the same catalog`
          : `backup ${backupLevel}, ${plural(rehearsal.outcomes?.length ?? 0, 'migration')} in ${formatMs(durationMs)} (${place})`,
      record,
    }
  },

  confirm: (approval: Approval): Summary => ({
    outcome: 'passed',
    summary: `plan ${approval.planHash.slice(0, 12)} approved (${approval.method})`,
    record: { approval },
  }),

  deploy: (deployment: Deployment): Summary => ({
    outcome: deployment.complete ? 'passed' : 'failed',
    summary: `${deployment.migrations.filter(({ outcome }) => outcome === 'applied').length} of ${plural(deployment.migrations.length, 'migration')} applied in ${formatMs(deployment.durationMs)}`,
    record: { deployment, databaseState: deployment.state },
  }),

  verify: (verification: Verification): Summary => ({
    outcome: verification.outcome,
    summary: describeFindings(verification),
    record: { verification },
  }),
}

function describeFindings({ results, findings }: Findings): string {
  const made = results.filter(({ outcome }) => outcome !== 'not-made')
  const blockers = findings.filter((finding) => isBlocking(finding) && finding.verdict === 'block').length
  const unknowns = findings.filter((finding) => isBlocking(finding) && finding.verdict === 'unknown').length
  const warnings = findings.filter(({ verdict }) => verdict === 'warn').length
  const parts = [
    plural(blockers, 'blocker'),
    ...(unknowns > 0 ? [`${formatCount(unknowns)} unknown`] : []),
    plural(warnings, 'warning'),
    `${plural(made.length, 'check')} made`,
    ...(made.length < results.length ? [`${formatCount(results.length - made.length)} not made`] : []),
  ]
  return parts.join(', ')
}
