import type { LockWait, OtherSession, Traffic } from '../domain/traffic.js'
import type { TrafficLook, WatchedTransaction } from '../postgres/lock-watch.js'

/** So many of each are told; there may be hundreds behind one lock. */
const toldOfEach = 20

/** What one look after the other has shown: of each session its longest wait. */
export class TrafficRecord {
  readonly #waitedFor = new Map<number, LockWait>()
  readonly #madeWait = new Map<number, LockWait>()
  readonly #gaveWay = new Set<string>()
  readonly #terminated: OtherSession[] = []
  #notSeen: string | undefined

  note({ blockers, waiters }: TrafficLook): void {
    for (const { blocks: _, ...wait } of blockers) keepLongest(this.#waitedFor, wait)
    for (const { behind: _, ...wait } of waiters) keepLongest(this.#madeWait, wait)
  }

  /** False when it was noted of this transaction already. */
  noteGivingWay({ pid, begunAt }: WatchedTransaction): boolean {
    const before = this.#gaveWay.size
    return this.#gaveWay.add(`${pid} ${begunAt}`).size > before
  }

  noteTerminated(session: OtherSession): void {
    this.#terminated.push(session)
  }

  noteNotSeen(why: string): void {
    this.#notSeen ??= why
  }

  /** How often the deploy has given way so far. */
  get gaveWay(): number {
    return this.#gaveWay.size
  }

  asTraffic(): Traffic {
    return {
      waitedFor: longestOf(this.#waitedFor),
      waitedForCount: this.#waitedFor.size,
      madeWait: longestOf(this.#madeWait),
      madeWaitCount: this.#madeWait.size,
      gaveWay: this.gaveWay,
      terminated: this.#terminated,
      ...(this.#notSeen === undefined ? {} : { notSeen: this.#notSeen }),
    }
  }
}

function keepLongest(waits: Map<number, LockWait>, wait: LockWait): void {
  const known = waits.get(wait.session.pid)
  if (known === undefined || known.waitedMs <= wait.waitedMs) waits.set(wait.session.pid, wait)
}

function longestOf(waits: ReadonlyMap<number, LockWait>): LockWait[] {
  return [...waits.values()].sort((one, other) => other.waitedMs - one.waitedMs).slice(0, toldOfEach)
}
