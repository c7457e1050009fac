import { statfs } from 'node:fs/promises'
import { isDirectoryOf } from '../../../checks/health/disk-space.js'
import { BackupError } from '../../../domain/errors.js'
import { formatBytes } from '../../../domain/quantities.js'
import type { TargetIdentity } from '../../../domain/target.js'
import type { Client } from '../../../postgres/connection.js'

/**
 * Looks whether the disk of the server has room for the database once more, where that disk can be seen from here.
 * @param neededBytes size of the database when the snapshot was taken
 * @returns what was seen, in words; also that it could not be looked at
 * @throws BackupError `disk-too-small`
 */
export async function lookAtDisk(
  client: Client,
  { systemIdentifier }: TargetIdentity,
  neededBytes: number,
): Promise<string> {
  const need = `about ${formatBytes(neededBytes)} are needed`
  // 1663 is pg_default, which lies in the data directory.
  const { rows } = await client.query(`
    SELECT (SELECT s.setting FROM pg_catalog.pg_settings s WHERE s.name = 'data_directory') AS "dataDirectory",
           d.dattablespace <> 1663 AS "hasTablespace"
      FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`)
  const { dataDirectory, hasTablespace } = rows[0]
  const notLookedAt = (why: string) => `${need}; whether they are free was not looked at: ${why}`
  if (hasTablespace) return notLookedAt('the database lies in a tablespace of its own')
  if (dataDirectory === null) return notLookedAt('this role may not see where the server keeps its data')
  if (!(await isDirectoryOf(systemIdentifier, dataDirectory)))
    return notLookedAt('the disk of the server cannot be seen from here')
  const { bavail, bsize } = await statfs(dataDirectory)
  const freeBytes = bavail * bsize
  if (freeBytes >= neededBytes) return `${need}, ${formatBytes(freeBytes)} are free`
  throw new BackupError(
    'disk-too-small',
    `the database once more needs about ${formatBytes(neededBytes)}, and ${dataDirectory} has ${formatBytes(freeBytes)} free`,
    { hint: 'Free space or enlarge the disk first: when it is full, the server takes no writes at all.' },
  )
}
