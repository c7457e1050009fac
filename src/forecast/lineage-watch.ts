import type { ColumnLineage, StatementReference, TableLineage } from '../domain/lineage.js'
import type { Column, Relation } from './model.js'
import type { StatementPlace } from './requirement.js'
import type { Walk } from './walk.js'

/** What has become of a column or of the rows of a relation so far. */
interface Fate {
  version: number
  opaque: string | undefined
  readonly changedBy: StatementReference[]
  goneBy?: StatementReference
}

interface TableFate {
  readonly relation: Relation
  readonly schema: string
  readonly table: string
  readonly rows: Fate
  readonly columns: ReadonlyMap<Column, Fate & { readonly name: string }>
}

/**
 * Follows every table of today, and every column of it, to its end: renames need no care, because the walk keeps the
 * objects. What the walk could not follow counts as changed by the statement that it could not follow.
 */
export class LineageWatch {
  readonly #tables: readonly TableFate[]

  constructor(private readonly walk: Walk) {
    const { content, catalog } = walk
    const untouched = (thing: Column | Relation): Fate => ({
      opaque: thing.opaque,
      version: content.versionOf(thing),
      changedBy: [],
    })
    this.#tables = catalog.relations
      .filter(({ live, kind }) => live !== undefined && kind !== 'view' && kind !== 'foreign table')
      .map((relation) => ({
        relation,
        schema: relation.schema,
        table: relation.name,
        rows: untouched(relation),
        columns: new Map(
          relation.columns.map((column) => [column, { ...untouched(column), name: column.name }]),
        ),
      }))
  }

  /** To be called when a statement has been followed. */
  afterStatement(place: StatementPlace): void {
    const { catalog } = this.walk
    const here = { migration: place.migration, file: place.file, line: place.line }
    const isThere = new Set(catalog.relations)
    for (const { relation, rows, columns } of this.#tables) {
      if (!isThere.has(relation)) {
        rows.goneBy ??= here
        continue
      }
      this.#note(relation, rows, here)
      const left = new Set(relation.columns)
      for (const [column, fate] of columns) {
        if (left.has(column)) this.#note(column, fate, here)
        else fate.goneBy ??= here
      }
    }
  }

  /** The tables that the statements touch; any other keeps its name, its rows and their values. */
  tables(): TableLineage[] {
    return this.#tables.map(lineageOf).filter(isTouched)
  }

  #note(thing: Column | Relation, fate: Fate, here: StatementReference): void {
    const version = this.walk.content.versionOf(thing)
    const opaque = thing.opaque ?? this.walk.catalog.opaque
    if (version === fate.version && opaque === fate.opaque) return
    fate.version = version
    fate.opaque = opaque
    fate.changedBy.push(here)
  }
}

function lineageOf({ relation, schema, table, rows, columns }: TableFate): TableLineage {
  return {
    schema,
    table,
    ...(rows.goneBy
      ? { droppedBy: rows.goneBy }
      : { now: { schema: relation.schema, table: relation.name } }),
    rowsChangedBy: rows.changedBy,
    columns: [...columns].map(
      ([column, fate]): ColumnLineage => ({
        column: fate.name,
        ...(fate.goneBy ? { droppedBy: fate.goneBy } : { now: column.name }),
        rewrittenBy: fate.changedBy,
      }),
    ),
  }
}

function isTouched({ schema, table, now, rowsChangedBy, columns }: TableLineage): boolean {
  return (
    now?.schema !== schema ||
    now.table !== table ||
    rowsChangedBy.length > 0 ||
    columns.some((one) => one.now !== one.column || one.rewrittenBy.length > 0)
  )
}
