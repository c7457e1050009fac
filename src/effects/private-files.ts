import { randomBytes } from 'node:crypto'
import { chmod, lstat, mkdir, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { effect } from './effect.js'

/**
 * Makes a folder that only its owner can enter, before anything is written into it. The one that it stands in must be there:
 * what is still at work when a run is stopped must not bring back the folder that the run has removed.
 */
export async function makePrivateFolder(path: string): Promise<void> {
  await effect('folder.make', async () => {
    await makeFolder(path)
    await chmod(path, 0o700)
  })
}

/**
 * Makes a folder and those above it, for this account alone, where they are missing. `mkdir` of Node with `recursive` never
 * ends where the system refuses a folder as missing, such as below `/proc` (seen with Node 20).
 * @throws NodeJS.ErrnoException
 */
export async function makeFolders(path: string): Promise<void> {
  await makeFolder(path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || dirname(path) === path) throw error
    await makeFolders(dirname(path))
    await makeFolder(path)
  })
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error
  })
}

/**
 * Makes a folder that only its owner can enter, for this process alone: of several that want the same one, one gets it.
 * @returns false when it is there already
 */
export async function claimPrivateFolder(path: string): Promise<boolean> {
  return effect('folder.make', async () => {
    await makeFolders(dirname(path))
    try {
      await mkdir(path, { mode: 0o700 })
      await chmod(path, 0o700)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
  })
}

/**
 * Why a folder does not belong to this account alone, in words that follow its name; undefined for one that does, and for
 * one that is not there yet. Who may write into it, or has made the link, can put anything in the place of its files.
 */
export async function reasonNotPrivate(path: string): Promise<string | undefined> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (found === undefined) return undefined
  if (found.isSymbolicLink()) return 'is a link'
  if (!found.isDirectory()) return 'is not a folder'
  if (found.uid !== process.getuid?.()) return 'belongs to another account'
  return (found.mode & 0o022) === 0 ? undefined : 'can be written to by other accounts'
}

/**
 * Writes a file that only its owner can read: into a new file beside it first, synced to disk, then renamed, so that
 * a reader never sees half of it, whatever happens.
 */
export async function writePrivateFile(path: string, content: string | Uint8Array): Promise<void> {
  await effect('file.write', async () => {
    const partial = join(dirname(path), `.${randomBytes(6).toString('hex')}.partial`)
    try {
      const file = await open(partial, 'wx', 0o600)
      try {
        await file.writeFile(content)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(partial, path)
    } catch (error) {
      await rm(partial, { force: true })
      throw error
    }
  })
}

const scratchPrefix = 'migrate-guard-'

/**
 * A private folder in the system's temporary directory for the duration of `work`, removed afterwards. Its name holds
 * our process id, so that a later run can sweep what a killed one left.
 */
export async function withScratchFolder<T>(work: (path: string) => Promise<T>): Promise<T> {
  await sweepScratchFolders()
  const path = await effect('scratch.make', () => mkdtemp(join(tmpdir(), `${scratchPrefix}${process.pid}-`)))
  try {
    return await work(path)
  } finally {
    // What cannot be removed now is swept by the next run; it says nothing about how this one went.
    await effect('scratch.remove', () => rm(path, { recursive: true, force: true })).catch(() => undefined)
  }
}

async function sweepScratchFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${scratchPrefix}(\\d+)-`).exec(name)?.[1]
    if (owner === undefined || isAlive(Number(owner))) continue
    const path = join(tmpdir(), name)
    // Anybody can make a folder of that name, and put a link into it while root removes what it finds.
    if ((await reasonNotPrivate(path).catch(() => 'unknown')) !== undefined) continue
    await effect('scratch.sweep', () => rm(path, { recursive: true, force: true })).catch(() => undefined)
  }
}

/** True when a process with this id exists, also when it belongs to somebody else. */
export function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
