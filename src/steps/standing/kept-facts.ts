import { join } from 'node:path'
import type { CatalogObject } from '../../domain/catalog-object.js'
import { type Catalog, readCatalog } from '../../postgres/catalog.js'
import { hashCatalogObjects } from '../../postgres/catalog-fingerprint/hash.js'
import type { Client } from '../../postgres/connection.js'
import type { EngineEvent } from '../../prisma/engine-events.js'
import type { DeployTraces } from '../deploy-evidence.js'
import { writeCatalog } from '../fingerprint.js'
import { readRehearsedSteps } from '../rehearsal/rehearsed-steps.js'
import { type Kept, readKeptJson, readKeptLines } from '../run-folder/kept-file.js'
import { sentenceOf } from '../run-folder/runs.js'
import { catalogShape, eventShape } from '../run-folder/traces-shape.js'

const catalogFile = 'catalog-before.json'

/**
 * Reads the catalog and keeps it in the run folder before anything is changed: whoever looks after a crash has nothing
 * else to compare with.
 */
export async function keepCatalogBefore(client: Client, runFolder: string): Promise<Catalog> {
  const catalog = await readCatalog(client)
  await writeCatalog(catalog.objects, runFolder, catalogFile)
  return catalog
}

/**
 * What a run that has begun its deploy left in its folder, or which file of it is of no use; undefined when it left no
 * catalog, which it writes first.
 * @param rehearsedFolder that of the run whose rehearsal it took; its own where it rehearsed itself
 */
export async function readDeployTraces(
  runFolder: string,
  rehearsedFolder = runFolder,
): Promise<Kept<DeployTraces> | undefined> {
  const path = join(runFolder, catalogFile)
  const catalog = await readKeptJson<CatalogObject[]>(path, catalogShape)
  if (catalog === undefined) return undefined
  if (catalog.problem !== undefined) return { problem: sentenceOf(path, catalog.problem) }
  const eventsFile = join(runFolder, 'events.ndjson')
  const events = await readKeptLines<EngineEvent>(eventsFile, eventShape)
  if (events?.problem !== undefined) return { problem: sentenceOf(eventsFile, events.problem) }
  const timeline = await readRehearsedSteps(rehearsedFolder)
  return {
    value: {
      before: { objects: catalog.value, hash: hashCatalogObjects(catalog.value) },
      events: events?.value ?? [],
      engineOpened: events !== undefined,
      ...(timeline ? { timeline } : {}),
    },
  }
}
