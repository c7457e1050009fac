import { join } from 'node:path'
import type { Plan } from '../domain/plan.js'
import type { ProcessResult } from '../effects/run-process.js'
import { type Catalog, readCatalog } from '../postgres/catalog.js'
import type { DeployEvidence } from './deploy-evidence.js'
import { followEngine, readEngineEvents } from './follow-engine.js'
import { mayGiveWay } from './giving-way.js'
import { lookAfter } from './look-after.js'
import { repeatNative } from './repeat-native.js'
import { type ApplyOptions, type AttemptOptions, runPrisma } from './run-prisma.js'
import { keepCatalogBefore } from './standing/kept-facts.js'
import { applicationName, type Tools, withTargetThroughout } from './tools.js'
import { watchTraffic } from './watch-traffic.js'

/** Runs `prisma migrate deploy` on the database of the tools, and then finds out what became of it. */
export async function applyMigrations(
  plan: Plan,
  tools: Tools,
  options: ApplyOptions,
): Promise<DeployEvidence> {
  const before = await withTargetThroughout(tools, (client) =>
    options.purpose === 'deploy' ? keepCatalogBefore(client, tools.runFolder) : readCatalog(client),
  )
  if (options.purpose === 'rehearse') return (await attempt(plan, before, options, tools)).found
  const watched = applicationName(tools, 'deploy')
  const gaveWayFile = join(tools.scratchFolder, 'gave-way')
  const watch = await watchTraffic(tools, {
    watched,
    gaveWayFile,
    mayGiveWay: async () => mayGiveWay(plan, await readEngineEvents(options.eventsFile)),
  })
  try {
    const found = await repeatNative(plan, tools, async () => {
      const gaveWayBefore = watch.gaveWay()
      const made = await attempt(plan, before, { ...options, gaveWayFile }, tools)
      return { ...made, gaveWay: watch.gaveWay() > gaveWayBefore }
    })
    return { ...found, traffic: await watch.stop() }
  } finally {
    await watch.stop()
  }
}

/** Runs Prisma once and looks what became of it. */
async function attempt(
  plan: Plan,
  before: Catalog,
  options: AttemptOptions,
  tools: Tools,
): Promise<{ result: ProcessResult; found: DeployEvidence }> {
  const following = followEngine(options.eventsFile, plan, tools.screen)
  const result = await runPrisma(plan, options, tools).finally(() => following.stop())
  return { result, found: await lookAfter(plan, before, options, result, tools) }
}
