const newline = 0x0a

/**
 * Counts the rows of each table in a script of pg_restore while it streams by: the lines between
 * `COPY schema.table (…) FROM stdin;` and `\.`. Holds no more than one line in memory. The script must be of the data
 * section only, so that no function body can look like a COPY.
 */
export class RowCounter {
  readonly counts = new Map<string, number>()
  #table: string | undefined
  #rows = 0
  /** The beginning of a line whose end has not come yet. */
  #partial: Buffer = Buffer.alloc(0)

  add(chunk: Buffer): void {
    let from = 0
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      this.#line(chunk, from, at)
      from = at + 1
    }
    this.#partial = this.#partial.length
      ? Buffer.concat([this.#partial, chunk.subarray(from)])
      : Buffer.from(chunk.subarray(from))
  }

  #line(chunk: Buffer, from: number, to: number): void {
    if (this.#partial.length > 0) {
      const whole = Buffer.concat([this.#partial, chunk.subarray(from, to)])
      this.#partial = Buffer.alloc(0)
      this.#line(whole, 0, whole.length)
    } else if (this.#table === undefined) {
      const copy = /^COPY (.+) \(.*\) FROM stdin;$/.exec(chunk.toString('utf8', from, to))
      this.#table = copy?.[1]
    } else if (to - from === 2 && chunk[from] === 0x5c && chunk[from + 1] === 0x2e) {
      this.counts.set(this.#table, (this.counts.get(this.#table) ?? 0) + this.#rows)
      this.#table = undefined
      this.#rows = 0
    } else {
      this.#rows += 1
    }
  }
}
