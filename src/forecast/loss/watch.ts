import type { Relation } from '../model.js'
import type { Reach } from '../reach.js'
import type { Walk } from '../walk.js'
import type { DeletedRows, UpdatedRows, WatchedStatement, Watcher } from '../watcher.js'
import { watchDeleted, watchNotFollowed, watchNotRead, watchTruncate, watchUpdated } from './changed-rows.js'
import { watchTypes } from './changed-types.js'
import type { LossContext } from './context.js'
import { watchDrops } from './dropped-data.js'
import { Lineage } from './lineage.js'
import type { Loss } from './loss.js'
import { Today } from './today.js'

/**
 * Notes every way in which the statements take away or change data that is there today, for `weighLosses` to count.
 * Set as the watcher of a walk before its first statement.
 */
export class LossWatch implements Watcher {
  readonly losses: Loss[] = []
  readonly #today = new Today()
  readonly #context: LossContext

  constructor(walk: Walk) {
    this.#context = {
      walk,
      today: this.#today,
      lineage: new Lineage(walk),
      add: (loss) => this.losses.push({ place: walk.place, ...loss }),
    }
  }

  async beforeStatement(statement: WatchedStatement): Promise<void> {
    this.#context.lineage.beforeStatement(statement)
    await watchDrops(this.#context, statement)
    watchTypes(this.#context, statement)
    if (statement.kind === 'TruncateStmt') watchTruncate(this.#context, statement)
  }

  /** A file whose statements nobody knows. */
  notRead(reason: string): void {
    watchNotRead(this.#context, reason)
  }

  inserted(relation: Relation): void {
    this.#today.insertInto(relation)
  }

  deleted(relation: Relation, rows: DeletedRows): void {
    watchDeleted(this.#context, relation, rows)
  }

  updated(relation: Relation, rows: UpdatedRows): void {
    watchUpdated(this.#context, relation, rows)
    this.#context.lineage.updated(relation, rows)
    for (const { column } of rows.changes) this.#today.write(relation, column)
  }

  notFollowed(statement: WatchedStatement, reason: string, reach: Reach): void {
    watchNotFollowed(this.#context, statement, reason, reach)
  }
}
