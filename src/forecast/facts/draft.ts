import { findColumn } from '../lookup.js'
import type { Column, Relation } from '../model.js'
import { areColumnsKnown } from './situation.js'
import { typeOfColumn, type ValueType } from './types.js'

/** A column of a table that a statement is making or changing. */
export interface DraftColumn {
  readonly name: string
  readonly type: ValueType | undefined
  readonly isNotNull: boolean
  readonly hasDefault: boolean
  readonly identity?: Column['identity']
  readonly isGenerated: boolean
  /** The column of the catalog that it is, where it was there before. */
  readonly column?: Column
}

/** A unique index over plain columns, without condition: what a foreign key can point at. */
export interface DraftKey {
  readonly columns: readonly string[]
  readonly isPrimary: boolean
  readonly isDeferrable: boolean
}

/** A table in the middle of a statement: each part of the statement meets what those before it have made. */
export interface Draft {
  readonly name: string
  readonly schema: string
  readonly isTemporary: boolean
  /** Columns may be there that nobody knows, e.g. by LIKE or INHERITS. */
  isOpen: boolean
  columns: DraftColumn[]
  keys: DraftKey[]
  readonly constraintNames: Set<string>
  /** Of a partitioned table, and of partitions of it that are partitioned: the columns of each key, undefined for an expression. */
  partitionKeys: readonly (readonly (string | undefined)[])[]
  /** Names of indexes that the statement has made, and that it has dropped. */
  readonly madeNames: Set<string>
  readonly freedNames: Set<string>
}

/** A table that a statement begins to make. */
export function newDraft(schema: string, name: string, isTemporary: boolean): Draft {
  return {
    name,
    schema,
    isTemporary,
    isOpen: false,
    columns: [],
    keys: [],
    constraintNames: new Set(),
    partitionKeys: [],
    madeNames: new Set(),
    freedNames: new Set(),
  }
}

export function draftOf(relation: Relation): Draft {
  return {
    ...newDraft(relation.schema, relation.name, relation.isTemporary),
    isOpen: !areColumnsKnown(relation),
    columns: relation.columns.map(draftColumn),
    keys: keysOf(relation),
    constraintNames: new Set(relation.constraints.map(({ name }) => name)),
    partitionKeys: partitionKeysOf(relation),
  }
}

function partitionKeysOf({ partitionKey, children }: Relation): (string | undefined)[][] {
  if (!partitionKey) return []
  return [partitionKey.keys.map(({ column }) => column?.name), ...children.flatMap(partitionKeysOf)]
}

function draftColumn(column: Column): DraftColumn {
  return {
    name: column.name,
    type: typeOfColumn(column),
    isNotNull: column.isNotNull,
    hasDefault: column.default !== undefined,
    ...(column.identity ? { identity: column.identity } : {}),
    isGenerated: column.generated !== undefined,
    column,
  }
}

function keysOf({ indexes, constraints }: Relation): DraftKey[] {
  const ofConstraints = constraints.filter(({ kind }) => kind === 'primary key' || kind === 'unique')
  const ofIndexes = indexes.filter((index) => {
    const isPlain = index.keys.every(({ column }) => column !== undefined)
    const isOfConstraint = ofConstraints.some((constraint) => constraint.index === index)
    return index.isUnique && index.isValid && !index.predicate && isPlain && !isOfConstraint
  })
  return [
    ...ofConstraints.map(({ kind, columns, isDeferrable }) => ({
      columns: columns.map(({ name }) => name),
      isPrimary: kind === 'primary key',
      isDeferrable,
    })),
    ...ofIndexes.map(({ keys }) => ({
      columns: keys.map(({ column }) => column?.name ?? ''),
      isPrimary: false,
      isDeferrable: false,
    })),
  ]
}

export function draftColumnNamed(draft: Draft, name: string): DraftColumn | undefined {
  return draft.columns.find((column) => column.name === name)
}

/** Takes a column away, with the constraints and indexes that it is part of. */
export function dropDraftColumn(draft: Draft, relation: Relation, name: string): void {
  const column = findColumn(relation, name)
  draft.columns = draft.columns.filter((one) => one.name !== name)
  draft.keys = draft.keys.filter(({ columns }) => !columns.includes(name))
  if (!column) return
  for (const constraint of relation.constraints) {
    if (constraint.columns.includes(column)) draft.constraintNames.delete(constraint.name)
  }
  for (const index of relation.indexes) {
    const columns = [...index.keys.map((key) => key.column), ...index.included]
    if (columns.includes(column)) draft.freedNames.add(index.name)
  }
}

/** Puts another column in the place of one. */
export function replaceDraftColumn(draft: Draft, name: string, change: Partial<DraftColumn>): void {
  draft.columns = draft.columns.map((column) => (column.name === name ? { ...column, ...change } : column))
}

export function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name))
}
