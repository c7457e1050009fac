import type { Column, Relation } from '../model.js'
import { columnsIn } from '../walk.js'
import { companionsOf, keyText, type SimpleChange, type SimpleWrite } from './simple-write.js'

/** Statements of one form, to be followed as one. */
export interface Together {
  readonly writes: SimpleWrite[]
  readonly level: number
  readonly rank: number
}

/** More parts would make a chain that is no shorter than that of the statements one by one. */
const mostParts = 24
const mostLevels = 6

/**
 * How two forms of statements on one table stand to each other: their order does not matter; or it matters for those
 * that may hit the same row, which are those with the same values in one of the lists of columns; or it matters always.
 */
type Rule = 'free' | 'in order' | readonly (readonly Column[])[]

/**
 * Puts statements together that can be followed as one, without changing what comes of them: what may hit the same row
 * stays in its order. Takes as many from the beginning as can be arranged, and at least one.
 */
export function arrange(writes: readonly SimpleWrite[]): { parts: Together[]; count: number } {
  const forms = new Map<string, Form>()
  const byRelation = new Map<Relation, Form[]>()
  const parts = new Map<string, Together>()
  let count = 0
  for (const write of writes) {
    const known = forms.get(write.form)
    const form = known ?? new Form(write, forms.size)
    const others = byRelation.get(write.relation) ?? []
    if (!known) others.push(form)
    const level = levelOf(write, form, others)
    const name = `${level} ${form.rank}`
    if (level > mostLevels || (!parts.has(name) && parts.size >= mostParts)) break
    forms.set(write.form, form)
    byRelation.set(write.relation, others)
    form.note(write, level)
    const part = parts.get(name)
    if (part) part.writes.push(write)
    else parts.set(name, { writes: [write], level, rank: form.rank })
    count += 1
  }
  const inOrder = [...parts.values()].sort((one, other) => one.level - other.level || one.rank - other.rank)
  return { parts: inOrder, count }
}

function levelOf(write: SimpleWrite, form: Form, others: readonly Form[]): number {
  let level = 0
  for (const other of others) {
    const last = other.lastLevel(write, form)
    if (last !== undefined) level = Math.max(level, other.rank < form.rank ? last : last + 1)
  }
  return level
}

/** The statements of one form so far. */
class Form {
  readonly #noted: { write: SimpleWrite; level: number }[] = []
  readonly #rules = new Map<Form, { rule: Rule; levels: Map<string, number> }>()
  #level: number | undefined

  constructor(
    readonly first: SimpleWrite,
    readonly rank: number,
  ) {}

