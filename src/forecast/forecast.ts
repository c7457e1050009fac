import type { FutureTables } from '../checks/future.js'
import { gate } from '../checks/harmless/gate.js'
import type { Evidence, Finding } from '../domain/finding.js'
import type { TableLineage } from '../domain/lineage.js'
import type { LockGroup } from '../domain/lock-group.js'
import type { Reader } from '../domain/reader.js'
import type { Twin } from '../twin/twin.js'
import { damageFindings } from './damage.js'
import type { ForecastFile } from './file.js'
import type { SeenTwin } from './from-twin/mirror.js'
import { futureTables } from './future-tables.js'
import { lockFirstOf } from './lock-watch.js'
import type { LockClaim } from './locks/claim.js'
import { weighLosses } from './loss/weigh.js'
import type { Named } from './named.js'
import { type Outcome, Questions } from './questions.js'
import type { Doubt, Requirement, StatementPlace } from './requirement.js'
import { inRowOrder } from './row-order.js'
import type { RowTypes } from './row-types.js'
import type { Walk } from './walk.js'
import { walkOver } from './walk-over.js'

/** The statement that will fail, and why. */
export interface Failure {
  readonly place: StatementPlace
  /** What fails before it, so that whether it comes to this statement is not known. */
  readonly behind?: StatementPlace
  readonly code: string
  readonly sqlstate: string
  readonly object: string
  readonly schema?: string
  /** What should be true and is not. */
  readonly title: string
  readonly message?: string
  readonly evidence?: Evidence
  /** Finds every offending row on the target as it is now. */
  readonly findSql?: string
  /** Fixes them, where that is safe. */
  readonly fixSql?: string
  /** What to do, where the code alone does not tell. */
  readonly hint?: string
}

/** What the pending migrations will meet. */
export interface Forecast {
  /** The first statement that will fail for certain; nothing after it runs. */
  readonly failure?: Failure
  /** What would fail too, once the failure is corrected, unless the correction changes that. */
  readonly later: readonly Failure[]
  /** What only a rehearsal can tell, as if the failure had been corrected. */
  readonly doubts: readonly Doubt[]
  /** Migrations that begin on a catalog that is not known, because of a statement before them. */
  readonly behindUnknown: ReadonlySet<string>
  /** How many requirements were asked and hold. */
  readonly holds: number
  /** What existing data the statements take away or change, also behind the failure. */
  readonly losses: readonly Finding[]
  /** What the statements leave broken, although they succeed. */
  readonly damage: readonly Finding[]
  /** Who will wait for the statements, and for how much. */
  readonly lockFindings: readonly Finding[]
  readonly lockClaims: readonly LockClaim[]
  /** What to lock up front, by the name of the migration; only of files that run in one transaction. */
  readonly lockFirst: ReadonlyMap<string, readonly LockGroup[]>
  readonly rowTypes: RowTypes
  /** What becomes of today's tables, of those that the statements touch. */
  readonly lineage: readonly TableLineage[]
  /** The tables as the migrations will leave them; absent when they fail on the way. */
  readonly future?: FutureTables
}

/**
 * Walks over the pending statements, keeps for every relation the query that yields its content at that point, and asks
 * the target whether each statement's demands on the rows hold. Read-only: the readers are inside transactions of one
 * snapshot.
 */
