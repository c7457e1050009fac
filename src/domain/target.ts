/** A value that must not be printed: it shows itself as `<redacted>` wherever it is turned into text. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself; only for the place that hands it to Postgres. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '<redacted>'
  }

  toJSON(): string {
    return '<redacted>'
  }
}

/** Where the target is and as whom it is opened; parsed from a connection URL once. */
export interface TargetAddress {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** Absent when the URL has none: pgpass, peer or trust authentication. */
  readonly password?: Secret
  /** Opens the private key of the client, or the PKCS#12 file in which it is: `sslpassword`. */
  readonly keyPassword?: Secret
  /** The PKCS#12 file from which the PEM files of the parameters were made; Prisma's own engine reads no other. */
  readonly identityPath?: string
  /** Prisma's `?schema=`: where the migration history and the models live. */
  readonly schema: string
  /** The other URL parameters, e.g. `sslmode`, as given. */
  readonly parameters: Readonly<Record<string, string>>
}

/**
 * What tells a server from a physical copy of it, which has the same identifier and the same OIDs. None of it is a proof
 * by itself; a person who makes copies sets `place`.
 */
export interface PlaceMarks {
  /** Another one after each promotion of a standby: https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES */
  readonly timeline: number
  /**
   * Since when the server counts for itself. A copy of a running server has no statistics and begins anew; they outlive a
   * restart in order, and no crash.
   */
  readonly statisticsSince: string | null
  /** The setting `cluster_name`; empty where nobody has set it. */
  readonly clusterName: string
  /** The setting `migrate_guard.place`, by ALTER DATABASE … SET; null where nobody has set it. */
  readonly place: string | null
}

/** Who the target really is, read from the server. Two databases with the same identity are the same database. */
export interface TargetIdentity {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly schema: string
  readonly databaseOid: string
  /** From pg_control_system(): made by initdb, the same on every physical copy, on no other cluster. */
  readonly systemIdentifier: string
  readonly marks: PlaceMarks
  readonly serverVersion: string
  /** server_version_num, e.g. 150018. */
  readonly serverVersionNum: number
  readonly inRecovery: boolean
  readonly databaseSizeBytes: number
}
