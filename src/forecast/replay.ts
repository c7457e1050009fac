import type { Reader } from '../domain/reader.js'
import type { Twin } from '../twin/twin.js'
import type { ForecastFile } from './file.js'
import type { Failure } from './forecast.js'
import { statementLocksOf } from './locks/statement-locks.js'
import type { Relation } from './model.js'
import { noteMade } from './offline-locks.js'
import type { Requirement } from './requirement.js'
import type { LocksOfStatement } from './static-forecast.js'
import { walkOver } from './walk-over.js'

/** What a replay of migrations on an empty database tells of those that are shown. */
export interface Replay {
  /** The first statement that the server refuses whatever rows there are; absent where one before them was refused. */
  readonly failure?: Failure
  readonly locks: readonly LocksOfStatement[]
  /** From where on nothing is known for certain, and why: the twin was left, or refused what is not to be told. */
  readonly lost?: string
}

/**
 * Runs all migrations, in order, on a twin that is empty at first.
 * @param reader asks another empty database of the same server
 * @param isShown whether this migration is of interest
 * @param isTold false: that this refusal comes from the server of the twin and says nothing of the statement
 */
export async function replayOnTwin(
  files: readonly ForecastFile[],
  reader: Reader,
  twin: Twin,
  {
    isShown,
    isTold,
  }: { isShown: (migration: string) => boolean; isTold: (failure: Omit<Requirement, 'opaque'>) => boolean },
): Promise<Replay> {
  const locks: LocksOfStatement[] = []
  const old = new Set<object>()
  let seen = 0
  const { walk } = await walkOver(files, reader, 'public', {
    asksRows: false,
    twin,
    afterFile: ({ migration }, { catalog }, { known }) => {
      const own = known.slice(seen)
      seen = known.length
      if (isShown(migration))
        locks.push(
          ...own.map(({ place, claims, isSeen = false }) => ({
            place,
            locks: statementLocksOf(claims, old),
            isSeen,
          })),
        )
      const touched = own.flatMap(({ claims }) =>
        claims.flatMap(({ target }): Relation[] => ('relation' in target ? [target.relation] : [])),
      )
      noteMade(catalog, old, new Set(touched))
    },
  })
  // What comes after the first refusal may only follow from it.
  const first = walk.requirements.find(
    ({ question, mayPass }) => question.kind === 'certain' && mayPass === undefined,
  )
  const failure = first && isShown(first.place.migration) && isTold(first) ? first : undefined
  const refused = first && !failure ? `${first.place.file}:${first.place.line}: ${first.title}` : undefined
  const lost = twin.lost ?? refused
  return {
    locks,
    ...(failure ? { failure: { ...failure, message: failure.title } } : {}),
    ...(lost === undefined ? {} : { lost }),
  }
}
