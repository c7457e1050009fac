import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TargetError } from '../domain/errors.js'
import { describeHolder } from '../domain/lock-holder.js'
import type { Plan } from '../domain/plan.js'
import type { Standing } from '../domain/standing.js'
import type { ProcessResult } from '../effects/run-process.js'
import type { Catalog } from '../postgres/catalog.js'
import type { Client } from '../postgres/connection.js'
import { readLockHolders } from '../postgres/lock-holders.js'
import { endSessions } from '../postgres/sessions.js'
import { codesOf, wordsOf } from '../prisma/said.js'
import { clearHistory } from './clear-history.js'
import { type DeployEvidence, type DeployTraces, gatherEvidence } from './deploy-evidence.js'
import { readEngineEvents } from './follow-engine.js'
import { readRehearsedSteps } from './rehearsal/rehearsed-steps.js'
import type { ApplyOptions } from './run-prisma.js'
import { applicationName, type Tools, withTargetThroughout } from './tools.js'

/** How long the server may take to notice that a session's client is gone, and to roll back. */
const sessionsGoneTimeoutMs = 60_000
/** How long a server that went away during the deploy is waited for: a restart takes seconds. */
const serverBackTimeoutMs = 30_000
const serverPollMs = 500

/** Looks at the database once no session of the deploy is left, and clears the history of an attempt proven undone. */
export async function lookAfter(
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
      const said = whatPrismaSaid(found, result, plan)
      return {
        ...found,
        migrations,
        ...(said === undefined ? {} : { prismaSaid: said }),
        evidence: [
          saidBy,
          ...(said === undefined ? [] : [said === '' ? 'prisma said nothing' : `prisma said: ${said}`]),
          'no session of the deploy is left on the server',
          ...found.evidence,
          ...lines,
        ],
      }
    })
  } catch (error) {
    const said = plan.engine === 'hosted' ? wordsOf(result) : codesOf(result)
    return unknown(plan, [
      saidBy,
      ...(said ? [`prisma said: ${said}`] : []),
      `the database cannot be looked at: ${(error as Error).message}`,
    ])
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
      // The server of a rehearsal that was cancelled is gone for good.
      const isOver = purpose === 'rehearse' && tools.signal.aborted
      if (!isAway || isOver || Date.now() > deadline) throw error
      tools.screen.progress('waiting for the server, which went away during the deploy')
      await sleep(serverPollMs)
    }
  }
}

/**
 * Why Prisma never came to run a statement, in its own words; empty when it said nothing, undefined when there is nothing to say. When a
 * statement failed, the server's words are better, and those of Prisma's own engine may hold values of rows.
 */
function whatPrismaSaid(
  { migrations, complete }: DeployEvidence,
  result: ProcessResult,
  plan: Plan,
): string | undefined {
  if (complete || migrations.some(({ error }) => error)) return undefined
  const mayHoldValues = plan.engine !== 'hosted' && migrations.some(({ historyRow }) => historyRow !== 'none')
  return (mayHoldValues ? codesOf(result) : wordsOf(result)) ?? ''
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
