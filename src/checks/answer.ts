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
