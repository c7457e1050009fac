import { limitQuestions } from '../checks/answer.js'
import type { Finding } from '../domain/finding.js'
import type { Plan } from '../domain/plan.js'
import { failureFindings } from '../forecast/findings.js'
import { makeStaticForecast, type StaticForecast } from '../forecast/static-forecast.js'
import { loadParser } from '../sql/parser.js'
import { withLockGroups } from './lock-groups.js'
import { forecastFiles } from './readable-files.js'
import { noSchemaTwin, whileMakingTwin } from './schema-twin.js'
import { withLocks } from './statement-locks.js'
import { type Tools, withSnapshot, withTarget } from './tools.js'

/**
 * Adds to the plan what the catalog and a schema twin tell: what each statement locks, for whom that is long, and which
 * statement the server will refuse whatever the rows. The check step tells the same with the rows in sight, so this is for
 * a plan that is shown by itself. No row is read.
 */
export async function addStaticForecast(plan: Plan, tools: Tools): Promise<Plan> {
  if (plan.pending.length === 0) return plan
  const { forecast, replay, findings } = await forecastForPlan(plan, tools)
  const found = [
    ...findings,
    ...failureFindings(forecast),
    ...forbiddenFinding(forecast, plan.target.user),
    ...forecast.lockFindings,
  ]
  const told = {
    ...plan,
    ...(replay ? { replay } : {}),
    pending: withLocks(plan.pending, forecast.locks),
    findings: [...plan.findings, ...found.map((finding): Finding => ({ ...finding, step: 'plan' }))],
  }
  return withLockGroups(told, forecast.lockFirst)
}

interface ForPlan {
  readonly forecast: StaticForecast
  /** Absent where the statements ran on no twin. */
  readonly replay?: NonNullable<Plan['replay']>
  readonly findings: readonly Finding[]
}

/** `status` only tells what is pending, and is to be quick: it makes no twin. */
async function forecastForPlan(plan: Plan, tools: Tools): Promise<ForPlan> {
  const { command, twin } = tools.settings
  if (command === 'plan' && twin.place !== 'off') return forecastOnTwin(plan, tools)
  return { forecast: await forecastByCatalog(plan, tools), findings: [] }
}

async function forecastOnTwin(plan: Plan, tools: Tools): Promise<ForPlan> {
  await loadParser()
  const { target, questionTimeoutMs } = tools.settings
  return withSnapshot(tools, async (snapshot) => {
    const reader = await snapshot.open()
    await limitQuestions(reader, questionTimeoutMs)
    return whileMakingTwin(plan, snapshot, tools, async ({ ready }) => {
      const making = ready.then(({ seen }) => seen)
      const forecast = await makeStaticForecast(forecastFiles(plan), reader, target.schema, making)
      const { seen, whyNot } = await ready
      const twin = seen?.twin
      return {
        forecast,
        ...(twin ? { replay: twin.lost === undefined ? {} : { lost: twin.lost } } : {}),
        findings: whyNot === undefined ? [] : [noSchemaTwin(whyNot)],
      }
    })
  })
}

async function forecastByCatalog(plan: Plan, tools: Tools): Promise<StaticForecast> {
  await loadParser()
  const { target, questionTimeoutMs } = tools.settings
  return withTarget(tools, async (client) => {
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
    await limitQuestions(client, questionTimeoutMs)
    return makeStaticForecast(forecastFiles(plan), client, target.schema)
  })
}

/** One for all of them: where the role may not do the first, it mostly may do nothing. */
function forbiddenFinding({ forbidden }: StaticForecast, role: string): Finding[] {
  const [first] = forbidden
  if (!first) return []
  const { place, message, object } = first
  const more = forbidden.length - 1
  const others = more > 0 ? `, and ${more} more like it` : ''
  return [
    {
      code: 'missing-privilege',
      kind: 'failure',
      verdict: 'warn',
      step: 'plan',
      migration: place.migration,
      file: place.file,
      line: place.line,
      ...(object === undefined ? {} : { object }),
      message: `role "${role}" could not deploy this: ${message} (statement ${place.index}, line ${place.line})${others}`,
      hint: 'Deploy as a role that owns what is changed; to plan, this one is enough.',
    },
  ]
}
