import type { TwinReader } from '../../twin/look.js'
import { type PartName, parts, partsIn, recentQuery, rowsQuery, stepQuery } from './catalog-parts.js'

/** What is another than it was at the last look. */
export interface Changes {
  /** OIDs of the relations of which the own row, or one of what stands on it, was made, changed or dropped. */
  readonly relations: readonly number[]
  /** OIDs of those that are gone. */
  readonly gone: readonly number[]
  readonly areTypes: boolean
  readonly areFunctions: boolean
  readonly areSequences: boolean
  /** Schemas and extensions. */
  readonly isServer: boolean
}

/** A row of a part: the relation, what it is of it, and the transaction that has written it. */
type Written = readonly [relation: number, number: number, by: number]

interface Step {
  readonly name: PartName
  readonly count: number | null
  readonly recent: number
  readonly sum: number
  readonly changed: readonly Written[] | null
}

/** What was written since the last settled state, of one part: by key, by whom. */
type Recent = Map<string, Written>

const keyOf = ([relation, number]: readonly number[]) => `${relation}.${number}`

/**
 * Knows of every row of the catalog which relation it is about, so that a look only has to bring what was written since the last
 * one. What was dropped shows in the number of rows, what was rolled back in what was written and is not there any more.
 *
 * Every statement runs in a transaction or behind a savepoint of its own: what it writes has a higher `xmin` than all before.
 */
export class ChangeWatch {
  readonly #known = new Map<PartName, Map<string, number>>()
  readonly #recent = new Map<PartName, Recent>()
  readonly #tableOfIndex = new Map<number, number>()
  /** Nothing that this transaction or an earlier one has written will be undone. */
  #settled = 0
  #last: number | undefined
  /** How much of what was done to the twin was done before the last look. */
  #writesSeen = 0

  /** What was read so far cannot be undone any more. */
  settle(): void {
    this.#settled = this.#last ?? 0
    this.#recent.clear()
  }

