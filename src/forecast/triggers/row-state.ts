import { quoteIdentifier } from '../../sql/names.js'
import type { Column, Relation } from '../model.js'
import type { Walk } from '../walk.js'

/** The alias of the state in every piece of SQL over it. */
export const state = '"~s"'

/** SQL of a column of the state. */
export function stateColumn(name: string): string {
  return `${state}.${quoteIdentifier(name)}`
}

/**
 * Where a trigger function stands for every row at once: a link of the chain whose columns are the fields of NEW and
 * OLD, the variables, and how far each row has come. A step of the function is one more link.
 */
export class RowState {
  readonly #columns = new Map<string, { opaque?: string }>()
  #count = 0

  constructor(
    private readonly walk: Walk,
    readonly about: string,
    /** The link that yields the state. */
    public link: string,
    columns: Iterable<readonly [name: string, opaque: string | undefined]>,
  ) {
    for (const [name, opaque] of columns) this.#columns.set(name, opaque === undefined ? {} : { opaque })
  }

  has(name: string): boolean {
    return this.#columns.has(name)
  }

  opacityOf(name: string): string | undefined {
    return this.#columns.get(name)?.opaque
  }

  /** A name for one more column, e.g. for the rows that go into a branch. */
  freshName(about: string): string {
    this.#count += 1
    return `~${about}${this.#count}`
  }

  /**
   * Gives columns of the state new values, all of them computed over the state as it was.
   * @param from more FROM items, e.g. a lateral query
   */
  set(
    values: ReadonlyMap<string, { sql: string; opaque?: string | undefined }>,
    { isVolatile = false, from = '' } = {},
  ): void {
    const kept = [...this.#columns.keys()].filter((name) => !values.has(name)).map(stateColumn)
    const made = [...values].map(([name, { sql }]) => `${sql} AS ${quoteIdentifier(name)}`)
    this.link = this.walk.content.chain.add(
      `${this.about}_trigger`,
      `SELECT ${[...kept, ...made].join(', ')} FROM ${this.link} AS ${state}${from} OFFSET 0`,
      { isVolatile },
    )
    for (const [name, { opaque }] of values) this.#columns.set(name, opaque === undefined ? {} : { opaque })
  }

  /** Marks a column as unknown, whatever it holds. */
  blur(name: string, reason: string): void {
    if (this.#columns.has(name)) this.#columns.set(name, { opaque: reason })
  }
}

export function newColumn({ name }: Column): string {
  return `~new ${name}`
}

export function oldColumn({ name }: Column): string {
  return `~old ${name}`
}

/** Rows that a statement writes: a link with NEW under its own names, OLD under `"~old …"`, and `"~hit"`. */
export function stateOfRows(
  walk: Walk,
  relation: Relation,
  event: 'insert' | 'update' | 'delete' | 'truncate',
  link: string,
  opaqueNew: ReadonlyMap<Column, string>,
): RowState {
  const alias = '"~w"'
  const list: string[] = []
  const columns: [string, string | undefined][] = []
  for (const column of relation.columns) {
    const own = `${alias}.${quoteIdentifier(column.name)}`
    if (event !== 'delete') {
      list.push(`${own} AS ${quoteIdentifier(newColumn(column))}`)
      columns.push([newColumn(column), opaqueNew.get(column) ?? column.opaque])
    }
    if (event === 'insert') continue
    const old = event === 'delete' ? own : `${alias}.${quoteIdentifier(oldColumn(column))}`
    list.push(`${old} AS ${quoteIdentifier(oldColumn(column))}`)
    columns.push([oldColumn(column), column.opaque])
  }
  const hit = event === 'insert' ? 'true' : `${alias}."~hit"`
  list.push(`${hit} AS "~hit"`)
  columns.push(['~hit', undefined])
  const query = `SELECT ${list.join(', ')} FROM ${link} AS ${alias}`
  return new RowState(walk, relation.name, walk.content.chain.add(relation.name, query), columns)
}

/** Of a trigger that fires once for the statement. */
export function stateOfStatement(walk: Walk, relation: Relation): RowState {
  const link = walk.content.chain.add(relation.name, 'SELECT true AS "~hit"')
  return new RowState(walk, relation.name, link, [['~hit', undefined]])
}
