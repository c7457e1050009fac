import type { Finding } from '../../domain/finding.js'
import type { CatalogModel } from '../model.js'
import type { StatementPlace } from '../requirement.js'
import { safeRewriteOf } from '../rewrites/safe-rewrite-of.js'
import { heldLockFindings, type LockedStatement, lockFindings } from './findings.js'
import { lockClaimsOf } from './lock-claims.js'
import { type LockThresholds, lockThresholds } from './thresholds.js'

/** Keeps what every statement locks while a walk goes over the pending files, and what is to be said of it. */
export class LockRecord {
  readonly #findings: Finding[] = []
  /** Of the transaction now running. */
  #statements: LockedStatement[] = []

  constructor(
    private readonly catalog: CatalogModel,
    private readonly thresholds: LockThresholds = lockThresholds,
  ) {}

  /** Right before a statement is followed: the catalog is what it meets. */
  beforeStatement(statement: LockedStatement['statement'], place: StatementPlace): void {
    const locked = { statement, place, claims: lockClaimsOf(statement, this.catalog) }
    const rewrite = () => safeRewriteOf(statement, this.catalog)
    this.#findings.push(...lockFindings(locked, rewrite, this.thresholds))
    this.#statements.push(locked)
  }

  /** All its locks are given back. */
  endTransaction(): void {
    this.#findings.push(...heldLockFindings(this.#statements, this.thresholds))
    this.#statements = []
  }

  get findings(): readonly Finding[] {
    return this.#findings
  }
}
