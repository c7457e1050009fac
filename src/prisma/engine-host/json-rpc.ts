import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { failureOf } from './failure.js'

interface Request {
  readonly id: number
  readonly method?: string
  readonly params?: unknown
}

/** Answers one request with its result, or throws. */
export type Answerer = (method: string, params: unknown) => Promise<unknown>

export interface RequestOptions {
  readonly input: Readable
  readonly output: Writable
  /** Gives the text of a panic when there has been one. */
  readonly panicText: () => string | undefined
  /** The CLI has gone while it waited for an answer. */
  readonly onAbandoned: () => void
}

/** The protocol's code for an error that is not a crash. */
const userErrorCode = 4466

/** Requests of the Prisma CLI, one JSON line each. */
export class RequestServer {
  #printed = 0
  #current: number | undefined

  constructor(
    private readonly answerer: Answerer,
    private readonly options: RequestOptions,
  ) {}

  /** Answers one request after the other until the CLI closes its end. */
  async serve(): Promise<void> {
    const { input, onAbandoned } = this.options
    input.once('end', () => {
      if (this.#current !== undefined) onAbandoned()
    })
    for await (const line of createInterface({ input })) await this.#answer(JSON.parse(line) as Request)
  }

  /** Answers the request that is under way with an error: the CLI takes an engine that ends without a word for success. */
  fail(error: unknown): void {
    if (this.#current === undefined) return
    this.#send({ id: this.#current, error: asRpcError(error as EngineError, this.options.panicText()) })
    this.#current = undefined
  }

  async #answer({ id, method, params }: Request): Promise<void> {
    // The CLI acknowledges what we asked it to print; there is nothing to do then.
    if (method === undefined) return
    this.#current = id
    try {
      const result = (await this.answerer(method, params)) as { stdout?: string } | undefined
      if (method === 'diff' && result?.stdout) {
        this.#printed += 1
        this.#send({ id: this.#printed, method: 'print', params: { content: result.stdout } })
      }
      this.#send({ id, result: result ?? null })
      this.#current = undefined
    } catch (error) {
      this.fail(error)
    }
  }

  #send(message: object): void {
    this.options.output.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }
}

interface EngineError extends Error {
  readonly code?: string
  readonly meta?: unknown
}

function asRpcError(error: EngineError, panic: string | undefined): object {
  const failure = failureOf(error)
  const message = panic ?? failure.message
  return {
    code: userErrorCode,
    message,
    data: {
      is_panic: panic !== undefined,
      message,
      meta: error.meta ?? null,
      error_code: failure.code ?? null,
    },
  }
}