export async function makeForecast(
  files: readonly ForecastFile[],
  ungated: readonly [Reader, ...Reader[]],
  schema: string,
  onProgress: (title: string) => void = () => undefined,
  twin?: Twin | Promise<SeenTwin | undefined>,
): Promise<Forecast> {
  const { readers } = await gate(ungated)
  const { walk, losses, locks, hits, lineage, rowTypes, behindUnknown } = await walkOver(
    files,
    readers[0],
    schema,
    twin ? { twin } : {},
  )
  const questions = new Questions(readers, walk.content.chain)
  const outcomes = await questions.ask(walk.requirements, onProgress)
  const weighed = weigh(walk, questions, await inRowOrder(outcomes, questions))
  const many = locks
    .changesOfMany()
    .map((one) => ({ ...one, measures: hits.measuresOf(one.place, one.table) }))
  const { findings, counts } = await weighLosses(
    losses,
    many.flatMap(({ measures }) => measures ?? []),
    readers,
    walk.content.chain,
    onProgress,
  )
  for (const { place, measures } of many) {
    const rows = measures?.map((one) => counts.get(one))
    if (rows?.every((count) => count !== undefined)) locks.noteRowsHit(place, sumOf(rows))
  }
  const whole = files.filter(({ execution }) => execution.mode === 'all-or-nothing')
  return {
    ...weighed,
    behindUnknown,
    losses: findings,
    damage: await damageFindings(walk, questions),
    lockFindings: locks.findings(whole.map(({ migration }) => migration)),
    lockClaims: locks.claims,
    lockFirst: lockFirstOf(files, locks),
    rowTypes,
    lineage: lineage.tables(),
    ...(weighed.failure || walk.stop ? {} : { future: futureTables(walk) }),
  }
}

/** What the answers make of the requirements: the first that is violated for certain is the failure. */
export function weigh(
  walk: Walk,
  questions: Questions,
  outcomes: ReadonlyMap<Requirement, Outcome>,
): Omit<
  Forecast,
  'behindUnknown' | 'losses' | 'damage' | 'lockFindings' | 'lockClaims' | 'lockFirst' | 'rowTypes' | 'lineage'
> {
  const doubts: Doubt[] = [...walk.doubts]
  const later: Failure[] = []
  let failure: Failure | undefined
  let holds = walk.heldCount
  for (const [at, [requirement, outcome]] of [...outcomes].entries()) {
    const { place, mayPass, question, cause } = requirement
    const about = nameOf(requirement)
    const isBehindStop = walk.stop !== undefined && at >= walk.stop.requirements
    const behind = failure?.place ?? (isBehindStop ? walk.stop?.place : undefined)
    if (outcome.kind === 'holds') holds += 1
    else if (outcome.kind === 'not-answered') doubts.push({ place, ...about, reason: outcome.reason })
    else if (!behind && mayPass !== undefined)
      doubts.push({ place, ...about, reason: mayPass, ...(cause === undefined ? {} : { cause }) })
    else if (!behind) failure = failureOf(requirement, outcome, questions)
    else if (outcome.evidence || question.kind === 'certain')
      later.push({ ...failureOf(requirement, outcome, questions), behind })
    // Over rows that the failing statement does not make, a question of ours raises what that one would have raised.
    else if (!isSamePlace(place, behind))
      doubts.push({ place, ...about, reason: `line ${behind.line} fails, and rows depend on it` })
  }
  return { ...(failure ? { failure } : {}), later, doubts, holds }
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}

function isSamePlace(one: StatementPlace, other: StatementPlace): boolean {
  return one.migration === other.migration && one.index === other.index
}

/** What a value meets while it is computed: the CHECK or the NOT NULL of a domain, or it does not fit. */
function codeOfState(sqlstate: string): string {
  if (sqlstate === '23514') return 'check-violation'
  return sqlstate === '23502' ? 'not-null-violation' : 'invalid-value'
}

function nameOf({ object, schema }: Requirement): Named {
  return { object, ...(schema === undefined ? {} : { schema }) }
}

function failureOf(
  requirement: Requirement,
  outcome: Extract<Outcome, { kind: 'violated' }>,
  questions: Questions,
): Failure {
  const { place, code, title, question, fixSql, hint } = requirement
  const findSql = questions.findSql(question)
  return {
    place,
    code: outcome.evidence || question.kind === 'certain' ? code : codeOfState(outcome.sqlstate),
    sqlstate: outcome.sqlstate,
    ...nameOf(requirement),
    title,
    ...(outcome.message === undefined ? {} : { message: outcome.message }),
    ...(outcome.evidence ? { evidence: outcome.evidence } : {}),
    ...(findSql === undefined ? {} : { findSql }),
    ...(fixSql === undefined ? {} : { fixSql }),
    ...(hint === undefined ? {} : { hint }),
  }
}
