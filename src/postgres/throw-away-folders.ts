import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'

/** Linux keeps it in memory, and everybody may write there: https://man7.org/linux/man-pages/man7/shm_overview.7.html */
const memoryFolder = '/dev/shm'
/** TMPFS_MAGIC: https://man7.org/linux/man-pages/man2/statfs.2.html */
const tmpfs = 0x01021994
/** A container has 64 MB there unless it is told otherwise, and a schema of a thousand tables takes 200. */
const leastFreeBytes = 1024 ** 3
/** What is written there is memory that others cannot have. */
const leastAvailableBytes = 2 * 1024 ** 3

/** A temporary folder that somebody has chosen is meant. */
const isChosen = () => ['TMPDIR', 'TMP', 'TEMP'].some((name) => process.env[name])

/**
 * Where a throw-away server of a schema without rows lives. Each table, index and sequence is a file, which in memory takes
 * an eighth of the time that it takes on a disk.
 * @returns the temporary folder where memory is short, is not to be had, or another folder was chosen
 */
export async function folderForSmall(): Promise<string> {
  if (isChosen() || process.availableMemory() < leastAvailableBytes) return tmpdir()
  const found = await statfs(memoryFolder).catch(() => undefined)
  const isFit = found?.type === tmpfs && found.bavail * found.bsize >= leastFreeBytes
  return isFit ? memoryFolder : tmpdir()
}

/** Every folder in which a start may have left something. */
export function foldersOfServers(): readonly string[] {
  return process.platform === 'linux' && existsSync(memoryFolder) ? [tmpdir(), memoryFolder] : [tmpdir()]
}
