import { type LockMode, lockModes, strongerOf } from '../../domain/lock-mode.js'
import type { LockedWork } from '../../domain/statement-lock.js'
import { refusedInTransaction } from '../../sql/transaction-rules.js'
import type { Ran } from '../../twin/twin.js'
import type { TwinLock } from '../../twin/watch.js'
import { Claims, type LockClaim, type LockTarget, lockedObject } from '../locks/claim.js'
import { lockClaimsOf } from '../locks/lock-claims.js'
import type { CatalogModel, Relation } from '../model.js'
import { codeKinds, meetsRows, reachOf } from '../reach.js'
import type { WatchedStatement } from '../watcher.js'
import { type OnTwin, onTwin } from './counterparts.js'
import { holdsRows } from './rows.js'

/**
 * What a statement locks, and what it does meanwhile: as the server has shown on the twin where it ran there, else by our
 * own rules.
 * @param catalog as it is before the statement
 * @param known.ran what it did on the twin; absent where it did not run there
 * @param known.written relations whose rows earlier statements of its transaction may have written
 */
export function claimsOf(
  statement: WatchedStatement,
  catalog: CatalogModel,
  { ran, written }: { readonly ran?: Ran; readonly written?: ReadonlySet<Relation> } = {},
): LockClaim[] {
  const ruled = lockClaimsOf(statement, catalog, written)
  // CONCURRENTLY and VACUUM give locks back before they end.
  if (!ran?.locks || refusedInTransaction(statement) !== undefined) return ruled
  const claims = new Claims(catalog)
  const targets = new Targets(catalog)
  const isCertain = ran.isKept && !mayGoOtherWay(statement, catalog, ran)
  // In no order there: what the statement names comes first, as by our own rules.
  const found = ran.locks
    .flatMap((lock) => {
      const target = targets.of(lock)
      return target ? [{ lock, target, rule: ruled.findIndex((one) => isSame(one.target, target)) }] : []
    })
    .sort((one, other) => orderOf(one) - orderOf(other) || one.lock.oid - other.lock.oid)
  for (const { lock, target, rule } of found) {
    const mode = modeOf(lock, ruled[rule])
    const work = workOf(lock, ruled[rule], statement.kind)
    claims.add(target, mode, { work, isCertain })
    // The target may have a TOAST table for a column that is gone, which a dump of the schema does not show.
    if (target.kind === 'relation' && hasNoFileAfter.has(work))
      claims.toastOf(target.relation, mode, { work, isCertain })
  }
  for (const { target, ...ruledClaim } of ruled)
    if (codeKinds.has(statement.kind) ? !isCertain : dependsOnRows(statement, target, ruledClaim))
      claims.add(target, ruledClaim.mode, ruledClaim)
  return claims.list()
}

function orderOf({ rule }: { readonly rule: number }): number {
  return rule < 0 ? Number.MAX_SAFE_INTEGER : rule
}

/** Its TOAST table goes with the file. */
const hasNoFileAfter: ReadonlySet<LockedWork> = new Set(['drop', 'rewrite', 'empty'])

/**
 * The claims of code, and of a statement that it may come to.
 * @param catalog as that statement meets it
 */
export function claimsOfCode(
  code: readonly LockClaim[],
  statement: WatchedStatement,
  catalog: CatalogModel,
  ran: Ran,
): LockClaim[] {
  const claims = new Claims(catalog)
  for (const { target, ...claim } of code) claims.add(target, claim.mode, claim)
  for (const { target, mode, work } of claimsOf(statement, catalog, { ran }))
    claims.add(target, mode, { work, isCertain: false })
  return claims.list()
}

/** Whether code may do something else where tables that it reads hold the rows of the target. */
function mayGoOtherWay({ sql }: WatchedStatement, catalog: CatalogModel, { reads }: Ran): boolean {
  return reads.some((table) => holdsRows(catalog, table)) && reachOf(catalog, sql, true).texts.some(meetsRows)
}

/** Locks of a definition that the twin may not show, because it holds no rows. */
function dependsOnRows(
  { kind }: WatchedStatement,
  target: LockTarget,
  { isCertain }: Pick<LockClaim, 'isCertain'>,
): boolean {
  // The default of a new column takes a value for each row.
  return kind === 'ConstraintsSetStmt' || (target.kind === 'sequence' && !isCertain)
}

/**
 * A lock that the transaction held already is not seen to be taken once more: there our own rules say how much of it the
 * statement needs itself.
 */
function modeOf({ mode, heldMode }: TwinLock, ruled: LockClaim | undefined): LockMode {
  if (heldMode === undefined) return mode ?? 'ACCESS SHARE'
  const needed = ruled && isWithin(ruled.mode, heldMode) ? ruled.mode : undefined
  const known = [mode, needed].filter((one) => one !== undefined)
  return known.length === 0 ? heldMode : known.reduce(strongerOf)
}

/** A query need not read all of its tables where one of them is empty. */
function workOf({ work, mode, kind }: TwinLock, ruled: LockClaim | undefined, of: string): LockedWork {
  if (work !== 'metadata' || kind !== 'relation') return work
  const mayBeRead = codeKinds.has(of) && (mode === 'ACCESS SHARE' || mode === 'ROW SHARE')
  return mayBeRead || ruled?.work === 'read' ? 'read' : work
}

function isSame(one: LockTarget, other: LockTarget): boolean {
  return one.kind === other.kind && lockedObject(one) === lockedObject(other)
}

function isWithin(mode: LockMode, held: LockMode): boolean {
  return lockModes.indexOf(mode) <= lockModes.indexOf(held)
}

/** Finds what an object of the twin is in the walk's catalog. */
class Targets {
  readonly #byOid = new Map<number, LockTarget>()

  constructor(private readonly catalog: CatalogModel) {
    const note = (object: object, target: LockTarget) => {
      const oid = (object as OnTwin)[onTwin]
      if (oid !== undefined) this.#byOid.set(oid, target)
    }
    for (const relation of catalog.relations) {
      note(relation, { kind: 'relation', relation })
      for (const index of relation.indexes) note(index, { kind: 'index', index, relation })
    }
    for (const sequence of catalog.sequences) note(sequence, { kind: 'sequence', sequence })
    for (const type of catalog.types)
      if (type.kind === 'composite' && !type.isDropped) note(type, { kind: 'composite type', type })
  }

  of({ oid, kind, schema, name }: TwinLock): LockTarget | undefined {
    const found = this.#byOid.get(oid) ?? this.#temporary(schema, name)
    if (kind !== 'toast' && kind !== 'toast index') return found
    return found?.kind === 'relation' ? { kind, relation: found.relation } : undefined
  }

  /** Temporary tables are not read from the twin. */
  #temporary(schema: string, name: string): LockTarget | undefined {
    if (!/^pg_temp/.test(schema)) return undefined
    const relation = this.catalog.relations.find((one) => one.isTemporary && one.name === name)
    return relation && { kind: 'relation', relation }
  }
}
