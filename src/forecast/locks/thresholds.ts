/** From which size on a lock is worth a word. */
export interface LockThresholds {
  /** Less is over before anybody has noticed. */
  readonly quietBelow: WorkSizes
  /** Whoever waits for more waits for minutes, which no application bears: the run stops unless that is accepted. */
  readonly blockFrom: WorkSizes
}

export interface WorkSizes {
  /** Table, TOAST and indexes, that are written anew. */
  readonly rewriteBytes: number
  /** Table that an index is built from. */
  readonly buildBytes: number
  /** Table that is read. */
  readonly scanBytes: number
  /** Rows that one statement changes. */
  readonly rows: number
}

const MiB = 1024 ** 2
const GiB = 1024 ** 3

/**
 * About a second, and about two minutes, on a server that writes a table anew at 70 MB/s (with its log and indexes),
 * builds an index from 130 MB/s, reads 260 MB/s from disk and changes 100,000 rows a second.
 */
export const lockThresholds: LockThresholds = {
  quietBelow: { rewriteBytes: 64 * MiB, buildBytes: 128 * MiB, scanBytes: 256 * MiB, rows: 100_000 },
  blockFrom: { rewriteBytes: 8 * GiB, buildBytes: 16 * GiB, scanBytes: 32 * GiB, rows: 20_000_000 },
}
