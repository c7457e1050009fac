import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, lstat, open, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { BackupFile } from '../domain/backup.js'
import { BackupError } from '../domain/errors.js'
import type { TargetAddress } from '../domain/target.js'
import { effect } from '../effects/effect.js'
import { runProcess } from '../effects/run-process.js'
import { connectionStringFor } from './client-environment.js'
import type { ClientTool } from './client-tools.js'
import { watchDump } from './dump-watch.js'
import { RestoreOutput, type RestoreProgress } from './restore-output.js'
import { RowCounter } from './row-counter.js'

export interface DumpRequest {
  readonly tool: ClientTool
  readonly address: TargetAddress
  readonly applicationName: string
  readonly environment: Record<string, string | undefined>
  /** The exported snapshot that is dumped. */
  readonly snapshotId: string
  /** A folder that does not exist yet; pg_dump makes it. */
  readonly folder: string
  readonly jobs: number
  /** No rows. */
  readonly isSchemaOnly?: boolean
  readonly signal: AbortSignal
  /** Size in bytes of each table by `schema.name`, not quoted; the time left is estimated from it. */
  readonly tableSizesBytes?: ReadonlyMap<string, number>
  readonly onProgress?: (progress: RestoreProgress) => void
}

/** pg_dump waits this long for a table that somebody has locked, then gives up; else it would hang without a word. */
export const lockWaitTimeoutMs = 30_000

/**
 * Dumps the whole database in directory format, always all of it: with -n or -t large objects and extensions would
 * silently be left out. -Z1, because the default compression was measured to take 2.7 times as long for 9 % less size.
 * @throws BackupError when pg_dump fails, is killed or is interrupted.
 */
export async function dumpDatabase(request: DumpRequest): Promise<void> {
  const { tool, address, folder, signal } = request
  const output = new RestoreOutput(request.tableSizesBytes ?? new Map(), request.jobs, request.onProgress)
  const stalled = new AbortController()
  const stopWatching = watchDump(request, () => stalled.abort())
  const result = await runProcess({
    effect: 'backup.pg-dump',
    file: tool.path,
    arguments: [
      '--format=directory',
      `--jobs=${request.jobs}`,
      '--compress=1',
      '--no-password',
      // Done by us afterwards; it would look like a pg_dump that has stopped.
      '--no-sync',
      '--verbose',
      ...(request.isSchemaOnly ? ['--schema-only'] : []),
      `--snapshot=${request.snapshotId}`,
      `--lock-wait-timeout=${lockWaitTimeoutMs}`,
      `--file=${folder}`,
      `--dbname=${connectionStringFor(address, request.applicationName)}`,
    ],
    // Its messages are read, so they must be in English.
    environment: { ...request.environment, LC_ALL: 'C', LC_MESSAGES: 'C' },
    onStderr: (chunk) => output.add(chunk),
    signal: AbortSignal.any([signal, stalled.signal]),
  }).finally(stopWatching)
  if (stalled.signal.aborted) {
    throw new BackupError(
      'dump-stalled',
      'pg_dump did nothing for a minute, and neither did the server for it',
      {
        hint: 'Look at the network between here and the server, and at the disk of the backups; then run the command again.',
      },
    )
  }
  if (result.exitCode !== 0) {
    throw new BackupError(
      'dump-failed',
      `pg_dump ${result.ending}: ${reasonIn(output.lastLines.join('\n'))}`,
      {
        hint: 'Fix the cause and run the command again; the unfinished dump was removed.',
      },
    )
  }
  await protectFiles(folder)
}

/** pg_dump makes its files readable for everybody; so far only the folder kept others out. And none is synced yet. */
async function protectFiles(folder: string): Promise<void> {
  await effect('backup.protect', async () => {
    for (const name of await readdir(folder)) {
      const path = join(folder, name)
      await chmod(path, 0o600)
      await syncToDisk(path)
    }
    await syncToDisk(folder)
  })
}

async function syncToDisk(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/**
 * Reads the whole dump back and counts the rows in it, table by table.
 * @returns rows by `schema.table` as pg_restore prints the name: in double quotes where SQL needs them.
 * @throws BackupError when any of it cannot be read.
 */
export async function readDump(
  tool: ClientTool,
  folder: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const counter = new RowCounter()
  const result = await runProcess({
    effect: 'backup.read',
    file: tool.path,
    arguments: ['--section=data', '--file=-', folder],
    onStdout: (chunk) => counter.add(chunk),
    signal,
  })
  if (result.exitCode !== 0) {
    throw new BackupError(
      'dump-not-readable',
      `the dump cannot be read back: pg_restore ${result.ending}: ${reasonIn(result.stderr)}`,
      {
        hint: 'Look for a full or failing disk, then run the command again.',
      },
    )
  }
  return counter.counts
}

/** Size and sha256 of every file below a folder, in the order of their paths, read from the disk. */
export async function hashFiles(folder: string, base: string): Promise<BackupFile[]> {
  return effect('backup.hash', async () => {
    const names = (await readdir(folder, { recursive: true })).sort()
    const files: BackupFile[] = []
    for (const name of names) {
      const path = join(folder, name)
      const found = await lstat(path)
      if (found.isDirectory()) continue
      // A link leads out of the dump, and a pipe would be waited for for ever.
      if (!found.isFile()) throw new Error(`${name} is not a file`)
      const { size } = found
      files.push({ path: relative(base, path), sizeBytes: size, sha256: await sha256Of(path) })
    }
    return files
  })
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** The server's own words; else the first error, because what comes after it is only that a worker ended. */
function reasonIn(text: string): string {
  const lines = text.trim().split('\n')
  const server = /(?:Error message from server|query failed): (?:ERROR: +)?(.*)/.exec(text)?.[1]
  const first = lines.find((line) => /\berror: /.test(line))?.replace(/^.*?\berror: /, '')
  return server || first || lines.at(-1) || 'it said nothing'
}
