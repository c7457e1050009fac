import type { Reader } from '../domain/reader.js'
import { ownSearchPath } from '../sql/search-path.js'
import { isUnknownName, Plans, type Question } from './plans.js'

type Row = Record<string, unknown>

/** The connection to the twin, e.g. a client of `pg`. */
export interface TwinSession {
  query(sql: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>
}

/** Of `watchedCatalogs`, those that something has written to; undefined where something was done, or undone, that is not counted. */
export type Write = ReadonlySet<string> | undefined

/** Reads the catalog of the twin as the statements so far have left it. */
export interface TwinReader extends Reader {
  /**
   * The answers to several questions, asked in one go.
   * @param isLast nothing else is asked at this look, which spares the server a command
   */
  together(questions: readonly Question[], isLast?: boolean): Promise<Row[][]>
  /** What is read may be undone, by a rollback. */
  readonly mayBeUndone: boolean
  /** What was done to the twin so far, one after the other; absent where that is not noted. */
  readonly writes?: readonly Write[]
}

const settings = [
  `SET LOCAL search_path = ${ownSearchPath}`,
  'SET LOCAL jit = off',
  'SET LOCAL plan_cache_mode = force_generic_plan',
]

/** Looks at the twin between the statements, on the same session, with settings of our own. */
export class Looks {
  constructor(
    private readonly client: TwinSession,
    private readonly plans = new Plans(),
  ) {}

  async look<T>(
    work: (reader: TwinReader) => Promise<T>,
    inTransaction: boolean,
    writes?: readonly Write[],
  ): Promise<T> {
    const open = inTransaction ? 'SAVEPOINT guard_look' : 'BEGIN READ ONLY'
    const close = inTransaction ? 'ROLLBACK TO guard_look; RELEASE guard_look' : 'ROLLBACK'
    let isOpen = false
    const send = async (questions: readonly Question[], isLast: boolean): Promise<Row[][]> => {
      const commands = questions.map((one) => this.plans.commandsFor(one))
      const before = isOpen ? [] : [open, ...settings]
      isOpen = true
      const after = isLast ? [close] : []
      const results = [await this.client.query([...before, ...commands.flat(), ...after].join(';\n'))].flat()
      isOpen = !isLast
      // PREPARE and EXECUTE both give a result, and only the last one of a question is its answer.
      const ends = commands.map((_, i) => commands.slice(0, i + 1).flat().length)
      return ends.map((end) => results[before.length + end - 1]?.rows ?? [])
    }
    const together = async (questions: readonly Question[], isLast = false): Promise<Row[][]> => {
      try {
        const isOnPlan = questions.some((one) => this.plans.has(one))
        const answers = await send(questions, isLast)
        if (isOnPlan) this.plans.confirm()
        return answers
      } catch (error) {
        if ((error as { code?: string }).code !== isUnknownName) throw error
        this.plans.forget()
        await this.client.query(close)
        isOpen = false
        return send(questions, isLast)
      }
    }
    const reader: TwinReader = {
      together,
      mayBeUndone: inTransaction,
      ...(writes ? { writes } : {}),
      query: async (sql, values) => ({
        rows: (await together([{ sql, ...(values ? { values: values as string[] } : {}) }]))[0] ?? [],
      }),
    }
    try {
      return await work(reader)
    } finally {
      if (isOpen) await this.client.query(close)
    }
  }
}
