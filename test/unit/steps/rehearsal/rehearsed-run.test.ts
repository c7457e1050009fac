import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { RunRecord } from '../../../../src/domain/run-record.js'
import { takeRehearsal } from '../../../../src/steps/rehearsal/rehearsed-run.js'
import type { Tools } from '../../../../src/steps/tools.js'
import { keptPlan, keptRecord } from '../../../support/kept-run.js'

let backups: string
let runs = 0

beforeAll(async () => {
  backups = await mkdtemp(join(tmpdir(), 'guard-test-runs-'))
})
afterAll(() => rm(backups, { recursive: true, force: true }))

/** A run folder that holds this as its record; gives its id. */
async function makeRun(record: Partial<RunRecord> | string): Promise<string> {
  runs += 1
  const runId = `20261120T0434${String(runs).padStart(2, '0')}Z-shop`
  await mkdir(join(backups, runId))
  await writeFile(
    join(backups, runId, 'run.json'),
    typeof record === 'string' ? record : JSON.stringify(keptRecord(runId, record)),
  )
  return runId
}

const take = (runId: string) =>
  takeRehearsal(runId, keptPlan, { settings: { backupsPath: backups } } as Tools)

test('a rehearsal of this very plan is taken, under the name of its run', async () => {
  const runId = await makeRun({ plan: keptPlan, rehearsal: { outcome: 'passed', durationMs: 7 } })
  expect(await take(runId)).toEqual({ outcome: 'reused', runId, durationMs: 7 })
})

test.each<[string, Partial<RunRecord> | string, string]>([
  [
    'of another plan',
    { plan: { ...keptPlan, hash: '12'.repeat(32) }, rehearsal: { outcome: 'passed' } },
    'its plan was another',
  ],
  ['that failed', { plan: keptPlan, rehearsal: { outcome: 'failed' } }, 'has not rehearsed, or not well'],
  ['that was skipped', { plan: keptPlan, rehearsal: { outcome: 'skipped' } }, 'has not rehearsed'],
  ['that was taken itself', { plan: keptPlan, rehearsal: { outcome: 'reused' } }, 'has not rehearsed'],
  ['that did not come so far', { plan: keptPlan }, 'has not rehearsed'],
  ['whose record is half written', '{"plan": {"ha', 'its record cannot be read'],
])('a rehearsal %s is refused', async (_, record, why) => {
  await expect(take(await makeRun(record))).rejects.toMatchObject({
    code: 'not-rehearsed',
    exitCode: 5,
    message: expect.stringContaining(why),
    hint: expect.stringContaining('Rehearse again'),
  })
})

test.each(['20260101T000000Z-none', '../../somewhere', '/etc', '', '..', '.'])(
  'a run "%s" that is not in the folder is refused',
  async (runId) => {
    await expect(take(runId)).rejects.toMatchObject({ code: 'run-not-found', exitCode: 5 })
  },
)
