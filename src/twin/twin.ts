import type { ParsedStatement } from '../sql/parser.js'
import { Looks, type TwinReader, type TwinSession, type Write } from './look.js'
import { isUnknownName, ownPlan, Plans, type Question } from './plans.js'
import { isSeenWhole, runsQuery, wayToRun } from './statement-kinds.js'
import { type StateRow, type TwinLock, Watch, type Work } from './watch.js'

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
  /** Tables, as `schema.name`, whose rows it writes anew; absent where it was not watched. */
  readonly rewrites?: readonly string[]
  /**
   * What it locks and works on; absent where it was not watched. Of a statement about rows what it locks whatever rows there are,
   * and no work.
   */
  readonly locks?: readonly TwinLock[]
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
  readonly #watch = new Watch()
  readonly #writes: Write[] = []
  /** Code has run, of which something may be put off until its transaction ends. */
  #hasRunCode = false
  #lost: string | undefined

  readonly #plans = new Plans()
  readonly #looks: Looks

  /** @param isOwnServer nobody else uses the server, so that roles may be made there */
  constructor(
    private readonly client: TwinSession,
    private readonly isOwnServer = false,
  ) {
    this.#looks = new Looks(client, this.#plans)
  }

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
    this.#watch.begin()
  }

  /** Ends what is open, and gives the session the settings that it began with. */
  async endFile({ keepsSession }: { readonly keepsSession: boolean }): Promise<void> {
    if (this.#lost !== undefined) return
    const end = [
      ...(this.#isInTransaction ? ['COMMIT'] : []),
      ...(keepsSession ? [] : ['RESET ALL', 'RESET SESSION AUTHORIZATION']),
    ]
    this.#isInTransaction = false
    if (end.length > 0) await this.#always(end.join('; '))
    this.#noteEnd()
  }

  /** Runs the next statement. What is refused leaves the twin as it was. Says nothing of it once the twin is lost. */
  async run(statement: ParsedStatement, rows: RowsOfTarget = noRows): Promise<Ran> {
    const way = this.#lost === undefined ? wayToRun(statement, this.isOwnServer) : 'not'
    if (way === 'not') return nothing
    if (way === 'transaction') return this.#control(statement)
    if (throwsPlansAway.has(statement.kind) || way === 'code') this.#plans.doubt()
    if (way === 'code') return this.#runCode(statement, rows)
    if (way === 'judged') return this.#judge(statement)
    try {
      if (isSeenWhole(statement, this.#isInTransaction)) {
        const { locks, rewrites } = await this.#watched(statement)
        return { ...proven, isKept: true, locks, rewrites }
      }
      await this.#inItsPlace(statement.sql)
      return { ...proven, isKept: true }
    } catch (error) {
      return this.#refused(statement, error)
    }
  }

  /** Reads the catalog as the statements so far have left it, with the settings of a session of our own. */
  async look<T>(work: (reader: TwinReader) => Promise<T>): Promise<T> {
    return this.#looks.look(work, this.#isInTransaction, this.#writes)
  }

  /** Takes the twin back to where it is now, or keeps what was done since: one of the two must be called. */
  async mark(): Promise<Mark> {
    const isOwn = !this.#isInTransaction
    await this.#always(isOwn ? 'BEGIN' : 'SAVEPOINT guard_mark')
    this.#isInTransaction = true
    if (isOwn) this.#watch.begin()
    const end = async (sql: string) => {
      await this.#always(sql)
      if (isOwn) this.#isInTransaction = false
      if (isOwn) this.#watch.begin()
    }
    return {
      keep: () => end(isOwn ? 'COMMIT' : 'RELEASE guard_mark'),
      undo: () => {
        this.#forget()
        return end(isOwn ? 'ROLLBACK' : 'ROLLBACK TO guard_mark; RELEASE guard_mark')
      },
    }
  }

  async #refused(statement: ParsedStatement, error: unknown): Promise<Ran> {
    const refusal = this.#refusalOf(error)
    if (!refusal) return undone((error as Error).message)
    if (!isOfRows(refusal, error as ServerError)) return { ...nothing, isOpen: false, refusal }
    return this.#runEmptied(statement)
  }

  /**
   * Runs a statement about rows and takes it back. Then it is only planned: that locks what the server locks for it whatever
   * rows there are.
   */
  async #judge(statement: ParsedStatement): Promise<Ran> {
    const isNested = this.#isInTransaction
    const undo = isNested ? undoStatement : 'ROLLBACK'
    try {
      if (!isNested) this.#watch.begin()
      const start = isNested ? 'SAVEPOINT guard_statement' : 'BEGIN; SAVEPOINT guard_statement'
      let isStarted = false
      const before = await this.#watch.beforeLocks((question) => {
        isStarted = true
        return this.#ask(question, [start])
      })
      if (!isStarted) await this.client.query(start)
      const error = await this.client.query(statement.sql).then(
        () => undefined,
        (failed: ServerError) => failed,
      )
      this.#watch.stir()
      const refusal = error && this.#refusalOf(error)
      if (error && !(refusal && isOfRows(refusal, error))) {
        await this.client.query(undo)
        return refusal ? { ...nothing, isOpen: false, refusal } : undone(error.message)
      }
      const first = plannedOnly(statement, error === undefined)
      const locks = await this.#watch
        .locksAfter(before, (question) => this.#ask(question, first, [undo]))
        .catch(() => this.client.query(undo).then(() => undefined))
      if (!error) return { ...proven, isKept: false, ...(locks ? { locks } : {}) }
      if (locks) return { ...nothing, isOpen: false, locks }
      const isOfText = (await this.#refusalOfText(statement))?.sqlstate === refusal?.sqlstate
      return { ...nothing, isOpen: false, ...(isOfText && refusal ? { refusal } : {}) }
    } catch (error) {
      this.giveUp((error as Error).message)
      return nothing
    }
  }

  /** What the server refuses when it has only read the statement, e.g. a constant that is no value of its type. */
  async #refusalOfText({ sql }: ParsedStatement): Promise<TwinRefusal | undefined> {
    const isNested = this.#isInTransaction
    await this.client.query(isNested ? 'SAVEPOINT guard_statement' : 'BEGIN')
    const error = await this.client.query(`PREPARE guard_read AS ${sql}`).then(
      () => undefined,
      (failed: ServerError) => failed,
    )
    await this.client.query(isNested ? undoStatement : 'ROLLBACK')
    if (error) return this.#refusalOf(error)
    await this.client.query('DEALLOCATE guard_read')
    return undefined
  }

  /** Undefined where the error says nothing of the statement. */
  #refusalOf(error: unknown): TwinRefusal | undefined {
    const { code: sqlstate, message, table, column } = error as ServerError
    const isOfOurs = sqlstate === isUnknownName && ownPlan.test(message)
    if (sqlstate === undefined || isOfOurs || endsConnection.test(sqlstate)) this.giveUp(message)
    if (isOfOurs) return undefined
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
      await this.#inItsPlace(emptyAll)
      await this.#inItsPlace(sql)
      return { isProven: false, isKept: true, isOpen: false, reads: [] }
    } catch (error) {
      const refusal = this.#refusalOf(error)
      if (refusal && /^(21|22|42)/.test(refusal.sqlstate)) return { ...nothing, isOpen: false, refusal }
      return undone((error as Error).message)
    }
  }

  /** Keeps it, and sees what it does to relations. */
  async #watched(statement: ParsedStatement): Promise<Work> {
    const isNested = this.#isInTransaction
    if (!isNested) this.#watch.begin()
    const start = isNested ? 'SAVEPOINT guard_statement' : 'BEGIN'
    let isStarted = false
    const before = await this.#watch.before((question) => {
      isStarted = true
      return this.#ask(question, [start])
    })
    if (!isStarted) await this.client.query(start)
    try {
      await this.client.query(statement.sql)
      const end = isNested ? 'RELEASE guard_statement' : 'COMMIT'
      const work = await this.#watch.after(before, (question) => this.#ask(question, [], [end]), {
        runsQuery: runsQuery(statement),
      })
      this.#note(work.wrote)
      return work
    } catch (error) {
      this.#watch.stir()
      await this.client.query(isNested ? undoStatement : 'ROLLBACK')
      throw error
    }
  }

  /** Keeps it, unwatched. In a transaction a savepoint keeps that from ending with a refusal. */
  async #inItsPlace(sql: string): Promise<void> {
    this.#forget()
    if (!this.#isInTransaction) {
      await this.client.query(sql)
      return
    }
    await this.client.query('SAVEPOINT guard_statement')
    try {
      await this.client.query(sql)
    } catch (error) {
      await this.client.query(undoStatement)
      throw error
    }
    await this.client.query('RELEASE guard_statement')
  }

  /** Runs code, and looks which tables it has read, also where it ends with an error. */
  async #runCode({ sql }: ParsedStatement, rows: RowsOfTarget): Promise<Ran> {
    const isNested = this.#isInTransaction
    try {
      if (!isNested) this.#watch.begin()
      if (!isNested) await this.client.query('BEGIN')
      const before = await this.#watch.before((question) => this.#ask(question))
      await this.client.query('SAVEPOINT guard_statement')
      const error = await this.client.query(sql).then(
        () => undefined,
        (failed: ServerError) => failed,
      )
      if (error) await this.client.query('ROLLBACK TO guard_statement')
      const { locks, rewrites, reads, wrote } = await this.#watch.after(
        before,
        (question) => this.#ask(question),
        {
          runsQuery: true,
          isUndone: error !== undefined,
        },
      )
      const ran = this.#codeThatRan(reads, error, rows, isNested)
      if (ran.isKept) this.#note(wrote)
      else this.#forget()
      this.#hasRunCode = true
      const end = isNested ? 'RELEASE guard_statement' : 'COMMIT'
      await this.client.query(ran.isKept ? end : isNested ? undoStatement : 'ROLLBACK')
      return error ? ran : { ...ran, locks, rewrites }
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

  /** The row that a question gives, asked between other commands; none of the last ones gives any. */
  async #ask(
    question: Question,
    first: readonly string[] = [],
    last: readonly string[] = [],
  ): Promise<StateRow> {
    const commands = [...first, ...this.#plans.safeCommandsFor(question), ...last]
    const results = [await this.client.query(commands.join('; '))].flat()
    return results.findLast(({ rows }) => rows.length > 0)?.rows[0] ?? {}
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
    if (/ROLLBACK|PREPARED?$/.test(kind)) this.#forget()
    if (/COMMIT/.test(kind)) this.#noteEnd()
    if (!/SAVEPOINT|RELEASE|ROLLBACK_TO/.test(kind)) this.#watch.begin()
    return { ...proven, isKept: true }
  }

  #note(wrote: readonly string[] | undefined): void {
    this.#writes.push(wrote && new Set(wrote))
  }

  /** Something has run that was not watched, or was undone. */
  #forget(): void {
    this.#watch.forget()
    this.#writes.push(undefined)
  }

  /** A transaction ends: a trigger that was put off may have run. */
  #noteEnd(): void {
    if (this.#hasRunCode) this.#writes.push(undefined)
    this.#hasRunCode = false
  }

  /** What must succeed; the twin is lost where it does not. */
  async #always(sql: string): Promise<void> {
    if (this.#lost !== undefined) return
    await this.client.query(sql).catch((error: Error) => this.giveUp(error.message))
  }
}

