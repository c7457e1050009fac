import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SettingsError } from '../../domain/errors.js'
import type { RunRecord } from '../../domain/run-record.js'
import { type Kept, readKeptJson } from './kept-file.js'
import { recordShape } from './record-shape.js'

/** As run.ts makes it: the time at which the run began, the database, and a number where two began in the same second. */
const runIdPattern = /^\d{8}T\d{6}Z-[\w.-]+$/

/** A run folder that could be read, or why it could not: one sentence that names the file and says what to do. */
export type FoundRun =
  | {
      readonly runId: string
      readonly folder: string
      readonly record: RunRecord
      readonly problem?: undefined
    }
  | { readonly runId: string; readonly problem: string }

/**
 * The runs in the backups folder, the newest first, each read only when it is asked for. What has not the name of a run is
 * none, and is passed over without a word.
 * @param except the run that is asking
 * @throws SettingsError when the folder itself cannot be read
 */
export async function* readRuns(backupsPath: string, except?: string): AsyncGenerator<FoundRun> {
  for (const runId of await listRunIds(backupsPath)) {
    if (runId !== except) yield await readRun(backupsPath, runId)
  }
}

/** @param runId has the form of a run id, so that it leads nowhere else */
export async function readRun(backupsPath: string, runId: string): Promise<FoundRun> {
  const folder = join(backupsPath, runId)
  const found = await lstat(folder).catch(() => undefined)
  if (!found?.isDirectory()) {
    return {
      runId,
      problem: sentenceOf(folder, found?.isSymbolicLink() ? 'is a link, not a folder' : 'is not a folder'),
    }
  }
  const path = join(folder, 'run.json')
  const kept: Kept<RunRecord> = (await readKeptJson<RunRecord>(path, recordShape)) ?? {
    problem: 'is missing',
  }
  if (kept.problem !== undefined) return { runId, problem: sentenceOf(path, kept.problem) }
  if (kept.value.runId !== runId)
    return { runId, problem: sentenceOf(path, 'is the record of another run than its folder is named after') }
  return { runId, folder, record: kept.value }
}

/** True for what may be the name of a run folder; an option that names a path would read a file of somebody else's choice. */
export function isRunId(name: string): boolean {
  return runIdPattern.test(name)
}

/** A file of a run folder that is of no use, and what to do about it. */
export function sentenceOf(path: string, problem: string): string {
  return `${path} ${problem}; put it back from a copy, or move its run folder away`
}

async function listRunIds(backupsPath: string): Promise<string[]> {
  try {
    // A run id begins with its time.
    return (await readdir(backupsPath)).filter(isRunId).sort().reverse()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    const why = { ENOTDIR: 'it is not a folder', EACCES: 'permission denied' }[code ?? ''] ?? message
    throw new SettingsError(
      'backups-not-readable',
      `the run folders in ${backupsPath} cannot be read: ${why}`,
      {
        hint: 'Give the folder that holds them by --backups, or let this user read it.',
        cause: error,
      },
    )
  }
}
