import { appendFileSync } from 'node:fs'
import { basename } from 'node:path'
import { isLong } from './long.js'

/** Everything is tried by `npm run test:hostile`, a sample of it by `npm test`. */
export const triesAll = isLong

/** For all that a file tries; a single try may not take long. */
export const hostileTimeoutMs = triesAll ? 3_600_000 : 240_000

/** One row of the table in docs/security.md. */
export interface HostileRow {
  /** Counts tries that held: to be called when the expectations are met. A promise that is broken is a failed test. */
  held(count?: number): void
}

/**
 * Opens a row of the table in docs/security.md. `npm run test:hostile` adds up what the tests of a file say that held.
 * @param file `import.meta.url` of the test: its name is the group by which the command tries it
 * @param promise one sentence without a full stop, the first column of the table
 */
export function hostileRow(file: string, promise: string): HostileRow {
  const group = basename(file).replace('.test.ts', '')
  return {
    held: (count = 1) => {
      const log = process.env.MIGRATE_GUARD_HOSTILE_LOG
      if (log) appendFileSync(log, `${JSON.stringify({ group, promise, count })}\n`)
    },
  }
}

/** All of them where everything is tried, else every n-th, so that the sample has `count` of them. */
export function sampleOf<T>(all: readonly T[], count: number): T[] {
  if (triesAll || all.length <= count) return [...all]
  const step = all.length / count
  return Array.from({ length: count }, (_, i) => all[Math.floor(i * step)] as T)
}
