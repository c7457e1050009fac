import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { ProjectError } from '../domain/errors.js'
import type { MigrationFolder } from '../domain/migration.js'

/**
 * Reads the migrations folder in Prisma's order: by the bytes of the names. A folder without migration.sql is listed
 * without a checksum.
 * @throws ProjectError when there is no migrations folder, or nothing in it: Prisma would say nothing and exit 0.
 */
export async function readMigrationFolders(
  path: string,
  projectDirectory: string,
): Promise<MigrationFolder[]> {
  const shown = relative(projectDirectory, path) || path
  const found = await stat(path).catch(() => undefined)
  if (!found?.isDirectory()) {
    const what = found ? `${shown} is not a migrations folder` : `there is no migrations folder at ${shown}`
    throw new ProjectError('migrations-missing', what, {
      hint: 'Run the command in the folder of your project, or give the path by --migrations.',
    })
  }
  const entries = await readdir(path, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  if (names.length === 0) {
    throw new ProjectError('migrations-empty', `the migrations folder ${shown} holds no migration`, {
      hint: 'Give the path of the right folder by --migrations; Prisma itself would report success here.',
    })
  }
  names.sort(compareNames)
  return names.map((name) => readFolder(path, name, projectDirectory))
}

/** By bytes, as Prisma sorts; JavaScript would compare UTF-16 units. */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function readFolder(path: string, name: string, projectDirectory: string): MigrationFolder {
  const directory = join(path, name)
  const absolute = join(directory, 'migration.sql')
  const folder = { name, directory, file: relative(projectDirectory, absolute) }
  const bytes = readIfThere(absolute)
  return bytes === undefined ? folder : { ...folder, bytes, checksum: checksumOf(bytes) }
}

/** One after the other: to wait for a thousand small files takes five times as long as to read them. */
function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** sha256 in hex: what Prisma stores in `_prisma_migrations.checksum`. */
export function checksumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/**
 * True when the file is the one that was applied. Git may have turned line ends on the way, which Prisma tolerates
 * as well: https://github.com/prisma/prisma-engines/pull/2101
 */
export function matchesChecksum(folder: MigrationFolder, checksum: string): boolean {
  if (folder.bytes === undefined) return false
  if (folder.checksum === checksum) return true
  const unix = Buffer.from(folder.bytes).toString('latin1').replaceAll('\r\n', '\n')
  const variants = [unix, unix.replaceAll('\n', '\r\n')]
  return variants.some((text) => checksumOf(Buffer.from(text, 'latin1')) === checksum)
}
