import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs } from '../backoff.js'
import type { EngineEventBody, RetryReason } from '../engine-events.js'
import { isGivingWay } from '../gave-way.js'
import { isToldToStop } from '../told-to-stop.js'

export interface AttemptOptions {
  /** How often a file is tried again in all. */
  readonly retries: number
  /** Where the guard says that a cancel was its own, for the sake of others. */
  readonly gaveWayFile?: string
  /** There as soon as the run was cancelled. */
  readonly stopFile?: string
  readonly onEvent: (event: EngineEventBody) => void
}

const pollMs = 100

/** SQLSTATE query_canceled: https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const cancelled = '57014'

/**
 * lock_not_available, which lock_timeout gives, deadlock_detected, and serialization_failure, after which the server asks
 * for the whole transaction again: nothing was wrong with the SQL.
 * https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
 */
const reasons: Readonly<Record<string, RetryReason>> = {
  '55P03': 'lock-timeout',
  '40P01': 'deadlock',
  '40001': 'serialization',
}

/** The attempts at one file: each of them may end because of others, so often. */
export class Attempts {
  /** 1 for the first. */
  current = 1

  constructor(private readonly options: AttemptOptions) {}

  /**
   * Waits a while for the next attempt. What the failed one has done must be rolled back already.
   * @param from the first statement that is repeated; absent when it is the whole file
   * @throws the error itself when it is final
   */
  async again(error: unknown, from?: number): Promise<void> {
    const { code: sqlstate = '' } = error as { code?: string }
    const reason = await this.#reasonToRepeat(sqlstate)
    if (reason === undefined || this.current > this.options.retries) throw error
    const waitMs = backoffMs(this.current)
    const statement = from === undefined ? {} : { statement: from }
    this.options.onEvent({ type: 'retry', attempt: this.current, waitMs, sqlstate, reason, ...statement })
    await this.#pause(waitMs)
    this.current += 1
  }

  /** Over at once when the run is cancelled: the next attempt then begins nothing. */
  async #pause(waitMs: number): Promise<void> {
    for (const until = Date.now() + waitMs; Date.now() < until && !isToldToStop(this.options.stopFile); )
      await sleep(Math.min(pollMs, until - Date.now()))
  }

  async #reasonToRepeat(sqlstate: string): Promise<RetryReason | undefined> {
    if (sqlstate !== cancelled) return reasons[sqlstate]
    const { gaveWayFile } = this.options
    // Anybody else's cancel is final: that of Ctrl-C, of an administrator, of statement_timeout.
    return gaveWayFile !== undefined && (await isGivingWay(gaveWayFile)) ? 'gave-way' : undefined
  }
}
