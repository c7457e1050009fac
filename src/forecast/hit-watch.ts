import type { Measure } from './loss/loss.js'
import type { Relation } from './model.js'
import type { StatementPlace } from './requirement.js'
import type { Walk } from './walk.js'
import type { DeletedRows, UpdatedRows } from './watcher.js'

/**
 * Notes which rows of a table the statements change or delete, as the content queries tell it, so that those can be
 * counted: their row locks are what other writers wait for.
 */
export class HitWatch {
  readonly #hits: {
    readonly place: StatementPlace
    readonly table: string
    /** Absent where it is not known which rows are hit. */
    readonly measure?: Measure
  }[] = []

  constructor(private readonly walk: Walk) {}

  deleted(relation: Relation, { gone, opaque }: DeletedRows): void {
    this.#note(relation, opaque, { from: `${gone} AS "~gone"`, condition: 'true' })
  }

  updated(relation: Relation, { from, isHit, opaqueHits }: UpdatedRows): void {
    this.#note(relation, opaqueHits, { from, condition: isHit })
  }

  /**
   * What to count for the rows of a table that a statement hits, also by its foreign keys and triggers.
   * @returns undefined where that is not known
   */
  measuresOf({ migration, index }: StatementPlace, table: string): Measure[] | undefined {
    const own = this.#hits.filter(
      (one) => one.table === table && one.place.migration === migration && one.place.index === index,
    )
    const measures = own.flatMap(({ measure }) => measure ?? [])
    return own.length > 0 && measures.length === own.length ? measures : undefined
  }

  #note({ name }: Relation, opaque: readonly string[], measure: Measure): void {
    this.#hits.push({ place: this.walk.place, table: name, ...(opaque.length > 0 ? {} : { measure }) })
  }
}
