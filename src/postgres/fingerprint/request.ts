/** A column to hash, or of the key. */
export interface FingerprintColumn {
  readonly name: string
  /** The type in the server's words, with its modifiers: `numeric(10,2)`. */
  readonly type: string
  /** The type below all domains, without modifiers. */
  readonly baseType: string
  /** False when the server holds that no value is NULL. */
  readonly nullable: boolean
  /** Computed by the server from other columns. */
  readonly generated: boolean
  /**
   * Compare the values as this type, e.g. `bigint` for a column that was or will be widened. In the server's words, as another
   * column's `type` has them: it stands in SQL as it is.
   */
  readonly castTo?: string
}

/** What shall be known of one table. Changed by the caller where names, key or types have changed between two fingerprints. */
export interface FingerprintRequest {
  readonly schema: string
  readonly table: string
  /** Size on disk, large values included; for the order of the work and its progress. */
  readonly sizeBytes: number
  /** In the order in which the fingerprint names them; without a key, the sum over whole rows depends on it too. */
  readonly columns: readonly FingerprintColumn[]
  /** The columns that seed the hashes; they need not be among `columns`. Empty: no seed, and a sum over whole rows instead. */
  readonly key: readonly FingerprintColumn[]
  /** Only rows for which this holds: SQL over the row as `t`. */
  readonly condition?: string
}

/** The type that a column is hashed as. */
export function typeOf({ castTo, type }: FingerprintColumn): string {
  return castTo ?? type
}
