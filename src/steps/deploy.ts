// deploy: runs `prisma migrate deploy` and then finds out what became of it.
// Needs an Approval. THE TARGET IS WRITTEN. Before it starts, the run record says that the state is unknown.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Approval } from '../domain/approval.js'
import type { Deployment } from '../domain/deployment.js'
import { CheckError, DeployError } from '../domain/errors.js'
import type { Plan } from '../domain/plan.js'
import type { ProcessResult } from '../effects/run-process.js'
import { type Catalog, readCatalog } from '../postgres/catalog.js'
import { type Client, withConnection } from '../postgres/connection.js'
import { cancelSessions, waitUntilGone } from '../postgres/sessions.js'
import { type DeployEvidence, gatherEvidence } from './deploy-evidence.js'
import { followEngine, readEngineEvents } from './follow-engine.js'
import { makePlan } from './plan.js'
import { applicationName, readSession, type Tools } from './tools.js'

/** How long the server may take to notice that a session's client is gone, and to roll back. */
const sessionsGoneTimeoutMs = 60_000
const cancelPollMs = 200

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
  const before = await withTargetThroughout(tools, readCatalog)
  const eventsFile = join(tools.runFolder, 'events.ndjson')
  const following = followEngine(eventsFile, plan, tools.screen)
  const result = await runPrisma(eventsFile, tools)
  await following.stop()
  const found = await look(plan, before, eventsFile, result, tools)
  return { ...found, startedAt: startedAt.toISOString(), durationMs: Date.now() - startedAt.getTime() }
}

/** Once the deploy has begun, its end is looked at whatever happens: Ctrl-C does not cut this connection. */
function withTargetThroughout<T>(tools: Tools, work: (client: Client) => Promise<T>): Promise<T> {
  return withConnection(tools.settings.target, readSession(tools), work)
}

async function runPrisma(eventsFile: string, tools: Tools): Promise<ProcessResult> {
  const { settings, project, prisma } = tools
  const stopCancelling = cancelWhenInterrupted(tools)
  try {
    return await prisma.run({
      effect: 'deploy.prisma',
      arguments: ['migrate', 'deploy', ...(project.major < 7 ? ['--schema', project.schemaPath] : [])],
      applicationName: applicationName(tools, 'deploy'),
      readOnly: false,
      lockTimeoutMs: settings.lockTimeoutMs,
      statementTimeoutMs: settings.statementTimeoutMs,
      retries: settings.retries,
      eventsFile,
    })
  } finally {
    stopCancelling()
  }
}

/**
 * On Ctrl-C the statement that runs on the server is cancelled, so that its transaction rolls back and Prisma ends by
 * itself; killing the processes would leave the server at work.
 */
function cancelWhenInterrupted(tools: Tools): () => void {
  let ended = false
  const cancel = async () => {
    tools.screen.print('stopping: cancelling the running statement, its transaction rolls back')
    await withTargetThroughout(tools, async (client) => {
      while (!ended) {
        await cancelSessions(client, applicationName(tools, 'deploy'))
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

/** Looks at the database once no session of the deploy is left, and clears the history of an attempt proven undone. */
async function look(
  plan: Plan,
  before: Catalog,
  eventsFile: string,
  result: ProcessResult,
  tools: Tools,
): Promise<DeployEvidence> {
  const saidBy = `prisma migrate deploy ${result.ending}`
  tools.screen.progress('looking at what is in the database')
  try {
    return await withTargetThroughout(tools, async (client) => {
      if (!(await waitUntilGone(client, applicationName(tools, 'deploy'), sessionsGoneTimeoutMs))) {
        return unknown(plan, [saidBy, 'a session of the deploy is still at work on the server'])
      }
      const events = await readEngineEvents(eventsFile)
      const found = await gatherEvidence(plan, before, events, client)
      const evidence = [saidBy, 'no session of the deploy is left on the server', ...found.evidence]
      if (found.state !== 'unchanged') return { ...found, evidence }
      return { ...found, evidence: [...evidence, ...(await markRolledBack(found, tools))] }
    })
  } catch (error) {
    return unknown(plan, [saidBy, `the database cannot be looked at: ${(error as Error).message}`])
  }
}

/** With the proof in hand that nothing of it is there, the failed attempt must not block the next deploy (P3009). */
async function markRolledBack(found: DeployEvidence, tools: Tools): Promise<string[]> {
  const failed = found.migrations.filter(({ outcome }) => outcome === 'failed')
  const lines: string[] = []
  for (const { name } of failed) {
    const result = await tools.prisma.run({
      effect: 'deploy.resolve',
      arguments: [
        ...['migrate', 'resolve', '--rolled-back', name],
        ...(tools.project.major < 7 ? ['--schema', tools.project.schemaPath] : []),
      ],
      applicationName: applicationName(tools, 'resolve'),
      readOnly: false,
    })
    lines.push(
      result.exitCode === 0
        ? `the attempt is marked as rolled back in the migration history: "${name}"`
        : `the attempt could not be marked as rolled back; run: npx prisma migrate resolve --rolled-back "${name}"`,
    )
  }
  return lines
}

function unknown(plan: Plan, evidence: string[]): DeployEvidence {
  const migrations = plan.pending.map(({ name }) => ({ name, outcome: 'failed' as const }))
  return { state: 'unknown', migrations, evidence, complete: false }
}

/** @throws DeployError when the deployment is not complete; its exit code says whether the target is unchanged. */
export function assertDeployed(deployment: Deployment): void {
  if (deployment.complete) return
  const failed = deployment.migrations.find(({ outcome }) => outcome === 'failed')
  const reason = failed?.error
    ? `: ${failed.error.line ? `line ${failed.error.line}: ` : ''}${failed.error.message}${failed.error.sqlstate ? ` (${failed.error.sqlstate})` : ''}`
    : ''
  const what = failed
    ? `migration "${failed.name}" failed${reason}`
    : 'the migrations did not all get through'
  if (deployment.state === 'unchanged') {
    throw new DeployError('deploy-failed', `${what}; the target is proven unchanged`, {
      databaseUnchanged: true,
      hint: 'Correct the migration or the data, then run the command again; the history is clean.',
    })
  }
  throw new DeployError(
    'deploy-incomplete',
    deployment.state === 'changed'
      ? `${what}; the target is changed in part`
      : `${what}; the state of the target is unknown`,
    {
      databaseUnchanged: false,
      hint: 'Read the evidence in the report before you do anything; the backup in the run folder is from before the deploy.',
    },
  )
}
