// The proof of a baseline: the database is what the applied migrations and those to be marked make on an empty one.
import { CheckError } from '../../domain/errors.js'
import { type Findings, isBlocking } from '../../domain/finding.js'
import { plural } from '../../domain/quantities.js'
import { applyAcceptances } from '../accept.js'
import { findDrift } from '../drift/find-drift.js'
import type { Tools } from '../tools.js'
import type { ChosenBaseline } from './choose.js'

/** What the comparison found, and the last migration up to which nothing would stand in the way. */
export interface BaselineProof extends Findings {
  readonly fitsUpTo?: string
}

/** Compares; when the history itself cannot be written, nothing is compared. */
export async function proveBaseline(
  { toReplay, toMark, findings: planned }: ChosenBaseline,
  tools: Tools,
): Promise<BaselineProof> {
  const { accept, target } = tools.settings
  const id = 'baseline'
  const title = 'the database is what the migrations make'
  if (toMark.length === 0) return { results: [], findings: [] }
  if (applyAcceptances(planned, accept, 'plan', target.schema).some(isBlocking)) {
    const findings = applyAcceptances(planned, accept, 'check', target.schema)
    return { results: [{ id, title, outcome: 'not-made', note: 'the history cannot be written' }], findings }
  }
  const names = toMark.map(({ name }) => name)
  const { findings: drift, fitsUpTo } = await findDrift(toReplay, { adopt: false, fitting: names }, tools)
  const findings = applyAcceptances([...planned, ...drift], accept, 'check', target.schema)
  const outcome = drift.some(({ verdict }) => verdict === 'unknown')
    ? 'unknown'
    : drift.some(({ verdict }) => verdict === 'block')
      ? 'failed'
      : 'passed'
  return { results: [{ id, title, outcome }], findings, ...(fitsUpTo ? { fitsUpTo } : {}) }
}

/** @throws CheckError `baseline-differs` when a difference is there that nobody accepted */
export function assertBaselineFits({ findings, fitsUpTo }: BaselineProof): void {
  const blocking = findings.filter(isBlocking)
  if (blocking.length === 0) return
  // What kept the comparison from being made says itself what to do about it.
  const unknown = blocking.find(({ verdict }) => verdict === 'unknown')
  throw new CheckError(
    'baseline-differs',
    `no migration was marked: ${plural(blocking.length, 'finding')} in the way of this baseline`,
    {
      hint: fitsUpTo
        ? `The database is what the migrations up to "${fitsUpTo}" make: mark only those, with --to ${fitsUpTo}, and deploy the others.`
        : (unknown?.hint ??
          'Correct what was found, mark fewer migrations with --to, or accept a difference by name: --accept drift:"<object>"="reason".'),
    },
  )
}
