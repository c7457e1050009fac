import type { CatalogTimeline } from '../../domain/catalog-timeline.js'
import type { PendingMigration } from '../../domain/migration.js'
import type { Standing } from '../../domain/standing.js'
import { plural } from '../../report/words.js'
import type { CatalogJudgement } from './judge-catalog.js'
import {
  comparePositions,
  isSamePosition,
  type Position,
  positionIn,
  positionsOf,
  start,
} from './position.js'

/** What is known of one migration beside the catalog. */
export interface MigrationReach {
  /** So many of its statements have surely taken effect, counted from the first. */
  readonly least: number
  /** No statement behind this one can have. */
  readonly most: number
  /** Its row in the migration history: Prisma writes it before it runs a statement, and finishes it after the last. */
  readonly row: 'none' | 'unfinished' | 'finished' | 'rolled-back'
  /** Our engine ran it, and the server says that all of its transactions are undone. */
  readonly isUndone?: boolean
}

/** All that speaks for one standing or another. */
export interface StandingEvidence {
  readonly pending: readonly PendingMigration[]
  /** One of each pending migration. */
  readonly reaches: readonly MigrationReach[]
  /** Absent without a timeline. */
  readonly catalog?: { readonly timeline: CatalogTimeline; readonly judgement: CatalogJudgement }
  /** Without a timeline: the catalog is another one than before. */
  readonly catalogChanged: boolean
  /** The engine was seen at each step that it can stop at; else a migration may have stopped between two points. */
  readonly seesSteps: boolean
  readonly invalidIndexes: readonly string[]
}

/** Transactions, history and catalog must agree on one place; where they leave none, or more than one, it is unknown. */
export function concludeStanding(evidence: StandingEvidence): Standing {
  const { pending, reaches, catalog } = evidence
  const lowest = lowestPosition(pending, reaches)
  const highest = highestPosition(pending, reaches)
  if (comparePositions(lowest, highest) > 0)
    return unknown('the migration history and the transactions of the deploy contradict each other')
  if (catalog === undefined) return concludeWithoutTimeline(lowest, highest, evidence)

  const { judgement, timeline } = catalog
  if (judgement.foreign.length > 0)
    return unknown(`neither as before nor as after any step: ${judgement.foreign.join(', ')}`)
  if (judgement.places.length === 0)
    return evidence.seesSteps
      ? unknown(`as after different steps: ${judgement.moved.join(', ')}`)
      : partOf(evidence, lowest.migrations, judgement.moved)
  const positions = positionsOf(timeline.points, pending)
  const places = judgement.places.map((place) => positions[place] ?? start)
  const within = places.filter((place) => isBetween(place, lowest, highest))
  const [only, ...others] = distinct(within)
  if (only === undefined)
    return unknown(
      `the catalog is ${describePlaces(places, pending)}, the deploy itself got ${describePlaces([lowest, highest], pending)}`,
    )
  if (others.length > 0)
    return unknown(
      `the catalog cannot tell it: it is the same ${[only, ...others].map((place) => describe(place, pending)).join(' and ')}`,
    )
  return standingAt(only, evidence, judgement.moved)
}

function concludeWithoutTimeline(lowest: Position, highest: Position, evidence: StandingEvidence): Standing {
  const { pending, catalogChanged } = evidence
  if (!isSamePosition(lowest, highest))
    return open(
      `between ${describe(lowest, pending)} and ${describe(highest, pending)}, and nothing tells which`,
    )
  // What the first one did is undone, so none came after it: what else is in the catalog is somebody else's.
  const isOurs = evidence.reaches[0]?.isUndone !== true
  if (isSamePosition(lowest, start) && catalogChanged && isOurs && evidence.invalidIndexes.length === 0)
    return open('no statement of this run has taken effect, but the catalog is another one than before')
  return standingAt(lowest, evidence, [])
}

function standingAt(place: Position, evidence: StandingEvidence, moved: readonly string[]): Standing {
  const { pending, invalidIndexes } = evidence
  const names = pending.map(({ name }) => name)
  const { migrations, statements } = place
  if (statements > 0) return partOf(evidence, migrations, moved, statements)
  if (invalidIndexes.length > 0 && migrations < pending.length) return partOf(evidence, migrations, [], 0)
  if (migrations === 0) return { kind: 'unchanged' }
  if (migrations >= pending.length) return { kind: 'all' }
  return { kind: 'prefix', applied: names.slice(0, migrations), pending: names.slice(migrations) }
}

function partOf(
  { pending, invalidIndexes }: StandingEvidence,
  index: number,
  moved: readonly string[],
  statements?: number,
): Standing {
  return {
    kind: 'part',
    applied: pending.slice(0, index).map(({ name }) => name),
    migration: pending[index]?.name ?? '',
    ...(statements === undefined ? {} : { statements }),
    ...(invalidIndexes.length > 0 ? { invalidIndexes } : {}),
    objects: [...moved, ...invalidIndexes.map((name) => `index ${name}, which is not valid`)],
  }
}

/** Up to here everything has surely taken effect. */
function lowestPosition(pending: readonly PendingMigration[], reaches: readonly MigrationReach[]): Position {
  let lowest = start
  for (const [index, { least, row }] of reaches.entries()) {
    const isBehind = isSamePosition(lowest, { migrations: index, statements: 0 })
    if (row === 'finished') lowest = { migrations: index + 1, statements: 0 }
    else if (isBehind && least > 0) lowest = positionIn(pending, index, least)
  }
  return lowest
}

/** Behind this nothing can have. The next one begins only when this one has ended well, which its row then says. */
function highestPosition(pending: readonly PendingMigration[], reaches: readonly MigrationReach[]): Position {
  for (const [index, { most, row }] of reaches.entries()) {
    if (row === 'none') return { migrations: index, statements: 0 }
    if (row !== 'finished')
      return most === 0 ? { migrations: index, statements: 0 } : positionIn(pending, index, most)
  }
  return { migrations: pending.length, statements: 0 }
}

function isBetween(place: Position, lowest: Position, highest: Position): boolean {
  return comparePositions(place, lowest) >= 0 && comparePositions(place, highest) <= 0
}

function distinct(places: readonly Position[]): Position[] {
  return places.filter((place, at) => places.findIndex((one) => isSamePosition(one, place)) === at)
}

function describePlaces(places: readonly Position[], pending: readonly PendingMigration[]): string {
  return distinct(places)
    .map((place) => describe(place, pending))
    .join(' or ')
}

function describe({ migrations, statements }: Position, pending: readonly PendingMigration[]): string {
  if (statements > 0) return `after ${plural(statements, 'statement')} of "${pending[migrations]?.name}"`
  const last = pending[migrations - 1]
  return last ? `after "${last.name}"` : 'as before the deploy'
}

/** Without a rehearsal nobody has seen what the statements leave. */
function open(why: string): Standing {
  return { kind: 'unknown', why, isOpen: true }
}

function unknown(why: string): Standing {
  return { kind: 'unknown', why }
}
