// check: asks the live data, inside one exported snapshot on a connection that the server holds read-only.
// Reads the plan. Writes nothing; the target is untouched.
import { limitQuestions } from '../checks/answer.js'
import { concludeChecks, makeChecks } from '../checks/check.js'
import { runDeclaredChecks } from '../checks/declared-checks.js'
import { tableChecks } from '../checks/general-checks.js'
import { gate } from '../checks/harmless/gate.js'
import { healthChecks } from '../checks/health/health-checks.js'
import type { Finding, Findings } from '../domain/finding.js'
import type { Plan } from '../domain/plan.js'
import type { Snapshot } from '../postgres/snapshot.js'
import { readDeclared } from '../prisma/declared-schema.js'
import { readSessionOptions } from '../settings/session-options.js'
import { type Settings, willRehearse } from '../settings/settings.js'
import { acceptancesFor, applyAcceptances } from './accept.js'
import { readCheckFiles } from './check-files.js'
import { foldFindings } from './fold-findings.js'
import { forecastPending } from './forecast.js'
import { withLockGroups } from './lock-groups.js'
import { maskValues } from './mask-values.js'
import { type MakingTwin, whileMakingTwin } from './schema-twin.js'
import { readSession, type Tools } from './tools.js'

export interface Checked {
  /** With the locks that a deploy takes up front. */
  readonly plan: Plan
  readonly findings: Findings
}

/** Holds the pending statements against the live rows, and runs the general checks and the before-checks. */
export async function check(plan: Plan, snapshot: Snapshot, tools: Tools): Promise<Checked> {
  return whileMakingTwin(plan, snapshot, tools, (making) => ask(plan, snapshot, tools, making))
}

async function ask(plan: Plan, snapshot: Snapshot, tools: Tools, making: MakingTwin): Promise<Checked> {
  const { settings, project, screen } = tools
  const { schema } = settings.target
  const { files, findings: unreadable } = await readCheckFiles(tools, plan.pending, 'before')
  // Two connections see the same instant, so that a machine with two cores needs half the time.
  const ungated = [await snapshot.open(), await snapshot.open()] as const
  for (const reader of ungated) await limitQuestions(reader, settings.questionTimeoutMs)
  const { readers, judgeIn } = await gate(ungated)
  // Beside each other: the declared schema is read by Prisma's CLI.
  const [declared, own] = await Promise.all([
    readDeclared(project, settings.target, readSession(tools)),
    runDeclaredChecks(
      files,
      ungated,
      {
        step: 'check',
        schema,
        timeoutMs: settings.questionTimeoutMs,
        showValues: settings.showValues,
        judge: judgeIn([schema]),
      },
      screen.progress,
    ),
  ])
  const context = {
    step: 'check',
    schema,
    declared,
    urlParameters: readSessionOptions(settings.target.parameters.options),
  } as const
  // What needs no forecast comes first: the twin, which the forecast waits for, is made meanwhile.
  const ofTables = await makeChecks(tableChecks, readers, context, screen.progress)
  const forecast = await forecastPending(plan, readers, tools, making.ready)
  const ended = making.end()
  // Told below, when the questions of this check are over.
  ended.catch(() => undefined)
  const { concerned } = forecast
  const ofHealth = await makeChecks(
    healthChecks,
    readers,
    { ...context, ...(concerned ? { concerned } : {}) },
    screen.progress,
  )
  const general = await concludeChecks([...ofTables, ...ofHealth], readers[0], context, forecast.future)
  await ended
  const found = [...plan.findings, ...unreadable, ...forecast.findings, ...own.findings, ...general.findings]
  const accepted = acceptancesFor(plan.pending, settings)
  const findings: Findings = {
    results: [historyResult(plan), ...forecast.results, ...own.results, ...general.results],
    predictions: forecast.predictions,
    ...(forecast.lineage ? { lineage: forecast.lineage } : {}),
    findings: maskValues(
      foldFindings(
        leaveToRehearsal(applyAcceptances(found, accepted, 'check', settings.target.schema), settings),
      ),
      settings,
    ),
  }
  return { plan: withLockGroups(plan, forecast.lockFirst), findings }
}

/** What the rehearsal tells of a finding. */
const decidedThere = new Map([
  ['decided-by-rehearsal', 'The rehearsal of this run decides.'],
  ['no-schema-twin', 'The rehearsal of this run decides.'],
  [
    'not-looked-at',
    'The rehearsal of this run shows which tables have other rows then: look before you confirm.',
  ],
])

/** What only a rehearsal can tell does not stop a run that will rehearse. */
function leaveToRehearsal(findings: readonly Finding[], settings: Settings): readonly Finding[] {
  if (!willRehearse(settings)) return findings
  return findings.map((finding) => {
    const hint = decidedThere.get(finding.code)
    return hint !== undefined && finding.verdict === 'unknown'
      ? { ...finding, verdict: 'warn', hint }
      : finding
  })
}

function historyResult(plan: Plan): Findings['results'][number] {
  const wrong = plan.findings.some(({ verdict }) => verdict === 'block')
  return {
    id: 'migration-history',
    title: 'files and migration history agree, and every pending file can be read',
    outcome: wrong ? 'failed' : plan.findings.length > 0 ? 'warned' : 'passed',
  }
}
