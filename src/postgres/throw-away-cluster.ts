import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import {
  access,
  chown,
  constants,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa, type Options, type ResultPromise } from 'execa'
import { GuardError } from '../domain/errors.js'
import { exitCode } from '../domain/exit-code.js'
import { effect } from '../effects/effect.js'
import { isAlive } from '../effects/private-files.js'
import { runProcess } from '../effects/run-process.js'

export interface ThrowAwayClusterOptions {
  /** Server settings on top of ours, e.g. `{ shared_preload_libraries: 'auto_explain' }`. */
  readonly settings?: Readonly<Record<string, string>>
  /** The folder with `initdb` and `postgres`; searched for when missing. */
  readonly binaries?: string
  /** The name of the superuser; `postgres` when missing. */
  readonly superuser?: string
}

export interface ThrowAwayCluster {
  /** The superuser on the database `postgres`. */
  readonly url: string
  readonly port: number
  readonly directory: string
  /** Ends the server and removes its directory. May be called again. */
  stop(): Promise<void>
}

/** A PostgreSQL server of our own could not be had. */
export class ClusterError extends GuardError {
  readonly exitCode = exitCode.rehearsalFailed
}

/** The operating system's account that the server runs as; undefined for our own. */
type Account = { readonly uid: number; readonly gid: number } | undefined

/** A directory of ours and what runs in it. */
interface Place {
  readonly directory: string
  readonly binaries: string
  readonly account: Account
  readonly superuser: string
}

type Server = ResultPromise<Options>

const startTimeoutMs = 60_000
const stopTimeoutMs = 10_000

/** The cluster lives no longer than its process, so it need not survive a power cut. */
const settingsForSpeed = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_connections: '200',
}

/**
 * Starts a PostgreSQL server of our own from the server binaries on this machine: a fresh directory, a free port on
 * 127.0.0.1, a random password. It does not keep this process alive, and when this process exits, also by an error,
 * server and directory go too. A signal that nobody handles leaves the directory, SIGKILL also the server: the next
 * start sweeps both.
 * @throws ClusterError when there are no server binaries, or with the end of the server's log when it does not start.
 */
export async function startThrowAwayCluster(
  options: ThrowAwayClusterOptions = {},
): Promise<ThrowAwayCluster> {
  const binaries = options.binaries ?? (await findServerBinaries())
  const account = await findServerAccount()
  await sweepDeadClusters(account)
  return effect('cluster.start', async () => {
    const directory = await makeClusterDirectory(account)
    const { superuser = 'postgres' } = options
    const place = { directory, binaries, account, superuser }
    const removeAtExit = () => removeWithServer(directory)
    process.once('exit', removeAtExit)
    const remove = async () => {
      await rm(directory, { recursive: true, force: true })
      process.off('exit', removeAtExit)
    }
    try {
      const password = randomBytes(18).toString('base64url')
      await effect('cluster.initdb', () => initialize(place, password))
      const settings = { ...settingsForSpeed, ...options.settings }
      const { server, port } = await effect('cluster.launch', () => startOnFreePort(place, settings))
      const stop = () => effect('cluster.stop', () => end(server).then(remove))
      let stopped: Promise<void> | undefined
      return {
        url: `postgresql://${encodeURIComponent(superuser)}:${password}@127.0.0.1:${port}/postgres`,
        port,
        directory,
        stop: () => {
          stopped ??= stop()
          return stopped
        },
      }
    } catch (error) {
      await remove()
      throw error
    }
  })
}

// Where the server programs are

/**
 * The folder with `initdb` and `postgres`: the one that MIGRATE_GUARD_POSTGRES_BIN names, or the first of the usual
 * places.
 * @throws ClusterError that says how to install them.
 */
export async function findServerBinaries(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const named = environment.MIGRATE_GUARD_POSTGRES_BIN
  const [first] = await listServerBinaries(environment)
  if (first) return first
  throw new ClusterError(
    'postgres-not-found',
    named
      ? `MIGRATE_GUARD_POSTGRES_BIN names ${named}, but initdb and postgres are not there`
      : 'the PostgreSQL server programs (initdb, postgres) are not on this machine',
    {
      hint: 'Install them with "apt-get install postgresql" (Debian, Ubuntu) or "brew install postgresql@17" (macOS), or name their folder in MIGRATE_GUARD_POSTGRES_BIN.',
    },
  )
}

/** Every folder with `initdb` and `postgres`, in the order in which they are tried. */
export async function listServerBinaries(environment: NodeJS.ProcessEnv = process.env): Promise<string[]> {
  const named = environment.MIGRATE_GUARD_POSTGRES_BIN
  const folders: string[] = []
  for (const folder of new Set(named ? [named] : await usualFolders(environment))) {
    if ((await isProgram(join(folder, 'initdb'))) && (await isProgram(join(folder, 'postgres'))))
      folders.push(folder)
  }
  return folders
}

