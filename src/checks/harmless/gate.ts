import type { Reader } from '../../domain/reader.js'
import { loadParser } from '../../sql/parser.js'
import { Judge } from './judge.js'
import { readServerCode } from './server-code.js'

/** Thrown instead of asking the target what could act there. The message says what, and can be shown as a reason. */
export class NotHarmless extends Error {}

/**
 * The one gate between us and the target: readers that ask only what is known to run nothing but harmless functions.
 * A READ ONLY transaction is not enough: it holds back neither `pg_terminate_backend` nor a function that calls another
 * server. What is refused is thrown as NotHarmless, before the server hears of it: even to plan it would be to run some.
 *
 * @param readers see one and the same catalog
 */
export async function gate<Readers extends readonly Reader[]>(
  readers: Readers,
): Promise<{ readers: Readers; judge: Judge }> {
  const [first] = readers
  if (!first) throw new Error('nobody is there to ask')
  const known = gated.get(first)
  if (known) return { readers, judge: known }
  await loadParser()
  const judge = new Judge(await readServerCode(first))
  return { readers: readers.map((reader) => behind(judge, reader)) as unknown as Readers, judge }
}

/** Readers that are behind the gate already. */
const gated = new WeakMap<Reader, Judge>()

function behind(judge: Judge, reader: Reader): Reader {
  const own: Reader = {
    query: async (sql, values) => {
      const reason = isSavepoint.test(sql) ? undefined : judge.reasonAgainst(sql)
      if (reason !== undefined) throw new NotHarmless(reason)
      return reader.query(sql, values)
    },
  }
  gated.set(own, judge)
  return own
}

/** What keeps the failure of one question from ending the transaction. */
const isSavepoint = /^(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) \w+$/
