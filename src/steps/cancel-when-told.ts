import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cancelSessions } from '../postgres/sessions.js'
import { tellToStop } from '../prisma/told-to-stop.js'
import { applicationName, type Tools, withTargetThroughout } from './tools.js'

const cancelPollMs = 200

/** What runs statements on the server; its sessions are named by it. */
export type Work = 'deploy' | 'rehearse' | 'resolve'

/**
 * Does `work`. When the run is cancelled meanwhile, what runs the statements is told by a file to begin nothing more,
 * and the statement that runs on the server is cancelled, so that its transaction rolls back and the work ends by itself;
 * killing processes would leave the server at work.
 */
export async function cancelWhenTold<T>(
  name: Work,
  tools: Tools,
  work: (stopFile: string) => Promise<T>,
): Promise<T> {
  const stopFile = join(tools.scratchFolder, `stop-${name}`)
  let ended = false
  const cancel = async () => {
    tools.screen.print('stopping: cancelling the running statement, its transaction rolls back')
    // Where it cannot be told, cancelling must do.
    await tellToStop(stopFile).catch(() => undefined)
    await withTargetThroughout(tools, async (client) => {
      while (!ended) {
        await cancelSessions(client, applicationName(tools, name))
        await sleep(cancelPollMs)
      }
    })
  }
  const onAbort = () => void cancel().catch(() => undefined)
  if (tools.signal.aborted) onAbort()
  else tools.signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await work(stopFile)
  } finally {
    ended = true
    tools.signal.removeEventListener('abort', onAbort)
  }
}
