import type { Screen } from '../domain/screen.js'
import { clean } from '../report/words.js'
import { terminalText } from './terminal-text.js'

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const frameMs = 100
/** Without a terminal, a long task still says every so often what it is at. */
const plainIntervalMs = 10_000

/**
 * Prints lines as they come; on a terminal, one line below them shows what is going on. Names of others are in what it is
 * given, so nothing that steers a terminal leaves it.
 */
export class TerminalScreen implements Screen {
  #text = ''
  #since = 0
  #frame = 0
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly output: NodeJS.WriteStream,
    private readonly options: { quiet: boolean; plain: boolean },
  ) {}

  /** A line that is written again and again helps who sees it, and nobody who has it read aloud. */
  get #isLive(): boolean {
    return this.output.isTTY && !this.options.plain
  }

  print = (line: string): void => {
    if (this.options.quiet) return
    this.#erase()
    this.output.write(`${terminalText(line, this.output)}\n`)
    this.#draw()
  }

  progress = (text: string): void => {
    if (this.options.quiet || text === this.#text) return
    this.#text = clean(text).replace(/\s+/g, ' ')
    this.#since = Date.now()
    const isTTY = this.#isLive
    this.#timer ??= setInterval(
      () => (isTTY ? this.#draw() : this.#tell()),
      isTTY ? frameMs : plainIntervalMs,
    )
    this.#timer.unref()
    this.#draw()
  }

  clearProgress = (): void => {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#erase()
    this.#text = ''
  }

  #draw(): void {
    if (!this.#isLive || this.#text === '') return
    this.#frame = (this.#frame + 1) % frames.length
    const seconds = Math.floor((Date.now() - this.#since) / 1000)
    const line = `${frames[this.#frame]} ${this.#text}${seconds > 0 ? `  ${seconds} s` : ''}`
    this.output.write(`\r\u001b[2K${line.slice(0, (this.output.columns || 80) - 1)}`)
  }

  #tell(): void {
    const seconds = Math.floor((Date.now() - this.#since) / 1000)
    this.output.write(`  … ${this.#text}  ${seconds} s\n`)
  }

  #erase(): void {
    if (this.#isLive && this.#text !== '') this.output.write('\r\u001b[2K')
  }
}
