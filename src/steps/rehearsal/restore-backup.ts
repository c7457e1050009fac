import type { BackupLevel, ProvenBackup } from '../../domain/backup.js'
import { BackupError, RehearsalError } from '../../domain/errors.js'
import type { Finding } from '../../domain/finding.js'
import type { Plan } from '../../domain/plan.js'
import type { RehearsalDatabase } from '../../postgres/rehearsal-database/request.js'
import { restoreDump } from '../../postgres/restore.js'
import type { Restore } from '../../postgres/restore-run.js'
import { findBackupTools } from '../backup.js'
import { type FullFingerprint, fingerprintDatabase, readCatalogFile } from '../fingerprint.js'
import { assertBackupIntact } from '../intact-backup.js'
import { restoreRequestOf } from '../restore-request.js'
import type { Tools } from '../tools.js'
import { compareRestored, namedDifferences } from './compare-restored.js'
import { withCopy } from './copy.js'

/** How far the backup is proven, and what is not as it was. */
export interface RestoredBackup {
  readonly backupLevel: BackupLevel
  readonly restoreMs: number
  readonly disarmed: readonly string[]
  readonly differences: readonly string[]
  readonly findings: readonly Finding[]
  /** The copy as it was restored. */
  readonly found: FullFingerprint
}

/**
 * Restores the backup into the rehearsal database and compares it with its manifest: every value of every table, and
 * every object of the catalog.
 * @throws BackupError when it does not restore.
 */
export async function restoreBackup(
  database: RehearsalDatabase,
  plan: Plan,
  backup: ProvenBackup,
  tools: Tools,
): Promise<RestoredBackup> {
  const restored = await restore(database, plan, backup, tools)
  tools.screen.progress('comparing the copy with the snapshot')
  const found = await withCopy(database, tools, (clients) => fingerprintDatabase(clients, tools.screen))
  const catalog = await readCatalogFile(tools.runFolder, 'catalog.json')
  const { fingerprint, sequencesAfter } = backup.manifest
  const findings = compareRestored({ fingerprint, catalog, sequencesAfter }, found, restored.unfilled)
  return {
    backupLevel: findings.length === 0 ? 'exact' : 'restored',
    restoreMs: restored.durationMs,
    disarmed: restored.disarmed,
    differences: [
      ...database.differences,
      ...restored.differences,
      ...namedDifferences(catalog, found.catalog),
    ],
    findings,
    found,
  }
}

async function restore(
  database: RehearsalDatabase,
  plan: Plan,
  backup: ProvenBackup,
  tools: Tools,
): Promise<Restore> {
  const { restore: tool } = await findBackupTools(plan)
  await assertBackupIntact(backup, plan.target, tools.runFolder)
  tools.screen.progress('restoring the backup into a copy')
  try {
    return await restoreDump({ ...restoreRequestOf(backup, tools), tool, database })
  } catch (error) {
    if (!(error instanceof RehearsalError) || error.code !== 'restore-failed') throw error
    // What does not restore is no backup; that it was to be rehearsed on is the smaller matter.
    throw new BackupError(error.code, error.message, { hint: error.hint, cause: error })
  }
}
