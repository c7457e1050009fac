import { randomInt } from 'node:crypto'

/** PG_CONTROL_FILE_SIZE of https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_control.h */
export const controlFileBytes = 8192

/** A cluster that was copied at rest, made one of its own: what has to be written over in its files. */
export interface OwnIdentity {
  /** The control file, with another system identifier. */
  readonly control: Buffer
  /** The segment of the log that holds the last checkpoint. */
  readonly segment: string
  /** Where the identifier stands in the first page of that segment (XLogLongPageHeaderData). */
  readonly segmentOffset: number
  readonly identifier: Buffer
}

/**
 * Gives a copied cluster a system identifier of its own. It stands first in the control file; a checksum over all before
 * itself stands last, and where that is depends on the version, so it is looked for.
 * @returns undefined where the file is not what we take it for
 */
export function withOwnIdentity(control: Buffer): OwnIdentity | undefined {
  const at = findChecksum(control)
  if (at === undefined) return undefined
  // As initdb makes it: the seconds, and behind them what tells two of one second apart.
  const identifier = Buffer.alloc(8)
  identifier.writeUInt32LE(randomInt(2 ** 32), 0)
  identifier.writeUInt32LE(Math.floor(Date.now() / 1000), 4)
  const own = Buffer.from(control)
  identifier.copy(own)
  own.writeUInt32LE(crc32c(own.subarray(0, at)), at)
  return { control: own, segment: segmentOf(control), segmentOffset: 24, identifier }
}

/** By the place of the last checkpoint and its timeline; a segment has 16 MB, unless initdb is told otherwise. */
function segmentOf(control: Buffer): string {
  const checkpoint = { low: control.readUInt32LE(32), high: control.readUInt32LE(36) }
  const parts = [control.readUInt32LE(48), checkpoint.high, checkpoint.low >>> 24]
  return parts.map((part) => part.toString(16).toUpperCase().padStart(8, '0')).join('')
}

function findChecksum(control: Buffer): number | undefined {
  if (control.length !== controlFileBytes) return undefined
  for (let at = 64; at < 1024; at += 4)
    if (control.readUInt32LE(at) === crc32c(control.subarray(0, at))) return at
  return undefined
}

const table = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc >>> 0
})

/** CRC-32C, https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4 */
function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
