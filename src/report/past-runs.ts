import type { MigrationOutcome } from '../domain/deployment.js'
import { approvableHash } from '../domain/plan.js'
import type { RunRecord, StartedBy } from '../domain/run-record.js'
import { makeVerdict, type RunVerdict } from './json.js'
import { formatHeadline } from './screen.js'
import { clean, formatMs } from './words.js'

/** One earlier run, in short; part of the JSON of `history`. */
export interface PastRun {
  readonly runId: string
  readonly command: string
  readonly startedAt: string
  /** null: the run was ended before it could write its end. */
  readonly durationMs: number | null
  readonly by: StartedBy | null
  /** null where the run did not come to open its target. */
  readonly database: string | null
  readonly server: string | null
  readonly planHash: string | null
  readonly migrations: readonly { readonly name: string; readonly outcome: MigrationOutcome['outcome'] }[]
  readonly databaseState: RunRecord['databaseState']
  readonly verdict: RunVerdict
  readonly exitCode: number | null
  /** How it ended, in one line. */
  readonly result: string
  readonly failure: { readonly code: string; readonly message: string } | null
}

export function makePastRun(record: RunRecord): PastRun {
  const {
    runId,
    command,
    startedAt,
    finishedAt,
    by = null,
    plan,
    deployment,
    databaseState,
    failure,
  } = record
  const { database = null, host, port } = plan?.target ?? {}
  return {
    runId,
    command,
    startedAt,
    durationMs: finishedAt === undefined ? null : Date.parse(finishedAt) - Date.parse(startedAt),
    by,
    database,
    server: host === undefined ? null : `${host}:${port}`,
    planHash: plan ? approvableHash(plan) : null,
    migrations: (deployment?.migrations ?? []).map(({ name, outcome }) => ({ name, outcome })),
    databaseState,
    verdict: makeVerdict(record),
    exitCode: record.exitCode ?? null,
    result: formatHeadline(record),
    failure: failure ? { code: failure.code, message: failure.message } : null,
  }
}

/** Two lines for each run, the newest first. */
export function formatPastRuns(runs: readonly PastRun[], backupsPath: string): string[] {
  if (runs.length === 0) return [`no run against this database in ${clean(backupsPath)}`]
  const width = Math.max(...runs.map(({ command }) => command.length))
  return runs.flatMap((run) => {
    const at = run.startedAt.slice(0, 19).replace('T', ' ')
    const by = run.by ? `, by ${run.by.user} on ${run.by.host}` : ''
    const took = run.durationMs === null ? '' : `, took ${formatMs(run.durationMs)}`
    const plan = run.planHash === null ? '' : `, plan ${run.planHash}`
    return [
      `${at}  ${run.command.padEnd(width)}  ${clean(run.result)}`,
      clean(`  run ${run.runId}${took}${by}${plan}`),
    ]
  })
}
