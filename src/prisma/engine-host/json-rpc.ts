import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { SchemaEngine } from './wasm-engine.js'

interface Request {
  readonly id: number
  readonly method?: string
  readonly params?: unknown
}

/** The protocol's code for an error that is not a crash. */
const userErrorCode = 4466

/**
 * Answers the Prisma CLI's requests, one JSON line each, until it closes its end. The methods are the engine's own,
 * except for one that goes by another name.
 * @param panicText gives the text of a panic when there has been one.
 */
export async function serveRequests(
  engine: SchemaEngine,
  input: Readable,
  output: Writable,
  panicText: () => string | undefined,
): Promise<void> {
  const send = (message: object) => output.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  let printed = 0
  const answer = async ({ id, method, params }: Request) => {
    // The CLI acknowledges what we asked it to print; there is nothing to do then.
    if (method === undefined) return
    try {
      const call = engine[method === 'getDatabaseVersion' ? 'version' : method]
      if (call === undefined) throw new Error(`the engine has no method "${method}"`)
      const result = (await call.call(engine, params)) as { stdout?: string } | undefined
      if (method === 'diff' && result?.stdout) {
        printed += 1
        send({ id: printed, method: 'print', params: { content: result.stdout } })
      }
      send({ id, result: result ?? null })
    } catch (error) {
      send({ id, error: asRpcError(error as EngineError, panicText()) })
    }
  }
  for await (const line of createInterface({ input })) await answer(JSON.parse(line) as Request)
}

interface EngineError extends Error {
  readonly code?: string
  readonly meta?: unknown
}

function asRpcError(error: EngineError, panic: string | undefined): object {
  const message = panic ?? error.message
  return {
    code: userErrorCode,
    message,
    data: {
      is_panic: panic !== undefined,
      message,
      meta: error.meta ?? null,
      error_code: error.code ?? null,
    },
  }
}
