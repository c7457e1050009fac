import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MigrationOutcome } from '../domain/deployment.js'
import { TargetError } from '../domain/errors.js'
import { describeHolder } from '../domain/lock-holder.js'
import type { Plan } from '../domain/plan.js'
import type { Standing } from '../domain/standing.js'
import type { ProcessResult } from '../effects/run-process.js'
import { type Catalog, readCatalog } from '../postgres/catalog.js'
import { type Client, withConnection } from '../postgres/connection.js'
import { readLockHolders } from '../postgres/lock-holders.js'
import { cancelSessions, endSessions } from '../postgres/sessions.js'
import { type DeployEvidence, type DeployTraces, gatherEvidence } from './deploy-evidence.js'
import { followEngine, readEngineEvents } from './follow-engine.js'
import { watchForHungPrisma } from './hung-prisma.js'
import { writeLockGroups } from './lock-groups.js'
import { readRehearsedSteps } from './rehearsal/rehearsed-steps.js'
import { repeatNative } from './repeat-native.js'
import { keepCatalogBefore } from './standing/kept-facts.js'
import { applicationName, readSession, type Tools } from './tools.js'
import { watchTraffic } from './watch-traffic.js'

/** How long the server may take to notice that a session's client is gone, and to roll back. */
const sessionsGoneTimeoutMs = 60_000
/** How long a server that went away during the deploy is waited for: a restart takes seconds. */
const serverBackTimeoutMs = 30_000
const serverPollMs = 500
const keptWords = 400
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
  const watch = await watchTraffic(plan, tools, { ...options, watched, gaveWayFile })
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

interface AttemptOptions extends ApplyOptions {
  /** Where the engine host is told that a cancel is for the sake of others. */
  readonly gaveWayFile?: string
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
  return { result, found: await look(plan, before, options, result, tools) }
}

/** Once the deploy has begun, its end is looked at whatever happens: Ctrl-C does not cut this connection. */
function withTargetThroughout<T>(tools: Tools, work: (client: Client) => Promise<T>): Promise<T> {
  return withConnection(tools.settings.target, readSession(tools), work)
}

