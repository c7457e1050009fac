import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Plan } from '../../../../src/domain/plan.js'
import { takeRehearsal } from '../../../../src/steps/rehearsal/rehearsed-run.js'
import type { Tools } from '../../../../src/steps/tools.js'

let backups: string
let runs = 0

beforeAll(async () => {
  backups = await mkdtemp(join(tmpdir(), 'guard-test-runs-'))
})
afterAll(() => rm(backups, { recursive: true, force: true }))

/** A run folder that holds this as its record; gives its id. */
async function makeRun(record: unknown): Promise<string> {
  runs += 1
  const runId = `20261120T0434${String(runs).padStart(2, '0')}Z-shop`
  await mkdir(join(backups, runId))
  await writeFile(
    join(backups, runId, 'run.json'),
    typeof record === 'string' ? record : JSON.stringify(record),
  )
  return runId
}

const take = (runId: string) =>
  takeRehearsal(runId, { hash: 'abc' } as Plan, { settings: { backupsPath: backups } } as Tools)

test('a rehearsal of this very plan is taken, under the name of its run', async () => {
  const runId = await makeRun({ plan: { hash: 'abc' }, rehearsal: { outcome: 'passed', durationMs: 7 } })
  expect(await take(runId)).toEqual({ outcome: 'reused', runId, durationMs: 7 })
})

test.each([
  ['of another plan', { plan: { hash: 'abd' }, rehearsal: { outcome: 'passed' } }, 'its plan was another'],
  [
    'that failed',
    { plan: { hash: 'abc' }, rehearsal: { outcome: 'failed' } },
    'has not rehearsed, or not well',
  ],
  ['that was skipped', { plan: { hash: 'abc' }, rehearsal: { outcome: 'skipped' } }, 'has not rehearsed'],
  ['that was taken itself', { plan: { hash: 'abc' }, rehearsal: { outcome: 'reused' } }, 'has not rehearsed'],
  ['that did not come so far', { plan: { hash: 'abc' } }, 'has not rehearsed'],
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
