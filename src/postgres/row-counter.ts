const newline = 0x0a
const backslash = 0x5c
const dot = 0x2e

/**
 * Counts the rows of each table in a script of pg_restore while it streams by: the lines between
 * `COPY schema.table (…) FROM stdin;` and `\\.`. Of a row it keeps nothing but its first two bytes, so a row may be of
 * any size. The script must be of the data section only, so that no function body can look like a COPY.
 */
export class RowCounter {
  /** By `schema.table` as pg_restore prints it: in double quotes where SQL needs them. */
  readonly counts = new Map<string, number>()
  #table: string | undefined
  #rows = 0
  /** Outside a table: the statement so far. A name may hold newlines, so it may go over several lines. */
  #statement = ''
  /** The part of the line that has come: all of it outside a table, else its first two bytes. */
  #begun: Buffer = Buffer.alloc(0)
  #length = 0

  add(chunk: Buffer): void {
    let from = 0
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      this.#take(chunk, from, at)
      this.#endLine()
      from = at + 1
    }
    this.#take(chunk, from, chunk.length)
  }

  #take(chunk: Buffer, from: number, to: number): void {
    const wanted = this.#table === undefined ? to : Math.min(to, from + 2)
    if (wanted > from && (this.#table === undefined || this.#length < 2))
      this.#begun = Buffer.concat([this.#begun, chunk.subarray(from, wanted)])
    this.#length += to - from
  }

  #endLine(): void {
    const begun = this.#begun
    const isEnd = this.#length === 2 && begun[0] === backslash && begun[1] === dot
    this.#begun = Buffer.alloc(0)
    this.#length = 0
    if (this.#table === undefined) this.#beginTable(begun.toString('utf8'))
    else if (!isEnd) this.#rows += 1
    else {
      this.counts.set(this.#table, (this.counts.get(this.#table) ?? 0) + this.#rows)
      this.#table = undefined
      this.#rows = 0
    }
  }

  #beginTable(line: string): void {
    if (this.#statement === '' && !line.startsWith('COPY ')) return
    this.#statement += this.#statement === '' ? line : `\n${line}`
    if (!this.#statement.endsWith(' FROM stdin;')) return
    // A table without columns has no list of them.
    const name = /^COPY ((?:"(?:[^"]|"")*"|[^\s."(]+)\.(?:"(?:[^"]|"")*"|[^\s."(]+)) /.exec(this.#statement)
    this.#table = name?.[1]
    this.#statement = ''
  }
}
