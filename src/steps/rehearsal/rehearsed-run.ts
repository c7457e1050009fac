import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { RehearsalError } from '../../domain/errors.js'
import type { Plan } from '../../domain/plan.js'
import type { Rehearsal } from '../../domain/rehearsal.js'
import { isRunId, readRun } from '../run-folder/runs.js'
import type { Tools } from '../tools.js'

/**
 * What an earlier run rehearsed, when it was this very plan: the same migrations on the same catalog of the same
 * database. The rows may be others by now.
 * @throws RehearsalError when there is no such run, or it rehearsed something else, or not well.
 */
export async function takeRehearsal(runId: string, plan: Plan, { settings }: Tools): Promise<Rehearsal> {
  const hint = 'Rehearse again: leave --rehearsed out, or run migrate-guard rehearse.'
  if (!isRunId(runId) || !existsSync(join(settings.backupsPath, runId)))
    throw new RehearsalError('run-not-found', `there is no run "${runId}" in ${settings.backupsPath}`, {
      hint,
    })
  const refuse = (why: string) =>
    new RehearsalError('not-rehearsed', `the run ${runId} does not stand for this deploy: ${why}`, { hint })
  const run = await readRun(settings.backupsPath, runId)
  if (run.problem !== undefined) throw refuse(`its record cannot be read: ${run.problem}`)
  const { record } = run
  if (record.rehearsal?.outcome !== 'passed') throw refuse('it has not rehearsed, or not well')
  if (record.plan?.hash !== plan.hash)
    throw refuse('its plan was another one, or the catalog has changed since')
  return { ...record.rehearsal, outcome: 'reused', runId }
}
