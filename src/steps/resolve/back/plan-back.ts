import { BackupError } from '../../../domain/errors.js'
import type { GoBackPlan } from '../../../domain/go-back.js'
import type { TargetAddress, TargetIdentity } from '../../../domain/target.js'
import { type Client, withConnection } from '../../../postgres/connection.js'
import { readTargetIdentity } from '../../../postgres/identity.js'
import { readOwnRole } from '../../../postgres/rehearsal-database/facts.js'
import { decideRestorable, type Restorable } from '../../../postgres/rehearsal-database/restorable.js'
import { backSession } from '../../../postgres/restored-database/back-session.js'
import { findUnfinished } from '../../../postgres/restored-database/marker.js'
import { findFreeName } from '../../../postgres/restored-database/name.js'
import { readTableWrites } from '../../../postgres/write-counts.js'
import { quoteIdentifier } from '../../../sql/names.js'
import { type Tools, withTarget } from '../../tools.js'
import { lookAtDisk } from './disk.js'
import { findKeptBackup, type KeptBackup } from './find-backup.js'
import { findWritesSince } from './lost-writes.js'

/** What would be done, and what it is done with. */
export interface GoBack {
  readonly plan: GoBackPlan
  readonly backup: KeptBackup
  readonly targetIdentity: TargetIdentity
  readonly restorable: Restorable
  /** The database from which others are made and renamed. */
  readonly server: TargetAddress
}

/**
 * Looks for the backup and at what going back to it would mean. Only reads.
 * @throws BackupError when there is no backup, it is not intact, the role may not make a database, or the disk is too small
 */
export async function planGoBack(tools: Tools): Promise<GoBack> {
  const { settings, runId, screen } = tools
  const { target, backupsPath } = settings
  const server = { ...target, database: target.database === 'postgres' ? 'template1' : 'postgres' }
  return withTarget(tools, async (client) => {
    const targetIdentity = await readTargetIdentity(client, target)
    await assertMayCreate(client, targetIdentity)
    screen.progress('reading the backup')
    const backup = await findKeptBackup(targetIdentity, backupsPath)
    const { manifest, record } = backup
    const disk = await lookAtDisk(client, targetIdentity, manifest.target.databaseSizeBytes)
    const restorable = await withConnection(server, backSession(runId), (other) =>
      decideRestorable(client, other),
    )
    const suffix = record.runId.split('-')[0] ?? record.runId
    const leftHalf = await findUnfinished(client, targetIdentity)
    const plan: GoBackPlan = {
      runId: record.runId,
      dumpPath: backup.path,
      sizeBytes: backup.sizeBytes,
      // The step that takes it first.
      snapshotAt: record.steps.check.startedAt ?? manifest.createdAt,
      database: target.database,
      restoredName: await findFreeName(client, target.database, `_before_${suffix}`, leftHalf),
      leftHalf,
      keptName: await findFreeName(client, target.database, `_after_${suffix}`),
      ...findWritesSince(manifest.tableWrites, await readTableWrites(client), record.findings?.lineage ?? []),
      disk,
      notAsBefore: restorable.differences.map((difference) =>
        difference.replaceAll('the copy', 'the new database'),
      ),
      ...(await readSwapFacts(client)),
    }
    return { plan, backup, targetIdentity, restorable, server }
  })
}

async function assertMayCreate(client: Client, { database }: TargetIdentity): Promise<void> {
  const { name, mayCreateDatabase } = await readOwnRole(client)
  if (mayCreateDatabase) return
  throw new BackupError(
    'may-not-create-database',
    `the role "${name}" may not create a database beside "${database}", into which the backup would be restored`,
    {
      hint: `Let it (ALTER ROLE ${quoteIdentifier(name)} CREATEDB), or give the URL of a role that may by --database-url.`,
    },
  )
}

/** ALTER DATABASE … RENAME wants the owner with CREATEDB, and nobody connected. */
async function readSwapFacts(client: Client): Promise<Pick<GoBackPlan, 'otherSessions' | 'mayRename'>> {
  const { rows } = await client.query(`
    SELECT (SELECT pg_catalog.count(*)::int FROM pg_catalog.pg_stat_activity a
             WHERE a.datid = d.oid AND a.backend_type = 'client backend'
               AND a.application_name NOT LIKE 'migrate-guard %') AS "otherSessions",
           pg_catalog.pg_has_role(d.datdba, 'USAGE') AS "mayRename"
      FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`)
  return rows[0]
}