/** A policy that refuses a row may read others. */
function isOfRows({ sqlstate }: TwinRefusal, { routine }: ServerError): boolean {
  return ofRows.test(sqlstate) || (sqlstate === '42501' && routine === 'ExecWithCheckOptions')
}

/** In the place of a statement that has run. For TRUNCATE nothing is planned, so that it is looked at as it is. */
function plannedOnly({ kind, sql }: ParsedStatement, hasRun: boolean): string[] {
  const goBack = 'ROLLBACK TO guard_statement'
  if (kind === 'TruncateStmt') return hasRun ? [] : [goBack]
  return [goBack, `EXPLAIN (COSTS OFF) ${sql}\n`]
}

const nothing: Ran = { isProven: false, isKept: false, isOpen: true, reads: [] }

const proven = { isProven: true, isOpen: false, reads: [] } as const

const noRows: RowsOfTarget = { holds: () => false, mayDecide: false }

const throwsPlansAway: ReadonlySet<string> = new Set(['DiscardStmt', 'DeallocateStmt'])

const undoStatement = 'ROLLBACK TO guard_statement; RELEASE guard_statement'

function undone(why: string): Ran {
  return { ...nothing, undone: why }
}

function opens(kind: string): boolean {
  return /BEGIN|START/.test(kind)
}

interface ServerError extends Error {
  readonly code?: string
  readonly table?: string
  readonly column?: string
  /** The function of the server that has raised it. */
  readonly routine?: string
}

/** Every table that holds rows. */
const emptyAll = `DO $$ DECLARE tables text; BEGIN
  SELECT pg_catalog.string_agg(c.oid::pg_catalog.regclass::text, ', ') INTO tables
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
     AND pg_catalog.pg_relation_size(c.oid) > 0;
  IF tables IS NOT NULL THEN EXECUTE 'TRUNCATE ' || tables || ' CASCADE'; END IF;
END $$`
