import { join } from 'node:path'
import type { Plan } from '../../domain/plan.js'
import type { Rehearsal } from '../../domain/rehearsal.js'
import { sampleLocks } from '../../postgres/lock-sampler.js'
import type { RehearsalDatabase } from '../../postgres/rehearsal-database/request.js'
import { applyMigrations } from '../apply-migrations.js'
import { readEngineEvents } from '../follow-engine.js'
import { applicationName, type Tools } from '../tools.js'
import { withCopy } from './copy.js'
import { noteSteps } from './rehearsed-steps.js'
import { makeTimeline, makeTimelineFromOutside } from './timeline.js'

/** What running the migrations on the copy told. */
export interface RehearsedRun {
  /** Every migration is applied, and the catalog shows what the statements name. */
  readonly complete: boolean
  readonly told: Pick<
    Rehearsal,
    | 'outcomes'
    | 'refused'
    | 'migrations'
    | 'durationMs'
    | 'exposures'
    | 'diskNeededBytes'
    | 'walBytes'
    | 'locksNotSeen'
    | 'prismaSaid'
  >
}

/**
 * Runs the pending migrations on the copy as a deploy would, and watches.
 * @param copy the tools for the copy
 */
export async function rehearseMigrations(
  plan: Plan,
  database: RehearsalDatabase,
  copy: Tools,
): Promise<RehearsedRun> {
  const eventsFile = join(copy.runFolder, 'rehearsal-events.ndjson')
  return withCopy(database, copy, async ([watcher, other]) => {
    const { rows } = await other.query(
      'SELECT pg_catalog.pg_database_size(pg_catalog.current_database())::float8 AS bytes',
    )
    const steps = await noteSteps(plan, other, copy.runFolder)
    const { stepsFile } = steps
    const watch = await sampleLocks(watcher, applicationName(copy, 'rehearse'))
    const started = performance.now()
    const found = await applyMigrations(plan, copy, {
      purpose: 'rehearse',
      eventsFile,
      ...(stepsFile ? { catalogStepsFile: stepsFile } : {}),
    })
    const elapsedMs = performance.now() - started
    const { seen, brokenBy } = await watch.stop()
    if (found.complete) await steps.keep(other)
    const events = await readEngineEvents(eventsFile)
    const timeline =
      plan.engine === 'hosted'
        ? makeTimeline(plan.pending, events, seen, rows[0].bytes)
        : makeTimelineFromOutside(seen, elapsedMs)
    return {
      complete: found.complete,
      told: {
        outcomes: found.migrations,
        ...(found.refused === undefined ? {} : { refused: found.refused }),
        ...timeline,
        ...(found.prismaSaid === undefined ? {} : { prismaSaid: found.prismaSaid }),
        ...(brokenBy === undefined ? {} : { locksNotSeen: brokenBy }),
      },
    }
  })
}
