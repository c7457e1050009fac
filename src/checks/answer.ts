import type { Reader } from '../domain/reader.js'
import { ownSearchPath, userSearchPath } from '../sql/search-path.js'

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

/**
 * The same for a question that holds SQL of the user's, which means what it means in a migration: the schema of the URL is
 * searched. Whatever of the question is ours must name the schema of its operators and functions.
 */
export function answerForUser<T>(
  reader: Reader,
  schema: string,
  ask: () => Promise<T>,
): Promise<T | { error: Error & { code?: string } }> {
  return answer(reader, async () => {
    await setSearchPath(reader, userSearchPath(schema))
    const result = await ask()
    // After a failure the savepoint takes it back.
    await setSearchPath(reader, ownSearchPath)
    return result
  })
}

async function setSearchPath(reader: Reader, path: string): Promise<void> {
  await reader.query(`SET LOCAL search_path TO ${path}`)
}

/** What waits behind somebody's ACCESS EXCLUSIVE would itself stand in the way of others for that table. */
const lockTimeoutMs = 10_000

/**
 * Limits how long one question may take and wait, for as long as the reader's transaction lasts, and keeps the planner
 * from plans that are quick only if its guesses are right. Over contents that are still to come it can but guess: merge
 * and nested-loop joins were seen to take minutes where a hash join takes seconds, and compiling pays for neither.
 */
export async function limitQuestions(reader: Reader, timeoutMs: number): Promise<void> {
  const settings = {
    statement_timeout: String(timeoutMs),
    lock_timeout: String(lockTimeoutMs),
    jit: 'off',
    enable_mergejoin: 'off',
    enable_nestloop: 'off',
  }
  for (const [name, value] of Object.entries(settings)) {
    await reader.query('SELECT pg_catalog.set_config($1, $2, true)', [name, value])
  }
}
