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
  /** Its effect on the catalog, if any, is in the twin. False where it is only judged, refused, or not run. */
  readonly isKept: boolean
  /** Whether it is refused is not known from the twin. */
  readonly isOpen: boolean
  /** Why what it does is not known from the twin either, which has undone it: it is as it was before. */
  readonly undone?: string
  /** Tables, as `schema.name`, that it has read where it is code: on the twin they hold no rows of the target. */
  readonly reads: readonly string[]
  /** Tables, as `schema.name`, whose rows an ALTER TABLE writes anew; absent for other statements. */
  readonly rewrites?: readonly string[]
}

/** What code may meet that the twin has not. */
export interface RowsOfTarget {
  /** Whether the target has rows in a table, named `schema.name`. */
  readonly holds: (table: string) => boolean
  /** What the code does to the catalog may depend on the rows that it reads. */
  readonly mayDecide: boolean
}

/** A point to which the twin can be taken back. */
export interface Mark {
  keep(): Promise<void>
  undo(): Promise<void>
}

/** The connection to the twin, e.g. a client of `pg`. */
export interface TwinSession {
  query(sql: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>
}

/** Classes that depend on rows: bad values, keys, what code raises by itself, what a cursor or a query finds. */
const ofRows = /^(21|22|23|24|44|P0|55006)/
/** Trouble of the server that says nothing of the statement: its resources, a time-out, a file of the machine, an error inside. */
const ofServer = /^(08|40|53|57|58|XX)/
/** After these there is no connection any more: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const endsConnection = /^(08|57P0)/
/** COMMIT or ROLLBACK in code that runs in a transaction. */
const endsTransaction = '2D000'

/**
 * A database with the schema of the target and none of its rows, on which the pending statements really run. The server
 * says what each of them does to the catalog, and what it refuses; what becomes of rows it cannot say.
 *
 * The connection is that of the role that deploys, with its settings; nothing else uses the database.
 */
export class Twin {
  #isInTransaction = false
  #lost: string | undefined

  /** @param isOwnServer nobody else uses the server, so that roles may be made there */
  constructor(
    private readonly client: TwinSession,
    private readonly isOwnServer = false,
  ) {}

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

  /** Runs the next statement. What is refused leaves the twin as it was. Says nothing of it once the twin is lost. */
  async run(statement: ParsedStatement, rows: RowsOfTarget = noRows): Promise<Ran> {
    const way = this.#lost === undefined ? wayToRun(statement, this.isOwnServer) : 'not'
    if (way === 'not') return nothing
    if (way === 'transaction') return this.#control(statement)
    if (way === 'code') return this.#runCode(statement, rows)
    const files = statement.kind === 'AlterTableStmt' ? await this.#files() : undefined
    try {
      await this.#inItsPlace(statement.sql, way === 'kept')
      const rewrites = files && changedIn(files, await this.#files())
      return { ...proven, isKept: way === 'kept', ...(rewrites ? { rewrites } : {}) }
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

  /** Takes the twin back to where it is now, or keeps what was done since: one of the two must be called. */
  async mark(): Promise<Mark> {
    const isOwn = !this.#isInTransaction
    await this.#always(isOwn ? 'BEGIN' : 'SAVEPOINT guard_mark')
    this.#isInTransaction = true
    const end = async (sql: string) => {
      await this.#always(sql)
      if (isOwn) this.#isInTransaction = false
    }
    return {
      keep: () => end(isOwn ? 'COMMIT' : 'RELEASE guard_mark'),
      undo: () => end(isOwn ? 'ROLLBACK' : 'ROLLBACK TO guard_mark; RELEASE guard_mark'),
    }
  }

  async #refused(statement: ParsedStatement, error: unknown): Promise<Ran> {
    const refusal = this.#refusalOf(error)
    if (!refusal) return undone((error as Error).message)
    if (!ofRows.test(refusal.sqlstate)) return { ...nothing, isOpen: false, refusal }
    return wayToRun(statement) === 'judged' ? { ...nothing, isOpen: false } : this.#runEmptied(statement)
  }

  /** Undefined where the error says nothing of the statement. */
  #refusalOf(error: unknown): TwinRefusal | undefined {
    const { code: sqlstate, message, table, column } = error as ServerError
    if (sqlstate === undefined || endsConnection.test(sqlstate)) this.giveUp(message)
    if (sqlstate === undefined || ofServer.test(sqlstate)) return undefined
    return {
      sqlstate,
      message,
      ...(table === undefined ? {} : { relation: table }),
      ...(column === undefined ? {} : { column }),
    }
  }

  /** A definition that met rows which earlier statements put in: without them it is refused only for itself. */
  async #runEmptied({ sql }: ParsedStatement): Promise<Ran> {
    try {
      await this.#inItsPlace(emptyAll, true)
      await this.#inItsPlace(sql, true)
      return { isProven: false, isKept: true, isOpen: false, reads: [] }
    } catch (error) {
      const refusal = this.#refusalOf(error)
      if (refusal && /^(21|22|42)/.test(refusal.sqlstate)) return { ...nothing, isOpen: false, refusal }
      return undone((error as Error).message)
    }
  }

