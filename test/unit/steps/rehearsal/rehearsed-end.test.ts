import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { CatalogObject } from '../../../../src/domain/catalog-object.js'
import type { Rehearsal } from '../../../../src/domain/rehearsal.js'
import { hashCatalogObjects } from '../../../../src/postgres/catalog-fingerprint/hash.js'
import { readRehearsed } from '../../../../src/steps/rehearsal/rehearsed-end.js'
import type { Tools } from '../../../../src/steps/tools.js'
import { keptManifest, keptRecord } from '../../../support/kept-run.js'

const catalog: CatalogObject[] = [{ kind: 'table', name: 'public.t', properties: { owner: 'app' } }]
const tableWrites = [{ schema: 'public', table: 't', inserted: 1, updated: 2, deleted: 3 }]
const lineage = [{ schema: 'public', table: 't', rowsChangedBy: [], columns: [] }]

const runId = '20261120T043400Z-shop'
let backups: string
let folder: string

beforeEach(async () => {
  backups = await mkdtemp(join(tmpdir(), 'guard-test-run-'))
  folder = join(backups, runId)
  await mkdir(folder)
  const files = {
    'manifest.json': keptManifest(runId, { tableWrites }),
    'run.json': keptRecord(runId, { findings: { results: [], findings: [], lineage } }),
    'rehearsed-catalog.json': catalog,
  }
  for (const [name, content] of Object.entries(files))
    await writeFile(join(folder, name), JSON.stringify(content))
})
afterEach(() => rm(backups, { recursive: true }))

const rehearsal: Rehearsal = {
  outcome: 'passed',
  proof: [],
  after: {
    catalogHash: hashCatalogObjects(catalog),
    fingerprint: { tables: [], largeObjects: { objects: 0, sum: '0' } },
    tableWrites: [],
  },
}
const read = (one: Rehearsal = rehearsal) => readRehearsed(one, [], { runFolder: folder } as Tools)

test('without a rehearsal there is nothing to compare with', async () => {
  expect(await read({ outcome: 'skipped' })).toBeUndefined()
})

test('what this run rehearsed is read from its folder, with the lineage that it has in hand', async () => {
  expect(await read()).toMatchObject({ catalog, writesAtSnapshot: tableWrites, lineage: [] })
})

test('what another run rehearsed is read from its folder, with the lineage of its own', async () => {
  const tools = { runFolder: '/nowhere', settings: { backupsPath: backups } } as Tools
  const reused: Rehearsal = { ...rehearsal, outcome: 'reused', runId }
  expect(await readRehearsed(reused, [], tools)).toMatchObject({ catalog, lineage })
})

test.each(['manifest.json', 'run.json', 'rehearsed-catalog.json'])(
  'without %s, or with half of it, nothing is deployed',
  async (name) => {
    const refused = {
      code: 'rehearsal-not-kept',
      exitCode: 5,
      message: expect.stringContaining('cannot be read'),
    }
    const tools = { runFolder: '/nowhere', settings: { backupsPath: backups } } as Tools
    const reused: Rehearsal = { ...rehearsal, outcome: 'reused', runId }
    await truncate(join(folder, name), 5)
    await expect(readRehearsed(reused, [], tools)).rejects.toMatchObject(refused)
    await rm(join(folder, name))
    await expect(readRehearsed(reused, [], tools)).rejects.toMatchObject(refused)
  },
)

test('a catalog that is not the one of the rehearsal is refused', async () => {
  await writeFile(join(folder, 'rehearsed-catalog.json'), '[]')
  await expect(read()).rejects.toMatchObject({
    code: 'rehearsal-not-kept',
    message: expect.stringContaining('is not the one that the rehearsal wrote'),
  })
})
