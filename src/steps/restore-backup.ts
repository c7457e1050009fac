import type { BackupLevel, BackupManifest, ProvenBackup } from '../domain/backup.js'
import type { CatalogObject } from '../domain/catalog-object.js'
import { BackupError, RehearsalError } from '../domain/errors.js'
import type { Finding } from '../domain/finding.js'
import type { Plan } from '../domain/plan.js'
import { diffCatalogObjects } from '../postgres/catalog-fingerprint/diff.js'
import { formatCatalogDifference } from '../postgres/catalog-fingerprint/format.js'
import { compareFingerprints } from '../postgres/fingerprint/compare.js'
import type { RehearsalDatabase } from '../postgres/rehearsal-database/request.js'
import { type Restore, restoreDump } from '../postgres/restore.js'
import { formatRestoreProgress } from '../report/restore-progress.js'
import { findBackupTools } from './backup.js'
import { type FullFingerprint, fingerprintDatabase, readCatalogFile } from './fingerprint.js'
import { assertBackupIntact } from './intact-backup.js'
import { kindsOfPlace } from './kinds-of-place.js'
import { withCopy } from './rehearsal-copy.js'
import type { Tools } from './tools.js'

/** How far the backup is proven, and what is not as it was. */
export interface RestoredBackup {
  readonly backupLevel: BackupLevel
  readonly restoreMs: number
  readonly disarmed: readonly string[]
  readonly differences: readonly string[]
  readonly findings: readonly Finding[]
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
  const findings = [
    ...differentData(backup.manifest, found),
    ...differentObjects(catalog, found.catalog, backup.manifest),
  ]
  return {
    backupLevel: findings.length === 0 ? 'exact' : 'restored',
    restoreMs: restored.durationMs,
    disarmed: restored.disarmed,
    differences: [...database.differences, ...restored.differences],
    findings,
  }
}

async function restore(
  database: RehearsalDatabase,
  plan: Plan,
  backup: ProvenBackup,
  { runId, runFolder, settings, scratchFolder, signal, screen }: Tools,
): Promise<Restore> {
  const { restore: tool } = await findBackupTools(plan)
  await assertBackupIntact(backup, plan.target, runFolder)
  screen.progress('restoring the backup into a copy')
  try {
    return await restoreDump({
      tool,
      database,
      runId,
      folder: backup.path,
      jobs: settings.jobs,
      scratchFolder,
      signal,
      onProgress: (progress) => screen.progress(formatRestoreProgress(progress)),
    })
  } catch (error) {
    if (!(error instanceof RehearsalError) || error.code !== 'restore-failed') throw error
    // What does not restore is no backup; that it was to be rehearsed on is the smaller matter.
    throw new BackupError(error.code, error.message, { hint: error.hint, cause: error })
  }
}

function differentData({ fingerprint }: BackupManifest, found: FullFingerprint): Finding[] {
  return compareFingerprints(fingerprint, found.fingerprint).map(({ table, message }) =>
    differs(table ?? 'large objects', message),
  )
}

function differentObjects(
  before: readonly CatalogObject[],
  after: readonly CatalogObject[],
  { sequencesAfter }: BackupManifest,
): Finding[] {
  return diffCatalogObjects(before, withinDump(before, after, sequencesAfter))
    .filter(({ kind }) => !kindsOfPlace.has(kind))
    .map((difference) => differs(difference.name, formatCatalogDifference(difference)))
}

/**
 * A sequence is not part of a snapshot: who takes a value while pg_dump works moves it for pg_dump too. So it may be
 * anywhere between where it stood before and after.
 */
function withinDump(
  before: readonly CatalogObject[],
  after: readonly CatalogObject[],
  sequencesAfter: BackupManifest['sequencesAfter'],
): CatalogObject[] {
  const old = new Map(before.filter(({ kind }) => kind === 'sequence').map((one) => [one.name, one]))
  return after.map((object) => {
    const known = object.kind === 'sequence' ? old.get(object.name) : undefined
    if (known === undefined) return object
    const value = BigInt(String(object.properties[lastValue]))
    const first = BigInt(String(known.properties[lastValue]))
    const last = BigInt(sequencesAfter[object.name] ?? first)
    const isBetween = first <= last ? first <= value && value <= last : last <= value && value <= first
    if (!isBetween || first === last) return object
    return {
      ...object,
      properties: {
        ...object.properties,
        [lastValue]: known.properties[lastValue],
        'is called': known.properties['is called'],
      },
    }
  })
}

/** As the catalog fingerprint calls it. */
export const lastValue = 'last value'

function differs(object: string, message: string): Finding {
  return {
    code: 'backup-differs',
    kind: 'failure',
    verdict: 'block',
    step: 'rehearse',
    object,
    message: `the restored backup is not what the snapshot was: ${message}`,
    hint: 'Do not rely on this backup for it; mend the cause, or accept the difference by name.',
  }
}
