import type { Finding } from '../domain/finding.js'
import type { LockGroup } from '../domain/lock-group.js'
import type { Reader } from '../domain/reader.js'
import type { StatementLock } from '../domain/statement-lock.js'
import type { Twin } from '../twin/twin.js'
import type { ForecastFile } from './file.js'
import type { Failure } from './forecast.js'
import type { SeenTwin } from './from-twin/mirror.js'
import { lockFirstOf } from './lock-watch.js'
import { statementLocksOf } from './locks/statement-locks.js'
import type { Requirement, StatementPlace } from './requirement.js'
import type { Walk } from './walk.js'
import { walkOver } from './walk-over.js'

export interface LocksOfStatement {
  readonly place: StatementPlace
  readonly locks: readonly StatementLock[]
  /** A server has shown them on a schema twin; else they are only those that the text tells. */
  readonly isSeen: boolean
}

/** What the catalog, and a schema twin where there is one, tell of the pending statements. */
export interface StaticForecast {
  /** The first statement that the server refuses whatever the rows; nothing after it runs. */
  readonly failure?: Failure
  /** What would be refused too, once the failure is corrected. */
  readonly later: readonly Failure[]
  /** What the role in use may not do; it may be there only to look. */
  readonly forbidden: readonly {
    readonly place: StatementPlace
    readonly message: string
    readonly object?: string
  }[]
  /** Who will wait for the statements, and for how much. */
  readonly lockFindings: readonly Finding[]
  /** What each statement locks, where that is known. */
  readonly locks: readonly LocksOfStatement[]
  /** What to lock up front, by the name of the migration; only of files that run in one transaction. */
  readonly lockFirst: ReadonlyMap<string, readonly LockGroup[]>
}

/**
 * Walks over the pending statements without reading a row: only the catalog is asked, and it needs no privilege on data.
 * @param reader inside a transaction
 * @param twin a database with the schema that the transaction sees, on which the statements run
 */
export async function makeStaticForecast(
  files: readonly ForecastFile[],
  reader: Reader,
  schema: string,
  twin?: Twin | Promise<SeenTwin | undefined>,
): Promise<StaticForecast> {
  const { walk, locks, forbidden } = await walkOver(files, reader, schema, {
    asksRows: false,
    ...(twin ? { twin } : {}),
  })
  const { failure, later } = refusedBy(walk)
  const whole = files.filter(({ execution }) => execution.mode === 'all-or-nothing')
  return {
    ...(failure ? { failure } : {}),
    later,
    forbidden: forbidden.map(({ place, refusal: { message, object } }) => ({
      place,
      message,
      ...(object === undefined ? {} : { object }),
    })),
    lockFindings: locks.findings(whole.map(({ migration }) => migration)),
    locks: locks.known.map(({ place, claims, isSeen = false }) => ({
      place,
      locks: statementLocksOf(claims),
      isSeen,
    })),
    lockFirst: lockFirstOf(files, locks),
  }
}

/** The first statement that is refused for certain, and what stands behind it. */
function refusedBy({ requirements, stop }: Walk): { failure?: Failure; later: Failure[] } {
  let failure: Failure | undefined
  const later: Failure[] = []
  for (const [at, requirement] of requirements.entries()) {
    if (requirement.question.kind !== 'certain') continue
    const behind = failure?.place ?? (stop && at >= stop.requirements ? stop.place : undefined)
    if (behind) later.push({ ...failureOf(requirement), behind })
    else if (requirement.mayPass === undefined) failure = failureOf(requirement)
  }
  return { ...(failure ? { failure } : {}), later }
}

function failureOf({ place, code, sqlstate, object, title }: Requirement): Failure {
  return { place, code, sqlstate, object, title, message: title }
}
