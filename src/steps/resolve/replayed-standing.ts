import type { CatalogTimeline } from '../../domain/catalog-timeline.js'
import type { MigrationStanding } from '../../domain/diagnosis.js'
import { plural } from '../../report/words.js'
import { transactionModeOf } from '../../sql/execution-model.js'
import type { CatalogJudgement } from '../standing/judge-catalog.js'
import { leavesTrace } from '../statement-traces.js'
import type { MigrationFile } from './migration-file.js'

/** How a replay ended before its end. */
export interface Stop {
  /** SQLSTATE; empty where it was not the server that spoke. */
  readonly code: string
  readonly message: string
  /** The statement may have committed a part of what it does. */
  readonly mayCommit: boolean
}

/** A statement that failed on the empty database, and behind which the replay went on. */
export interface PassedOver {
  /** 1-based, in file order. */
  readonly statement: number
  readonly message: string
}

/** What a replay on an empty database has shown of one migration. */
export interface Replayed {
  readonly timeline: CatalogTimeline
  /** The failure of the statement on which it stopped there too. */
  readonly stoppedBy?: Stop
  /** That statement fails whatever the rows are, so the target has stopped at it at the latest. */
  readonly refusesAnyway: boolean
  /** Statements that only touch rows and failed there, where the rows are others than on the target. */
  readonly passedOver?: readonly PassedOver[]
  /** Prisma's own engine of this version may have run the file statement by statement. */
  readonly maySplit: boolean
}

/**
 * Tells from the objects of the target how much of the migration is there; only where no statement between what fits
 * could have written rows.
 * @param hasFailed Prisma noted that a statement of it was refused
 */
export function standingFromReplay(
  { statements }: Pick<MigrationFile, 'statements'>,
  { timeline, stoppedBy, refusesAnyway, maySplit, passedOver = [] }: Replayed,
  { places, moved, foreign, invalidIndexes }: CatalogJudgement,
  hasFailed: boolean,
): MigrationStanding {
  const all = statements.length
  const evidence: string[] = [
    stoppedBy === undefined
      ? `replayed on an empty server of our own: ${plural(all, 'statement')}, ${plural(timeline.objects.length, 'object')} changed`
      : `replayed on an empty server of our own: it stops there too, after ${plural(timeline.points.length, 'statement')}: ${stoppedBy.message}`,
  ]
  const common = { invalidIndexes, evidence }
  const unknown = (why: string): MigrationStanding => ({ kind: 'unknown', why, ...common })
  for (const { statement, message } of passedOver)
    evidence.push(`statement ${statement} failed there and was passed over: ${message}`)
  // Statements run in their order: where one that was replayed has left nothing, none behind it has run.
  const isAtStop = places.includes(timeline.points.length) || places.length === 0
  if (stoppedBy !== undefined && !refusesAnyway && isAtStop)
    return unknown('the replay did not come to its end, so what the later statements leave is not known')
  if (foreign.length > 0)
    return unknown(`neither as before nor as after any statement: ${foreign.join(', ')}`)
  if (places.length === 0) return unknown(`as after different statements: ${moved.join(', ')}`)

  const ran = places.map((place) => statementsAt(place, timeline, all))
  // All or nothing: what is between beginning and end cannot be.
  const isOneTransaction = !maySplit && transactionModeOf(statements).mode === 'all-or-nothing'
  const possible = !isOneTransaction ? ran : ran.filter((count) => count === 0 || count === all)
  const effective = new Set(possible.map((count) => countTraces(statements, count)))
  evidence.push(
    `the objects in the database are as ${ran.map((count) => (count === 0 ? 'before it' : `after statement ${count} of ${all}`)).join(', and as ')}`,
  )
  const [only] = effective
  if (only === undefined) return unknown('the file runs in one transaction, and a part of it is there')
  if (effective.size > 1) {
    const [first = 0, last = 0] = [Math.min(...possible), Math.max(...possible)]
    const silent = statements.filter(({ index }) => index > first && index <= last)
    return unknown(
      `the catalog does not show whether ${silent.map(({ line }) => `line ${line}`).join(', ')} took effect: rows tell no order`,
    )
  }
  if (only === 0) return { kind: 'none', ...common }
  if (only < countTraces(statements, all))
    return { kind: 'part', statements: Math.max(...possible), ...common }
  const silent = statements.find((statement, at) => leavesTrace(statement) && !changes(timeline, at + 1))
  if (hasFailed && silent)
    return unknown(
      `Prisma noted that a statement failed, yet every object is as after the last one: somebody has made them, and line ${silent.line} may not have run`,
    )
  return { kind: 'all', ...common }
}

function statementsAt(place: number, { points }: CatalogTimeline, all: number): number {
  return place === 0 ? 0 : (points[place - 1]?.statements ?? all)
}

function countTraces(statements: MigrationFile['statements'], count: number): number {
  return statements.slice(0, count).filter(leavesTrace).length
}

/** Any object has another version since that statement. */
function changes({ points, objects }: CatalogTimeline, statement: number): boolean {
  const at = points.findIndex(({ statements }) => (statements ?? Number.POSITIVE_INFINITY) >= statement) + 1
  return objects.some(({ versions }) => versions.some((version) => version.at === at))
}
