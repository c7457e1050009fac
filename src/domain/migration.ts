import type { AcceptanceComment } from './acceptance.js'
import type { LockGroup } from './lock-group.js'
import type { StatementLock } from './statement-lock.js'
import type { TargetRefusal } from './target-refusal.js'

/** One statement of a migration file, as the Postgres parser delimits it. */
export interface Statement {
  /** 1-based, in file order. */
  readonly index: number
  /** 1-based line in the file on which the statement begins. */
  readonly line: number
  readonly sql: string
  /** The parser's node name, e.g. `AlterTableStmt`. */
  readonly kind: string
  /** What it locks; absent where that was not found out. */
  readonly locks?: readonly StatementLock[]
  /** A server has shown these locks on a schema twin; else they are those that the text tells. */
  readonly locksSeen?: boolean
  /** Why the target's server cannot read it; absent where it can, or was not asked. */
  readonly refusal?: TargetRefusal
  /** What it would hand to EXECUTE and the target's server cannot read. */
  readonly refusedCommands?: readonly { readonly sql: string; readonly refusal: TargetRefusal }[]
}

/** Whether a file's statements all run in one transaction, or each as written. */
export interface ExecutionModel {
  readonly mode: 'all-or-nothing' | 'statement-by-statement'
  /** Why it is not all-or-nothing; one sentence. */
  readonly reason?: string
  /** In order, when it is not all-or-nothing: where one fails, what those before it leave stays. */
  readonly transactions?: readonly MigrationTransaction[]
}

/** Statements of a file that are committed together. */
export interface MigrationTransaction {
  /** Index of the first and the last statement. */
  readonly first: number
  readonly last: number
  /** 1-based line on which the first begins. */
  readonly line: number
  /** What is in the database once it is committed, e.g. `column customers.fax dropped`. */
  readonly leaves: readonly string[]
  /** What stays although it fails, e.g. `index i, which is not valid`. */
  readonly leftByFailure?: string
}

/** A statement that drops or rewrites data which is already there. */
export interface DataChange {
  readonly kind: 'drop' | 'rewrite'
  readonly line: number
  /** In the words of the statement, e.g. `DROP COLUMN customers.fax`. */
  readonly text: string
}

/** What must, or must not, be in the catalog once the migrations have run. */
export interface CatalogExpectation {
  readonly kind: 'relation' | 'index' | 'column' | 'constraint' | 'trigger'
  readonly schema?: string
  /** The relation; for an index, itself. */
  readonly relation: string
  /** Column, constraint or trigger on the relation. */
  readonly name?: string
  readonly present: boolean
  readonly migration: string
  readonly line: number
}

/** A folder in `prisma/migrations`. */
export interface MigrationFolder {
  readonly name: string
  /** Path of migration.sql, relative to the project. */
  readonly file: string
  /** Absolute path of the folder. */
  readonly directory: string
  /** sha256 of the file, as Prisma computes it; absent when there is no migration.sql. */
  readonly checksum?: string
  readonly bytes?: Uint8Array
}

/** A row of `_prisma_migrations`. */
export interface HistoryRow {
  readonly id: string
  readonly migrationName: string
  readonly checksum: string
  readonly startedAt: string
  readonly finishedAt: string | null
  readonly rolledBackAt: string | null
  readonly appliedStepsCount: number
}

/** A pending migration, read and understood. */
export interface PendingMigration {
  readonly name: string
  readonly file: string
  readonly directory: string
  readonly checksum: string
  readonly statements: readonly Statement[]
  readonly execution: ExecutionModel
  readonly dataChanges: readonly DataChange[]
  /** Findings that comments in the file accept; absent when it has none. */
  readonly acceptances?: readonly AcceptanceComment[]
  /** Locks that our engine takes together, up front; absent where nobody has looked. */
  readonly lockFirst?: readonly LockGroup[]
}
