import type { ChangedRowType, ColumnChange } from '../checks/check.js'
import type { CatalogModel, Column, ColumnType, Relation } from './model.js'

/** A column as a query that returns it describes it. */
interface Described {
  readonly column: Column
  readonly name: string
  readonly type: ColumnType
  readonly collation: string | undefined
}

interface Before {
  readonly relation: Relation
  readonly schema: string
  readonly name: string
  readonly columns: readonly Described[]
}

/**
 * Remembers how rows of today's tables look, to tell at the end of the walk which of them look different under the same
 * name. What counts is what the server compares: names, types, modifiers and collations of the columns, in order.
 * https://github.com/postgres/postgres/blob/REL_17_STABLE/src/backend/access/common/tupdesc.c (equalRowTypes)
 */
export class RowTypes {
  readonly #before: readonly Before[]

  constructor(private readonly catalog: CatalogModel) {
    this.#before = catalog.relations
      .filter(({ live }) => live !== undefined)
      .map((relation) => {
        const { schema, name } = relation
        return { relation, schema, name, columns: describe(relation) }
      })
  }

  /** Those that change; a table that will have another name, or will be gone, is none of them. */
  changed(): ChangedRowType[] {
    return this.#before.flatMap((before) => {
      const { schema, name, relation } = before
      const now = this.catalog.relations.find((one) => one.schema === schema && one.name === name)
      if (!now) return []
      const changes = changesBetween(before.columns, describe(now))
      const isReplaced = now !== relation
      return isReplaced || changes.length > 0 ? [{ schema, name, changes, isReplaced }] : []
    })
  }

  /** Why some of them may not be known. */
  get unknown(): string | undefined {
    return this.catalog.opaque
  }
}

function describe({ columns }: Relation): Described[] {
  return columns.map((column) => ({
    column,
    name: column.name,
    type: column.type,
    collation: column.collation,
  }))
}

function changesBetween(before: readonly Described[], now: readonly Described[]): ColumnChange[] {
  const named = (all: readonly Described[], name: string) => all.find((one) => one.name === name)
  const renamed = (one: Described) =>
    now.find(({ column, name }) => column === one.column && name !== one.name)
  const found = before.flatMap((one): ColumnChange[] => {
    const same = named(now, one.name)
    if (same) return isSameType(one, same) ? [] : [{ kind: 'retyped', column: one.name }]
    const other = renamed(one)
    return [
      other ? { kind: 'renamed', column: one.name, to: other.name } : { kind: 'dropped', column: one.name },
    ]
  })
  const added = now.flatMap((one): ColumnChange[] => {
    const isOld = before.some(({ name, column }) => name === one.name || column === one.column)
    return isOld ? [] : [{ kind: 'added', column: one.name }]
  })
  if (found.length > 0 || added.length > 0) return [...found, ...added]
  const moved = before.find(({ name }, at) => now[at]?.name !== name)
  return moved ? [{ kind: 'moved', column: moved.name }] : []
}

function isSameType(one: Described, other: Described): boolean {
  return (
    one.type.object === other.type.object &&
    one.type.modifiers === other.type.modifiers &&
    one.type.isArray === other.type.isArray &&
    bareName(one.collation) === bareName(other.collation)
  )
}

/** Today's catalog has it with its schema, a statement mostly without. */
function bareName(collation: string | undefined): string | undefined {
  return collation?.match(/"(?:[^"]|"")*"$/)?.[0]
}
