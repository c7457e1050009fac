import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackupManifest } from '../domain/backup.js'
import type { CatalogObject } from '../domain/catalog-object.js'
import type { TableLineage } from '../domain/lineage.js'
import type { Rehearsal, RehearsedEnd, TableProof } from '../domain/rehearsal.js'
import type { RunRecord } from '../domain/run-record.js'
import type { TableWrites } from '../domain/write-counts.js'
import { readCatalogFile } from './fingerprint.js'
import type { Tools } from './tools.js'

/** What the target is to be compared with after the deploy. */
export interface Rehearsed {
  readonly after: RehearsedEnd
  readonly catalog: readonly CatalogObject[]
  readonly proof: readonly TableProof[]
  readonly lineage: readonly TableLineage[]
  /** The counters of the target when the rehearsed snapshot was taken. */
  readonly writesAtSnapshot: readonly TableWrites[]
  /** Objects that the copy had otherwise before the migrations already, and knew why. */
  readonly knownDifferences: ReadonlySet<string>
}

/** What this run, or the one it took the rehearsal of, has kept of the copy's end; undefined without a rehearsal. */
export async function readRehearsed(
  { after, proof, runId, findings = [] }: Rehearsal,
  lineage: readonly TableLineage[],
  tools: Tools,
): Promise<Rehearsed | undefined> {
  if (after === undefined || proof === undefined) return undefined
  const folder = runId === undefined ? tools.runFolder : join(tools.settings.backupsPath, runId)
  const manifest = await readJson<BackupManifest>(join(folder, 'manifest.json'))
  const record = runId === undefined ? undefined : await readJson<RunRecord>(join(folder, 'run.json'))
  return {
    after,
    proof,
    catalog: await readCatalogFile(folder, 'rehearsed-catalog.json'),
    lineage: record?.findings?.lineage ?? lineage,
    writesAtSnapshot: manifest.tableWrites,
    knownDifferences: new Set(
      findings.filter(({ code }) => code === 'backup-differs').map(({ object = '' }) => object),
    ),
  }
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, 'utf8')) as T
}
