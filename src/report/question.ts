import type { Backup, BackupLevel } from '../domain/backup.js'
import type { Findings } from '../domain/finding.js'
import type { Plan } from '../domain/plan.js'
import type { Rehearsal } from '../domain/rehearsal.js'
import { formatFindingHead } from './finding-text.js'
import { formatFindingCounts } from './findings-text.js'
import { formatPlan } from './plan-text.js'
import { formatRehearsal } from './rehearsal-text.js'
import { clean, formatBytes } from './words.js'

const levelWords: Readonly<Record<BackupLevel, string>> = {
  written: 'not read back',
  hashed: 'hashed, not read back',
  read: 'read back in full',
  restored: 'restored, with the differences that were accepted',
  exact: 'restored, and exact',
}

/** What a person must have seen before the question: target, size, migrations, findings and backup. */
export function formatQuestion(
  plan: Plan,
  { findings }: Findings,
  backup: Backup,
  rehearsal: Rehearsal,
): string {
  const accepted = findings.filter((finding) => finding.accepted !== undefined)
  return [
    '',
    formatPlan(plan),
    `findings    ${findings.length === 0 ? 'none' : formatFindingCounts(findings)}`,
    ...accepted.map((finding) => `  ${formatFindingHead(finding)}: ${clean(finding.accepted ?? '')}`),
    backup.outcome === 'skipped'
      ? 'backup      NO BACKUP: skipped by --skip-backup'
      : `backup      ${formatBytes(backup.sizeBytes ?? 0)} in ${backup.path ?? ''}, ${backup.level === undefined ? 'not proven' : levelWords[backup.level]}`,
    ...formatRehearsal(rehearsal).map((line, i) => `${i === 0 ? 'rehearsal   ' : '            '}${line}`),
    '',
  ].join('\n')
}
