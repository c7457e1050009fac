import type { Plan } from '../domain/plan.js'
import type { ProcessResult } from '../effects/run-process.js'
import { cancelWhenTold } from './cancel-when-told.js'
import { watchForHungPrisma } from './hung-prisma.js'
import { writeLockGroups } from './lock-groups.js'
import { copyPlanned, noteRefusal, writePlanned } from './planned-migrations.js'
import { applicationName, type Tools } from './tools.js'

/** Where the migrations run: on the target, or on the copy of it. */
export interface ApplyOptions {
  readonly purpose: 'deploy' | 'rehearse'
  /** Where the engine host tells what it does. */
  readonly eventsFile: string
  /** The session that holds the deploy lock; the engine writes nothing without it. */
  readonly deployLockPid?: number
  /** Where it writes how each step changed the catalog; for a rehearsal. */
  readonly catalogStepsFile?: string
  /** Planned migrations that this database has already. */
  readonly appliedSince?: readonly string[]
}

/** One attempt of it. */
export interface AttemptOptions extends ApplyOptions {
  /** Where the engine host is told that a cancel is for the sake of others. */
  readonly gaveWayFile?: string
}

/** Runs the project's own `prisma migrate deploy` and waits for its end; what became of it is for others to find out. */
export async function runPrisma(
  plan: Plan,
  { purpose, eventsFile, catalogStepsFile, deployLockPid, gaveWayFile, appliedSince = [] }: AttemptOptions,
  tools: Tools,
): Promise<ProcessResult> {
  const { settings, project, prisma } = tools
  if (tools.signal.aborted) return notStarted('the run was cancelled')
  const plannedFile = await writePlanned(plan, appliedSince, tools)
  const copy = plan.engine === 'native' || plan.leftOut ? await copyPlanned(plan, appliedSince, tools) : {}
  if (copy.refused !== undefined) {
    await noteRefusal(eventsFile, copy.refused)
    return notStarted(copy.refused.message)
  }
  const watch = watchForHungPrisma(applicationName(tools, purpose), tools)
  try {
    return await cancelWhenTold(purpose, tools, async (stopFile) =>
      prisma.run({
        effect: `${purpose}.prisma`,
        arguments: ['migrate', 'deploy', ...(project.major < 7 ? ['--schema', project.schemaPath] : [])],
        applicationName: applicationName(tools, purpose),
        readOnly: false,
        lockTimeoutMs: settings.lockTimeoutMs,
        statementTimeoutMs: settings.statementTimeoutMs,
        retries: settings.retries,
        eventsFile,
        stopFile,
        ...(deployLockPid === undefined ? {} : { deployLockPid }),
        ...(gaveWayFile === undefined ? {} : { gaveWayFile }),
        ...(await writeLockGroups(plan, tools)),
        plannedFile,
        ...(copy.path === undefined ? {} : { migrationsPath: copy.path }),
        observes: purpose === 'rehearse',
        ...(catalogStepsFile ? { catalogStepsFile } : {}),
        signal: watch.hung,
      }),
    )
  } finally {
    watch.stop()
  }
}

/** What is not begun need not be cancelled, nor looked for. */
const notStarted = (why: string): ProcessResult => ({
  exitCode: null,
  signal: null,
  stdout: '',
  stderr: '',
  timedOut: false,
  cancelled: true,
  notStarted: true,
  ending: `was not started, because ${why}`,
  durationMs: 0,
})
