import type { Node } from '../../sql/parser.js'
import type {
  Column,
  ColumnType,
  Constraint,
  IndexObject,
  ReadRelation,
  TriggerObject,
  TypeObject,
  ViewQuery,
} from '../model.js'
import { boundColumn, boundRelation, boundType, mapTree, visitTree } from '../tree.js'
import { asOnTwin, type Counterparts } from './counterparts.js'

/** A copy of an expression of the twin's catalog, bound to what the walk knows. */
export function carryTree(tree: Node, parts: Counterparts): Node {
  const copy = mapTree(tree, () => undefined)
  visitTree(copy, (_, node) => {
    const { [boundColumn]: column, [boundType]: type, [boundRelation]: read } = node
    if (column) node[boundColumn] = parts.column(column) ?? column
    if (type) node[boundType] = parts.type(type)
    if (read) node[boundRelation] = carryRead(read, parts)
  })
  return copy
}

export function carryType(type: ColumnType, parts: Counterparts): ColumnType {
  return { ...type, object: parts.type(type.object) }
}

export function carryColumns(columns: readonly Column[], parts: Counterparts): Column[] {
  return columns.flatMap((column) => parts.column(column) ?? [])
}

/** A type that the walk has not seen coming. */
export function carryNewType(type: TypeObject, parts: Counterparts): TypeObject {
  const { oid, live: _, base, ...rest } = type
  return asOnTwin({ ...rest, addedNow: new Set(), ...(base ? { base: carryType(base, parts) } : {}) }, oid)
}

export function carryIndex(index: IndexObject, parts: Counterparts): IndexObject {
  const { keys, included, predicate, parent, oid, definition: _, ...rest } = index
  const own: IndexObject = {
    ...rest,
    sizeBytes: 0,
    keys: keys.map(({ column, expression, ...key }) => ({
      ...key,
      ...(column ? { column: parts.column(column) ?? column } : {}),
      ...(expression ? { expression: carryTree(expression, parts) } : {}),
    })),
    included: carryColumns(included, parts),
    ...(predicate ? { predicate: carryTree(predicate, parts) } : {}),
    ...(parent ? { parent: parts.index(parent) } : {}),
  }
  return asOnTwin(own, oid)
}

export function carryConstraint(constraint: Constraint, parts: Counterparts): Constraint {
  const { oid, columns, expression, parent, parentColumns, parentIndex, index, ...rest } = constraint
  const own: Constraint = {
    ...rest,
    columns: carryColumns(columns, parts),
    ...(expression ? { expression: carryTree(expression, parts) } : {}),
    ...(parent ? { parent: parts.relation(parent) ?? parent } : {}),
    ...(parentColumns ? { parentColumns: carryColumns(parentColumns, parts) } : {}),
    ...(parentIndex ? { parentIndex: parts.index(parentIndex) } : {}),
    ...(index ? { index: parts.index(index) } : {}),
  }
  return asOnTwin(own, oid)
}

export function carryTrigger(trigger: TriggerObject, parts: Counterparts): TriggerObject {
  return {
    ...trigger,
    columns: carryColumns(trigger.columns, parts),
    ...(trigger.when ? { when: carryTree(trigger.when, parts) } : {}),
  }
}

export function carryQuery({ tree, reads }: ViewQuery, parts: Counterparts): ViewQuery {
  return { tree: carryTree(tree, parts), reads: reads.map((read) => carryRead(read, parts)) }
}

function carryRead({ relation, columns }: ReadRelation, parts: Counterparts): ReadRelation {
  return {
    relation: parts.relation(relation) ?? relation,
    columns: columns.map(({ column, name }) => ({ column: parts.column(column) ?? column, name })),
  }
}
