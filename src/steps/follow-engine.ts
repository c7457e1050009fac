import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Plan } from '../domain/plan.js'
import type { Screen } from '../domain/screen.js'
import { type EngineEvent, parseEvents, type RetryReason } from '../prisma/engine-events.js'

const pollMs = 100

/** Shows what the engine host writes into its events file while it works; `stop` reads what came last. */
export function followEngine(path: string, plan: Plan, screen: Screen): { stop(): Promise<void> } {
  let shown = 0
  let busy = false
  const show = async () => {
    if (busy) return
    busy = true
    // What cannot be read now is read when the evidence is gathered; the screen must not end a deploy.
    const events = await readEngineEvents(path).catch(() => [])
    for (const event of events.slice(shown)) showEvent(event, plan, screen)
    shown = Math.max(shown, events.length)
    busy = false
  }
  const timer = setInterval(show, pollMs)
  return {
    stop: async () => {
      clearInterval(timer)
      await show()
      screen.clearProgress()
    },
  }
}

/** Everything the engine host has told so far; nothing when it was never started. */
export async function readEngineEvents(path: string): Promise<EngineEvent[]> {
  return existsSync(path) ? parseEvents(await readFile(path, 'utf8')).events : []
}

const retryWords: Readonly<Record<RetryReason, string>> = {
  'lock-timeout': 'lock_timeout',
  deadlock: 'deadlock',
  serialization: 'others wrote to what it reads or writes',
  'gave-way': 'gave way to sessions that waited',
}

function showEvent(event: EngineEvent, plan: Plan, screen: Screen): void {
  const position = plan.pending.findIndex(({ name }) => name === event.migration) + 1
  const total = plan.pending.length
  const statements = plan.pending[position - 1]?.statements.length ?? 0
  switch (event.type) {
    case 'statement-started':
      screen.progress(
        `migration ${position}/${total} ${event.migration}  statement ${event.statement}/${statements}  ${event.summary}`,
      )
      return
    case 'retry':
      screen.print(
        `  ${event.migration}: ${retryWords[event.reason]}, rolled back; trying again${event.statement === undefined ? '' : ` from statement ${event.statement}`} in ${(event.waitMs / 1000).toFixed(1)} s`,
      )
      return
    case 'migration-finished':
      screen.print(`  ${event.migration}: all statements ran in ${(event.durationMs / 1000).toFixed(1)} s`)
      return
    default:
  }
}
