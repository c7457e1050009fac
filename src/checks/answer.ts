import type { Reader } from '../domain/reader.js'
import { userSearchPath } from '../sql/search-path.js'

/** A savepoint that is only released keeps the locks: https://www.postgresql.org/docs/current/explicit-locking.html */
const goBack = 'ROLLBACK TO SAVEPOINT question; RELEASE SAVEPOINT question'

/**
 * Asks one question inside a transaction without letting its failure end the transaction. A question that fails
 * becomes a finding `check-not-answered`, which blocks: unknown is never green. Afterwards its locks are given back,
 * on every table that it read and on all their indexes: the lock table has room for some thousands, and the application
 * shares it.
 */
export async function answer<T>(
  reader: Reader,
  ask: () => Promise<T>,
): Promise<T | { error: Error & { code?: string } }> {
  await reader.query('SAVEPOINT question')
  try {
    await limitToTimeLeft(reader)
    const result = await ask()
    await reader.query(goBack)
    return result
  } catch (error) {
    await reader.query(goBack)
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
    // Going back to the savepoint takes it back.
    await reader.query(`SET LOCAL search_path TO ${userSearchPath(schema)}`)
    return ask()
  })
}

/** What waits behind somebody's ACCESS EXCLUSIVE would itself stand in the way of others for that table. */
const lockTimeoutMs = 10_000

/** All questions together may take so many times as long as one, and in any case a minute. */
const questionsAtFullLength = 3
const leastForAllMs = 60_000

/** A server may be set to give a sort or a hash table any amount of memory. */
const mostWorkMemKb = 64 * 1024

/** Files in which a question sorts and hashes what does not fit into memory. */
const mostTemporaryKb = 10 * 1024 * 1024

/** The parts of one question together use no more memory than this, as far as it is up to us. */
const mostMemoryKb = 256 * 1024

/** https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-WORK-MEM */
const leastWorkMemKb = 64

interface Limits {
  /** When the time for all questions is over. */
  readonly endsAt: number
  /** How long each may take. */
  readonly timeoutMs: number
  readonly workMemKb: number
}

const limits = new WeakMap<Reader, Limits>()

/**
 * Limits how long one question may take and wait, how long all of them may take, and what they may use, for as long as
 * the reader's transaction lasts: the server has other work to do. So a question runs in one process, without helpers.
 * Keeps the planner from plans that are quick only if its guesses are right. Over contents that are still to come it can
 * but guess: merge and nested-loop joins were seen to take minutes where a hash join takes seconds, and compiling pays
 * for neither.
 */
export async function limitQuestions(
  reader: Reader,
  timeoutMs: number,
  allMs = Math.max(timeoutMs * questionsAtFullLength, leastForAllMs),
): Promise<void> {
  const settings = {
    lock_timeout: String(lockTimeoutMs),
    jit: 'off',
    enable_mergejoin: 'off',
    enable_nestloop: 'off',
    max_parallel_workers_per_gather: '0',
    hash_mem_multiplier: '1',
  }
  for (const [name, value] of Object.entries(settings)) await set(reader, name, value)
  const workMemKb = await lower(reader, 'work_mem', mostWorkMemKb)
  // Only some roles may set it: https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-TEMP-FILE-LIMIT
  const isAllowed = await answer(reader, () => lower(reader, 'temp_file_limit', mostTemporaryKb))
  if (typeof isAllowed === 'number') await lower(reader, 'temp_file_limit', mostTemporaryKb)
  await set(reader, 'statement_timeout', String(timeoutMs))
  if (timeoutMs > 0) limits.set(reader, { endsAt: performance.now() + allMs, timeoutMs, workMemKb })
}

/** Limits how long each statement of the question that is being asked may take. The way back to its savepoint ends that. */
export async function limitThisQuestion(reader: Reader, timeoutMs: number): Promise<void> {
  await set(reader, 'statement_timeout', String(timeoutMs))
}

async function set(reader: Reader, name: string, value: string): Promise<void> {
  await reader.query('SELECT pg_catalog.set_config($1, $2, true)', [name, value])
}

/** Sets what is counted in kilobytes, where it is more or has no limit. Gives what it is then. */
async function lower(reader: Reader, name: string, mostKb: number): Promise<number> {
  const { rows } = await reader.query(
    'SELECT setting::pg_catalog.int8::float8 AS kb FROM pg_catalog.pg_settings WHERE name OPERATOR(pg_catalog.=) $1',
    [name],
  )
  const kb = Number(rows[0]?.kb ?? -1)
  if (kb >= 0 && kb <= mostKb) return kb
  await set(reader, name, `${mostKb}kB`)
  return mostKb
}

/**
 * Shares the memory of a question out among so many parts, each of which may sort, hash, or keep rows: the server would
 * give each part `work_mem`, and keeps it until the question is answered. To be called inside of `answer`, which takes
 * it back.
 */
export async function shareMemory(reader: Reader, parts: number): Promise<void> {
  const share = Math.max(leastWorkMemKb, Math.floor(mostMemoryKb / parts))
  if (share < (limits.get(reader)?.workMemKb ?? 0)) await reader.query(`SET LOCAL work_mem TO '${share}kB'`)
}

/** Holds the questions of one reader to the limits of another, whose connection it uses. */
export function shareLimits(own: Reader, other: Reader): void {
  const known = limits.get(other)
  if (known !== undefined) limits.set(own, known)
}

/** A question that comes last may not take longer than what is left for all. The savepoint takes the setting back. */
async function limitToTimeLeft(reader: Reader): Promise<void> {
  const known = limits.get(reader)
  if (known === undefined) return
  const leftMs = Math.ceil(known.endsAt - performance.now())
  if (leftMs <= 0) throw new NoTimeLeft()
  if (leftMs < known.timeoutMs) await reader.query(`SET LOCAL statement_timeout TO ${leftMs}`)
}

/** The time for all questions together is over. */
export class NoTimeLeft extends Error {
  constructor() {
    super('the time for all questions together is over')
  }
}
