import { lstatSync, rmdirSync, rmSync } from 'node:fs'
import {
  chown,
  type FileHandle,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rmdir,
  stat,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa, execaSync, type Options } from 'execa'
import { GuardError } from '../domain/errors.js'
import { exitCode } from '../domain/exit-code.js'
import { effect } from '../effects/effect.js'
import { isAlive, reasonNotPrivate, writePrivateFile } from '../effects/private-files.js'
import { folderForSmall, foldersOfServers } from './throw-away-folders.js'

/** A PostgreSQL server of our own could not be had. */
export class ClusterError extends GuardError {
  readonly exitCode = exitCode.rehearsalFailed
}

/** The operating system's account that the server runs as; undefined for our own. */
export type Account = { readonly uid: number; readonly gid: number } | undefined

/**
 * Where a throw-away server lives. Nothing in `directory` is opened, followed or believed by us, for the server's account
 * can put anything there, and a server can be made to do what others want.
 */
export interface Place {
  /** In the temporary folder, or in memory. Only our own account can write to it, so that nobody can exchange what is in it. */
  readonly outer: string
  /** What belongs to the server's account: the data and the sockets. */
  readonly directory: string
  readonly account: Account
  /** What the programs of the server print; a file without a name, so that nobody else can open it. */
  readonly log: FileHandle
}

const outerPrefix = 'migrate-guard-cluster-'
// The path of a socket may have 103 bytes on macOS, whose temporary folder has 49.
const directoryIn = (outer: string) => join(outer, 's')
export const dataIn = (directory: string) => join(directory, 'data')
const serverFileIn = (outer: string) => join(outer, 'server.json')
const stopTimeoutMs = 10_000

/**
 * Its name holds our process id, so that a later start can tell what a killed one left.
 * @param isSmall it will hold no rows to speak of, and may live in memory
 */
export async function makePlace(account: Account, isSmall = false): Promise<Place> {
  const folder = isSmall ? await folderForSmall() : tmpdir()
  if (account) await assertFit(folder)
  const outer = await mkdtemp(join(folder, `${outerPrefix}${process.pid}-`))
  if (account) await open(outer).then((folder) => letPass(folder, account))
  const directory = directoryIn(outer)
  await mkdir(directory, { mode: 0o700 })
  // Nobody else can put a link there: the outer folder is ours.
  if (account) await chown(directory, account.uid, account.gid)
  const path = join(outer, 'server.log')
  const log = await open(path, 'ax+', 0o600)
  // What is printed may quote rows; without a name it goes with the processes that have it open.
  rmSync(path)
  return { outer, directory, account, log }
}

/** The server's account may go through the folder, and neither list nor change what is in it. */
async function letPass(folder: FileHandle, { gid }: NonNullable<Account>): Promise<void> {
  try {
    await folder.chown(process.getuid?.() ?? 0, gid)
    await folder.chmod(0o710)
  } finally {
    await folder.close()
  }
}

/**
 * Every folder above ours must let the server's account through, and nobody but root exchange what is in it.
 * @throws ClusterError
 */
async function assertFit(folder: string): Promise<void> {
  for (let path = folder; ; path = dirname(path)) {
    const { mode, uid } = await stat(path)
    if ((mode & 0o001) === 0) {
      throw new ClusterError(
        'temporary-folder-closed',
        `the temporary folder ${folder} cannot be entered by the account that PostgreSQL runs as: ${path} is closed to others`,
        { hint: `Set TMPDIR to a folder that everybody may enter, or open this one: chmod o+x ${path}` },
      )
    }
    const isSticky = (mode & 0o1000) !== 0
    if (uid !== 0 || ((mode & 0o022) !== 0 && !isSticky)) {
      throw new ClusterError(
        'temporary-folder-not-safe',
        `the temporary folder ${folder} is not safe for root: other accounts can exchange what is in ${path}`,
        { hint: 'Set TMPDIR to a folder of root, such as /tmp, or run as another account than root.' },
      )
    }
    if (path === dirname(path)) return
  }
}

/** Notes which process the server is, for a later start that finds it without its owner. */
export async function noteServer({ outer }: Place, processId: number): Promise<void> {
  const note: ServerNote = { processId, startedAt: await startOf(processId) }
  await writePrivateFile(serverFileIn(outer), JSON.stringify(note))
}

interface ServerNote {
  readonly processId: number
  /** Tells it from a later process with the same id. */
  readonly startedAt: string
}

