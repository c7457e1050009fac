// backup: dumps the whole database from the snapshot that was checked, and hashes it; without a rehearsal it reads it back.
// Writes the dump and its manifest into the run folder. The target is only read.
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Backup, BackupFile, BackupManifest, TableRowCount } from '../domain/backup.js'
import type { CatalogObject } from '../domain/catalog-object.js'
import { BackupError, CheckError, GuardError } from '../domain/errors.js'
import type { Plan } from '../domain/plan.js'
import { effect } from '../effects/effect.js'
import { makePrivateFolder, writePrivateFile } from '../effects/private-files.js'
import { readCatalogObjects } from '../postgres/catalog-fingerprint/read-catalog-objects.js'
import { clientEnvironment } from '../postgres/client-environment.js'
import { type ClientTool, findClientTool } from '../postgres/client-tools.js'
import { dumpDatabase, hashFiles, lockWaitTimeoutMs, readDump } from '../postgres/dump.js'
import { readTableSizes } from '../postgres/fingerprint/read-requests.js'
import { olderReleaseReason } from '../postgres/older-release.js'
import { assertEveryRowReadable } from '../postgres/readable-rows.js'
import { countDumpedRows } from '../postgres/row-counts.js'
import type { Snapshot } from '../postgres/snapshot.js'
import { formatDumpProgress } from '../report/restore-progress.js'
import { type Settings, willRehearse } from '../settings/settings.js'
import { quoteRelation } from '../sql/names.js'
import { fingerprintSnapshot, writeCatalog } from './fingerprint.js'
import { shareProgress } from './share-progress.js'
import { applicationName, interruptible, type Tools, withTarget } from './tools.js'
import { whileHeld } from './while-held.js'

/** What a dump of one database leaves out: https://www.postgresql.org/docs/current/app-pgdump.html#PG-DUMP-NOTES */
const notIncluded = [
  'roles and their passwords',
  'tablespaces',
  'settings made by ALTER DATABASE and ALTER ROLE',
  'replication slots and subscription state',
  'planner statistics',
  'rows of foreign tables',
  'rows of tables that belong to an extension, unless it asks for them',
]

interface ClientTools {
  readonly dump: ClientTool
  readonly restore: ClientTool
}

/** Finds pg_dump and pg_restore before anything is read, so that a missing one costs no time. */
export async function findBackupTools(plan: Plan): Promise<ClientTools> {
  const serverMajor = Math.floor(plan.target.serverVersionNum / 10_000)
  // Beside each other: each program is asked for its version.
  const restoring = findClientTool('pg_restore', serverMajor)
  restoring.catch(() => undefined)
  const dump = await findClientTool('pg_dump', serverMajor)
  const restore = await restoring
  // The archive format is pg_dump's own: an older pg_restore may not read it.
  return {
    dump,
    restore: restore.major >= dump.major ? restore : await findClientTool('pg_restore', dump.major),
  }
}

/**
 * Makes the backup. Where no rehearsal will restore it, it is proven as far as level `read`: every file hashed, everything
 * in it read back, and its rows the same number, table by table, as were in the snapshot.
 * @throws BackupError
 */
export async function backup(plan: Plan, snapshot: Snapshot, tools: Tools): Promise<Backup> {
  const clientTools = await findBackupTools(plan)
  const path = join(tools.runFolder, 'database.dump')
  try {
    return await makeBackup(path, clientTools, plan, snapshot, tools)
  } catch (error) {
    // Nobody must take it for a backup later, and on a full disk the report needs its room.
    await effect('backup.discard', () => rm(path, { recursive: true, force: true, maxRetries: 3 })).catch(
      () => undefined,
    )
    throw error
  }
}

