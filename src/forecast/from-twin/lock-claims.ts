import { type LockMode, lockModes, strongerOf } from '../../domain/lock-mode.js'
import type { LockedWork } from '../../domain/statement-lock.js'
import { refusedInTransaction } from '../../sql/transaction-rules.js'
import { runsQuery, wayToRun } from '../../twin/statement-kinds.js'
import type { Ran } from '../../twin/twin.js'
import type { TwinLock } from '../../twin/watch.js'
import { Claims, type LockClaim, type LockTarget, lockedObject } from '../locks/claim.js'
import { lockClaimsOf } from '../locks/lock-claims.js'
import { claimRows } from '../locks/rows.js'
import { claimSequenceCalls } from '../locks/sequences.js'
import type { CatalogModel, Relation } from '../model.js'
import { codeKinds, meetsRows, reachOf } from '../reach.js'
import type { WatchedStatement } from '../watcher.js'
import { type OnTwin, onTwin } from './counterparts.js'
import { holdsRows } from './rows.js'

/**
 * What a statement locks, and what it does meanwhile: as the server has shown on the twin where it ran there, else what its text
 * tells.
 * @param catalog as it is before the statement
 * @param known.ran what it did on the twin; absent where it did not run there
 * @param known.written relations whose rows earlier statements of its transaction may have written
 * @returns undefined where nothing of its locks is known
 */
export function claimsOf(
  statement: WatchedStatement,
  catalog: CatalogModel,
  { ran, written }: { readonly ran?: Ran; readonly written?: ReadonlySet<Relation> } = {},
): LockClaim[] | undefined {
  const told = lockClaimsOf(statement, catalog, written)
  // CONCURRENTLY and VACUUM give locks back before they end.
  if (!ran?.locks || refusedInTransaction(statement) !== undefined) return told
  const claims = new Claims(catalog, written)
  const isAboutRows = wayToRun(statement) === 'judged'
  const isCertain = isAboutRows || (ran.isKept && !mayGoOtherWay(statement, catalog, ran))
  for (const { lock, target, text } of inOrderOfText(ran.locks, new Targets(catalog), told ?? [])) {
    const mode = modeOf(lock, text)
    const work = isAboutRows ? workOnRows(lock, target, statement.kind) : workOf(lock, statement, text)
    claims.add(target, mode, { work, isCertain })
    // The target may have a TOAST table for a column that is gone, which a dump of the schema does not show.
    if (target.kind === 'relation' && hasNoFileAfter.has(work))
      claims.toastOf(target.relation, mode, { work, isCertain })
  }
  addHeldBefore(claims, told ?? [])
  claimSequenceCalls(claims, statement.node)
  if (isAboutRows || statement.kind === 'ConstraintsSetStmt' || (codeKinds.has(statement.kind) && !isCertain))
    claimRows(claims, statement)
  return claims.list()
}

interface Found {
  readonly lock: TwinLock
  readonly target: LockTarget
  /** What the text tells of the same relation. */
  readonly text: LockClaim | undefined
}

/** In no order on the twin: what the statement names comes first, as its text has it. */
function inOrderOfText(locks: readonly TwinLock[], targets: Targets, told: readonly LockClaim[]): Found[] {
  const place = ({ text }: Found) => (text ? told.indexOf(text) : told.length)
  return locks
    .flatMap((lock) => {
      const target = targets.of(lock)
      return target ? [{ lock, target, text: told.find((one) => isSame(one.target, target)) }] : []
    })
    .sort((one, other) => place(one) - place(other) || one.lock.oid - other.lock.oid)
}

/** A lock that the transaction holds already is not seen to be taken once more: the text tells it of what it names. */
function addHeldBefore(claims: Claims, told: readonly LockClaim[]): void {
  const seen = claims.list()
  for (const { target, mode, work, isWorkCertain, isCertain } of told) {
    const isMissing = !seen.some((one) => isSame(one.target, target))
    if (!isCertain || !isMissing || target.kind !== 'relation') continue
    // Of a table that the migrations make it is not seen what is done to it either.
    const isNew = target.relation.live === undefined
    claims.add(target, mode, isNew ? { work, isWorkCertain } : {})
  }
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
  for (const { target, mode, work } of claimsOf(statement, catalog, { ran }) ?? [])
    claims.add(target, mode, { work, isCertain: false })
  return claims.list()
}

/** Whether code may do something else where tables that it reads hold the rows of the target. */
function mayGoOtherWay({ sql }: WatchedStatement, catalog: CatalogModel, { reads }: Ran): boolean {
  return reads.some((table) => holdsRows(catalog, table)) && reachOf(catalog, sql, true).texts.some(meetsRows)
}

/** Of a lock that the transaction held before, the text tells how much of it the statement needs itself. */
function modeOf({ mode, heldMode }: TwinLock, text: LockClaim | undefined): LockMode {
  if (heldMode === undefined) return mode ?? 'ACCESS SHARE'
  const needed = text && isWithin(text.mode, heldMode) ? text.mode : undefined
  const known = [mode, needed].filter((one) => one !== undefined)
  return known.length === 0 ? heldMode : known.reduce(strongerOf)
}

/** A query need not read all of its tables where one of them is empty. */
function workOf(
  { work, mode, kind }: TwinLock,
  statement: WatchedStatement,
  text: LockClaim | undefined,
): LockedWork {
  // REFRESH … CONCURRENTLY reads the view to find what differs.
  if (statement.kind === 'RefreshMatViewStmt' && work === 'scan' && text?.work === 'write') return 'write'
  if (work !== 'metadata' || kind !== 'relation' || !runsQuery(statement)) return work
  return mode === 'ACCESS SHARE' || mode === 'ROW SHARE' ? 'read' : work
}

/** What it does to rows no empty table shows. */
function workOnRows({ mode }: TwinLock, target: LockTarget, kind: string): LockedWork {
  const holdsNone = target.kind === 'relation' && /^(view|partitioned table)$/.test(target.relation.kind)
  if (holdsNone) return 'metadata'
  if (kind === 'TruncateStmt') return mode === 'ACCESS EXCLUSIVE' ? 'empty' : 'metadata'
  if (target.kind !== 'relation') return 'metadata'
  return mode === 'ROW EXCLUSIVE' ? 'write' : 'read'
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
