import type { ExecutionModel } from '../domain/migration.js'
import type { ParsedStatement } from '../sql/parser.js'

/** A pending file, parsed. */
export interface ForecastFile {
  readonly migration: string
  /** Path of migration.sql, for messages. */
  readonly file: string
  readonly statements: readonly ParsedStatement[]
  readonly execution: ExecutionModel
}