  /** In a transaction a savepoint keeps it from ending with a refusal. */
  async #inItsPlace(sql: string, keep: boolean): Promise<void> {
    if (!this.#isInTransaction && keep) {
      await this.client.query(sql)
      return
    }
    const isNested = this.#isInTransaction
    await this.client.query(isNested ? 'SAVEPOINT guard_statement' : 'BEGIN')
    const undo = isNested ? undoStatement : 'ROLLBACK'
    try {
      await this.client.query(sql)
    } catch (error) {
      await this.client.query(undo)
      throw error
    }
    await this.client.query(keep ? 'RELEASE guard_statement' : undo)
  }

  /** Runs code, and looks which tables it has read, also where it ends with an error. */
  async #runCode({ sql }: ParsedStatement, rows: RowsOfTarget): Promise<Ran> {
    const isNested = this.#isInTransaction
    try {
      if (!isNested) await this.client.query('BEGIN')
      const before = await this.#scans()
      await this.client.query('SAVEPOINT guard_statement')
      const error = await this.client.query(sql).then(
        () => undefined,
        (failed: ServerError) => failed,
      )
      if (error) await this.client.query('ROLLBACK TO guard_statement')
      const after = await this.#scans()
      const reads = [...after].filter(([table, scans]) => scans > (before.get(table) ?? 0))
      const ran = this.#codeThatRan(
        reads.map(([table]) => table),
        error,
        rows,
        isNested,
      )
      const end = isNested ? 'RELEASE guard_statement' : 'COMMIT'
      await this.client.query(ran.isKept ? end : isNested ? undoStatement : 'ROLLBACK')
      return ran
    } catch (error) {
      this.giveUp((error as Error).message)
      return nothing
    }
  }

  /** On empty tables code is the same as on the target, unless it has read one that holds rows there. */
  #codeThatRan(
    reads: readonly string[],
    error: ServerError | undefined,
    { holds, mayDecide }: RowsOfTarget,
    isNested: boolean,
  ): Ran {
    const held = reads.find(holds)
    if (!error && mayDecide && held !== undefined)
      return { ...undone(`it may change the catalog by the rows of ${held}`), reads }
    if (!error) return { ...proven, isKept: true, reads }
    // Code that ends its transaction cannot be undone, so that it is not run.
    const isOfOurs = error.code === endsTransaction && !isNested
    const refusal = isOfOurs ? undefined : this.#refusalOf(error)
    if (!refusal) return undone(error.message)
    return held === undefined
      ? { ...nothing, isOpen: false, refusal, reads }
      : { ...undone(`${error.message}, on a copy without the rows of ${held}`), reads }
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
    const isOfSavepoint = /ROLLBACK_TO|RELEASE/.test(kind)
    try {
      if (this.#isInTransaction && isOfSavepoint) await this.client.query('SAVEPOINT guard_statement')
      // READ ONLY and the level of isolation are judged without the twin, which we look at in between.
      await this.client.query(opens(kind) ? 'BEGIN' : sql)
    } catch (error) {
      const refusal = this.#refusalOf(error)
      if (!refusal || !this.#isInTransaction || !isOfSavepoint) {
        this.giveUp((error as Error).message)
        return nothing
      }
      await this.#always(undoStatement)
      return { ...nothing, isOpen: false, refusal }
    }
    if (opens(kind)) this.#isInTransaction = true
    else if (/COMMIT|ROLLBACK$|PREPARE/.test(kind)) this.#isInTransaction = node.chain === true
    return { ...proven, isKept: true }
  }

  /** What must succeed; the twin is lost where it does not. */
  async #always(sql: string): Promise<void> {
    if (this.#lost !== undefined) return
    await this.client.query(sql).catch((error: Error) => this.giveUp(error.message))
  }
}

const nothing: Ran = { isProven: false, isKept: false, isOpen: true, reads: [] }

const proven = { isProven: true, isOpen: false, reads: [] } as const

const noRows: RowsOfTarget = { holds: () => false, mayDecide: false }

const undoStatement = 'ROLLBACK TO guard_statement; RELEASE guard_statement'

function undone(why: string): Ran {
  return { ...nothing, undone: why }
}

function opens(kind: string): boolean {
  return /BEGIN|START/.test(kind)
}

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

/** Every table that holds rows. */
const emptyAll = `DO $$ DECLARE tables text; BEGIN
  SELECT pg_catalog.string_agg(c.oid::pg_catalog.regclass::text, ', ') INTO tables
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
     AND pg_catalog.pg_relation_size(c.oid) > 0;
  IF tables IS NOT NULL THEN EXECUTE 'TRUNCATE ' || tables || ' CASCADE'; END IF;
END $$`
