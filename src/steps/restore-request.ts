import type { ProvenBackup } from '../domain/backup.js'
import type { RestoreRequest } from '../postgres/restore-run.js'
import { formatRestoreProgress } from '../report/restore-progress.js'
import type { Tools } from './tools.js'

/** How this run restores that backup, wherever to; the progress goes to the screen. */
export function restoreRequestOf(
  { path, manifest }: Pick<ProvenBackup, 'path' | 'manifest'>,
  { runId, settings, scratchFolder, signal, screen }: Tools,
): Omit<RestoreRequest, 'tool' | 'database' | 'as'> {
  return {
    runId,
    folder: path,
    jobs: settings.jobs,
    scratchFolder,
    signal,
    tableSizesBytes: new Map(Object.entries(manifest.tableSizesBytes ?? {})),
    onProgress: (progress) => screen.progress(formatRestoreProgress(progress)),
  }
}
