import { formatBytes, formatMs } from './words.js'

interface RestoreProgress {
  readonly phase: 'schema' | 'rows' | 'indexes' | 'statistics'
  readonly bytesDone: number
  readonly bytesTotal: number
  readonly remainingMs?: number
}

const phases: Readonly<Record<RestoreProgress['phase'], string>> = {
  schema: 'tables',
  rows: 'rows',
  indexes: 'indexes and constraints',
  statistics: 'statistics',
}

/** `restoring the copy: rows, 1.2 GB of 3.4 GB, about 20 s left` */
export function formatRestoreProgress(progress: RestoreProgress): string {
  return `restoring the copy: ${phases[progress.phase]}${formatRest(progress)}`
}

/** `dump 1.2 GB of 3.4 GB, about 20 s left` */
export function formatDumpProgress(progress: RestoreProgress): string {
  return `dump${formatRest(progress).replace(/^,/, '')}`
}

function formatRest({ phase, bytesDone, bytesTotal, remainingMs }: RestoreProgress): string {
  const size =
    phase === 'rows' && bytesTotal > 0 ? `, ${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}` : ''
  const left = remainingMs === undefined ? '' : `, about ${formatMs(remainingMs)} left`
  return `${size}${left}`
}
