import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { withoutTwin } from './without-twin.js'

const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface CliResult {
  /** undefined when a signal ended it. */
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** What is typed or piped in; without it standard input is empty and no terminal. */
  readonly input?: string
  readonly timeoutMs?: number
  /** With a schema twin, as it is by default. */
  readonly hasTwin?: boolean
}

/** Runs the built command. It sees of the environment only what is given here and what it takes to run at all. */
export async function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const { PATH, HOME } = process.env
  const result = await execa(process.execPath, [command, ...(options.hasTwin ? args : withoutTwin(args))], {
    reject: false,
    cwd: options.cwd,
    extendEnv: false,
    env: { PATH, HOME, ...options.env },
    input: options.input ?? '',
    timeout: options.timeoutMs ?? 200_000,
    // By default execa takes the last newline away; a test compares word for word.
    stripFinalNewline: false,
  })
  if (result.timedOut) throw new Error(`${result.shortMessage}\n${result.stdout}\n${result.stderr}`)
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr }
}
