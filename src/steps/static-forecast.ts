import { limitQuestions } from '../checks/answer.js'
import type { Finding } from '../domain/finding.js'
import type { PendingMigration } from '../domain/migration.js'
import type { Plan } from '../domain/plan.js'
import { failureFindings } from '../forecast/findings.js'
import { makeStaticForecast, type StaticForecast } from '../forecast/static-forecast.js'
import { loadParser } from '../sql/parser.js'
import { forecastFiles } from './readable-files.js'
import { withLocks } from './statement-locks.js'
import { type Tools, withTarget } from './tools.js'

/**
 * Adds to the plan what the catalog alone tells: what each statement locks, for whom that is long, and which statement
 * the server will refuse whatever the rows. The check step tells the same with the rows in sight, so this is for a plan
 * that is shown by itself. No row is read.
 */
export async function addStaticForecast(plan: Plan, tools: Tools): Promise<Plan> {
  if (plan.pending.length === 0) return plan
  const forecast = await forecastStatically(plan, tools)
  const found = [
    ...failureFindings(forecast),
    ...forbiddenFinding(forecast, plan.target.user),
    ...forecast.lockFindings,
  ]
  return {
    ...plan,
    pending: withLockGroups(withLocks(plan.pending, forecast.locks), plan, forecast),
    findings: [...plan.findings, ...found.map((finding): Finding => ({ ...finding, step: 'plan' }))],
  }
}

/**
 * Adds to the plan of a deploy the locks that our engine takes up front; what else the catalog tells, the check step
 * tells. The hash does not name them.
 */
export async function addLockGroups(plan: Plan, tools: Tools): Promise<Plan> {
  if (plan.pending.length === 0 || plan.engine !== 'hosted') return plan
  const forecast = await forecastStatically(plan, tools)
  return Object.freeze({ ...plan, pending: withLockGroups(plan.pending, plan, forecast) })
}

async function forecastStatically(plan: Plan, tools: Tools): Promise<StaticForecast> {
  await loadParser()
  const { target, questionTimeoutMs } = tools.settings
  return withTarget(tools, async (client) => {
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
    await limitQuestions(client, questionTimeoutMs)
    return makeStaticForecast(forecastFiles(plan), client, target.schema)
  })
}

/** Prisma's own engine takes none. */
function withLockGroups(
  pending: readonly PendingMigration[],
  { engine }: Plan,
  { lockFirst }: StaticForecast,
): readonly PendingMigration[] {
  if (engine !== 'hosted') return pending
  return pending.map((migration) => {
    const groups = lockFirst.get(migration.name)
    return groups ? { ...migration, lockFirst: groups } : migration
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
