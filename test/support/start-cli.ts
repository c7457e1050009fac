import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import type { CliResult } from './run-cli.js'
import { withoutTwin } from './without-twin.js'

const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface RunningCli {
  readonly pid: number
  /** Everything that it has printed so far, on either of its outputs. */
  printed(): string
  /** Waits until it has printed this; fails when it ends before. */
  waitFor(text: string): Promise<void>
  type(text: string): void
  kill(signal: NodeJS.Signals): void
  readonly result: Promise<CliResult>
}

export interface StartOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Runs it on a terminal of its own, which `type` types at. Both outputs then come as standard output. */
  readonly terminal?: boolean
  readonly timeoutMs?: number
  /** With a schema twin, as it is by default. */
  readonly hasTwin?: boolean
}

/** Starts the built command and gives it back while it runs. */
export function startCli(args: readonly string[], options: StartOptions): RunningCli {
  const { PATH, HOME } = process.env
  const own = [process.execPath, command, ...(options.hasTwin ? args : withoutTwin(args))]
  const [file = '', ...rest] = options.terminal
    ? // util-linux: a pseudo-terminal whose input is our pipe, and the exit code of what runs on it.
      ['script', '--quiet', '--return', '--echo=never', '--command', own.map(quote).join(' '), '/dev/null']
    : own
  const child = execa(file, rest, {
    reject: false,
    cwd: options.cwd,
    extendEnv: false,
    env: { PATH, HOME, SHELL: '/bin/sh', TERM: 'xterm', ...options.env },
    stdin: options.terminal ? 'pipe' : 'ignore',
    timeout: options.timeoutMs ?? 200_000,
    stripFinalNewline: false,
  })
  let printed = ''
  const note = (chunk: Buffer) => {
    printed += chunk.toString('utf8')
  }
  child.stdout?.on('data', note)
  child.stderr?.on('data', note)
  const result = child.then(({ exitCode, stdout, stderr, timedOut }) => {
    if (timedOut) throw new Error(`the command did not end:\n${stdout}\n${stderr}`)
    return { exitCode, stdout: String(stdout ?? ''), stderr: String(stderr ?? '') }
  })
  result.catch(() => undefined)
  return {
    pid: child.pid ?? 0,
    printed: () => printed,
    waitFor: (text) =>
      waitUntil(
        () => printed.includes(text),
        child,
        () => `"${text}" in:\n${printed}`,
      ),
    type: (text) => {
      child.stdin?.write(text)
    },
    kill: (signal) => {
      child.kill(signal)
    },
    result,
  }
}

async function waitUntil(
  isSo: () => boolean,
  child: PromiseLike<unknown>,
  describe: () => string,
): Promise<void> {
  let ended = false
  void child.then(() => {
    ended = true
  })
  while (!isSo()) {
    if (ended) throw new Error(`the command ended before there was ${describe()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
