import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Rehearsal } from '../../../../src/domain/rehearsal.js'
import type { RunRecord } from '../../../../src/domain/run-record.js'
import { sealRehearsal } from '../../../../src/steps/rehearsal/evidence.js'
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
  const folder = join(backups, runId)
  await mkdir(folder)
  for (const file of ['plan.json', 'manifest.json', 'catalog.json', 'rehearsed-catalog.json'])
    await writeFile(join(folder, file), `{ "name": "${file}" }\n`)
  const { rehearsal, plan } = typeof record === 'string' ? {} : record
  const evidence =
    rehearsal && plan
      ? { evidence: await sealRehearsal({ runId, plan, rehearsal, lineage: [] }, folder) }
      : {}
  const whole =
    typeof record === 'string'
      ? record
      : JSON.stringify(
          keptRecord(runId, {
            ...record,
            ...(rehearsal ? { rehearsal: { ...rehearsal, ...evidence } } : {}),
          }),
        )
  await writeFile(join(folder, 'run.json'), whole)
  return runId
}

const passed: Rehearsal = {
  outcome: 'passed',
  durationMs: 7,
  proof: [],
  after: {
    catalogHash: 'ab'.repeat(32),
    fingerprint: { tables: [], largeObjects: { objects: 0, sum: '0' } },
    tableWrites: [],
  },
}

const take = (runId: string, wanted?: string) => {
  const settings = { backupsPath: backups, ...(wanted ? { rehearsedEvidence: wanted } : {}) }
  return takeRehearsal(runId, keptPlan, { settings } as Tools)
}

test('a rehearsal of this very plan is taken, under the name of its run', async () => {
  const runId = await makeRun({ plan: keptPlan, rehearsal: passed })
  const taken = await take(runId)
  expect(taken).toMatchObject({ ...passed, outcome: 'reused', runId })
  expect((await take(runId, taken.evidence?.sha256.slice(0, 32))).runId).toBe(runId)
  await expect(take(runId, '0'.repeat(32))).rejects.toMatchObject({
    code: 'not-rehearsed',
    message: expect.stringContaining('the hash of its evidence is'),
  })
})

/** Changes the record of a run as somebody would who wants it to stand for more than it does. */
async function forge(runId: string, change: (record: Forged) => void): Promise<void> {
  const path = join(backups, runId, 'run.json')
  const record = JSON.parse(await readFile(path, 'utf8')) as Forged
  change(record)
  await writeFile(path, JSON.stringify(record))
}

type Forged = { plan: { hash: string }; rehearsal: Record<string, unknown>; findings?: unknown }

test.each<[string, (record: Forged) => void]>([
  ['its outcome', ({ rehearsal }) => Object.assign(rehearsal, { outcome: 'passed' })],
  ['its duration', ({ rehearsal }) => Object.assign(rehearsal, { durationMs: 8 })],
  [
    'what was predicted',
    (record) =>
      Object.assign(record, {
        findings: {
          results: [],
          findings: [],
          lineage: [{ schema: 'public', table: 't', rowsChangedBy: [], columns: [] }],
        },
      }),
  ],
  ['no hash', ({ rehearsal }) => delete rehearsal.evidence],
  ['no files', ({ rehearsal }) => Object.assign(rehearsal.evidence as object, { files: [] })],
])('a record with %s forged is refused', async (what, change) => {
  const outcome = what === 'its outcome' ? 'failed' : 'passed'
  const runId = await makeRun({ plan: keptPlan, rehearsal: { ...passed, outcome } })
  await forge(runId, change)
  await expect(take(runId)).rejects.toMatchObject({ code: 'not-rehearsed', exitCode: 5 })
})

test('the plan and outcome of another run, put into a record, are refused', async () => {
  const runId = await makeRun({
    plan: { ...keptPlan, hash: '12'.repeat(32) },
    rehearsal: { ...passed, outcome: 'failed' },
  })
  await forge(runId, (record) => {
    record.plan.hash = keptPlan.hash
    record.rehearsal.outcome = 'passed'
  })
  await expect(take(runId)).rejects.toMatchObject({
    code: 'not-rehearsed',
    message: expect.stringContaining('is not the one that it wrote'),
  })
})

test.each(['plan.json', 'manifest.json', 'catalog.json', 'rehearsed-catalog.json'])(
  'a %s that is another one, or gone, is refused',
  async (file) => {
    const runId = await makeRun({ plan: keptPlan, rehearsal: passed })
    const refused = { code: 'not-rehearsed', message: expect.stringContaining(`its ${file} is not the one`) }
    await writeFile(join(backups, runId, file), '{}')
    await expect(take(runId)).rejects.toMatchObject(refused)
    await rm(join(backups, runId, file))
    await expect(take(runId)).rejects.toMatchObject(refused)
  },
)

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
