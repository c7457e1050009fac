import { approvableHash } from '../domain/plan.js'
import type { RunRecord } from '../domain/run-record.js'
import { listFindings } from './json.js'
import { quoteForShell } from './psql-command.js'

/**
 * After a rehearsal that passed: the command that deploys exactly this plan, with exactly this rehearsal and what was accepted
 * for it. What a comment in a migration accepts needs no option.
 * @param options those of the command line that say where the project is and how to deploy, ready for a shell
 */
export function formatDeployCommand(record: RunRecord, options: readonly string[] = []): string | undefined {
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