async function makeBackup(
  path: string,
  clientTools: ClientTools,
  plan: Plan,
  snapshot: Snapshot,
  tools: Tools,
): Promise<Backup> {
  const started = performance.now()
  const { runFolder, signal, screen } = tools
  const older = olderReleaseReason(clientTools.dump.version, plan.target.serverVersion)
  if (older !== undefined) screen.print(`warning: pg_dump ${older}; upgrade the client tools`)
  screen.progress(`dumping ${plan.target.database}`)
  // Made before pg_dump, which would make it readable for the group.
  await makePrivateFolder(path)
  const level = willBeRestored(tools.settings) ? 'hashed' : 'read'
  const { catalog, fingerprint, tableSizesBytes, dumpedRows } = await interruptible(tools, () =>
    whileHeld(snapshot, async () => {
      await assertEveryRowReadable(snapshot.client)
      const dumpedRows = level === 'read' ? await readDumpedRows(snapshot) : new Map<string, number>()
      return { dumpedRows, ...(await dumpAndFingerprint(path, clientTools.dump, snapshot, tools)) }
    }),
  )
  const rowCounts = fingerprint.tables.map(({ schema, table, rows }) => ({ schema, table, rows }))
  screen.progress(level === 'read' ? 'reading the dump back' : 'hashing the dump')
  const [files, rowsInDump] = await interruptible(tools, () =>
    Promise.all([
      hashFiles(path, runFolder),
      ...(level === 'read' ? [readDump(clientTools.restore, path, signal)] : []),
    ]),
  )
  if (rowsInDump) {
    const expected = rowCounts.map((one) => ({
      ...one,
      rows: dumpedRows.get(quoteRelation(one.schema, one.table)) ?? one.rows,
    }))
    assertSameRows(expected, rowsInDump)
  }
  const catalogHash = await writeCatalog(catalog, runFolder, 'catalog.json')
  const manifest: BackupManifest = {
    format: 1,
    runId: tools.runId,
    createdAt: new Date().toISOString(),
    target: plan.target,
    tool: 'migrate-guard',
    pgDumpVersion: clientTools.dump.version,
    snapshotLsn: snapshot.lsn,
    rowCounts,
    fingerprint,
    catalogHash,
    sequencesAfter: await readMovedSequences(catalog, tools),
    tableWrites: snapshot.tableWrites,
    tableSizesBytes: Object.fromEntries(tableSizesBytes),
    files,
    notIncluded,
  }
  const text = `${JSON.stringify(manifest, null, 2)}\n`
  await writePrivateFile(join(runFolder, 'manifest.json'), text)
  if (level === 'read') assertSameFiles(files, await hashFiles(path, runFolder))
  return {
    outcome: 'proven',
    level,
    path,
    sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    durationMs: performance.now() - started,
    manifest,
    manifestSha256: createHash('sha256').update(text).digest('hex'),
  }
}

/** Then every byte is read, and every value compared, right afterwards: reading it twice would prove no more. */
function willBeRestored(settings: Settings): boolean {
  return willRehearse(settings) && settings.rehearsedRunId === undefined
}

/** Both at the same time, and of the same instant. */
async function dumpAndFingerprint(path: string, tool: ClientTool, snapshot: Snapshot, tools: Tools) {
  const { settings, scratchFolder, signal, screen } = tools
  // Before pg_dump reads where each sequence stands, which belongs to no snapshot.
  const { catalog, tableSizesBytes } = await reading(describeSnapshot(snapshot))
  const [showDump, showFingerprints] = shareProgress(screen)
  const stop = new AbortController()
  const dumped = dumpDatabase({
    tool,
    address: settings.target,
    applicationName: applicationName(tools, 'backup'),
    environment: await clientEnvironment(settings.target, scratchFolder),
    snapshotId: snapshot.id,
    folder: path,
    jobs: settings.jobs,
    signal: AbortSignal.any([signal, snapshot.lost, stop.signal]),
    tableSizesBytes,
    onProgress: (progress) => showDump(formatDumpProgress(progress)),
  }).catch((error) => {
    // What stopped it is the news then.
    if (!stop.signal.aborted) throw error
  })
  const fingerprinting = fingerprintSnapshot(snapshot, { screen: { progress: showFingerprints } })
  const reads = reading(fingerprinting).catch(async (error) => {
    // It must not go on writing into a folder that is removed.
    stop.abort()
    await dumped.catch(() => undefined)
    throw error
  })
  const [fingerprint] = await Promise.all([reads, dumped])
  return { catalog, fingerprint, tableSizesBytes }
}

