import { approvableHash } from '../domain/plan.js'
import type { RunRecord } from '../domain/run-record.js'
import { listFindings } from './json.js'
import { quoteForShell } from './psql-command.js'

/** Options of a command line that a command which follows needs as well, one text each, ready for a shell. */
export interface OptionsToRepeat {
  /** Where the project is. */
  readonly project: readonly string[]
  /** How many of the pending migrations are meant. */
  readonly scope: readonly string[]
  /** All of them, and how to deploy. */
  readonly deploy: readonly string[]
}

const noOptions: OptionsToRepeat = { project: [], scope: [], deploy: [] }

/** The command that comes next on the line, ready to copy; undefined where there is nothing to do, or something to fix first. */
export function formatNextCommand(record: RunRecord, options = noOptions): string | undefined {
  const { plan, command, deployment, exitCode } = record
  if (!plan || plan.pending.length === 0 || exitCode !== 0 || record.rollback) return undefined
  if (command === 'plan') return guard('check', [...options.project, ...options.scope])
  if (command === 'check') return guard('rehearse', [...options.project, ...options.scope])
  if (deployment?.complete) return guard(plan.leftOut ? 'rehearse' : 'verify', options.project)
  return formatDeployCommand(record, options.deploy)
}

/** The command that restores the backup beside the target; undefined where the run has none, or has changed nothing. */
export function formatRestoreCommand(record: RunRecord, options = noOptions): string | undefined {
  const { backup, databaseState } = record
  if (backup?.outcome !== 'proven' || databaseState === 'unchanged') return undefined
  return guard('resolve --back', options.project)
}

function guard(command: string, options: readonly string[]): string {
  return ['npx migrate-guard', command, ...options].join(' ')
}

/**
 * After a rehearsal that passed: the command that deploys exactly this plan, with exactly this rehearsal and what was accepted
 * for it. What a comment in a migration accepts needs no option.
 */
function formatDeployCommand(record: RunRecord, options: readonly string[]): string | undefined {
  const { plan, rehearsal, deployment, runId, exitCode } = record
  if (!plan || rehearsal?.outcome !== 'passed' || deployment || exitCode !== 0) return undefined
  const commented = new Set(
    plan.pending.flatMap(({ acceptances = [] }) => acceptances.map(({ code }) => code)),
  )
  const accepted = listFindings(record)
    .filter((finding) => finding.accepted !== undefined && !commented.has(finding.code))
    .map(
      ({ code, object, accepted }) =>
        `--accept ${quoteForShell(`${object === undefined ? code : `${code}:${object}`}=${accepted}`)}`,
    )
  return [
    'npx migrate-guard deploy',
    ...options,
    `--confirm ${approvableHash(plan)}`,
    `--rehearsed ${runId}`,
    ...new Set(accepted),
  ].join(' ')
}
