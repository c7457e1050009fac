import { setTimeout as sleep } from 'node:timers/promises'
import { InterruptedError, type LockedError } from '../domain/errors.js'
import type { LockHolder } from '../domain/lock-holder.js'
import { asServerTrouble, type Client } from './connection.js'

/** How a run waits for others. */
export interface Waiting {
  /** 0: not at all. */
  readonly waitMs: number
  /** Ends the waiting at once. */
  readonly signal?: AbortSignal
  /** Called each time that the turn is not ours yet. */
  readonly onWait?: (holders: readonly LockHolder[]) => void
}

/** What a look at the locks gave: our turn, or those who stand before us; they may have ended meanwhile. */
export type Turn<T> = { readonly value: T } | { readonly heldBy: readonly LockHolder[] }

/** Many replicas that start together must not ask in step. */
const pollMs = { least: 150, most: 350 }

/**
 * Looks until it is our turn. The connection is kept between the looks; when it breaks because the server restarts, a
 * new one is opened while there is time.
 * @returns the connection, which the caller ends, what the look gave, and how long was waited
 * @throws what `tooLate` makes of the holders when `waitMs` is over
 * @throws InterruptedError when the run is cancelled
 */
export async function waitForTurn<T>(
  open: () => Promise<Client>,
  look: (client: Client) => Promise<Turn<T>>,
  { waitMs, signal, onWait }: Waiting,
  tooLate: (holders: readonly LockHolder[], waitedMs: number) => LockedError,
): Promise<{ client: Client; value: T; waitedMs: number }> {
  const startedAt = Date.now()
  let client: Client | undefined
  let hasWaited = false
  let heldBy: readonly LockHolder[] = []
  try {
    for (;;) {
      assertNotStopped(signal)
      let trouble: unknown
      try {
        client ??= await open()
        const turn = await look(client)
        if ('value' in turn) {
          assertNotStopped(signal)
          return { client, value: turn.value, waitedMs: hasWaited ? Date.now() - startedAt : 0 }
        }
        heldBy = turn.heldBy
      } catch (error) {
        // A server that was never there is a wrong address; one that was there before is being restarted.
        if (!hasWaited || !isAway(error)) throw error
        trouble = error
        await client?.end().catch(() => undefined)
        client = undefined
      }
      const waitedMs = Date.now() - startedAt
      if (waitedMs >= waitMs) throw trouble ?? tooLate(heldBy, waitMs)
      hasWaited = true
      onWait?.(heldBy)
      const pauseMs = pollMs.least + Math.random() * (pollMs.most - pollMs.least)
      await sleep(Math.min(pauseMs, waitMs - waitedMs), undefined, signal ? { signal } : {}).catch(() =>
        assertNotStopped(signal),
      )
    }
  } catch (error) {
    await client?.end().catch(() => undefined)
    throw error
  }
}

/** @throws InterruptedError */
export function assertNotStopped(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return
  throw new InterruptedError('interrupted', 'the run was stopped before anything was changed', {
    hint: 'Run the command again when you are ready.',
  })
}

function isAway(error: unknown): boolean {
  const { code } = asServerTrouble(error) as { code?: string }
  return ['target-unreachable', 'target-lost', 'too-many-connections'].includes(code ?? '')
}
