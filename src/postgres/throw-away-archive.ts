import { randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { openCacheFolder } from '../effects/cache-folder.js'
import { effect } from '../effects/effect.js'
import { isAlive } from '../effects/private-files.js'
import { controlFileBytes, type OwnIdentity, withOwnIdentity } from './control-file.js'
import { asAccount, dataIn } from './throw-away-place.js'
import { type Start, spawn } from './throw-away-program.js'

/** Of each kind the ones used last are kept, and none that nobody has used for so long. An empty cluster has 40 MB. */
const mostKept = 4
const longestUnusedMs = 30 * 24 * 60 * 60 * 1000

/** What a kept cluster is found by: `kind-hash`. */
export interface ArchiveName {
  readonly kind: string
  /** Hex digits: of all that the cluster depends on. */
  readonly hash: string
}

/**
 * Lays out the data directory as a copy of a cluster that was kept at rest, with a system identifier of its own. Everything is
 * done by the account of the server: nothing in its directory is followed or believed by us.
 * @returns false where there is none, or it cannot be used; then nothing is there
 */
export async function copyKept(start: Start, name: ArchiveName): Promise<boolean> {
  const path = await pathOf(name)
  const file = path && (await open(path).catch(() => undefined))
  if (!file) return false
  return effect('cluster.copy', async () => {
    try {
      const { buffer } = await file.read(Buffer.alloc(controlFileBytes), 0, controlFileBytes)
      const own = withOwnIdentity(buffer)
      // tar goes on reading behind what we have read of the file.
      if (own && (await run(start, 'tar', ['-xpf', '-'], { stdin: file.fd })) && (await make(start, own))) {
        const now = new Date()
        await utimes(path, now, now).catch(() => undefined)
        return true
      }
    } finally {
      await file.close()
    }
    await rm(path, { force: true }).catch(() => undefined)
    await removeData(start)
    return false
  })
}

/** As the account of the server: it cannot lead us elsewhere. */
export async function removeData({ directory, account }: Start): Promise<void> {
  await execa('rm', ['-rf', '--', dataIn(directory)], asAccount(account))
}

async function make(start: Start, own: OwnIdentity): Promise<boolean> {
  const put = (path: string, bytes: Buffer, at: number) =>
    run(start, 'dd', [`of=data/${path}`, 'bs=8', `seek=${at / 8}`, 'conv=notrunc'], { stdin: bytes })
  return (
    (await put('global/pg_control', own.control, 0)) &&
    (await put(`pg_wal/${own.segment}`, own.identifier, own.segmentOffset))
  )
}

/**
 * Keeps a cluster as it is now: at rest, or right after a checkpoint while nobody writes, whose copy then starts as after a crash.
 * Where that fails, nothing is kept, and the cluster is as good as before.
 */
export async function keep(start: Start, name: ArchiveName): Promise<void> {
  const path = await pathOf(name)
  if (path === undefined) return
  const partial = `${path}.${process.pid}-${randomBytes(6).toString('hex')}.partial`
  const work = async () => {
    try {
      const file = await open(partial, 'wx', 0o600)
      try {
        if (!(await write(start, file))) return
      } finally {
        await file.close()
      }
      // Whoever is copying the one before has it open; of two that keep the same, the later one stays.
      await rename(partial, path)
      await sweep(name.kind)
    } finally {
      await rm(partial, { force: true })
    }
  }
  // A full disk, for example.
  await effect('cluster.keep', work).catch(() => undefined)
}

/** First the control file, which a copy needs to be changed, then everything. */
async function write(start: Start, file: FileHandle): Promise<boolean> {
  const control = ['if=data/global/pg_control', `bs=${controlFileBytes}`, 'count=1']
  // Since when statistics count, is for every copy another moment; and its server is another process.
  const left = ['data/pg_stat/*', 'data/pg_stat_tmp/*', 'data/postmaster.pid']
  const all = [...left.map((path) => `--exclude=${path}`), '-cf', '-', 'data']
  return (
    (await run(start, 'dd', control, { stdout: file.fd })) &&
    (await run(start, 'tar', all, { stdout: file.fd }))
  )
}

async function run(
  start: Start,
  program: string,
  programArguments: string[],
  streams: Parameters<typeof spawn>[3],
): Promise<boolean> {
  const { server } = await spawn(start, program, programArguments, streams)
  return !(await server).failed
}

const extension = '.cluster'

async function pathOf({ kind, hash }: ArchiveName): Promise<string | undefined> {
  const folder = await openCacheFolder('clusters')
  return folder && join(folder, `${kind}-${hash}${extension}`)
}

async function sweep(kind: string): Promise<void> {
  const folder = await openCacheFolder('clusters')
  if (folder === undefined) return
  const kept: { path: string; usedAt: number }[] = []
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const owner = /\.(\d+)-[0-9a-f]+\.partial$/.exec(name)?.[1]
    if (owner !== undefined && !isAlive(Number(owner))) await rm(path, { force: true }).catch(() => undefined)
    if (!name.endsWith(extension)) continue
    const found = await stat(path).catch(() => undefined)
    if (!found) continue
    if (found.mtimeMs < Date.now() - longestUnusedMs) await rm(path, { force: true }).catch(() => undefined)
    else if (name.startsWith(`${kind}-`)) kept.push({ path, usedAt: found.mtimeMs })
  }
  kept.sort((one, other) => other.usedAt - one.usedAt)
  for (const { path } of kept.slice(mostKept)) await rm(path, { force: true }).catch(() => undefined)
}
