import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RehearsalError } from '../../domain/errors.js'
import type { Plan } from '../../domain/plan.js'
import type { Rehearsal } from '../../domain/rehearsal.js'
import type { RunRecord } from '../../domain/run-record.js'
import type { Tools } from '../tools.js'

/**
 * What an earlier run rehearsed, when it was this very plan: the same migrations on the same catalog of the same
 * database. The rows may be others by now.
 * @throws RehearsalError when there is no such run, or it rehearsed something else, or not well.
 */
export async function takeRehearsal(runId: string, plan: Plan, { settings }: Tools): Promise<Rehearsal> {
  const path = join(settings.backupsPath, runId, 'run.json')
  const hint = 'Rehearse again: leave --rehearsed out, or run migrate-guard rehearse.'
  // An option that names a path would read a file of somebody else's choice.
  if (!/^\w[\w.-]*$/.test(runId) || !existsSync(path))
    throw new RehearsalError('run-not-found', `there is no run "${runId}" in ${settings.backupsPath}`, {
      hint,
    })
  const refuse = (why: string) =>
    new RehearsalError('not-rehearsed', `the run ${runId} does not stand for this deploy: ${why}`, { hint })
  const record = await readRecord(path).catch((cause: Error) => {
    throw refuse(`its record cannot be read: ${cause.message}`)
  })
  if (record.rehearsal?.outcome !== 'passed') throw refuse('it has not rehearsed, or not well')
  if (record.plan?.hash !== plan.hash)
    throw refuse('its plan was another one, or the catalog has changed since')
  return { ...record.rehearsal, outcome: 'reused', runId }
}

async function readRecord(path: string): Promise<RunRecord> {
  return JSON.parse(await readFile(path, 'utf8')) as RunRecord
}
