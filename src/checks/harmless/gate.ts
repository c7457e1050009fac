import type { Reader } from '../../domain/reader.js'
import { loadParser } from '../../sql/parser.js'
import { namesOfPath } from '../../sql/search-path.js'
import { shareLimits } from '../answer.js'
import { Judge } from './judge.js'
import { readServerCode, type ServerCode } from './server-code.js'

/** Thrown instead of asking the target what could act there. The message says what, and can be shown as a reason. */
export class NotHarmless extends Error {}

/** Gives the judge of what is asked while this is the search path. */
export type JudgeIn = (path: readonly string[]) => Judge

/**
 * The one gate between us and the target: readers that ask only what is known to run nothing but harmless functions.
 * A READ ONLY transaction is not enough: it holds back neither `pg_terminate_backend` nor a function that calls another
 * server. What is refused is thrown as NotHarmless, before the server hears of it: even to plan it would be to run some.
 *
 * @param readers see one and the same catalog, each inside a transaction, and are limited already
 */
export async function gate<Readers extends readonly Reader[]>(
  readers: Readers,
): Promise<{ readers: Readers; judgeIn: JudgeIn }> {
  const [first] = readers
  if (!first) throw new Error('nobody is there to ask')
  const known = gated.get(first)
  if (known) return { readers, judgeIn: known }
  await loadParser()
  const judgeIn = judgesOf(await readServerCode(first))
  return { readers: readers.map((reader) => behind(judgeIn, reader)) as unknown as Readers, judgeIn }
}

/** Readers that are behind the gate already. */
const gated = new WeakMap<Reader, JudgeIn>()

function judgesOf(code: ServerCode): JudgeIn {
  const judges = new Map<string, Judge>()
  return (path) => {
    const judge = judges.get(path.join()) ?? new Judge(code, path)
    judges.set(path.join(), judge)
    return judge
  }
}

/** Follows the search path that its questions are asked in, also back to a savepoint. */
function behind(judgeIn: JudgeIn, reader: Reader): Reader {
  let path: readonly string[] = []
  const saved: (readonly string[])[] = []
  const follow = (sql: string): boolean => {
    if (/^SAVEPOINT \w+$/.test(sql)) saved.push(path)
    else if (/^ROLLBACK TO SAVEPOINT (\w+); RELEASE SAVEPOINT \1$/.test(sql)) path = saved.pop() ?? []
    // What limits a question does nothing else.
    else if (!/^SET LOCAL (?:statement_timeout TO \d+|work_mem TO '\d+kB')$/.test(sql)) {
      const set = /^SET LOCAL search_path TO ([^;]+)$/.exec(sql)?.[1]
      if (set === undefined) return false
      path = namesOfPath(set)
    }
    return true
  }
  const own: Reader = {
    query: async (sql, values) => {
      const reason = follow(sql) ? undefined : judgeIn(path).reasonAgainst(sql)
      if (reason !== undefined) throw new NotHarmless(reason)
      return reader.query(sql, values)
    },
  }
  gated.set(own, judgeIn)
  shareLimits(own, reader)
  return own
}