/** When a process started, in words of the operating system; empty when there is none. */
async function startOf(processId: number): Promise<string> {
  const line = await readFile(`/proc/${processId}/stat`, 'utf8').catch(() => undefined)
  if (line !== undefined) {
    // The name of the program stands in parentheses and may hold anything: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    const [state, ...fields] = line.slice(line.lastIndexOf(')') + 2).split(' ')
    // One that has ended and that nobody has waited for runs no longer.
    return state === 'Z' ? '' : (fields[18] ?? '')
  }
  const asked = await execa('ps', ['-o', 'lstart=', '-p', String(processId)], { reject: false })
  return asked.stdout.trim()
}

/** Removes the place of a server that has ended. What is the account's is removed as that account: it cannot lead us elsewhere. */
export async function removePlace({ outer, account }: Pick<Place, 'outer' | 'account'>): Promise<void> {
  await execa('rm', ['-rf', '--', directoryIn(outer)], asAccount(account))
  await rmdir(directoryIn(outer)).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return
    throw new ClusterError(
      'cluster-not-removed',
      `a server of our own left ${outer}, which cannot be removed`,
      {
        hint: 'Look what is in it and remove it by hand: it may hold rows of the target.',
        cause,
      },
    )
  })
  rmSync(serverFileIn(outer), { force: true })
  rmSync(join(outer, 'password'), { force: true })
  await rmdir(outer).catch((error: NodeJS.ErrnoException) => {
    // The watch of the server, or another start, may be removing it too.
    if (error.code !== 'ENOENT') throw error
  })
}

/** The same without a promise, for a process that is exiting; `server` may still run then. */
export function removePlaceAtExit({ outer, directory, account }: Place, server: number | undefined): void {
  try {
    if (server !== undefined) {
      process.kill(server, 'SIGQUIT')
      const giveUpAt = performance.now() + stopTimeoutMs
      while (isThere(join(dataIn(directory), 'postmaster.pid')) && performance.now() < giveUpAt) pause(10)
    }
  } catch {
    // There is no server, or no longer.
  }
  try {
    execaSync('rm', ['-rf', '--', directory], asAccount(account))
    for (const name of ['server.json', 'password']) rmSync(join(outer, name), { force: true })
    for (const path of [directory, outer]) if (isThere(path)) rmdirSync(path)
  } catch {
    // What is left is for the next start.
  }
}

/** What a program that removes files runs with. */
export function asAccount(account: Account) {
  return {
    reject: false,
    extendEnv: false,
    env: { PATH: process.env.PATH },
    cwd: '/',
    stdio: 'ignore',
    ...account,
  } satisfies Options
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function pause(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs)
}

/** Removes what starts have left whose process is dead, with the server if it still runs. */
export async function sweepDeadPlaces(account: Account): Promise<void> {
  for (const folder of foldersOfServers()) await sweepFolder(folder, account)
}

async function sweepFolder(folder: string, account: Account): Promise<void> {
  for (const name of await readdir(folder)) {
    const owner = new RegExp(`^${outerPrefix}(\\d+)-`).exec(name)?.[1]
    if (owner === undefined || isAlive(Number(owner))) continue
    const outer = join(folder, name)
    // Anybody can make a folder of that name in the shared temporary folder, to have us kill and remove what he likes.
    if ((await reasonNotPrivate(outer).catch(() => 'unknown')) !== undefined) continue
    await effect('cluster.sweep', async () => {
      try {
        await endNotedServer(outer)
        await removePlace({ outer, account: await accountOf(outer, account) })
      } catch {
        // Another start may be sweeping it too; what is still there is for the next one.
      }
    })
  }
}

/** Whose the inner folder is. One of root's is none of a server's, and is removed by nobody else than root. */
async function accountOf(outer: string, account: Account): Promise<Account> {
  const found = await lstat(directoryIn(outer)).catch(() => undefined)
  return found === undefined || found.uid === process.getuid?.() ? undefined : account
}

/** Only what we have written ourselves is believed, and only as long as it is still that process. */
async function endNotedServer(outer: string): Promise<void> {
  const text = await readFile(serverFileIn(outer), 'utf8').catch(() => undefined)
  if (text === undefined) return
  const { processId, startedAt } = JSON.parse(text) as ServerNote
  const isIt = async () => startedAt !== '' && (await startOf(processId)) === startedAt
  for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
    if (!(await isIt())) return
    process.kill(processId, signal)
    const giveUpAt = performance.now() + stopTimeoutMs
    while ((await isIt()) && performance.now() < giveUpAt) await sleep(20)
  }
}
