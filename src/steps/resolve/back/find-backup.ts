import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { BackupManifest } from '../../../domain/backup.js'
import { BackupError } from '../../../domain/errors.js'
import type { RunRecord } from '../../../domain/run-record.js'
import type { TargetIdentity } from '../../../domain/target.js'
import { assertBackupIntact } from '../../intact-backup.js'
import { type BegunRun, findBegunRun } from '../../standing/begun-run.js'

/** The backup that was made before the last deploy to this database, byte for byte as it was written. */
export interface KeptBackup {
  readonly record: RunRecord
  readonly manifest: BackupManifest
  /** Absolute path of the run folder. */
  readonly folder: string
  /** Absolute path of the dump. */
  readonly path: string
  readonly sizeBytes: number
}

/**
 * Finds it by the newest run that has begun to deploy to this very database. An older backup is none to go back to: it
 * would take back other deploys too.
 * @throws BackupError when there is none, or it is not the one that the run wrote
 */
export async function findKeptBackup(target: TargetIdentity, backupsPath: string): Promise<KeptBackup> {
  const { begun, unreadable } = await findBegunRun(target, backupsPath)
  const [problem] = unreadable
  if (problem !== undefined) {
    throw new BackupError('run-not-readable', `which deploy was the last is not known: ${problem}`, {
      hint: 'It may have deployed to this database, and going back beyond it would take back that deploy too: look what it was before you move it away.',
    })
  }
  if (begun === undefined) {
    throw new BackupError(
      'no-run-to-go-back',
      `no run in ${backupsPath} has begun to deploy to "${target.database}", so there is no backup to go back to`,
      {
        hint: 'Name the folder of the run folders by --backups, or restore a backup of your own with pg_restore into a new database.',
      },
    )
  }
  const place = placeOf(begun, backupsPath)
  if (place === undefined) {
    throw new BackupError(
      'no-backup-to-go-back',
      `run ${begun.record.runId}, the last that deployed to "${target.database}", has no backup in its folder`,
      { hint: 'Restore a backup of your own with pg_restore into a new database.' },
    )
  }
  const { path, folder, manifestSha256 } = place
  const recorded = manifestSha256 === undefined ? { path } : { path, manifestSha256 }
  const manifest = await assertBackupIntact(recorded, target, folder)
  const sizeBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0)
  return { record: begun.record, manifest, folder, path, sizeBytes }
}

/** Whether there is something to go back to, without a look into the dump. */
export async function hasKeptBackup(
  target: Pick<TargetIdentity, 'systemIdentifier' | 'databaseOid'>,
  backupsPath: string,
): Promise<boolean> {
  const { begun } = await findBegunRun(target, backupsPath)
  return begun !== undefined && placeOf(begun, backupsPath) !== undefined
}

/** The run folders may have been moved as a whole since. */
function placeOf({ record }: BegunRun, backupsPath: string) {
  const { outcome, path: written, manifestSha256 } = record.backup ?? {}
  if (outcome !== 'proven' || written === undefined) return undefined
  const folder = join(backupsPath, record.runId)
  const name = basename(written)
  const path = join(folder, name)
  return !['', '.', '..'].includes(name) && existsSync(path) ? { folder, path, manifestSha256 } : undefined
}
