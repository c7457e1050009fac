import type { Finding } from '../domain/finding.js'
import type { LockGroup } from '../domain/lock-group.js'
import type { ParsedStatement } from '../sql/parser.js'
import type { LockClaim } from './locks/claim.js'
import { heldLockFindings, type LockedStatement, lockFindings } from './locks/findings.js'
import { lockClaimsOf } from './locks/lock-claims.js'
import { type LockStep, lockGroupsOf, lockStepOf } from './locks/lock-first.js'
import { type LockThresholds, lockThresholds } from './locks/thresholds.js'
import type { CatalogModel } from './model.js'
import type { StatementPlace } from './requirement.js'
import { safeRewriteOf } from './rewrites/safe-rewrite-of.js'

/** Notes what each statement locks, and who waits for it, while the walk comes by. */
export class LockWatch {
  readonly #statements: {
    readonly locked: LockedStatement
    readonly findings: readonly Finding[]
    readonly step: LockStep
  }[] = []

  constructor(private readonly thresholds: LockThresholds = lockThresholds) {}

  /** Right before the statement is followed: claims and proposals go by the catalog that it meets. */
  beforeStatement(statement: ParsedStatement, place: StatementPlace, catalog: CatalogModel): void {
    const locked = { statement, place, claims: lockClaimsOf(statement, catalog) }
    const rewrite = () => safeRewriteOf(statement, catalog)
    this.#statements.push({
      locked,
      findings: lockFindings(locked, rewrite, this.thresholds),
      step: lockStepOf(locked, catalog),
    })
  }

  get statements(): LockedStatement[] {
    return this.#statements.map(({ locked }) => locked)
  }

  get claims(): LockClaim[] {
    return this.#statements.flatMap(({ locked }) => [...locked.claims])
  }

  /** What to lock up front in a migration whose file runs in one transaction. */
  lockFirst(migration: string): LockGroup[] {
    const own = this.#statements.filter(({ locked }) => locked.place.migration === migration)
    return lockGroupsOf(own.map(({ step }) => step))
  }

  /** @param inOneTransaction the migrations whose files run in one transaction, which keeps every lock until its end */
  findings(inOneTransaction: readonly string[]): Finding[] {
    const held = inOneTransaction.flatMap((migration) =>
      heldLockFindings(
        this.statements.filter(({ place }) => place.migration === migration),
        this.thresholds,
      ),
    )
    return [...this.#statements.flatMap(({ findings }) => findings), ...held]
  }
}
