import { descendantsOf, readProcesses } from '../processes.js'
import type { FaultScene } from './scene.js'

/** The children of a run, by their command lines. */
export const programs = {
  dump: /\/pg_dump .*--file=/,
  restore: /\/pg_restore /,
  server: /\/postgres -D /,
} as const

const noticeMs = 60

/** Sends the signal, and gives a process that handles it the time to notice. */
export async function signalProcess(processId: number, signal: NodeJS.Signals): Promise<void> {
  process.kill(processId, signal)
  await new Promise((resolve) => setTimeout(resolve, noticeMs))
}

/** Ends the first child of the guard, at any depth, that runs the program; nothing when there is none. */
export async function killChild(guardId: number, program: RegExp, signal: NodeJS.Signals): Promise<void> {
  const found = descendantsOf(guardId, await readProcesses()).find(({ command }) => program.test(command))
  if (found) await signalProcess(found.processId, signal)
}

/** Waits in the background for the child and kills it so long after it was seen. */
export async function killSoon(guardId: number, program: RegExp, delayMs: number): Promise<void> {
  const look = async () => {
    for (let tries = 0; tries < 400; tries += 1) {
      const found = descendantsOf(guardId, await readProcesses()).find(({ command }) => program.test(command))
      if (found) {
        await new Promise((resolve) => setTimeout(resolve, delayMs))
        return process.kill(found.processId, 'SIGKILL')
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return false
  }
  // It may have ended by itself by then.
  void look().catch(() => undefined)
}

/** Ends the sessions of the scene's database with such an application_name. */
export async function endBackends({ database }: FaultScene, applicationName: string): Promise<void> {
  await database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE $1 AND pid <> pg_backend_pid()`,
    [applicationName],
  )
}
