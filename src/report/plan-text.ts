import type { ExecutionModel, MigrationTransaction, PendingMigration } from '../domain/migration.js'
import { approvableHash, type OfflinePlan, type Plan } from '../domain/plan.js'
import { summarizeSql } from '../sql/summary.js'
import { formatLockGroups } from './lock-groups-text.js'
import { formatLocks } from './lock-text.js'
import { clean, formatBytes, formatCount, formatTargetName, plural } from './words.js'

const shownChanges = 8
const shownStatements = 40
const longestStatement = 100
/** With more places to stop than these, what is left behind is told once for all of them. */
const shownStops = 3

/** What would run where, and how: for `status`, and above the question. */
export function formatPlan(plan: Plan): string {
  return [...formatPlanHead(plan), ...plan.pending.flatMap(formatMigration)].join('\n')
}

/** The same with the statements: for `plan`. */
export function formatFullPlan(plan: Plan): string {
  return [
    ...formatPlanHead(plan),
    ...formatTold(plan.pending),
    ...plan.pending.flatMap(formatFullMigration),
  ].join('\n')
}

/** What the files alone tell: for `plan --offline`. */
export function formatOfflinePlan({ pending, since, replay }: OfflinePlan): string {
  const ofThem = since === undefined ? '' : ` new since ${clean(since)}`
  const head = `plan        ${plural(pending.length, 'migration')}${ofThem}, offline: no database was asked`
  return [
    head,
    ...formatReplay('every migration ran on a server without data', replay),
    ...formatTold(pending),
    ...pending.flatMap(formatFullMigration),
  ].join('\n')
}

function formatReplay(what: string, replay: OfflinePlan['replay']): string[] {
  if (!replay) return []
  const left = replay.lost === undefined ? '' : `; not certain from here on: ${clean(replay.lost)}`
  return [`twin        ${what}${left}`]
}

/** Where no server has shown the locks of a statement, there may be others. */
function formatTold(pending: readonly PendingMigration[]): string[] {
  const all = pending.flatMap(({ statements }) => statements).filter(({ locks = [] }) => locks.length > 0)
  const told = all.filter(({ locksSeen }) => locksSeen === false)
  if (told.length === 0) return []
  const which = told.length === all.length ? '' : `of ${plural(told.length, 'statement')} `
  return [`locks       ${which}by the text alone, on what it names: a schema twin shows all of them`]
}

function formatPlanHead(plan: Plan): string[] {
  const { target } = plan
  return [
    `target      ${clean(formatTargetName(target))}`,
    `server      PostgreSQL ${clean(target.serverVersion)}, database of ${formatBytes(target.databaseSizeBytes)}`,
    `plan        ${approvableHash(plan)}, ${clean(formatPendingCount(plan))}`,
    ...formatReplay('every pending statement ran on a copy of the schema without rows', plan.replay),
  ]
}

/** `3 pending migrations`, and how many of them are shown when not all are. */
export function formatPendingCount({
  pending,
  leftOut = [],
  since,
}: Pick<Plan, 'pending' | 'leftOut' | 'since'>): string {
  const later = leftOut.length === 0 ? '' : `, ${plural(leftOut.length, 'later one')} left out`
  if (since === undefined) return `${plural(pending.length, 'pending migration')}${later}`
  return `${plural(since.pendingInAll, 'pending migration')}, ${formatCount(pending.length)} of them new since ${since.ref}`
}

function formatMigration(migration: PendingMigration): string[] {
  return [...formatMigrationHead(migration), ...formatDataChanges(migration)]
}

/** A migration with its statements, what is left when it stops half-way, and what it does to the data. */
export function formatFullMigration(migration: PendingMigration): string[] {
  return [
    ...formatMigrationHead(migration),
    ...formatStatements(migration),
    ...formatStops(migration.execution).map((line) => `    ${clean(line)}`),
    ...formatDataChanges(migration),
  ]
}

function formatMigrationHead({ name, statements, execution, lockFirst = [] }: PendingMigration): string[] {
  return [
    `  ${clean(name)}: ${plural(statements.length, 'statement')}, ${execution.mode}`,
    ...(execution.reason ? [`    ${clean(execution.reason)}`] : []),
    ...formatLockGroups(lockFirst, statements).map((text) => `    ${clean(text)}`),
  ]
}

function formatStatements({ statements }: PendingMigration): string[] {
  const shown = statements.slice(0, shownStatements)
  const width = String(shown.at(-1)?.line ?? 0).length
  const more = statements.length - shown.length
  return [
    ...shown.flatMap(({ line, sql, locks = [] }) => [
      `    line ${String(line).padEnd(width)}  ${clean(summarizeSql(sql, longestStatement))}`,
      ...formatLocks(locks).map((text) => `    ${' '.repeat('line '.length + width)}    ${clean(text)}`),
    ]),
    ...(more > 0 ? [`    … and ${plural(more, 'more statement')}; --json lists all of them`] : []),
  ]
}

function formatDataChanges({ dataChanges }: PendingMigration): string[] {
  const more = dataChanges.length - shownChanges
  return [
    ...dataChanges
      .slice(0, shownChanges)
      .map(
        ({ kind, line, text }) =>
          `    ${kind === 'drop' ? 'drops' : 'rewrites'} data, line ${line}: ${clean(text)}`,
      ),
    ...(more > 0 ? [`    … and ${more} more`] : []),
  ]
}

/** At which statements a file can stop, and what is then left behind: one sentence each. */
export function formatStops({ transactions = [] }: ExecutionModel): string[] {
  const stops = transactions.flatMap((transaction, at) => {
    const before = transactions.slice(0, at).flatMap(({ leaves }) => leaves)
    return before.length > 0 || transaction.leftByFailure ? [{ transaction, before }] : []
  })
  if (stops.length <= shownStops) return stops.map(formatStop)
  const kept = transactions.slice(0, -1).filter(({ leaves }) => leaves.length > 0)
  const more = kept.length - shownChanges
  return [
    `it can stop at ${stops.length} places; what came before stays:`,
    ...kept.slice(0, shownChanges).map(({ line, leaves }) => `  line ${line}: ${formatEffects(leaves)}`),
    ...(more > 0 ? [`  … and ${more} more`] : []),
    ...stops
      .filter(({ transaction }) => transaction.leftByFailure)
      .map(({ transaction: { line, leftByFailure } }) => `if line ${line} fails, it leaves ${leftByFailure}`),
  ]
}

function formatStop({
  transaction,
  before,
}: {
  readonly transaction: MigrationTransaction
  readonly before: readonly string[]
}): string {
  const { first, last, line, leftByFailure } = transaction
  const failing =
    first === last
      ? `if statement ${first} (line ${line}) fails`
      : `if one of statements ${first}–${last} (from line ${line}) fails`
  const parts = [
    ...(before.length > 0 ? [`${formatStaying(first - 1)}: ${formatEffects(before)}`] : []),
    ...(leftByFailure ? [`it leaves ${leftByFailure}`] : []),
  ]
  return `${failing}, ${parts.join('; and ')}`
}

function formatStaying(last: number): string {
  return last === 1 ? 'statement 1 stays' : `statements 1–${last} stay`
}

function formatEffects(effects: readonly string[]): string {
  const more = effects.length - shownChanges
  return [...effects.slice(0, shownChanges), ...(more > 0 ? [`… and ${more} more`] : [])].join(', ')
}
