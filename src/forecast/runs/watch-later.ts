import type { StatementPlace } from '../requirement.js'
import type { Walk } from '../walk.js'
import type { WatchedStatement, Watcher } from '../watcher.js'

/** Keeps what a watcher would have been told, until it is known that it comes to be. */
export class WatchLater implements Watcher {
  readonly #told: {
    readonly place: StatementPlace
    readonly tell: (watcher: Watcher) => void | Promise<void>
  }[] = []

  constructor(private readonly walk: Walk) {}

  async beforeStatement(statement: WatchedStatement): Promise<void> {
    this.#keep((watcher) => watcher.beforeStatement(statement))
  }

  inserted(...heard: Parameters<Watcher['inserted']>): void {
    this.#keep((watcher) => watcher.inserted(...heard))
  }

  deleted(...heard: Parameters<Watcher['deleted']>): void {
    this.#keep((watcher) => watcher.deleted(...heard))
  }

  updated(...heard: Parameters<Watcher['updated']>): void {
    this.#keep((watcher) => watcher.updated(...heard))
  }

  notFollowed(...heard: Parameters<Watcher['notFollowed']>): void {
    this.#keep((watcher) => watcher.notFollowed(...heard))
  }

  async tell(watcher: Watcher): Promise<void> {
    const { place } = this.walk
    for (const one of this.#told) {
      this.walk.place = one.place
      await one.tell(watcher)
    }
    this.walk.place = place
  }

  #keep(tell: (watcher: Watcher) => void | Promise<void>): void {
    this.#told.push({ place: this.walk.place, tell })
  }
}
