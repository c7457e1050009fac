import type { Finding, Findings } from '../../domain/finding.js'
import type { Snapshot } from '../../postgres/snapshot.js'
import { check } from '../check.js'
import type { Tools } from '../tools.js'
import type { ChosenRollback } from './choose.js'

/** What the live data says of the way back. */
export interface LossOfRollback {
  readonly findings: Findings
  /** Rows and values that it takes away, counted. */
  readonly lost: readonly Finding[]
}

/**
 * Asks the live data what the down scripts meet, as if they were migrations. That they lose what was written since is why somebody
 * is asked, and no blocker; whatever makes them fail is one.
 */
export async function findLosses(
  { plan }: ChosenRollback,
  snapshot: Snapshot,
  tools: Tools,
): Promise<LossOfRollback> {
  const { findings } = await check(plan, snapshot, tools)
  const weighed = findings.findings.map(
    (one): Finding => (one.kind === 'loss' && one.verdict === 'block' ? { ...one, verdict: 'warn' } : one),
  )
  return {
    findings: { ...findings, findings: weighed },
    lost: weighed.filter(({ kind }) => kind === 'loss'),
  }
}
