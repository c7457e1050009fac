import type { Reader } from '../domain/reader.js'
import type { ParsedStatement } from '../sql/parser.js'
import { ownSearchPath } from '../sql/search-path.js'
import { wayToRun } from './statement-kinds.js'

/** Why the server refuses a statement. */
export interface TwinRefusal {
  /** https://www.postgresql.org/docs/current/errcodes-appendix.html */
  readonly sqlstate: string
  readonly message: string
  /** What it is about, as far as the server names it beside its message. */
  readonly relation?: string
  readonly column?: string
}

/** What a statement did on the twin. */
export interface Ran {
  /** It is refused, whatever rows there are. */
  readonly refusal?: TwinRefusal
  /** It ran to its end: names, types, privileges and constants are right. */
  readonly isProven: boolean
  /** Its effect on the catalog, if any, is in the twin. False where it is only judged, or not run. */
  readonly isKept: boolean
  /** Tables, as `schema.name`, that it has read where it is code: on the twin they hold no rows of the target. */
  readonly reads: readonly string[]
  /** Tables, as `schema.name`, whose rows an ALTER TABLE writes anew; absent for other statements. */
  readonly rewrites?: readonly string[]
}

/** The connection to the twin, e.g. a client of `pg`. */
export interface TwinSession {
  query(sql: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>
}

/** Classes that depend on rows: bad values, keys, what code raises by itself, what a cursor or a query finds. */
const ofRows = /^(21|22|23|24|44|P0|55006)/
/** Trouble of the server that says nothing of the statement: the connection, its resources, a time-out, an error inside. */
const ofServer = /^(08|40|53|57|58|XX)/

/**
 * A database with the schema of the target and none of its rows, on which the pending statements really run. The server
 * says what each of them does to the catalog, and what it refuses; what becomes of rows it cannot say.
 *
 * The connection is that of the role that deploys, with its settings; nothing else uses the database.
 */
export class Twin {
  #isInTransaction = false
  #lost: string | undefined

  constructor(private readonly client: TwinSession) {}

  /** Why the twin is not what the target will be any more; undefined while it is. */
  get lost(): string | undefined {
    return this.#lost
  }

  /** From here on it is not asked: what it did last is not what the target will do, or not known to be. */
  giveUp(reason: string): void {
    this.#lost ??= reason
  }

