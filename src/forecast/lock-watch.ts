import type { Finding } from '../domain/finding.js'
import type { LockGroup } from '../domain/lock-group.js'
import { setsTransaction } from '../sql/transaction-rules.js'
import type { Ran } from '../twin/twin.js'
import type { ForecastFile } from './file.js'
import { claimsOf, claimsOfCode } from './from-twin/lock-claims.js'
import type { LockClaim } from './locks/claim.js'
import { heldLockFindings, type LockedStatement, lockFindings } from './locks/findings.js'
import { type LockStep, lockGroupsOf, lockStepOf } from './locks/lock-first.js'
import { longWorkOf, reaches } from './locks/long-work.js'
import { type LockThresholds, lockThresholds } from './locks/thresholds.js'
import type { CatalogModel, Relation } from './model.js'
import type { StatementPlace } from './requirement.js'
import type { SafeRewrite } from './rewrites/safe-rewrite.js'
import { safeRewriteOf } from './rewrites/safe-rewrite-of.js'
import type { WatchedStatement } from './watcher.js'

interface Seen {
  readonly locked: LockedStatement
  /** False where neither a server nor its text tells what it locks. */
  readonly isKnown: boolean
  /** What it gives is of the catalog that the statement meets: asked once, and remembered. */
  readonly rewrite: () => SafeRewrite | undefined
  readonly findings: readonly Finding[]
  readonly step: LockStep
}

/** Notes what each statement locks, and who waits for it, while the walk comes by. */
export class LockWatch {
  readonly #statements: Seen[] = []
  /** Relations whose rows statements of the present file may have written. */
  readonly #written = new Set<Relation>()
  readonly #rowsHit = new Map<string, number>()

  constructor(private readonly thresholds: LockThresholds = lockThresholds) {}

  /**
   * Right before the statement is followed: claims and proposals go by the catalog that it meets.
   * @param ran what it did on the twin, where it ran there
   */
  beforeStatement(
    statement: WatchedStatement,
    place: StatementPlace,
    catalog: CatalogModel,
    ran?: Ran,
  ): void {
    if (place.migration !== this.#statements.at(-1)?.locked.place.migration) this.#written.clear()
    const known = { written: this.#written, ...(ran ? { ran } : {}) }
    const claims = claimsOf(statement, catalog, known)
    const isSeen = ran?.locks !== undefined
    this.#note({ statement, place, claims: claims ?? [], isSeen }, catalog, claims !== undefined)
  }

  /** The same of a statement that the code of the last one comes to. */
  inCode(statement: WatchedStatement, catalog: CatalogModel, ran?: Ran): void {
    const last = this.#statements.at(-1)
    if (!last || !ran?.locks || last.locked.statement.node === statement.node) return
    this.#statements.pop()
    const claims = claimsOfCode(last.locked.claims, statement, catalog, ran)
    this.#note({ ...last.locked, claims }, catalog, true)
  }

  #note(locked: LockedStatement, catalog: CatalogModel, isKnown: boolean): void {
    for (const { target, work } of locked.claims)
      if (work === 'write' && target.kind === 'relation') this.#written.add(target.relation)
    const rewrite = once(() => safeRewriteOf(locked, catalog))
    this.#statements.push({
      locked,
      isKnown,
      rewrite,
      findings: lockFindings(locked, rewrite, this.thresholds),
      step: lockStepOf(locked, catalog),
    })
  }

  get statements(): LockedStatement[] {
    return this.#statements.map(({ locked }) => locked)
  }

  /** Those whose locks are known, at least in part. */
  get known(): LockedStatement[] {
    return this.#statements.filter(({ isKnown }) => isKnown).map(({ locked }) => locked)
  }

  get claims(): LockClaim[] {
    return this.#statements.flatMap(({ locked }) => [...locked.claims])
  }

  /** What to lock up front in a migration whose file runs in one transaction. */
  lockFirst(migration: string): LockGroup[] {
    const own = this.#statements.filter(({ locked }) => locked.place.migration === migration)
    return lockGroupsOf(own.map(({ step }) => step))
  }

  /** The statements that may change very many rows, but only those that meet a condition: they are worth counting. */
  changesOfMany(): { readonly place: StatementPlace; readonly table: string }[] {
    return this.statements.flatMap(({ statement, place, claims }) => {
      const isOne = longWorkOf(statement, claims).some(
        (work) => work.isConditional && reaches(work, this.thresholds.quietBelow),
      )
      return isOne ? [{ place, table: statement.node.relation.relname as string }] : []
    })
  }

  /** From then on the findings are about the rows that the statement hits. */
  noteRowsHit(place: StatementPlace, rowsHit: number): void {
    this.#rowsHit.set(keyOf(place), rowsHit)
  }

  /** @param inOneTransaction the migrations whose files run in one transaction, which keeps every lock until its end */
  findings(inOneTransaction: readonly string[]): Finding[] {
    const byMigration = new Map<string, LockedStatement[]>(inOneTransaction.map((name) => [name, []]))
    for (const locked of this.#counted()) byMigration.get(locked.place.migration)?.push(locked)
    const held = [...byMigration.values()].flatMap((own) => heldLockFindings(own, this.thresholds))
    return [...this.#statements.flatMap((one) => this.#findingsOf(one)), ...held]
  }

  #findingsOf({ locked, rewrite, findings }: Seen): readonly Finding[] {
    const rowsHit = this.#rowsHit.get(keyOf(locked.place))
    // What would be proposed was asked for when the upper limit was found to be worth a word.
    return rowsHit === undefined ? findings : lockFindings({ ...locked, rowsHit }, rewrite, this.thresholds)
  }

  #counted(): LockedStatement[] {
    return this.statements.map((locked) => {
      const rowsHit = this.#rowsHit.get(keyOf(locked.place))
      return rowsHit === undefined ? locked : { ...locked, rowsHit }
    })
  }
}

/**
 * What to lock up front, by the name of the migration: of the files that run in one transaction. At a higher level of
 * isolation a snapshot is taken first, and what is written while locks are waited for makes it fail.
 */
export function lockFirstOf(
  files: readonly ForecastFile[],
  locks: LockWatch,
): ReadonlyMap<string, readonly LockGroup[]> {
  return new Map(
    files
      .filter(
        ({ execution, statements }) =>
          execution.mode === 'all-or-nothing' && !statements.some(setsTransaction),
      )
      .map(({ migration }) => [migration, locks.lockFirst(migration)]),
  )
}

function keyOf({ migration, index }: StatementPlace): string {
  return `${migration} ${index}`
}

function once<T>(give: () => T): () => T {
  let given: { readonly value: T } | undefined
  return () => {
    given ??= { value: give() }
    return given.value
  }
}
