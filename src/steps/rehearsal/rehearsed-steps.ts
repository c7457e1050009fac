import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CatalogStep, type CatalogTimeline, makeCatalogTimeline } from '../../domain/catalog-timeline.js'
import type { Plan } from '../../domain/plan.js'
import { writePrivateFile } from '../../effects/private-files.js'
import { type Catalog, readCatalog } from '../../postgres/catalog.js'
import { catalogStep } from '../../postgres/catalog-fingerprint/step.js'
import type { Client } from '../../postgres/connection.js'
import { readKeptJson } from '../run-folder/kept-file.js'
import { timelineShape } from '../run-folder/traces-shape.js'

/** In the run folder: how the catalog of the copy went from step to step. */
const fileName = 'rehearsed-steps.json'

/** Notes how the migrations change the catalog of the copy, as finely as the engine lets it be seen. */
export interface StepsNote {
  /** For the engine, which then looks after each step; undefined where two looks from outside tell as much. */
  readonly stepsFile?: string
  /** To be called when all migrations are applied; writes the timeline into the run folder. */
  keep(client: Client): Promise<void>
}

/** @param client a session on the copy, before the migrations */
export async function noteSteps(plan: Plan, client: Client, runFolder: string): Promise<StepsNote> {
  const stepsFile = join(runFolder, 'rehearsed-steps.ndjson')
  if (plan.engine === 'hosted' && hasSeveralSteps(plan)) {
    return { stepsFile, keep: async () => keep(await readSteps(stepsFile), plan, runFolder) }
  }
  const before = await readCatalog(client)
  return {
    keep: async (client) => keep(stepBetween(plan, before, await readCatalog(client)), plan, runFolder),
  }
}

function hasSeveralSteps({ pending }: Plan): boolean {
  return pending.length > 1 || pending.some(({ execution }) => execution.mode === 'statement-by-statement')
}

function stepBetween({ pending }: Plan, before: Catalog, after: Catalog): CatalogStep[] {
  const last = pending.at(-1)
  return last ? [catalogStep({ migration: last.name }, before.objects, after.objects)] : []
}

/** What the watch has written, step by step. */
export async function readSteps(path: string): Promise<CatalogStep[]> {
  const lines = existsSync(path) ? (await readFile(path, 'utf8')).split('\n') : []
  return lines.filter(Boolean).map((line) => JSON.parse(line) as CatalogStep)
}

async function keep(steps: readonly CatalogStep[], plan: Plan, runFolder: string): Promise<void> {
  // A timeline that ends too early would take what comes later for somebody else's work.
  const end = steps.at(-1)
  if (end?.migration !== plan.pending.at(-1)?.name || end?.statements !== undefined) return
  await writePrivateFile(join(runFolder, fileName), `${JSON.stringify(makeCatalogTimeline(steps))}\n`)
}

/** What the rehearsal kept in this run folder; undefined when it kept nothing that can be read. */
export async function readRehearsedSteps(runFolder: string): Promise<CatalogTimeline | undefined> {
  const kept = await readKeptJson<CatalogTimeline>(join(runFolder, fileName), timelineShape)
  return kept?.problem === undefined ? kept?.value : undefined
}
