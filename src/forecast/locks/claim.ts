import { type LockMode, strongerOf } from '../../domain/lock-mode.js'
import type { LockedWork } from '../../domain/statement-lock.js'
import { nameOf } from '../lookup.js'
import type { CatalogModel, IndexObject, Relation, SequenceObject, TypeObject } from '../model.js'

/** What the server locks as a relation of its own. A composite type has one, too. */
export type LockTarget =
  | { readonly kind: 'relation' | 'toast' | 'toast index'; readonly relation: Relation }
  | { readonly kind: 'index'; readonly index: IndexObject; readonly relation: Relation }
  | { readonly kind: 'sequence'; readonly sequence: SequenceObject }
  | { readonly kind: 'composite type'; readonly type: TypeObject }

/** The object of the catalog behind a target; a table and its TOAST table have one between them. */
export function lockedObject(target: LockTarget): object {
  switch (target.kind) {
    case 'index':
      return target.index
    case 'sequence':
      return target.sequence
    case 'composite type':
      return target.type
    default:
      return target.relation
  }
}

/** What is done to the target under the lock; of several the last counts. */
const works: readonly LockedWork[] = [
  'metadata',
  'read',
  'write',
  'empty',
  'scan',
  'build',
  'rewrite',
  'drop',
]

/** A lock that a statement takes and keeps until its transaction ends, and what it does meanwhile. */
export interface LockClaim {
  readonly target: LockTarget
  /** As it is called before the statement: for messages, and bare for acceptances. */
  readonly name: string
  readonly object: string
  /** The strongest. */
  readonly mode: LockMode
  readonly work: LockedWork
  /** False where the text alone does not tell whether the statement does it, as for a column that gets another type. */
  readonly isWorkCertain: boolean
  /** False for a lock that the server takes only where a row calls for it, e.g. on the partition that it is put into. */
  readonly isCertain: boolean
  readonly heapBytes: number
  readonly toastBytes: number
  readonly indexBytes: number
  /** Absent when the server has never counted. */
  readonly rowEstimate?: number
}

export interface Details {
  readonly work?: LockedWork
  readonly isWorkCertain?: boolean
  readonly isCertain?: boolean
}

interface Draft {
  readonly target: LockTarget
  mode: LockMode
  work: LockedWork
  isWorkCertain: boolean
  isCertain: boolean
}

/** Collects what one statement locks: of several locks on the same target the strongest counts. */
export class Claims {
  readonly #drafts = new Map<object, Draft[]>()

  /** @param written relations whose rows earlier statements of the transaction may have written */
  constructor(
    readonly catalog: CatalogModel,
    readonly written: ReadonlySet<Relation> = new Set(),
  ) {}

  relation(relation: Relation, mode: LockMode, details: Details = {}): void {
    this.add({ kind: 'relation', relation }, mode, details)
  }

  index(index: IndexObject, relation: Relation, mode: LockMode, details: Details = {}): void {
    this.add({ kind: 'index', index, relation }, mode, details)
  }

  indexesOf(relation: Relation, mode: LockMode, details: Details = {}): void {
    for (const index of relation.indexes) this.index(index, relation, mode, details)
  }

  /** The TOAST table, where the relation has one, and its index. */
  toastOf(relation: Relation, mode: LockMode, details: Details = {}): void {
    this.add({ kind: 'toast', relation }, mode, details)
    this.add({ kind: 'toast index', relation }, mode, details)
  }

  sequence(sequence: SequenceObject, mode: LockMode, details: Details = {}): void {
    this.add({ kind: 'sequence', sequence }, mode, details)
  }

  list(): LockClaim[] {
    return [...this.#drafts.values()].flat().map((draft) => ({ ...draft, ...this.#describe(draft.target) }))
  }

  add(
    target: LockTarget,
    mode: LockMode,
    { work = 'metadata', isWorkCertain = true, isCertain = true }: Details = {},
  ): void {
    if ((target.kind === 'toast' || target.kind === 'toast index') && !hasToast(target.relation)) return
    const key = lockedObject(target)
    const drafts = this.#drafts.get(key) ?? []
    this.#drafts.set(key, drafts)
    const known = drafts.find((draft) => draft.target.kind === target.kind)
    if (!known) {
      drafts.push({ target, mode, work, isWorkCertain, isCertain })
      return
    }
    if (known.work === work) known.isWorkCertain ||= isWorkCertain
    else if (lastOf(known.work, work) === work) known.isWorkCertain = isWorkCertain
    if (known.mode === mode) known.isCertain ||= isCertain
    else if (strongerOf(known.mode, mode) === mode) known.isCertain = isCertain
    known.mode = strongerOf(known.mode, mode)
    known.work = lastOf(known.work, work)
  }

  #describe(target: LockTarget): Description {
    switch (target.kind) {
      case 'relation':
        return { ...this.#named(target.relation), ...sizeOf(target.relation) }
      case 'index': {
        const { index, relation } = target
        return {
          ...this.#named({ schema: relation.schema, name: index.name }),
          ...nothing,
          indexBytes: index.sizeBytes,
        }
      }
      case 'toast':
      case 'toast index': {
        const { name, object } = this.#named(target.relation)
        const what = target.kind === 'toast' ? 'TOAST table' : 'TOAST index'
        return { name: `${what} of ${name}`, object, ...nothing, toastBytes: target.relation.toastBytes }
      }
      case 'sequence':
        return { ...this.#named(target.sequence), ...nothing }
      case 'composite type':
        return { ...this.#named(target.type), ...nothing }
    }
  }

  #named(one: { readonly schema: string; readonly name: string }): Pick<LockClaim, 'name' | 'object'> {
    return { name: nameOf(this.catalog, one), object: one.name }
  }
}

type Description = Omit<LockClaim, 'target' | 'mode' | 'work' | 'isWorkCertain' | 'isCertain'>

const nothing = { heapBytes: 0, toastBytes: 0, indexBytes: 0 }

function sizeOf({ isEmpty, heapBytes, toastBytes, indexes, rowEstimate }: Relation) {
  if (isEmpty) return { ...nothing, rowEstimate: 0 }
  return {
    heapBytes,
    toastBytes,
    indexBytes: indexes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    ...(rowEstimate < 0 ? {} : { rowEstimate }),
  }
}

/** An empty TOAST table has an index of one page already. */
function hasToast({ toastBytes }: Relation): boolean {
  return toastBytes > 0
}

function lastOf(one: LockedWork, other: LockedWork): LockedWork {
  return works.indexOf(one) >= works.indexOf(other) ? one : other
}