async function usualFolders(environment: NodeJS.ProcessEnv): Promise<string[]> {
  const asked = await runProcess({
    effect: 'cluster.pg-config',
    file: 'pg_config',
    arguments: ['--bindir'],
    environment,
  })
  return [
    ...(asked.exitCode === 0 ? [asked.stdout] : []),
    ...(environment.PATH ?? '').split(delimiter).filter((folder) => folder !== ''),
    ...(await newestFirst('/usr/lib/postgresql', /^(\d+)$/)),
    ...(await newestFirst('/opt/homebrew/opt', /^postgresql@(\d+)$/)),
    ...(await newestFirst('/usr/local/opt', /^postgresql@(\d+)$/)),
  ]
}

async function newestFirst(parent: string, name: RegExp): Promise<string[]> {
  const entries = await readdir(parent).catch(() => [])
  return entries
    .map((entry) => ({ entry, version: Number(name.exec(entry)?.[1]) }))
    .filter(({ version }) => !Number.isNaN(version))
    .sort((one, other) => other.version - one.version)
    .map(({ entry }) => join(parent, entry, 'bin'))
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

// Who the server runs as

/** PostgreSQL refuses to run as root, so root lends it the account `postgres`, or else `nobody`. */
async function findServerAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return undefined
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  const found = lines.find(([name]) => name === 'postgres') ?? lines.find(([name]) => name === 'nobody')
  if (found) return { uid: Number(found[2]), gid: Number(found[3]) }
  throw new ClusterError(
    'cluster-not-started',
    'PostgreSQL refuses to run as root, and there is no user postgres',
    {
      hint: 'Run as another user, or make one with "useradd --system postgres".',
    },
  )
}

// What lies in the directory

const directoryPrefix = 'migrate-guard-cluster-'
const dataIn = (directory: string) => join(directory, 'data')
const logIn = (directory: string) => join(directory, 'server.log')
const pidFileIn = (directory: string) => join(dataIn(directory), 'postmaster.pid')

/** Its name holds our process id, so that a later start can tell what a killed one left. */
async function makeClusterDirectory(account: Account): Promise<string> {
  if (account) await assertOpenToOthers(tmpdir())
  const directory = await mkdtemp(join(tmpdir(), `${directoryPrefix}${process.pid}-`))
  if (account) await chown(directory, account.uid, account.gid)
  return directory
}

/** What only we may enter, the server's account cannot. */
async function assertOpenToOthers(folder: string): Promise<void> {
  for (let path = folder; ; path = dirname(path)) {
    const { mode } = await stat(path)
    if ((mode & 0o001) === 0) {
      throw new ClusterError(
        'temporary-folder-closed',
        `the temporary folder ${folder} cannot be entered by the account that PostgreSQL runs as: ${path} is closed to others`,
        { hint: `Set TMPDIR to a folder that everybody may enter, or open this one: chmod o+x ${path}` },
      )
    }
    if (path === dirname(path)) return
  }
}

async function initialize(place: Place, password: string): Promise<void> {
  const passwordFile = join(place.directory, 'password')
  await writeFile(passwordFile, password, { mode: 0o600, flag: 'wx' })
  if (place.account) await chown(passwordFile, place.account.uid, place.account.gid)
  // C.UTF-8 knows letters beyond ASCII, but not every system has it. A failed initdb removes what it made.
  let ended = await initdb(place, passwordFile, 'C.UTF-8')
  if (ended) ended = await initdb(place, passwordFile, 'C')
  if (ended) throw await notStarted(place, `initdb ${ended}`)
  await rm(passwordFile)
}

