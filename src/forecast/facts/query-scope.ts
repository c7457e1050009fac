import type { Node } from '../../sql/parser.js'
import type { Relation } from '../model.js'
import { namesOf } from '../tree.js'
import type { OutputColumn, Scope } from './expressions.js'
import { isSystemColumn, type Situation } from './situation.js'
import { invalid, missing, type Refusal } from './static-failure.js'
import type { ValueType } from './types.js'

/** What one item of FROM offers. */
export interface FromItem {
  /** Absent for a sub-select without a name. */
  readonly alias?: string
  /** Of a relation that goes by its own name. */
  readonly schema?: string
  /** Undefined when they cannot be told. */
  readonly columns: readonly OutputColumn[] | undefined
  readonly hasSystemColumns: boolean
}

/** A privilege that the statement needs, and that the server checks last. */
export interface Need {
  readonly relation: Relation
  readonly privilege: 'select' | 'insert' | 'update' | 'delete'
}

/** WITH queries by name; undefined columns cannot be told. */
type WithQueries = ReadonlyMap<string, readonly OutputColumn[] | undefined>

/** Reads a query or a statement that writes, and gives the columns that it returns. */
export type ReadStatement = (scope: QueryScope, statement: Node) => readonly OutputColumn[] | undefined

/** What the whole of a statement shares. */
interface Shared {
  readonly situation: Situation
  readonly read: ReadStatement
  readonly needs: Need[]
}

/**
 * What one level of a query can see: the items of its FROM, then those of the queries around it.
 * https://www.postgresql.org/docs/current/queries-table-expressions.html
 */
export class QueryScope implements Scope {
  readonly items: FromItem[] = []
  /** Columns that JOIN … USING has made one; `*` after a NATURAL JOIN. */
  readonly merged = new Set<string>()

  private constructor(
    readonly shared: Shared,
    private readonly outer: QueryScope | undefined,
    private withQueries: WithQueries,
    /** Names that nobody has written down may be visible, e.g. the arguments of a function. */
    private readonly isOpen: boolean,
  ) {}

  static root(situation: Situation, read: ReadStatement, isOpen = false): QueryScope {
    return new QueryScope({ situation, read, needs: [] }, undefined, new Map(), isOpen)
  }

  get situation(): Situation {
    return this.shared.situation
  }

  /** For a sub-select in an expression or after LATERAL: it sees what this one sees. */
  inner(): QueryScope {
    return new QueryScope(this.shared, this, this.withQueries, this.isOpen)
  }

  /** For a sub-select in FROM: it sees what is around this query, but not its other items. */
  beside(items: readonly FromItem[] = []): QueryScope {
    const scope = new QueryScope(this.shared, this.outer, this.withQueries, this.isOpen)
    scope.items.push(...items)
    for (const name of this.merged) scope.merged.add(name)
    return scope
  }

  query(select: Node): readonly OutputColumn[] | undefined {
    return this.shared.read(this.inner(), select)
  }

  addWithQuery(name: string, columns: readonly OutputColumn[] | undefined): void {
    this.withQueries = new Map([...this.withQueries, [name, columns]])
  }

  withQuery(name: string): { readonly columns: readonly OutputColumn[] | undefined } | undefined {
    return this.withQueries.has(name) ? { columns: this.withQueries.get(name) } : undefined
  }

  need(relation: Relation, privilege: Need['privilege']): void {
    this.shared.needs.push({ relation, privilege })
  }

  column(reference: Node): ValueType | undefined {
    const fields: Node[] = reference.fields ?? []
    const isStar = fields.at(-1)?.A_Star !== undefined
    const names = namesOf(isStar ? fields.slice(0, -1) : fields)
    if (isStar) {
      if (names.length > 0) this.#item(names)
      return undefined
    }
    if (names.length === 1) return this.#plainColumn(names[0] as string)
    if (names.length > 3) return undefined
    const item = this.#item(names.slice(0, -1))
    const name = names.at(-1) as string
    if (!item?.columns || (item.hasSystemColumns && isSystemColumn(name))) return undefined
    const [column, ...others] = item.columns.filter((one) => one.name === name)
    if (others.length > 0) throw ambiguous(name)
    if (column) return column.type
    // `item.f` may call a function with the whole row.
    if (this.situation.catalog.functions.some((one) => one.name === name)) return undefined
    throw missing('42703', `column ${names.join('.')} does not exist`, `${item.alias}.${name}`)
  }

  #plainColumn(name: string): ValueType | undefined {
    for (let level: QueryScope | undefined = this; level; level = level.outer) {
      const found = level.items.flatMap(({ columns }) => columns?.filter((one) => one.name === name) ?? [])
      const isKnown = level.items.every(({ columns }) => columns !== undefined)
      const isMerged = level.merged.has(name) || level.merged.has('*')
      if (found.length > 1 && isKnown && !isMerged) throw ambiguous(name)
      if (found.length > 0) return found.length === 1 ? found[0]?.type : undefined
      if (!isKnown) return undefined
      if (isSystemColumn(name) && level.items.some(({ hasSystemColumns }) => hasSystemColumns))
        return undefined
      // The whole row.
      if (level.items.some(({ alias }) => alias === name)) return undefined
    }
    if (this.isOpen) return undefined
    throw missing('42703', `column "${name}" does not exist`, name)
  }

  /** @throws Refusal when FROM has no such item */
  #item(names: readonly string[]): FromItem | undefined {
    const alias = names.at(-1)
    const schema = names.at(-2)
    for (let level: QueryScope | undefined = this; level; level = level.outer) {
      const item = level.items.find(
        (one) => one.alias === alias && (schema === undefined || one.schema === schema),
      )
      if (item) return item
    }
    if (this.isOpen) return undefined
    throw missing('42P01', `missing FROM-clause entry for table "${alias}"`, alias)
  }
}

function ambiguous(name: string): Refusal {
  return invalid('42702', `column reference "${name}" is ambiguous`, name)
}
