/** What one column holds, whatever the order of its rows. */
export interface ColumnFingerprint {
  readonly column: string
  /** The type in the server's words, with its modifiers: `numeric(10,2)`. */
  readonly type: string
  /** Number of values that are not NULL. */
  readonly values: number
  /** Sum over the values of a 64-bit hash, seeded with the hash of the row's key; in decimal digits, `0` without a value. */
  readonly sum: string
}

/**
 * What one table holds. Equal fingerprints: the same rows, whatever their order, the names of table and columns, and the
 * order of the columns. Not cryptographic: it shows accidents, not tampering.
 */
export interface TableFingerprint {
  readonly schema: string
  readonly table: string
  readonly rows: number
  /** The columns whose values seed the hashes, so that values swapped between rows are seen; empty without a key. */
  readonly key: readonly string[]
  readonly columns: readonly ColumnFingerprint[]
  /**
   * Sum of a hash of every whole row: of a table without a key, where only it shows swapped values. The one part that depends on the
   * order of the columns; names and a restore do not change it.
   */
  readonly rowSum?: string
}

/** Large objects, which belong to no table. */
export interface LargeObjectsFingerprint {
  readonly objects: number
  readonly sum: string
}

/** What a database holds, as one snapshot shows it. */
export interface DataFingerprint {
  readonly tables: readonly TableFingerprint[]
  readonly largeObjects: LargeObjectsFingerprint
}