  note(write: SimpleWrite, level: number): void {
    this.#noted.push({ write, level })
    this.#level = Math.max(this.#level ?? 0, level)
    for (const { rule, levels } of this.#rules.values())
      if (typeof rule !== 'string') register(levels, rule, write, level)
  }

  /** The last level at which a statement of this form stands that must stay before the given one. */
  lastLevel(write: SimpleWrite, form: Form): number | undefined {
    const known = this.#rules.get(form)
    const { rule, levels } = known ?? {
      rule: ruleOf(this.first, form.first),
      levels: new Map<string, number>(),
    }
    if (!known) {
      this.#rules.set(form, { rule, levels })
      if (typeof rule !== 'string')
        for (const noted of this.#noted) register(levels, rule, noted.write, noted.level)
    }
    if (rule === 'free') return undefined
    if (rule === 'in order') return this.#level
    const found = touched(rule, write).flatMap((key) => levels.get(key) ?? [])
    return found.length > 0 ? Math.max(...found) : undefined
  }
}

function register(
  levels: Map<string, number>,
  rule: readonly (readonly Column[])[],
  write: SimpleWrite,
  level: number,
): void {
  for (const key of touched(rule, write)) levels.set(key, Math.max(levels.get(key) ?? 0, level))
}

/** What the rows that a statement hits have in the columns of a rule, before it or after it. */
function touched(rule: readonly (readonly Column[])[], write: SimpleWrite): string[] {
  const keys = new Set<string>()
  rule.forEach((columns, i) => {
    for (const row of write.rows) {
      const before = columns.map((column) => cellText(write, column, row))
      keys.add(JSON.stringify([i, ...before]))
      if (write.kind !== 'update') continue
      const after = columns.map((column, at) => setText(write, column) ?? before[at])
      keys.add(JSON.stringify([i, ...after]))
    }
  })
  return [...keys]
}

function cellText(write: SimpleWrite, column: Column, row: SimpleWrite['rows'][number]): string | undefined {
  const columns = write.kind === 'insert' ? write.columns : write.keys
  const cell = row[columns.indexOf(column)]
  return cell && keyText(column, cell)
}

function setText({ sets }: SimpleChange, column: Column): string | undefined {
  const set = sets.find((one) => one.column === column)
  return set && keyText(column, set.tree)
}

function ruleOf(one: SimpleWrite, other: SimpleWrite): Rule {
  if (one.kind === 'insert' && other.kind === 'insert') return insertRule(one, other)
  if (one.kind === 'delete' && one.form === other.form) return 'free'
  if (one.kind === 'update' && other.kind === 'update' && areApart(one, other) && areApart(other, one))
    return 'free'
  const shared = columnsKnown(one).filter((column) => columnsKnown(other).includes(column))
  return shared.length > 0 ? [shared] : 'in order'
}

/** Two plain INSERTs are refused in either order; an ON CONFLICT must know what was there before. */
function insertRule(one: SimpleWrite, other: SimpleWrite): Rule {
  if (!conflictOf(one) && !conflictOf(other)) return 'free'
  const tuples: Column[][] = []
  for (const { isUnique, keys } of one.relation.indexes) {
    if (!isUnique) continue
    const columns = keys.flatMap(({ column }) => column ?? [])
    const shared = columns.filter((column) => isKeyed(one, column) && isKeyed(other, column))
    if (shared.length > 0) tuples.push(shared)
    // A number from a sequence is nobody else's.
    else if (!columns.some(({ sequence }) => sequence)) return 'in order'
  }
  return tuples.length > 0 ? tuples : 'free'
}

export function conflictOf({ kind, statement }: SimpleWrite) {
  return kind === 'insert' ? statement.node.onConflictClause : undefined
}

/** Whether each of its rows has a value in the column that can be compared with that of another. */
function isKeyed(write: SimpleWrite, column: Column): boolean {
  const cell =
    write.rows[0] && (write.kind === 'insert' ? write.rows[0][write.columns.indexOf(column)] : undefined)
  return cell !== undefined && keyText(column, cell) !== undefined
}

/** Columns that name the rows that a statement hits, before and after it. */
export function columnsKnown(write: SimpleWrite): Column[] {
  if (write.kind === 'insert') {
    const conflict = conflictOf(write)
    const columns = write.columns.filter((column) => isKeyed(write, column))
    if (!conflict) return columns
    // Of the row that is there already, only the key is known.
    const names: string[] = (conflict.infer?.indexElems ?? []).map(
      ({ IndexElem }: { IndexElem: { name: string } }) => IndexElem.name,
    )
    return columns.filter(({ name }) => names.includes(name))
  }
  return write.keys.filter((column) =>
    write.sets.every((set) => set.column !== column || keyText(column, set.tree) !== undefined),
  )
}

/** Neither reads nor decides by what the other sets. */
function areApart(one: SimpleChange, other: SimpleChange): boolean {
  const set = companionsOf(one.relation, new Set(one.sets.map(({ column }) => column)))
  const met = [...other.keys, ...other.reads, ...other.sets.map(({ column }) => column)]
  return !met.some((column) => set.has(column))
}

/** Columns of unique indexes. */
export function uniqueColumns({ indexes }: Relation): Set<Column> {
  return new Set(
    indexes
      .filter(({ isUnique }) => isUnique)
      .flatMap(({ keys, predicate }) => [
        ...keys.flatMap(({ column, expression }) => column ?? [...columnsIn(expression)]),
        ...columnsIn(predicate),
      ]),
  )
}
