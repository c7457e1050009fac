import type { RunRecord } from '../../../src/domain/run-record.js'
import type { CliResult } from '../run-cli.js'
import type { FaultScene } from './scene.js'
import type { Truth } from './truth.js'

/** What a run said when it was over; no exit code when it was killed. */
export interface Said {
  readonly result: CliResult
  readonly record: RunRecord | undefined
}

/** Where what the run said is not what the database shows; nothing is what is hoped for. */
export function contradictions(
  { result, record }: Said,
  truth: Truth,
  { changesCatalog = false } = {},
): string[] {
  const is = `the database is: ${truth.kind} (${truth.history.join(', ') || 'no row'})`
  const wrong: string[] = []
  if (truth.kind === 'broken') wrong.push(is)
  const { exitCode } = result
  if (exitCode !== undefined && !isTrue(exitCode, truth, record, changesCatalog))
    wrong.push(`exit ${exitCode}, but ${is}`)
  if (exitCode === 1 || /please report|at .*\.js:\d+:\d+/.test(result.stderr))
    wrong.push(`said to be a bug: ${result.stderr.slice(0, 600)}`)
  if (record === undefined) {
    if (truth.kind !== 'unchanged') wrong.push(`there is no run.json, but ${is}`)
    return wrong
  }
  const { databaseState, deployment } = record
  if (databaseState === 'unchanged' && truth.kind !== 'unchanged')
    wrong.push(`run.json says unchanged, but ${is}`)
  if (databaseState === 'changed' && truth.kind === 'unchanged' && !changesCatalog)
    wrong.push(`run.json says changed, but ${is}`)
  for (const [place, { name, traces }] of (deployment?.migrations ?? []).entries()) {
    const there = place === 0 ? truth.first : truth.second
    if (traces !== 'unknown' && traces !== there)
      wrong.push(`run.json says of "${name}": ${traces}, but it is there: ${there}`)
  }
  return wrong
}

/** DESIGN: below 20 the guard has changed nothing; 20 is proven unchanged; 22 is deployed. */
function isTrue(
  exitCode: number,
  truth: Truth,
  record: RunRecord | undefined,
  changesCatalog: boolean,
): boolean {
  switch (exitCode) {
    case 0:
      return truth.kind === 'all' && truth.isHistoryClean
    case 21:
      return changesCatalog || truth.kind !== 'unchanged' || record?.databaseState !== 'changed'
    case 22:
      return truth.kind === 'all'
    default:
      return truth.kind === 'unchanged'
  }
}

const settleTimeoutMs = 20_000

/** Waits until no session, lock or child of a run that was killed is left; gives what stays. */
export async function settle(scene: FaultScene): Promise<string[]> {
  for (const deadline = Date.now() + settleTimeoutMs; ; await new Promise((wake) => setTimeout(wake, 100))) {
    const { sessions, advisoryLocks } = await scene.truth()
    const processes = (await scene.litter()).filter((name) => name.includes(' '))
    // A rehearsal server outlives a guard that was killed; the next run ends it.
    const children = processes.filter((command) => !/postgres|checkpointer|writer|launcher/.test(command))
    if (sessions.length === 0 && advisoryLocks === 0 && children.length === 0) return []
    if (Date.now() > deadline)
      return [
        `left: sessions ${sessions}, advisory locks ${advisoryLocks}, processes ${children.join(' | ')}`,
      ]
  }
}

/** What a recovered scene must not have. */
export async function litterOf(scene: FaultScene): Promise<string[]> {
  const left = await scene.litter()
  const { sessions, advisoryLocks } = await scene.truth()
  return [
    ...(left.length > 0 ? [`litter: ${left.join(' | ')}`] : []),
    ...(sessions.length > 0 || advisoryLocks > 0
      ? [`sessions ${sessions}, advisory locks ${advisoryLocks}`]
      : []),
  ]
}
