import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { RehearsalError } from '../../domain/errors.js'
import { formatBytes } from '../../domain/quantities.js'

/** A restored database has no bloat, but what the migrations write comes on top. */
const roomFactor = 1.2

/**
 * Makes sure that a copy of the database has room in the temporary folder, where throw-away clusters lie.
 * @throws RehearsalError `disk-too-small`, with both figures.
 */
export async function assertEnoughDisk(databaseSizeBytes: number, folder = tmpdir()): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const freeBytes = bavail * bsize
  const neededBytes = databaseSizeBytes * roomFactor
  if (freeBytes >= neededBytes) return
  throw new RehearsalError(
    'disk-too-small',
    `a copy of the target needs about ${formatBytes(neededBytes)}, and ${folder} has ${formatBytes(freeBytes)} free`,
    {
      hint: 'Free some, name a larger folder in TMPDIR, or rehearse elsewhere with --rehearsal same-server or a URL.',
    },
  )
}
