import type { ExecutionModel } from '../domain/migration.js'
import type { ParsedStatement } from '../sql/parser.js'

/** A pending file, parsed. */
export interface ForecastFile {
  readonly migration: string
  /** Path of migration.sql, for messages. */
  readonly file: string
  readonly statements: readonly ParsedStatement[]
  readonly execution: ExecutionModel
  /** Where it stops the deploy by itself, whatever the database: a line that cannot be parsed, or that cannot be run where it stands. */
  readonly stopsAt?: number
  /** What it sets stays set for the next file: Prisma's own engine runs all files in one session. */
  readonly keepsSession?: boolean
}
