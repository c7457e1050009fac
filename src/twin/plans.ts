export interface Question {
  readonly sql: string
  /** What stands for `$1` and so on, as text. Such a question is planned once and asked again and again. */
  readonly values?: readonly string[]
}

/** SQLSTATE where a plan is not there any more: `DEALLOCATE ALL` or `DISCARD ALL` was among the statements. */
export const isUnknownName = '26000'

/** In the message of such an error, where the plan is one of ours. */
export const ownPlan = /"guard_\d+"/

/** What of our questions the session has planned. To plan one takes the server longer than to answer it. */
export class Plans {
  readonly #names = new Map<string, string>()
  #prepared = 0
  /** Nothing has run since that may have thrown the plans away. */
  #areThere = true

  /** The commands that ask it; the last one gives the answer. */
  commandsFor({ sql, values }: Question): string[] {
    if (values === undefined) return [sql]
    const known = this.#names.get(sql)
    const name = known ?? `guard_${++this.#prepared}`
    this.#names.set(sql, name)
    const given = values.map((value) => `'${value.replaceAll("'", "''")}'`).join(', ')
    const execute = `EXECUTE ${name}${given && ` (${given})`}`
    return known ? [execute] : [`PREPARE ${name} AS ${sql}`, execute]
  }

  /** The same where a plan that is not there would be mistaken for a failure of somebody else's: then it is not used. */
  safeCommandsFor(question: Question): string[] {
    const { sql, values = [] } = question
    if (this.#areThere) return this.commandsFor(question)
    return [sql.replace(/\$(\d+)/g, (_, number) => `'${values[Number(number) - 1]?.replaceAll("'", "''")}'`)]
  }

  /** Whether it was planned before. */
  has({ sql }: Question): boolean {
    return this.#names.has(sql)
  }

  /** Code has run, or a command that can throw plans away. */
  doubt(): void {
    this.#areThere = false
  }

  /** They were used just now. */
  confirm(): void {
    this.#areThere = true
  }

  /** They are gone. */
  forget(): void {
    this.#names.clear()
    this.#areThere = true
  }
}
