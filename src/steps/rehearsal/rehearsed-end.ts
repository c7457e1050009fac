import { join } from 'node:path'
import type { BackupManifest } from '../../domain/backup.js'
import type { CatalogObject } from '../../domain/catalog-object.js'
import { RehearsalError } from '../../domain/errors.js'
import type { TableLineage } from '../../domain/lineage.js'
import type { Rehearsal, RehearsedEnd, TableProof } from '../../domain/rehearsal.js'
import type { TableWrites } from '../../domain/write-counts.js'
import { hashCatalogObjects } from '../../postgres/catalog-fingerprint/hash.js'
import { readCatalogFile } from '../fingerprint.js'
import { manifestShape } from '../run-folder/backup-shape.js'
import { readKeptJson } from '../run-folder/kept-file.js'
import { readRun } from '../run-folder/runs.js'
import type { Tools } from '../tools.js'

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

/**
 * What this run, or the one it took the rehearsal of, has kept of the copy's end; undefined without a rehearsal.
 * @throws RehearsalError when it cannot be read any more, or is not what was written: nothing could be compared then.
 */
export async function readRehearsed(
  { after, proof, runId, findings = [] }: Rehearsal,
  lineage: readonly TableLineage[],
  tools: Tools,
): Promise<Rehearsed | undefined> {
  if (after === undefined || proof === undefined) return undefined
  const folder = runId === undefined ? tools.runFolder : join(tools.settings.backupsPath, runId)
  const kept = await readKept(folder).catch((cause: Error) => {
    throw notKept(`what the rehearsal left in ${folder} cannot be read: ${cause.message}`)
  })
  const lineageKept = runId === undefined ? lineage : await readLineage(tools.settings.backupsPath, runId)
  if (hashCatalogObjects(kept.catalog) !== after.catalogHash)
    throw notKept(`the catalog in ${folder} is not the one that the rehearsal wrote`)
  return {
    after,
    proof,
    catalog: kept.catalog,
    lineage: lineageKept,
    writesAtSnapshot: kept.manifest.tableWrites,
    knownDifferences: new Set(
      findings.filter(({ code }) => code === 'backup-differs').map(({ object = '' }) => object),
    ),
  }
}

async function readKept(folder: string) {
  const manifest = await readKeptJson<BackupManifest>(join(folder, 'manifest.json'), manifestShape)
  if (manifest?.value === undefined) throw new Error(`manifest.json ${manifest?.problem ?? 'is missing'}`)
  return { manifest: manifest.value, catalog: await readCatalogFile(folder, 'rehearsed-catalog.json') }
}

async function readLineage(backupsPath: string, runId: string): Promise<readonly TableLineage[]> {
  const run = await readRun(backupsPath, runId)
  if (run.problem !== undefined) throw notKept(`the run that rehearsed cannot be read: ${run.problem}`)
  return run.record.findings?.lineage ?? []
}

function notKept(message: string): RehearsalError {
  return new RehearsalError('rehearsal-not-kept', message, {
    hint: 'Rehearse again: leave --rehearsed out, or run npx migrate-guard rehearse.',
  })
}