/** pg_dump has read every sequence by now, each at a moment of its own. */
async function readMovedSequences(
  catalog: readonly CatalogObject[],
  tools: Tools,
): Promise<Record<string, string>> {
  const lastValueOf = ({ properties }: CatalogObject) => String(properties['last value'])
  // The first value that is taken changes only whether any was.
  const stateOf = (object: CatalogObject) => `${lastValueOf(object)} ${object.properties['is called']}`
  const before = new Map(catalog.map((object) => [object.name, object]))
  const ignore = ({ kind }: CatalogObject) => kind !== 'sequence'
  const now = await withTarget(tools, (client) => readCatalogObjects(client, { ignore }))
  const moved = now.filter((object) => {
    const old = before.get(object.name)
    return old !== undefined && stateOf(old) !== stateOf(object)
  })
  return Object.fromEntries(moved.map((object) => [object.name, lastValueOf(object)]))
}

/** A table that somebody has locked is waited for as long as pg_dump would wait for it. */
async function describeSnapshot(snapshot: Snapshot) {
  const reader = await snapshot.open()
  await reader.query(`SET lock_timeout = ${lockWaitTimeoutMs}`)
  const catalog = await readCatalogObjects(reader)
  const tableSizesBytes = await readTableSizes(reader)
  await reader.end()
  return { catalog, tableSizesBytes }
}

/** Of an extension's table the dump may hold a part only. */
async function readDumpedRows(snapshot: Snapshot): Promise<Map<string, number>> {
  const reader = await snapshot.open()
  const counts = await countDumpedRows(reader)
  await reader.end()
  return counts
}

/** What cannot be read of the snapshot cannot be proven of the dump. */
async function reading<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: Error) => {
    if (error instanceof CheckError)
      throw new BackupError(error.code, error.message, { hint: error.hint, cause: error })
    if (error instanceof GuardError) throw error
    // lock_not_available: https://www.postgresql.org/docs/current/errcodes-appendix.html
    if ((error as { code?: string }).code === '55P03') {
      throw new BackupError('table-locked', 'a table was locked for so long that it could not be read', {
        hint: 'Find out who holds the lock, wait for its end, and run the command again.',
        cause: error,
      })
    }
    throw new BackupError(
      'rows-not-counted',
      `the rows of the snapshot cannot be counted: ${error.message}`,
      {
        hint: 'Look in the server log why the session ended, then run the command again.',
        cause: error,
      },
    )
  })
}

/** The dump must hold each row of the snapshot: a pg_dump that ended early may still have said that all is well. */
function assertSameRows(counted: readonly TableRowCount[], inDump: ReadonlyMap<string, number>): void {
  const dumped = new Map([...inDump].map(([name, rows]) => [quoteEachPart(name), rows]))
  for (const { schema, table, rows } of counted) {
    const found = dumped.get(quoteRelation(schema, table)) ?? 0
    if (found === rows) continue
    throw new BackupError(
      'dump-incomplete',
      `the dump holds ${found} rows of "${schema}.${table}"; the snapshot had ${rows}`,
      {
        hint: 'Check whether pg_dump is the real one and whether the role may read all rows (row level security), then run again.',
      },
    )
  }
}

/** pg_restore quotes a name only where SQL needs it. */
function quoteEachPart(name: string): string {
  return name.replace(/"(?:[^"]|"")*"|[^."]+/g, (part) => (part.startsWith('"') ? part : `"${part}"`))
}

function assertSameFiles(written: readonly BackupFile[], readAgain: readonly BackupFile[]): void {
  if (JSON.stringify(written) === JSON.stringify(readAgain)) return
  throw new BackupError('dump-changed', 'a file of the dump changed after it was written', {
    hint: 'Check whether something else writes into the backups folder, or the disk fails.',
  })
}
