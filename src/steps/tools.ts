import { InterruptedError } from '../domain/errors.js'
import type { Prompter, Screen } from '../domain/screen.js'
import type { AskBeforeStop } from '../domain/surroundings.js'
import { type Client, type Session, withConnection } from '../postgres/connection.js'
import { type Snapshot, takeSnapshot } from '../postgres/snapshot.js'
import type { PrismaCli } from '../prisma/cli.js'
import type { PrismaProject } from '../prisma/project.js'
import type { Settings } from '../settings/settings.js'

/** What every step works with. */
export interface Tools {
  readonly settings: Settings
  readonly project: PrismaProject
  readonly prisma: PrismaCli
  readonly screen: Screen
  readonly prompter: Prompter
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal
  /** Absent: whatever asks to stop stops at once. */
  readonly askBeforeStop?: AskBeforeStop
  readonly runId: string
  /** Absolute path of the run folder. */
  readonly runFolder: string
  /** A private folder for passwords, gone after the run. */
  readonly scratchFolder: string
}

/** Seen in pg_stat_activity; the run id tells runs apart. The server keeps 63 bytes. */
export function applicationName(tools: Pick<Tools, 'runId'>, purpose: string): string {
  return `migrate-guard ${purpose} ${tools.runId}`.slice(0, 63)
}

/**
 * The session of the guard's own questions: the server itself refuses every write on it, and every question about a table
 * of which row level security hides rows from the role, instead of answering for a part of the rows:
 * https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-ROW-SECURITY
 */
export function readSession(tools: Pick<Tools, 'runId'>): Session {
  return {
    applicationName: applicationName(tools, 'check'),
    readOnly: true,
    parameters: { statement_timeout: '0', row_security: 'off' },
  }
}

/** Borrows a read-only connection to the target; it is cut when the run is cancelled. */
export function withTarget<T>(tools: Tools, work: (client: Client) => Promise<T>): Promise<T> {
  return withConnection(tools.settings.target, readSession(tools), async (client) => {
    const cut = () => void client.end().catch(() => undefined)
    tools.signal.addEventListener('abort', cut, { once: true })
    try {
      return await work(client)
    } finally {
      tools.signal.removeEventListener('abort', cut)
    }
  })
}

/** Once the deploy has begun, its end is looked at whatever happens: Ctrl-C does not cut this connection. */
export function withTargetThroughout<T>(tools: Tools, work: (client: Client) => Promise<T>): Promise<T> {
  return withConnection(tools.settings.target, readSession(tools), work)
}

/** Borrows two read-only connections that see the same instant; they are cut when the run is cancelled. */
export function withTargetSnapshot<T>(
  tools: Tools,
  work: (client: Client, other: Client) => Promise<T>,
): Promise<T> {
  return withSnapshot(tools, async (snapshot) => work(snapshot.client, await snapshot.open()))
}

/** Borrows one instant of the target; its connections are cut when the run is cancelled. */
export async function withSnapshot<T>(tools: Tools, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const snapshot = await takeSnapshot(tools.settings.target, readSession(tools))
  const cut = () => void snapshot.release()
  tools.signal.addEventListener('abort', cut, { once: true })
  try {
    return await work(snapshot)
  } finally {
    tools.signal.removeEventListener('abort', cut)
    await snapshot.release()
  }
}

/**
 * Does `work` unless the run is cancelled; then `work` is abandoned at once.
 * @param stopped what to say then
 * @throws InterruptedError
 */
export async function interruptible<T>(
  { signal }: Pick<Tools, 'signal'>,
  work: () => Promise<T>,
  stopped = {
    message: 'the run was stopped before anything was changed',
    hint: 'Run the command again when you are ready.',
  },
): Promise<T> {
  const error = () => new InterruptedError('interrupted', stopped.message, { hint: stopped.hint })
  if (signal.aborted) throw error()
  let onAbort: () => void = () => undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(error())
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work(), aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