async function runPrisma(
  plan: Plan,
  { purpose, eventsFile, catalogStepsFile, deployLockPid, gaveWayFile }: AttemptOptions,
  tools: Tools,
): Promise<ProcessResult> {
  const { settings, project, prisma } = tools
  const stopCancelling = cancelWhenInterrupted(purpose, tools)
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

/**
 * On Ctrl-C the statement that runs on the server is cancelled, so that its transaction rolls back and Prisma ends by
 * itself; killing the processes would leave the server at work.
 */
function cancelWhenInterrupted(purpose: ApplyOptions['purpose'], tools: Tools): () => void {
  let ended = false
  const cancel = async () => {
    tools.screen.print('stopping: cancelling the running statement, its transaction rolls back')
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

/** Looks at the database once no session of the deploy is left, and clears the history of an attempt proven undone. */
async function look(
  plan: Plan,
  before: Catalog,
  { purpose, eventsFile }: ApplyOptions,
  result: ProcessResult,
  tools: Tools,
): Promise<DeployEvidence> {
  const saidBy = `prisma migrate deploy ${result.ending}`
  tools.screen.progress('looking at what is in the database')
  try {
    await untilServerIsBack(purpose, tools)
    return await withTargetThroughout(tools, async (client) => {
      if (!(await endSessions(client, applicationName(tools, purpose), sessionsGoneTimeoutMs))) {
        return unknown(plan, [saidBy, 'a session of the deploy is still at work on the server'])
      }
      const found = await gatherEvidence(plan, await readTraces(before, purpose, eventsFile, tools), client)
      const atWork = await otherAtWork(found, result, client)
      if (atWork) return { ...found, ...atWork, evidence: [saidBy, ...atWork.evidence, ...found.evidence] }
      const { migrations, lines } =
        purpose === 'deploy' ? await clearHistory(found, tools) : { migrations: found.migrations, lines: [] }
      return {
        ...found,
        migrations,
        evidence: [
          saidBy,
          ...whatPrismaSaid(found, result, plan),
          'no session of the deploy is left on the server',
          ...found.evidence,
          ...lines,
        ],
      }
    })
  } catch (error) {
    return unknown(plan, [saidBy, `the database cannot be looked at: ${(error as Error).message}`])
  }
}

async function readTraces(
  before: Catalog,
  purpose: ApplyOptions['purpose'],
  eventsFile: string,
  { settings, runFolder }: Tools,
): Promise<DeployTraces> {
  const { rehearsedRunId, backupsPath } = settings
  const rehearsed = rehearsedRunId === undefined ? runFolder : join(backupsPath, rehearsedRunId)
  const timeline = purpose === 'deploy' ? await readRehearsedSteps(rehearsed) : undefined
  return {
    before,
    events: await readEngineEvents(eventsFile),
    engineOpened: existsSync(eventsFile),
    ...(timeline ? { timeline } : {}),
  }
}

/** Prisma gave up waiting for its lock (P1002), and nothing of this run came to the database. */
async function otherAtWork(
  { migrations }: DeployEvidence,
  { stdout, stderr }: ProcessResult,
  client: Client,
): Promise<Pick<DeployEvidence, 'state' | 'byOther' | 'evidence'> | undefined> {
  const nothingRan = migrations.every(
    ({ outcome, rowByOther, historyRow }) =>
      outcome === 'not-run' && (rowByOther || historyRow === 'none' || historyRow === 'rolled-back'),
  )
  if (!nothingRan || !/\bP1002\b/.test(`${stdout} ${stderr}`)) return undefined
  const holder = (await readLockHolders(client)).find(({ lock }) => lock === 'prisma')
  const who = holder ? describeHolder(holder) : undefined
  return {
    state: 'unchanged',
    byOther: { kind: 'at-work', ...(who ? { who } : {}) },
    evidence: [
      `Prisma waited in vain for its lock (P1002), which ${who ? `is held by ${who}` : 'nobody holds any more'}`,
    ],
  }
}

/** A server that is being restarted is worth waiting for: only it knows what became of the deploy. */
async function untilServerIsBack(purpose: ApplyOptions['purpose'], tools: Tools): Promise<void> {
  const deadline = Date.now() + serverBackTimeoutMs
  for (;;) {
    try {
      return await withTargetThroughout(tools, async () => undefined)
    } catch (error) {
      const isAway = error instanceof TargetError && error.code === 'target-unreachable'
      // The server of a rehearsal that was told to stop is gone for good.
      const isOver = purpose === 'rehearse' && tools.signal.aborted
      if (!isAway || isOver || Date.now() > deadline) throw error
      tools.screen.progress('waiting for the server, which went away during the deploy')
      await sleep(serverPollMs)
    }
  }
}

/**
 * Why Prisma never came to run a statement, in its own words. Those of its own engine may hold values of rows, and when
 * a statement failed the server's words are better.
 */
function whatPrismaSaid(
  { migrations, complete }: DeployEvidence,
  result: ProcessResult,
  plan: Plan,
): string[] {
  if (complete || plan.engine !== 'hosted' || migrations.some(({ error }) => error)) return []
  const said = (result.stderr || result.stdout).replace(/\s+/g, ' ').trim()
  return said ? [`prisma said: ${said.slice(-keptWords)}`] : ['prisma said nothing']
}

/** With the proof in hand that nothing of it is there, a failed attempt must not block the next deploy (P3009). */
async function clearHistory(
  { migrations, standing }: DeployEvidence,
  tools: Tools,
): Promise<{ migrations: readonly MigrationOutcome[]; lines: string[] }> {
  const lines: string[] = []
  const cleared: MigrationOutcome[] = []
  for (const migration of migrations) {
    const { traces, historyRow, name } = migration
    const isProven = traces === 'none' && standing?.kind !== 'unknown'
    if (!isProven || historyRow !== 'unfinished' || migration.rowByOther) {
      cleared.push(migration)
      continue
    }
    const done = await markRolledBack(name, tools)
    cleared.push(done ? { ...migration, historyRow: 'rolled-back' } : migration)
    lines.push(
      done
        ? `the attempt is marked as rolled back in the migration history: "${name}"`
        : `the attempt could not be marked as rolled back in the migration history: "${name}"`,
    )
  }
  return { migrations: cleared, lines }
}

async function markRolledBack(name: string, { prisma, project, runId }: Tools): Promise<boolean> {
  const result = await prisma.run({
    effect: 'deploy.resolve',
    arguments: [
      ...['migrate', 'resolve', '--rolled-back', name],
      ...(project.major < 7 ? ['--schema', project.schemaPath] : []),
    ],
    applicationName: applicationName({ runId }, 'resolve'),
    readOnly: false,
  })
  return result.exitCode === 0
}

function unknown(plan: Plan, evidence: string[]): DeployEvidence {
  const migrations = plan.pending.map(({ name }) => ({
    name,
    outcome: 'failed' as const,
    traces: 'unknown' as const,
  }))
  const standing: Standing = { kind: 'unknown', why: evidence.at(-1) ?? '' }
  return { state: 'unknown', standing, migrations, evidence, complete: false }
}