  /** @param begin the statement that opens the one transaction of the file; absent where each runs as it is written */
  async beginFile(begin?: string): Promise<void> {
    if (this.#lost !== undefined) return
    if (begin !== undefined) await this.#always(begin)
    this.#isInTransaction = begin !== undefined
  }

  /** Ends what is open, and gives the session the settings that it began with. */
  async endFile({ keepsSession }: { readonly keepsSession: boolean }): Promise<void> {
    if (this.#lost !== undefined) return
    if (this.#isInTransaction) await this.#always('COMMIT')
    this.#isInTransaction = false
    if (!keepsSession) await this.#always('RESET ALL; RESET SESSION AUTHORIZATION')
  }

  /** Runs the next statement. Says nothing of it once the twin is lost. */
  async run(statement: ParsedStatement): Promise<Ran> {
    const way = this.#lost === undefined ? wayToRun(statement) : 'not'
    if (way === 'not') return nothing
    if (way === 'transaction') return this.#control(statement)
    const files = statement.kind === 'AlterTableStmt' ? await this.#files() : undefined
    try {
      const reads = await this.#inItsPlace(statement.sql, { keep: way !== 'judged', watch: way === 'code' })
      const rewrites = files && changedIn(files, await this.#files())
      return { isProven: true, isKept: way !== 'judged', reads, ...(rewrites ? { rewrites } : {}) }
    } catch (error) {
      return this.#refused(statement, error)
    }
  }

  /** Reads the catalog as the statements so far have left it, with the settings of a session of our own. */
  async look<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    const reader: Reader = { query: (sql, values) => this.client.query(sql, values && [...values]) }
    await this.client.query(this.#isInTransaction ? 'SAVEPOINT guard_look' : 'BEGIN READ ONLY')
    try {
      await this.client.query(`SET LOCAL search_path = ${ownSearchPath}; SET LOCAL jit = off`)
      return await work(reader)
    } finally {
      await this.client.query(
        this.#isInTransaction ? 'ROLLBACK TO guard_look; RELEASE guard_look' : 'ROLLBACK',
      )
    }
  }

  async #refused(statement: ParsedStatement, error: unknown): Promise<Ran> {
    const { code: sqlstate, message, table, column } = error as ServerError
    if (sqlstate === undefined || ofServer.test(sqlstate)) {
      this.giveUp(message)
      return nothing
    }
    const way = wayToRun(statement)
    if (way === 'code') {
      this.giveUp(`${message}, on a copy without rows`)
      return nothing
    }
    if (!ofRows.test(sqlstate)) return { ...nothing, refusal: refusalOf(sqlstate, message, table, column) }
    if (way === 'judged') return nothing
    return this.#runEmptied(statement)
  }

  /** A definition that met rows which earlier statements put in: without them it is refused only for itself. */
  async #runEmptied({ sql }: ParsedStatement): Promise<Ran> {
    try {
      await this.#inItsPlace(emptyAll, { keep: true, watch: false })
      await this.#inItsPlace(sql, { keep: true, watch: false })
      return { isProven: false, isKept: true, reads: [] }
    } catch (error) {
      const { code: sqlstate = '', message, table, column } = error as ServerError
      if (/^(21|22|42)/.test(sqlstate))
        return { ...nothing, refusal: refusalOf(sqlstate, message, table, column) }
      this.giveUp(message)
      return nothing
    }
  }

  /** In a transaction a savepoint keeps it from ending with a refusal. */
  async #inItsPlace(sql: string, { keep, watch }: { keep: boolean; watch: boolean }): Promise<string[]> {
    if (!this.#isInTransaction && keep && !watch) {
      await this.client.query(sql)
      return []
    }
    const isNested = this.#isInTransaction
    await this.client.query(isNested ? 'SAVEPOINT guard_statement' : 'BEGIN')
    const undo = isNested ? 'ROLLBACK TO guard_statement; RELEASE guard_statement' : 'ROLLBACK'
    try {
      const before = watch ? await this.#scans() : new Map<string, number>()
      await this.client.query(sql)
      const after = watch ? await this.#scans() : new Map<string, number>()
      await this.client.query(keep ? (isNested ? 'RELEASE guard_statement' : 'COMMIT') : undo)
      return [...after].filter(([table, scans]) => scans > (before.get(table) ?? 0)).map(([table]) => table)
    } catch (error) {
      await this.client.query(undo)
      throw error
    }
  }

  /** By table: how often this transaction has read it. */
  async #scans(): Promise<Map<string, number>> {
    const { rows } = await this.client.query(
      `SELECT schemaname || '.' || relname AS table, (coalesce(seq_scan, 0) + coalesce(idx_scan, 0))::float8 AS scans
         FROM pg_catalog.pg_stat_xact_user_tables`,
    )
    return new Map(rows.map(({ table, scans }) => [table as string, scans as number]))
  }

  /** By table: the file that holds its rows. */
  async #files(): Promise<Map<string, number>> {
    const { rows } = await this.client.query(
      `SELECT n.nspname || '.' || c.relname AS table, c.relfilenode::int8::float8 AS file
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`,
    )
    return new Map(rows.map(({ table, file }) => [table as string, file as number]))
  }

  async #control({ sql, node }: ParsedStatement): Promise<Ran> {
    const kind: string = node.kind
    try {
      await this.client.query(sql)
    } catch (error) {
      this.giveUp((error as Error).message)
      return nothing
    }
    if (/BEGIN|START/.test(kind)) this.#isInTransaction = true
    else if (/COMMIT|ROLLBACK$|PREPARE/.test(kind)) this.#isInTransaction = node.chain === true
    return { isProven: true, isKept: true, reads: [] }
  }

  /** What must succeed; the twin is lost where it does not. */
  async #always(sql: string): Promise<void> {
    if (this.#lost !== undefined) return
    await this.client.query(sql).catch((error: Error) => this.giveUp(error.message))
  }
}

const nothing: Ran = { isProven: false, isKept: false, reads: [] }

function changedIn(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string[] {
  return [...after]
    .filter(([table, file]) => before.has(table) && before.get(table) !== file)
    .map(([table]) => table)
}

interface ServerError extends Error {
  readonly code?: string
  readonly table?: string
  readonly column?: string
}

function refusalOf(sqlstate: string, message: string, relation?: string, column?: string): TwinRefusal {
  return {
    sqlstate,
    message,
    ...(relation === undefined ? {} : { relation }),
    ...(column === undefined ? {} : { column }),
  }
}

/** Every table that holds rows. */
const emptyAll = `DO $$ DECLARE tables text; BEGIN
  SELECT pg_catalog.string_agg(c.oid::pg_catalog.regclass::text, ', ') INTO tables
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
     AND pg_catalog.pg_relation_size(c.oid) > 0;
  IF tables IS NOT NULL THEN EXECUTE 'TRUNCATE ' || tables || ' CASCADE'; END IF;
END $$`
