import type { Reader } from '../domain/reader.js'

/**
 * Asks one question inside a transaction without letting its failure end the transaction. A question that fails
 * becomes a finding `check-not-answered`, which blocks: unknown is never green.
 */
export async function answer<T>(
  reader: Reader,
  ask: () => Promise<T>,
): Promise<T | { error: Error & { code?: string } }> {
  await reader.query('SAVEPOINT question')
  try {
    const result = await ask()
    await reader.query('RELEASE SAVEPOINT question')
    return result
  } catch (error) {
    await reader.query('ROLLBACK TO SAVEPOINT question')
    return { error: error as Error & { code?: string } }
  }
}

/** What waits behind somebody's ACCESS EXCLUSIVE would itself stand in the way of others for that table. */
const lockTimeoutMs = 10_000

/**
 * Limits how long one question may take and wait, for as long as the reader's transaction lasts. Compiling queries pays
 * for long plans only, and the forecast's are long without being slow.
 */
export async function limitQuestions(reader: Reader, timeoutMs: number): Promise<void> {
  await reader.query(
    `SELECT pg_catalog.set_config('statement_timeout', $1, true), pg_catalog.set_config('lock_timeout', $2, true),
            pg_catalog.set_config('jit', 'off', true)`,
    [String(timeoutMs), String(lockTimeoutMs)],
  )
}