/** Returns how a failed initdb ended, nothing for a good one. */
async function initdb(place: Place, passwordFile: string, locale: string): Promise<string | undefined> {
  const result = await spawn(place, 'initdb', [
    `--pgdata=${dataIn(place.directory)}`,
    `--username=${place.superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    `--locale=${locale}`,
    '--lc-messages=C',
    '--no-sync',
  ])
  return result.failed ? describeEnding(result) : undefined
}

// The server

/** A free port may be taken by another program before the server has it, so there are a few tries. */
async function startOnFreePort(
  place: Place,
  settings: Readonly<Record<string, string>>,
): Promise<{ server: Server; port: number }> {
  for (let triesLeft = 2; ; triesLeft--) {
    const port = await findFreePort()
    const server = spawn(place, 'postgres', [
      ...['-D', dataIn(place.directory)],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ...['-c', 'listen_addresses=127.0.0.1', '-c', `port=${port}`],
      ...['-c', `unix_socket_directories=${place.directory}`],
    ])
    // A caller that forgets the cluster, because of an error for example, must still come to its end.
    server.unref()
    const ended = await whenReadyOrEnded(place, server)
    if (ended === undefined) return { server, port }
    await end(server)
    const failure = await notStarted(place, `the server ${ended}`)
    if (triesLeft === 0 || !failure.message.includes('Address already in use')) throw failure
  }
}

/** Returns how the server ended, nothing when it takes connections. */
async function whenReadyOrEnded(place: Place, server: Server): Promise<string | undefined> {
  let ended: string | undefined
  void server.then((result) => {
    ended = describeEnding(result)
  })
  const giveUpAt = performance.now() + startTimeoutMs
  while (ended === undefined && performance.now() < giveUpAt) {
    if (await isReady(place.directory)) return undefined
    await sleep(20)
  }
  return ended ?? `was not ready after ${startTimeoutMs / 1000} seconds`
}

/** The server says so itself in the last line of its pid file, where pg_ctl looks too. */
async function isReady(directory: string): Promise<boolean> {
  const lines = (await readFile(pidFileIn(directory), 'utf8').catch(() => '')).split('\n')
  return lines[7]?.trim() === 'ready'
}

/** Ends the server at once, without waiting for its clients, and waits until it is gone. */
async function end(server: Server): Promise<void> {
  server.ref()
  server.kill('SIGINT')
  const late = sleep(stopTimeoutMs, undefined, { ref: false })
  await Promise.race([server, late])
  server.kill()
  await server
}

/** Runs a server program with its output in a file, so that it never waits for us to read. */
function spawn(place: Place, program: string, programArguments: readonly string[]): Server {
  // Any file descriptor will do; execa's types know only those up to 9.
  const log = openSync(logIn(place.directory), 'w', 0o600) as 3
  const options: Options = {
    reject: false,
    cwd: place.directory,
    // PGDATA, LC_ALL and the like would change the server, and secrets in our environment are not for it.
    extendEnv: false,
    env: { PATH: process.env.PATH, TZ: process.env.TZ, LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH },
    stdin: 'ignore',
    stdout: log,
    stderr: log,
    // An immediate shutdown, and SIGKILL when even that takes long.
    killSignal: 'SIGQUIT',
    forceKillAfterDelay: stopTimeoutMs,
    ...place.account,
  }
  try {
    return execa(join(place.binaries, program), [...programArguments], options)
  } finally {
    closeSync(log)
  }
}

function describeEnding(result: Awaited<Server>): string {
  if (result.signal !== undefined) return `was ended by ${result.signal}`
  if (result.exitCode === undefined) return `could not be run (${result.code ?? 'unknown error'})`
  return `ended with exit code ${result.exitCode}`
}

async function notStarted(place: Place, what: string): Promise<ClusterError> {
  const log = await readFile(logIn(place.directory), 'utf8')
  const tail = log.trim().split('\n').slice(-5).join('\n')
  return new ClusterError(
    'cluster-not-started',
    `a PostgreSQL server of our own could not be started: ${what}${tail === '' ? '' : `, and its log says\n${tail}`}`,
    { hint: `Mend what the log says, or name the folder of other server programs than ${place.binaries}.` },
  )
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

// What a dead process left

async function sweepDeadClusters(account: Account): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${directoryPrefix}(\\d+)-`).exec(name)?.[1]
    if (owner === undefined || isAlive(Number(owner))) continue
    const directory = join(tmpdir(), name)
    if (!(await isOurs(directory, account))) continue
    await effect('cluster.sweep', async () => {
      try {
        if (await isServed(directory)) removeWithServer(directory)
        else await rm(directory, { recursive: true, force: true })
      } catch {
        // Another start may be sweeping it too; what is still there is for the next one.
      }
    })
  }
}

/** Anybody can make a directory of that name in the shared temporary folder, to have us kill what he likes. */
async function isOurs(directory: string, account: Account): Promise<boolean> {
  const found = await lstat(directory).catch(() => undefined)
  return found?.isDirectory() === true && found.uid === (account?.uid ?? process.getuid?.())
}

/** True when a server answers on the socket in the directory; only then is the process id in its pid file true. */
async function isServed(directory: string): Promise<boolean> {
  const entries = await readdir(directory).catch(() => [])
  const socket = entries.find((entry) => /^\.s\.PGSQL\.\d+$/.test(entry))
  if (socket === undefined) return false
  return new Promise((resolve) => {
    const connection = connect(join(directory, socket))
    connection.once('error', () => resolve(false))
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
  })
}

/** Ends the server by its pid file and removes the directory, all of it without a promise: a process may be exiting. */
function removeWithServer(directory: string): void {
  try {
    process.kill(Number(readFileSync(pidFileIn(directory), 'utf8').split('\n')[0]), 'SIGQUIT')
    const giveUpAt = performance.now() + stopTimeoutMs
    while (existsSync(pidFileIn(directory)) && performance.now() < giveUpAt) pause(10)
  } catch {
    // There is no server, or no longer.
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 })
}

function pause(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs)
}
