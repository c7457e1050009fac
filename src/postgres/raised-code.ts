import pg from 'pg'
import { type RaisedPlace, type RaisedWords, raisedPlace } from '../domain/raised.js'
import { loadParser } from '../sql/parser.js'
import { codeOf, raisedWordsAt } from '../sql/raised-words.js'
import { ownSearchPath } from '../sql/search-path.js'

/** Reads the definitions of functions and procedures of that name; what it throws is that they cannot be read. */
export type ReadDefinitions = (place: RaisedPlace) => Promise<string[]>

/** What a session has sent that makes functions: the transaction that failed takes them away again. */
export class SentCode {
  #texts: string[] = []
  #characters = 0

  add(sql: string): void {
    if (sql.length > mostCharacters || !/\b(function|procedure)\b/i.test(sql)) return
    this.#texts.push(sql)
    this.#characters += sql.length
    while (this.#characters > mostCharacters) this.#characters -= this.#texts.shift()?.length ?? 0
  }

  /** The newest first. */
  definitionsOf(name: string): string[] {
    return this.#texts
      .filter((sql) => sql.includes(name))
      .reverse()
      .flatMap((sql) => codeOf(sql, name))
  }
}

const mostCharacters = 5_000_000

/**
 * What can be raised at the place that the CONTEXT of an error names: by the statement that was sent, by a function that the
 * session has made, or by one of the database. Empty where nothing is known of it.
 * @param sql the statement that failed
 */
export async function findRaisedWords(
  where: string | undefined,
  { sql, sent, read }: { readonly sql: string; readonly sent: SentCode; readonly read: ReadDefinitions },
): Promise<RaisedWords[]> {
  const place = raisedPlace(where)
  if (place === undefined) return []
  try {
    await loadParser()
    const wordsIn = (code: readonly string[]) => code.flatMap((text) => raisedWordsAt(text, place.line))
    if (place.name === undefined)
      return wordsIn(codeOf(sql, undefined)).map((words) => ({ ...words, isOwn: true }))
    const made = wordsIn(sent.definitionsOf(place.name))
    return made.length > 0 ? made : wordsIn(await read(place))
  } catch {
    // The words then stay hidden.
    return []
  }
}

const timeoutMs = 5_000
const mostRoutines = 50

/**
 * Reads them on a connection of its own, because the one that has failed is in a transaction that takes no more questions. The
 * server lets it write nothing, and it waits for nobody.
 * @param config of the connection that has failed
 */
export function definitionsReader(config: pg.ClientConfig): ReadDefinitions {
  return async ({ name, schema }) => {
    const own = `-c search_path=${ownSearchPath.replaceAll(' ', '\\ ')} -c default_transaction_read_only=on`
    const client = new pg.Client({
      ...config,
      // A pool hides it from such a copy.
      password: config.password,
      application_name: 'migrate-guard reader',
      options: `${config.options ?? ''} ${own} -c lock_timeout=${timeoutMs} -c statement_timeout=${timeoutMs}`,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
    })
    client.on('error', () => undefined)
    try {
      await client.connect()
      const { rows } = await client.query(definitionsQuery, [name, schema ?? null])
      return rows.map(({ definition }) => definition)
    } finally {
      void client.end().catch(() => undefined)
    }
  }
}

/** Operators are named with their schema: a pooler may have dropped the search_path. */
const definitionsQuery = `
  SELECT pg_catalog.pg_get_functiondef(p.oid) AS definition
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
    JOIN pg_catalog.pg_language l ON l.oid OPERATOR(pg_catalog.=) p.prolang
   WHERE p.proname OPERATOR(pg_catalog.=) $1::pg_catalog.name AND l.lanname OPERATOR(pg_catalog.=) 'plpgsql'
     AND ($2::pg_catalog.text IS NULL OR n.nspname OPERATOR(pg_catalog.=) $2::pg_catalog.name)
     AND p.prokind OPERATOR(pg_catalog.=) ANY ('{f,p}'::pg_catalog."char"[])
     AND pg_catalog.length(p.prosrc) OPERATOR(pg_catalog.<) 500000
   ORDER BY p.oid LIMIT ${mostRoutines}`
