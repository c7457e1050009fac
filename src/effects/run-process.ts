import { execa } from 'execa'
import { maskText } from '../domain/quoted-values.js'
import { withoutPasswords } from '../domain/secrets.js'
import { childEnvironment } from './child-environment.js'
import { effect } from './effect.js'
import { showsValues } from './shown-values.js'

export interface ProcessRequest {
  /** Name of the effect, e.g. `backup.pg-dump`. */
  readonly effect: string
  readonly file: string
  readonly arguments: readonly string[]
  /** All that it sees of an environment. Absent: only what every program needs. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly directory?: string
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Called with each chunk of standard output; the output is then not kept. */
  readonly onStdout?: (chunk: Buffer) => void
  /** Called with each chunk of standard error; the output is then not kept. */
  readonly onStderr?: (chunk: Buffer) => void
  /** Its own process group, so that Ctrl-C at the terminal reaches only the guard. */
  readonly ownGroup?: boolean
}

export interface ProcessResult {
  /** null when the process was ended by a signal or could not be started. */
  readonly exitCode: number | null
  readonly signal: string | null
  readonly stdout: string
  /** Without passwords, and without the values of rows that a server's message quotes, unless they may be shown. */
  readonly stderr: string
  readonly timedOut: boolean
  readonly cancelled: boolean
  /** The file was not found or may not be executed. */
  readonly notStarted: boolean
  /** One line that says how it ended, for people. */
  readonly ending: string
  readonly durationMs: number
}

/** Keeps the end of a child's output: enough for an error message, whatever the child writes. */
const keptOutputBytes = 1_000_000

/**
 * Runs a program without a shell and waits for its end. Never throws for a child's failure: the caller looks at the
 * result and then at the evidence, because an exit code alone proves nothing.
 */
export async function runProcess(request: ProcessRequest): Promise<ProcessResult> {
  return effect(request.effect, async () => {
    const started = performance.now()
    const child = execa(request.file, [...request.arguments], {
      reject: false,
      stdin: 'ignore',
      extendEnv: false,
      env: request.environment ?? childEnvironment(),
      // Kept by ourselves: a limit of execa's would kill a child that says too much, in the middle of its work.
      buffer: false,
      detached: request.ownGroup ?? false,
      cleanup: true,
      forceKillAfterDelay: 5_000,
      ...(request.directory === undefined ? {} : { cwd: request.directory }),
      ...(request.timeoutMs === undefined ? {} : { timeout: request.timeoutMs }),
      ...(request.signal === undefined ? {} : { cancelSignal: request.signal }),
    })
    const stdout = new KeptOutput()
    const stderr = new KeptOutput()
    child.stdout?.on('data', request.onStdout ?? ((chunk: Buffer) => stdout.add(chunk)))
    child.stderr?.on('data', request.onStderr ?? ((chunk: Buffer) => stderr.add(chunk)))
    const result = await child
    return {
      exitCode: result.exitCode ?? null,
      signal: result.signal ?? null,
      stdout: stdout.text(),
      stderr: withoutPasswords(showsValues() ? stderr.text() : maskText(stderr.text())),
      timedOut: result.timedOut,
      cancelled: result.isCanceled,
      notStarted:
        result.exitCode === undefined &&
        result.signal === undefined &&
        !result.timedOut &&
        !result.isCanceled,
      ending: describeEnding(result),
      durationMs: performance.now() - started,
    }
  })
}

class KeptOutput {
  #chunks: Buffer[] = []
  #sizeBytes = 0

  add(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#sizeBytes += chunk.length
    while (this.#sizeBytes - (this.#chunks[0]?.length ?? 0) > keptOutputBytes)
      this.#sizeBytes -= this.#chunks.shift()?.length ?? 0
  }

  /** Without the last newline. */
  text(): string {
    return Buffer.concat(this.#chunks)
      .toString('utf8')
      .replace(/\r?\n$/, '')
  }
}

interface Ending {
  readonly timedOut: boolean
  readonly isCanceled: boolean
  readonly signal?: string | undefined
  readonly exitCode?: number | undefined
  readonly code?: string | undefined
}

function describeEnding(result: Ending): string {
  if (result.timedOut) return 'timed out'
  if (result.isCanceled) return 'was cancelled'
  if (result.signal !== undefined) return `was ended by ${result.signal}`
  if (result.exitCode === undefined) return `could not be started (${result.code ?? 'unknown error'})`
  return `ended with exit code ${result.exitCode}`
}
