// deploy: runs `prisma migrate deploy` on the target. Needs an Approval.
// THE TARGET IS WRITTEN. Before it starts, the run record says that the state is unknown.
import { join } from 'node:path'
import type { Approval } from '../domain/approval.js'
import type { Deployment } from '../domain/deployment.js'
import { CheckError } from '../domain/errors.js'
import type { Plan } from '../domain/plan.js'
import { applyMigrations } from './apply-migrations.js'
import { makePlan } from './plan.js'
import type { Tools } from './tools.js'

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

/** Deploys one approved plan. Gives what the evidence shows, also when Prisma failed. */
export async function deploy(plan: Plan, approval: Approval, tools: Tools): Promise<Deployment> {
  if (approval.planHash !== plan.hash) throw new Error('the approval is for another plan')
  const startedAt = new Date()
  const found = await applyMigrations(plan, tools, {
    purpose: 'deploy',
    eventsFile: join(tools.runFolder, 'events.ndjson'),
  })
  return { ...found, startedAt: startedAt.toISOString(), durationMs: Date.now() - startedAt.getTime() }
}
