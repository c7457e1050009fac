import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Backup, BackupManifest } from '../domain/backup.js'
import { BackupError } from '../domain/errors.js'
import type { TargetIdentity } from '../domain/target.js'
import { hashCatalogObjects } from '../postgres/catalog-fingerprint/hash.js'
import { hashFiles } from '../postgres/dump.js'
import { readCatalogFile } from './fingerprint.js'
import { manifestShape } from './run-folder/backup-shape.js'
import { asKeptJson, readKeptText } from './run-folder/kept-file.js'

/** What a run has written down of its backup, outside the backup. */
export type RecordedBackup = Pick<Backup, 'manifestSha256'> & { readonly path: string }

/**
 * Makes sure, before a backup is used, that it is the one that the run made, byte for byte: the manifest by the hash in
 * the run record, the files and the catalog by the hashes in the manifest. Only a hash sees what pg_restore itself would not: of 325
 * damaged dumps it lists all, and reads 114 to the end.
 * @param folder the run folder
 * @throws BackupError
 */
export async function assertBackupIntact(
  { path, manifestSha256 }: RecordedBackup,
  target: TargetIdentity,
  folder: string,
): Promise<BackupManifest> {
  const refuse = (code: string, message: string) =>
    new BackupError(code, message, {
      hint: 'Do not restore it; make a new backup, and find out what changed the files in the run folder.',
    })
  const manifestPath = join(folder, 'manifest.json')
  const text = (await readKeptText(manifestPath)) ?? { problem: 'is missing' }
  if (text.problem !== undefined)
    throw refuse(
      'manifest-missing',
      `the manifest of the backup cannot be read: ${manifestPath} ${text.problem}`,
    )
  if (createHash('sha256').update(text.value).digest('hex') !== manifestSha256)
    throw refuse('manifest-changed', 'the manifest of the backup is not the one that the run wrote')
  const kept = asKeptJson<BackupManifest>(text.value, manifestShape)
  if (kept.problem !== undefined)
    throw refuse(
      'manifest-changed',
      `the manifest of the backup is of no use: ${manifestPath} ${kept.problem}`,
    )
  const manifest = kept.value
  const { systemIdentifier, databaseOid } = manifest.target
  if (systemIdentifier !== target.systemIdentifier || databaseOid !== target.databaseOid)
    throw refuse('backup-of-another', `the backup is one of another database: ${manifest.target.database}`)
  const files = await hashFiles(path, folder).catch((cause: Error) => {
    throw refuse('dump-changed', `the dump cannot be read: ${cause.message}`)
  })
  const found = new Map(files.map((file) => [file.path, file]))
  for (const file of manifest.files) {
    const now = found.get(file.path)
    if (now === undefined) throw refuse('dump-changed', `a file of the dump is gone: ${file.path}`)
    if (now.sha256 !== file.sha256 || now.sizeBytes !== file.sizeBytes)
      throw refuse('dump-changed', `a file of the dump is not the one that was written: ${file.path}`)
    found.delete(file.path)
  }
  const [added] = found.keys()
  if (added !== undefined)
    throw refuse('dump-changed', `there is a file in the dump that was not written: ${added}`)
  if ((await hashKeptCatalog(folder)) !== manifest.catalogHash)
    throw refuse('catalog-changed', 'the catalog kept beside the backup is not the one that the run wrote')
  return manifest
}

/** Undefined when there is none that can be read. */
async function hashKeptCatalog(folder: string): Promise<string | undefined> {
  return readCatalogFile(folder, 'catalog.json').then(hashCatalogObjects, () => undefined)
}
