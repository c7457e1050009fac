import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { RehearsalError } from '../../domain/errors.js'
import { isBlocking } from '../../domain/finding.js'
import { approvableDigits, type Plan } from '../../domain/plan.js'
import type { Rehearsal } from '../../domain/rehearsal.js'
import { isRunId, readRun } from '../run-folder/runs.js'
import type { Tools } from '../tools.js'
import { findBrokenSeal } from './evidence.js'

/**
 * What an earlier run rehearsed, when it was this very plan: the same migrations on the same catalog of the same
 * database, and all of its evidence is as it was written. The rows may be others by now.
 * @throws RehearsalError when there is no such run, or it rehearsed something else, or not well, or its record is not whole.
 */
export async function takeRehearsal(runId: string, plan: Plan, { settings }: Tools): Promise<Rehearsal> {
  const hint = 'Rehearse again: leave --rehearsed out, or run npx migrate-guard rehearse.'
  if (!isRunId(runId) || !existsSync(join(settings.backupsPath, runId)))
    throw new RehearsalError('run-not-found', `there is no run "${runId}" in ${settings.backupsPath}`, {
      hint,
    })
  const refuse = (why: string) =>
    new RehearsalError('not-rehearsed', `the run ${runId} does not stand for this deploy: ${why}`, { hint })
  const run = await readRun(settings.backupsPath, runId)
  if (run.problem !== undefined) throw refuse(`its record cannot be read: ${run.problem}`)
  const { rehearsal, plan: its, findings } = run.record
  if (rehearsal?.outcome !== 'passed') throw refuse('it has not rehearsed, or not well')
  if (its?.hash !== plan.hash) throw refuse('its plan was another one, or the catalog has changed since')
  const sealed = { runId, plan: its, rehearsal, lineage: findings?.lineage ?? [] }
  const broken = (await findBrokenSeal(sealed, run.folder)) ?? findGap(rehearsal, plan)
  if (broken !== undefined) throw refuse(broken)
  const wanted = settings.rehearsedEvidence
  if (wanted !== undefined && !rehearsal.evidence?.sha256.startsWith(wanted))
    throw refuse(`the hash of its evidence is ${rehearsal.evidence?.sha256.slice(0, approvableDigits)}`)
  return { ...rehearsal, outcome: 'reused', runId }
}

/** What a rehearsal of the plan of this run must show, whatever its record says of its own. */
function findGap(
  { outcomes = [], findings = [], proof, after }: Rehearsal,
  { pending }: Plan,
): string | undefined {
  const missing = pending.find(({ name }) => outcomes.find((one) => one.name === name)?.outcome !== 'applied')
  if (missing) return `it has not applied "${missing.name}"`
  if (findings.some(isBlocking)) return 'it has found what blocks'
  return proof && after ? undefined : 'it has not kept what the copy was like at its end'
}
