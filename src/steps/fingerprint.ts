import { join } from 'node:path'
import type { CatalogObject } from '../domain/catalog-object.js'
import type { DataFingerprint } from '../domain/fingerprint.js'
import type { Screen } from '../domain/screen.js'
import { writePrivateFile } from '../effects/private-files.js'
import { hashCatalogObjects } from '../postgres/catalog-fingerprint/hash.js'
import { readCatalogObjects } from '../postgres/catalog-fingerprint/read-catalog-objects.js'
import type { Client } from '../postgres/connection.js'
import { fingerprintLargeObjects } from '../postgres/fingerprint/large-objects.js'
import { readFingerprintRequests } from '../postgres/fingerprint/read-requests.js'
import { type FingerprintProgress, fingerprintTables } from '../postgres/fingerprint/tables.js'
import type { Snapshot } from '../postgres/snapshot.js'
import { formatBytes, formatMs } from '../report/words.js'
import { readKeptJson } from './run-folder/kept-file.js'
import { catalogShape } from './run-folder/traces-shape.js'

/** Everything that a database holds, and every object of its catalog. */
export interface FullFingerprint {
  readonly fingerprint: DataFingerprint
  readonly catalog: readonly CatalogObject[]
}

/** Fingerprints what the snapshot shows, on two connections inside it. */
export async function fingerprintSnapshot(
  snapshot: Snapshot,
  { screen }: { readonly screen: Pick<Screen, 'progress'> },
): Promise<DataFingerprint> {
  return fingerprintData([await snapshot.open(), await snapshot.open()], screen)
}

/** Fingerprints the database that the clients see; they see the same instant, or nobody writes. */
export async function fingerprintDatabase(
  clients: readonly [Client, ...Client[]],
  screen: Screen,
): Promise<FullFingerprint> {
  const catalog = await readCatalogObjects(clients[0])
  return { fingerprint: await fingerprintData(clients, screen), catalog }
}

async function fingerprintData(
  clients: readonly [Client, ...Client[]],
  screen: Pick<Screen, 'progress'>,
): Promise<DataFingerprint> {
  const [client] = clients
  const requests = await readFingerprintRequests(client)
  const tables = await fingerprintTables(clients, requests, { onProgress: showProgress(screen) })
  return { tables, largeObjects: await fingerprintLargeObjects(client) }
}

function showProgress(screen: Pick<Screen, 'progress'>): (progress: FingerprintProgress) => void {
  const started = performance.now()
  return ({ doneBytes, totalBytes }) => {
    const leftMs = ((performance.now() - started) * (totalBytes - doneBytes)) / Math.max(1, doneBytes)
    const left = leftMs > 0 ? `, about ${formatMs(leftMs)} left` : ''
    screen.progress(`fingerprints  ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}${left}`)
  }
}

/**
 * The catalog as the backup has it, as the rehearsal left it, and as it was right before the deploy; in the run folder, to
 * be compared object by object later.
 */
export type CatalogFile = 'catalog.json' | 'rehearsed-catalog.json' | 'catalog-before.json'

/** Gives the hash of the catalog. */
export async function writeCatalog(
  catalog: readonly CatalogObject[],
  runFolder: string,
  file: CatalogFile,
): Promise<string> {
  await writePrivateFile(join(runFolder, file), `${JSON.stringify(catalog, null, 1)}\n`)
  return hashCatalogObjects(catalog)
}

/** @throws Error with one sentence when there is none that can be read */
export async function readCatalogFile(runFolder: string, file: CatalogFile): Promise<CatalogObject[]> {
  const kept = await readKeptJson<CatalogObject[]>(join(runFolder, file), catalogShape)
  if (kept === undefined || kept.problem !== undefined)
    throw new Error(`${file} ${kept?.problem ?? 'is missing'}`)
  return kept.value
}
