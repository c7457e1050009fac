import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startThrowAwayCluster } from '../../dist/postgres/throw-away-cluster.js'
import { allEnded } from './run.mjs'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Lends `work` a throw-away server, a temporary folder and a signal that says when to stop. All of it is gone
 * afterwards, also when the work fails and on Ctrl-C. Sets the exit code.
 */
export async function onStage(work) {
  const stopping = new AbortController()
  const stop = (name) => stopping.abort(name)
  for (const name of signals) process.on(name, stop)
  try {
    await withFolder((folder) =>
      withServer(stopping.signal, (url) => work({ url, folder, signal: stopping.signal })),
    )
  } catch (error) {
    // What a stopped server makes of the work is no news.
    if (!stopping.signal.aborted) console.error(error instanceof Unexpected ? `\n${error.message}` : error)
    process.exitCode = 1
  } finally {
    for (const name of signals) process.off(name, stop)
  }
  if (!stopping.signal.aborted) return
  console.error(`\nstopped by ${stopping.signal.reason}; nothing is left behind`)
  process.exitCode = 128 + constants.signals[stopping.signal.reason]
}

/** Something came out otherwise than the story goes; the message is a sentence. */
export class Unexpected extends Error {}

async function withFolder(work) {
  // The temporary folder itself may be a link (macOS), and programs print where they really are.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'migrate-guard-crm-')))
  try {
    await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function withServer(signal, work) {
  const server = await startThrowAwayCluster()
  // Once the programs that use it have ended in order, the server's end stops whatever else is at work on it.
  const stop = () => allEnded().then(server.stop)
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    await work(server.url)
  } finally {
    await stop()
  }
}
