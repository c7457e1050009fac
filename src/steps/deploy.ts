// deploy: runs `prisma migrate deploy` on the target. Needs an Approval.
// THE TARGET IS WRITTEN. Before it starts, the run record says that the state is unknown.
import { join } from 'node:path'
import type { Approval } from '../domain/approval.js'
import type { Deployment } from '../domain/deployment.js'
import { CheckError } from '../domain/errors.js'
import type { Plan } from '../domain/plan.js'
import type { DeployLock } from '../postgres/deploy-lock.js'
import { applyMigrations } from './apply-migrations.js'
import { makePlan } from './plan.js'
import type { Tools } from './tools.js'
import { lookAtTurn } from './turn.js'

/**
 * Looks again just before acting: a person may have thought for an hour.
 * @throws CheckError when anything that the plan's hash names has changed.
 */
export async function assertStillAsPlanned(plan: Plan, tools: Tools): Promise<void> {
  const now = await makePlan(tools)
  if (now.hash === plan.hash) return
  throw new CheckError('plan-out-of-date', 'the database or the migrations changed since the plan was made', {
    hint: 'Run the command again: it will plan, check and back up what is there now.',
  })
}

/**
 * Deploys one approved plan under the deploy lock. Gives what the evidence shows, also when Prisma failed. On a terminal
 * the first Ctrl-C only asks.
 */
export async function deploy(
  plan: Plan,
  approval: Approval,
  lock: DeployLock,
  tools: Tools,
): Promise<Deployment> {
  if (approval.planHash !== plan.hash) throw new Error('the approval is for another plan')
  const startedAt = new Date()
  const eventsFile = join(tools.runFolder, 'events.ndjson')
  const found = await askingBeforeStop(tools, () =>
    applyMigrations(plan, tools, { purpose: 'deploy', eventsFile, deployLockPid: lock.pid }),
  )
  const turn = await lookAtTurn(plan, found, eventsFile, lock, tools)
  const durationMs = Date.now() - startedAt.getTime()
  return { ...found, ...turn, startedAt: startedAt.toISOString(), durationMs }
}

/** A deploy that is cut half-way costs more than one that is let go on: on a terminal, Ctrl-C asks first. */
function askingBeforeStop<T>({ askBeforeStop, screen, prompter }: Tools, work: () => Promise<T>): Promise<T> {
  if (askBeforeStop === undefined) return work()
  const asked = () => {
    screen.clearProgress()
    prompter.show(
      'the deploy is running; press Ctrl-C again to cancel the statement and roll back, or let it go on',
    )
  }
  return askBeforeStop(asked, work)
}
