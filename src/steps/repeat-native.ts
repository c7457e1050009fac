import { setTimeout as sleep } from 'node:timers/promises'
import type { Plan } from '../domain/plan.js'
import type { ProcessResult } from '../effects/run-process.js'
import { backoffMs } from '../prisma/backoff.js'
import type { DeployEvidence } from './deploy-evidence.js'
import type { Tools } from './tools.js'

/** One run of Prisma and what became of it. */
export interface NativeAttempt {
  readonly result: Pick<ProcessResult, 'stdout' | 'stderr'>
  readonly found: DeployEvidence
  /** The guard has cancelled a statement of it, for the sake of others. */
  readonly gaveWay: boolean
}

/**
 * Runs Prisma with its own engine, which does not try again by itself, until it ends well or for another reason than
 * other sessions. Only an attempt of which nothing is left, neither in the catalog nor in the history, is repeated.
 */
export async function repeatNative(
  plan: Plan,
  { screen, settings, signal }: Tools,
  attempt: () => Promise<NativeAttempt>,
): Promise<DeployEvidence> {
  const repeated: string[] = []
  for (let count = 1; ; count += 1) {
    const made = await attempt()
    const { found } = made
    const sqlstate = reasonToRepeat(made)
    const isFinal = plan.engine !== 'native' || count > settings.retries || signal.aborted
    if (isFinal || sqlstate === undefined || !isUndone(found))
      return { ...found, evidence: [...repeated, ...found.evidence] }
    repeated.push(`attempt ${count} ended with ${sqlstate}, left nothing, and was repeated`)
    const waitMs = backoffMs(count)
    screen.print(
      `  ${sqlstate}: nothing of the attempt is there; trying again in ${(waitMs / 1000).toFixed(1)} s`,
    )
    await sleep(waitMs, undefined, { signal }).catch(() => undefined)
  }
}

/** lock_not_available, deadlock_detected, and query_canceled when it was the guard that cancelled. */
function reasonToRepeat({ result, gaveWay }: NativeAttempt): string | undefined {
  const [sqlstate] = /\b(55P03|40P01|57014)\b/.exec(`${result.stdout}\n${result.stderr}`) ?? []
  return sqlstate === '57014' && !gaveWay ? undefined : sqlstate
}

/** Each migration is applied, or proven not to be there with a history that says so. */
function isUndone({ complete, state, migrations }: DeployEvidence): boolean {
  if (complete || state === 'unknown') return false
  const hasApplied = migrations.some(({ outcome }) => outcome === 'applied')
  return (
    (state === 'unchanged' || hasApplied) &&
    migrations.every(
      ({ outcome, traces, historyRow }) =>
        outcome === 'applied' ||
        (traces === 'none' && (historyRow === 'none' || historyRow === 'rolled-back')),
    )
  )
}
