import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Plan } from '../domain/plan.js'
import type { ProcessResult } from '../effects/run-process.js'
import { cancelSessions } from '../postgres/sessions.js'
import { tellToStop } from '../prisma/told-to-stop.js'
import { watchForHungPrisma } from './hung-prisma.js'
import { writeLockGroups } from './lock-groups.js'
import { applicationName, type Tools, withTargetThroughout } from './tools.js'

const cancelPollMs = 200

/** Where the migrations run: on the target, or on the copy of it. */
export interface ApplyOptions {
  readonly purpose: 'deploy' | 'rehearse'
  /** Where the engine host tells what it does. */
  readonly eventsFile: string
  /** The session that holds the deploy lock; the engine writes nothing without it. */
  readonly deployLockPid?: number
  /** Where it writes how each step changed the catalog; for a rehearsal. */
  readonly catalogStepsFile?: string
}

/** One attempt of it. */
export interface AttemptOptions extends ApplyOptions {
  /** Where the engine host is told that a cancel is for the sake of others. */
  readonly gaveWayFile?: string
}

/** Runs the project's own `prisma migrate deploy` and waits for its end; what became of it is for others to find out. */
export async function runPrisma(
  plan: Plan,
  { purpose, eventsFile, catalogStepsFile, deployLockPid, gaveWayFile }: AttemptOptions,
  tools: Tools,
): Promise<ProcessResult> {
  const { settings, project, prisma } = tools
  if (tools.signal.aborted) return notStarted
  const stopFile = join(tools.scratchFolder, `stop-${purpose}`)
  const stopCancelling = cancelWhenInterrupted(purpose, stopFile, tools)
  const watch = watchForHungPrisma(applicationName(tools, purpose), tools)
  try {
    return await prisma.run({
      effect: `${purpose}.prisma`,
      arguments: ['migrate', 'deploy', ...(project.major < 7 ? ['--schema', project.schemaPath] : [])],
      applicationName: applicationName(tools, purpose),
      readOnly: false,
      lockTimeoutMs: settings.lockTimeoutMs,
      statementTimeoutMs: settings.statementTimeoutMs,
      retries: settings.retries,
      eventsFile,
      ...(deployLockPid === undefined ? {} : { deployLockPid }),
      ...(gaveWayFile === undefined ? {} : { gaveWayFile }),
      stopFile,
      ...(await writeLockGroups(plan, tools)),
      observes: purpose === 'rehearse',
      ...(catalogStepsFile ? { catalogStepsFile } : {}),
      signal: watch.hung,
    })
  } finally {
    watch.stop()
    stopCancelling()
  }
}

/** Told to stop at the last moment: what is not begun need not be cancelled. */
const notStarted: ProcessResult = {
  exitCode: null,
  signal: null,
  stdout: '',
  stderr: '',
  timedOut: false,
  cancelled: true,
  notStarted: true,
  ending: 'was not started, because the run was told to stop',
  durationMs: 0,
}

/**
 * On Ctrl-C the engine is told to begin nothing more, and the statement that runs on the server is cancelled, so that its
 * transaction rolls back and Prisma ends by itself; killing the processes would leave the server at work.
 */
function cancelWhenInterrupted(purpose: ApplyOptions['purpose'], stopFile: string, tools: Tools): () => void {
  let ended = false
  const cancel = async () => {
    tools.screen.print('stopping: cancelling the running statement, its transaction rolls back')
    // Where it cannot be told, cancelling must do.
    await tellToStop(stopFile).catch(() => undefined)
    await withTargetThroughout(tools, async (client) => {
      while (!ended) {
        await cancelSessions(client, applicationName(tools, purpose))
        await sleep(cancelPollMs)
      }
    })
  }
  const onAbort = () => void cancel().catch(() => undefined)
  if (tools.signal.aborted) onAbort()
  else tools.signal.addEventListener('abort', onAbort, { once: true })
  return () => {
    ended = true
    tools.signal.removeEventListener('abort', onAbort)
  }
}
