import { StringDecoder } from 'node:string_decoder'
import { maskText } from '../domain/quoted-values.js'
import { showsValues } from '../effects/shown-values.js'

/** How far pg_restore is. */
export interface RestoreProgress {
  /** `schema`: tables without rows. `rows`: their content. `indexes`: indexes, constraints, triggers, grants. */
  readonly phase: 'schema' | 'rows' | 'indexes' | 'statistics'
  readonly tablesDone: number
  readonly bytesDone: number
  readonly bytesTotal: number
  /** Of the phase `rows`; missing where nothing can be said. */
  readonly remainingMs?: number
}

const keptLines = 200

/**
 * Reads what `pg_restore --verbose` says on its standard error: progress, and at the end the failure. pg_dump says the
 * same of the tables that it begins and finishes.
 */
export class RestoreOutput {
  readonly #sizesBytes: ReadonlyMap<string, number>
  readonly #onProgress: (progress: RestoreProgress) => void
  readonly #started = performance.now()
  readonly #bytesTotal: number
  readonly #jobs: number
  readonly #begun: string[] = []
  readonly #lines: string[] = []
  readonly #decoder = new StringDecoder('utf8')
  #unfinishedLine = ''
  #tablesDone = 0
  #bytesDone = 0

  /**
   * @param sizesBytes size of each table by `schema.name`, to estimate the time left.
   * @param jobs how many tables are at work at the same time.
   */
  constructor(
    sizesBytes: ReadonlyMap<string, number>,
    jobs: number,
    onProgress: (progress: RestoreProgress) => void = () => undefined,
  ) {
    this.#jobs = jobs
    this.#sizesBytes = sizesBytes
    this.#onProgress = onProgress
    this.#bytesTotal = [...sizesBytes.values()].reduce((sum, size) => sum + size, 0)
  }

  add(chunk: Buffer): void {
    const lines = (this.#unfinishedLine + this.#decoder.write(chunk)).split('\n')
    this.#unfinishedLine = lines.pop() ?? ''
    for (const line of lines) this.#read(line)
  }

  /** The last lines, where a failure stands; without the values of rows, unless they may be shown. */
  get lastLines(): readonly string[] {
    const lines = [...this.#lines, this.#unfinishedLine].filter(Boolean)
    return showsValues() ? lines : maskText(lines.join('\n')).split('\n')
  }

  #read(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length > keptLines) this.#lines.shift()
    // Each process writes its name and its message apart, so lines of several run into each other: "pg_dump:pg_dump: …".
    const begun = /(?:^|:) *(?:processing data for|dumping contents of) table "(.*)"$/.exec(line)?.[1]
    // Only parallel jobs say it. One job alone is done with its tables when it begins with the indexes.
    const finished = /(?:^|:) *finished item \d+ TABLE DATA (.*)$/.exec(line)?.[1]
    const index = /(?:^|:) *(creating|launching item \d+) (INDEX|CONSTRAINT|FK CONSTRAINT) /.exec(line)
    if (begun !== undefined) this.#begin(begun)
    else if (finished !== undefined) this.#finish(finished)
    else if (index) this.#beginIndexes(index[1] === 'creating')
  }

  #begin(table: string): void {
    if (this.#jobs === 1) this.#countBegun()
    this.#begun.push(table)
    this.#tell('rows')
  }

  #finish(nameWithoutSchema: string): void {
    const at = this.#begun.findIndex((name) => name.endsWith(`.${nameWithoutSchema}`))
    for (const name of at === -1 ? [] : this.#begun.splice(at, 1)) this.#count(name)
    this.#tell('rows')
  }

  #beginIndexes(oneJob: boolean): void {
    if (oneJob) this.#countBegun()
    this.#tell('indexes')
  }

  #countBegun(): void {
    for (const name of this.#begun.splice(0)) this.#count(name)
  }

  #count(name: string): void {
    this.#tablesDone += 1
    this.#bytesDone += this.#sizesBytes.get(name) ?? 0
  }

  #tell(phase: RestoreProgress['phase']): void {
    const elapsedMs = performance.now() - this.#started
    const left = this.#bytesTotal - this.#bytesDone
    this.#onProgress({
      phase,
      tablesDone: this.#tablesDone,
      bytesDone: this.#bytesDone,
      bytesTotal: this.#bytesTotal,
      ...(this.#bytesDone > 0 && phase === 'rows'
        ? { remainingMs: (elapsedMs * left) / this.#bytesDone }
        : {}),
    })
  }
}
