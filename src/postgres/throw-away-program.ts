import { join } from 'node:path'
import { execa, type Options, type ResultPromise } from 'execa'
import { ClusterError, type Place } from './throw-away-place.js'

/** What a server of our own is made with. */
export interface Start extends Place {
  /** The folder with `initdb` and `postgres`. */
  readonly binaries: string
  readonly superuser: string
  readonly password: string
}

export type Server = ResultPromise<Options>

export const stopTimeoutMs = 10_000
const mostLogBytes = 1_000_000

interface Streams {
  /** What it reads: a text, or a file that is open. */
  readonly stdin?: string | Buffer | number
  /** A file that is open; the log when missing. */
  readonly stdout?: number
}

/**
 * Runs a program as the account of the server, with its output in a file, so that it never waits for us to read.
 * @param program a server program, or `tar` or `dd`
 */
export async function spawn(
  { log, directory, account, binaries }: Start,
  program: string,
  programArguments: readonly string[],
  { stdin, stdout }: Streams = {},
): Promise<{ server: Server }> {
  await log.truncate()
  // Any file descriptor will do; execa's types know only those up to 9.
  const output = log.fd as 3
  const options: Options = {
    reject: false,
    cwd: directory,
    // PGDATA, LC_ALL and the like would change the server, and secrets in our environment are not for it.
    extendEnv: false,
    env: { PATH: process.env.PATH, TZ: process.env.TZ, LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH },
    ...(typeof stdin === 'number'
      ? { stdin: stdin as 3 }
      : stdin === undefined
        ? { stdin: 'ignore' }
        : { input: stdin }),
    stdout: (stdout ?? output) as 3,
    stderr: output,
    // An immediate shutdown, and SIGKILL when even that takes long.
    killSignal: 'SIGQUIT',
    forceKillAfterDelay: stopTimeoutMs,
    ...account,
  }
  const file = ofSystem.has(program) ? program : join(binaries, program)
  // Not the child itself, which would be waited for like a promise.
  return { server: execa(file, [...programArguments], options) }
}

/** Programs of the system, not of the server. */
const ofSystem: ReadonlySet<string> = new Set(['tar', 'dd'])

export function describeEnding(result: Awaited<Server>): string {
  if (result.signal !== undefined) return `was ended by ${result.signal}`
  if (result.exitCode === undefined) return `could not be run (${result.code ?? 'unknown error'})`
  return `ended with exit code ${result.exitCode}`
}

export async function notStarted({ log, binaries }: Start, what: string): Promise<ClusterError> {
  const { buffer, bytesRead } = await log.read(Buffer.alloc(mostLogBytes), 0, mostLogBytes, 0)
  const tail = buffer.toString('utf8', 0, bytesRead).trim().split('\n').slice(-5).join('\n')
  return new ClusterError(
    'cluster-not-started',
    `a PostgreSQL server of our own could not be started: ${what}${tail === '' ? '' : `, and its log says\n${tail}`}`,
    { hint: `Fix what the log says, or name the folder of other server programs than ${binaries}.` },
  )
}
