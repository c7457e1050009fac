import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Catalog, readCatalog } from '../../postgres/catalog.js'
import { hashCatalogObjects } from '../../postgres/catalog-fingerprint/hash.js'
import type { Client } from '../../postgres/connection.js'
import type { DeployTraces } from '../deploy-evidence.js'
import { readCatalogFile, writeCatalog } from '../fingerprint.js'
import { readEngineEvents } from '../follow-engine.js'
import { readRehearsedSteps } from '../rehearsal/rehearsed-steps.js'

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
 * What a run that has begun its deploy left in its folder; undefined when it left no catalog, which it writes first.
 * @param rehearsedFolder that of the run whose rehearsal it took; its own where it rehearsed itself
 */
export async function readDeployTraces(
  runFolder: string,
  rehearsedFolder = runFolder,
): Promise<DeployTraces | undefined> {
  const objects = await readCatalogFile(runFolder, catalogFile).catch(() => undefined)
  if (objects === undefined) return undefined
  const eventsFile = join(runFolder, 'events.ndjson')
  const timeline = await readRehearsedSteps(rehearsedFolder)
  return {
    before: { objects, hash: hashCatalogObjects(objects) },
    events: await readEngineEvents(eventsFile),
    engineOpened: existsSync(eventsFile),
    ...(timeline ? { timeline } : {}),
  }
}
