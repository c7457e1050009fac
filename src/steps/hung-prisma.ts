import { poll } from '../effects/poll.js'
import { withConnection } from '../postgres/connection.js'
import { countSessions } from '../postgres/sessions.js'
import { readSession, type Tools } from './tools.js'

const lookMs = 5_000
/** Longer than any Prisma takes to start and to connect. */
const looksUntilHung = 12
/** A server that does not answer says nothing about Prisma, but one that is away for ten minutes has no session either. */
const looksUntilAway = 120

/**
 * Watches for a Prisma that hangs without being at work: its CLI is known to hang after its end
 * (https://github.com/prisma/orm/issues/29169). `hung` is aborted when it has had no session on the server for a minute;
 * what it has done is then found out as always.
 */
export function watchForHungPrisma(
  applicationName: string,
  tools: Tools,
): { readonly hung: AbortSignal; stop(): void } {
  const controller = new AbortController()
  let without = 0
  let away = 0
  const look = () =>
    withConnection(tools.settings.target, readSession(tools), (client) =>
      countSessions(client, applicationName),
    )
  const stop = poll(lookMs, async () => {
    const sessions = await look().catch(() => undefined)
    away = sessions === undefined ? away + 1 : 0
    without = sessions === 0 ? without + 1 : 0
    if (without >= looksUntilHung || away >= looksUntilAway) controller.abort()
  })
  return { hung: controller.signal, stop }
}