  /** The first time, all that there is. */
  async read(reader: TwinReader): Promise<Changes> {
    const seen = new Seen()
    if (this.#last === undefined) {
      await this.#list(reader, counted, seen)
    } else {
      const names = this.#writtenSince(reader)
      const [steps = []] =
        names.length === 0
          ? []
          : await reader.together([
              { sql: stepQuery(names), values: [String(this.#settled), String(this.#last)] },
            ])
      const { undone, other } = this.#take(steps as unknown as Step[], seen)
      if (undone.length > 0) await this.#compareRecent(reader, undone, seen)
      if (undone.length + other.length > 0)
        await this.#list(reader, [...new Set([...undone, ...other])].filter(isCounted), seen)
    }
    this.#writesSeen = reader.writes?.length ?? 0
    if (!reader.mayBeUndone) this.settle()
    return this.#changesOf(seen)
  }

  /** The parts that may be others than at the last look. */
  #writtenSince({ writes }: TwinReader): PartName[] {
    const since = writes?.slice(this.#writesSeen)
    const isKnown = since?.every((write) => write !== undefined)
    return partsIn(isKnown ? new Set(since?.flatMap((write) => [...(write ?? [])])) : undefined)
  }

  /** @returns the parts of which something was rolled back, and those that have another number of rows than is known */
  #take(steps: readonly Step[], seen: Seen): { undone: PartName[]; other: PartName[] } {
    for (const { name, changed } of steps) for (const row of changed ?? []) this.#note(name, row, seen)
    const undone = steps.filter(({ name, recent, sum }) => {
      const written = [...this.#recentOf(name).values()]
      return recent !== written.length || Number(sum) !== written.reduce((all, [, , by]) => all + by, 0)
    })
    const other = steps.filter(({ name, count }) => count !== null && count !== this.#knownOf(name).size)
    return { undone: undone.map(({ name }) => name), other: other.map(({ name }) => name) }
  }

  #note(name: PartName, row: Written, seen: Seen): void {
    const [relation, number, by] = row
    this.#recentOf(name).set(keyOf(row), row)
    if (this.#last === undefined || isLater(by, this.#last)) this.#last = by
    if (isCounted(name)) this.#know(name, relation, number)
    seen.add(name, relation)
  }

  #know(name: PartName, relation: number, number: number): void {
    this.#knownOf(name).set(keyOf([relation, number]), relation)
    if (name === 'index') this.#tableOfIndex.set(number, relation)
  }

  async #compareRecent(reader: TwinReader, names: readonly PartName[], seen: Seen): Promise<void> {
    const answers = await reader.together(
      names.map((name) => ({ sql: recentQuery(name), values: [String(this.#settled)] })),
    )
    names.forEach((name, i) => {
      const now = new Map(((answers[i]?.[0]?.rows ?? []) as Written[]).map((row) => [keyOf(row), row]))
      const before = this.#recentOf(name)
      for (const [key, row] of before) if (now.get(key)?.[2] !== row[2]) seen.add(name, row[0])
      for (const [key, row] of now) if (!before.has(key)) seen.add(name, row[0])
      this.#recent.set(name, now)
    })
  }

  async #list(reader: TwinReader, names: readonly PartName[], seen: Seen): Promise<void> {
    const answers = await reader.together(names.map((name) => ({ sql: rowsQuery(name), values: [] })))
    names.forEach((name, i) => {
      const before = this.#knownOf(name)
      this.#known.set(name, new Map())
      for (const [relation, number] of (answers[i]?.[0]?.rows ?? []) as Written[]) {
        this.#know(name, relation, number)
        if (!before.delete(keyOf([relation, number]))) seen.add(name, relation)
      }
      for (const relation of before.values()) seen.add(name, relation)
      // The transaction before the next one.
      if (this.#last === undefined && i === names.length - 1) this.#last = answers[i]?.[0]?.last as number
    })
  }

  #changesOf(seen: Seen): Changes {
    const there = this.#knownOf('relation')
    const all = new Set<number>()
    for (const name of Object.keys(parts) as PartName[]) {
      if (parts[name].of !== 'relations') continue
      for (const one of seen.of(name))
        all.add(name === 'indexName' ? (this.#tableOfIndex.get(one) ?? 0) : one)
    }
    const isThere = (oid: number) => there.has(keyOf([oid, 0]))
    return {
      relations: [...all].filter(isThere),
      gone: [...seen.of('relation')].filter((oid) => !isThere(oid)),
      areTypes: seen.has('types'),
      areFunctions: seen.has('functions'),
      areSequences: seen.has('sequences'),
      isServer: seen.has('server'),
    }
  }

  #recentOf(name: PartName): Recent {
    return of(this.#recent, name)
  }

  #knownOf(name: PartName): Map<string, number> {
    return of(this.#known, name)
  }
}

/** Relations of which something of a part was seen to be another. */
class Seen {
  readonly #relations = new Map<PartName, Set<number>>()

  add(name: PartName, relation: number): void {
    const known = this.#relations.get(name)
    if (known) known.add(relation)
    else this.#relations.set(name, new Set([relation]))
  }

  of(name: PartName): ReadonlySet<number> {
    return this.#relations.get(name) ?? new Set()
  }

  has(group: (typeof parts)[PartName]['of']): boolean {
    return [...this.#relations.keys()].some((name) => parts[name].of === group)
  }
}

function of<T>(maps: Map<PartName, Map<string, T>>, name: PartName): Map<string, T> {
  const known = maps.get(name)
  if (known) return known
  const made = new Map<string, T>()
  maps.set(name, made)
  return made
}

const isCounted = (name: PartName) => parts[name].isCounted
const counted = (Object.keys(parts) as PartName[]).filter(isCounted)

/** Transaction numbers start again behind 2³²: https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND */
function isLater(one: number, other: number): boolean {
  return ((one - other) | 0) > 0
}
