// Taking turns: one guard at a time, and never beside a bare prisma command.
import type { Deployment } from '../domain/deployment.js'
import { describeHolder } from '../domain/lock-holder.js'
import type { Plan } from '../domain/plan.js'
import { type DeployLock, makeLockLostError, takeDeployLock } from '../postgres/deploy-lock.js'
import { waitForPrismaLock } from '../postgres/prisma-lock.js'
import type { Waiting } from '../postgres/wait-for-turn.js'
import { formatDuration } from '../settings/duration.js'
import type { DeployEvidence } from './deploy-evidence.js'
import { readEngineEvents } from './follow-engine.js'
import { interruptible, readSession, type Tools } from './tools.js'

/**
 * Takes the deploy lock and makes sure that no bare prisma command is at work, waiting for both as long as --wait says.
 * What the others have deployed meanwhile is no longer pending when the plan is made.
 * @throws LockedError `locked` or `prisma-locked`
 * @throws InterruptedError
 */
export async function takeTurn(tools: Tools): Promise<DeployLock> {
  const lock = await interruptible(tools, () =>
    takeDeployLock(tools.settings.target, tools.runId, waitingOf(tools)),
  )
  try {
    return { ...lock, waitedMs: lock.waitedMs + (await untilPrismaIsDone(tools)) }
  } catch (error) {
    await lock.release()
    throw error
  }
}

/**
 * Waits as long as --wait says until no session holds Prisma's own lock.
 * @returns how long was waited, in milliseconds
 * @throws LockedError `prisma-locked`
 * @throws InterruptedError
 */
export async function untilPrismaIsDone(tools: Tools): Promise<number> {
  return interruptible(tools, () =>
    waitForPrismaLock(tools.settings.target, readSession(tools), waitingOf(tools)),
  ).finally(() => tools.screen.clearProgress())
}

function waitingOf({ settings, screen, signal }: Tools): Waiting {
  let isTold = false
  return {
    waitMs: settings.waitMs,
    signal,
    onWait: ([holder]) => {
      const who = holder ? describeHolder(holder) : 'a session that has just ended'
      if (!isTold) screen.print(`waiting up to ${formatDuration(settings.waitMs)} for ${who}`)
      isTold = true
      screen.progress(`waiting for ${who}`)
    },
  }
}

/** Whether the deploy lock was held to the end: what to lay over the evidence of the deploy. */
export async function lookAtTurn(
  plan: Plan,
  found: DeployEvidence,
  eventsFile: string,
  lock: DeployLock,
  tools: Tools,
): Promise<Partial<Deployment>> {
  if (found.byOther || (await lock.isHeld())) return {}
  const lost = 'the session that held the deploy lock had ended before the deploy did'
  tools.screen.print(`  ${lost}`)
  const hasBegun = (await readEngineEvents(eventsFile)).length > 0
  if (plan.engine === 'hosted' && !hasBegun && found.state === 'unchanged') {
    return { lockLost: true, evidence: [...found.evidence, lost] }
  }
  return {
    evidence: [...found.evidence, `${lost}; until then Prisma's own lock kept other deploys away`],
  }
}

/** @throws LockedError when the engine found the deploy lock gone and has changed nothing */
export function assertHadTurn({ lockLost }: Deployment): void {
  if (lockLost) throw makeLockLostError()
}
