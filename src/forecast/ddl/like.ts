import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { castTo, NotFollowed } from '../casts.js'
import { findRelation } from '../lookup.js'
import type { Column, IndexKey, IndexObject, Relation } from '../model.js'
import { boundColumn, mapTree } from '../tree.js'
import type { Walk } from '../walk.js'
import { chooseName } from './names.js'

/** Bits of TableLikeClause.options: https://github.com/postgres/postgres/blob/REL_15_STABLE/src/include/nodes/parsenodes.h */
const including = { constraints: 4, defaults: 8, generated: 16, identity: 32, indexes: 64 } as const

/** CREATE TABLE … (LIKE …) copies columns and NOT NULL, and what INCLUDING adds. */
export function copyLike(walk: Walk, relation: Relation, clause: Node): void {
  const template = findRelation(walk.catalog, relationOf(clause.relation))
  if (!template) throw new NotFollowed(`relation "${clause.relation.relname}" is not known`)
  const has = (part: keyof typeof including) => (clause.options & including[part]) !== 0
  const copies = new Map<Column, Column>()
  for (const column of template.columns) {
    const copy = copyColumn(column)
    if (!has('defaults')) delete copy.default
    copies.set(column, copy)
    relation.columns.push(copy)
  }
  for (const [{ generated, identity }, copy] of copies) {
    if (generated && has('generated')) copy.generated = rebind(generated, copies)
    if (identity && has('identity')) throw new NotFollowed('an identity column is copied')
  }
  if (has('constraints')) copyChecks(template, relation, copies)
  if (has('indexes')) copyIndexes(walk, template, relation, copies)
}

/** The column of a table made like another, or that inherits from it. */
export function copyColumn({ name, type, isNotNull, default: value, collation }: Column): Column {
  return {
    name,
    type,
    isNotNull,
    from: castTo('NULL', type, 'explicit'),
    ...(value ? { default: value } : {}),
    ...(collation ? { collation } : {}),
  }
}

type Copies = ReadonlyMap<Column, Column>

function rebind(tree: Node, copies: Copies): Node {
  return mapTree(tree, (kind, node) => {
    const copy = kind === 'ColumnRef' && node[boundColumn] ? copies.get(node[boundColumn]) : undefined
    return copy && { ColumnRef: { ...node, [boundColumn]: copy } }
  })
}

function copyChecks({ constraints }: Relation, relation: Relation, copies: Copies): void {
  for (const { oid: _, ...constraint } of constraints) {
    if (constraint.kind !== 'check' || !constraint.expression) continue
    relation.constraints.push({
      ...constraint,
      columns: constraint.columns.flatMap((column) => copies.get(column) ?? []),
      expression: rebind(constraint.expression, copies),
      isValidated: true,
    })
  }
}

function copyIndexes(walk: Walk, template: Relation, relation: Relation, copies: Copies): void {
  for (const { oid: _, ...index } of template.indexes) {
    const keys: IndexKey[] = index.keys.map(({ column, expression, ...key }) => {
      const copy = column && copies.get(column)
      return {
        ...key,
        ...(copy ? { column: copy } : {}),
        ...(expression ? { expression: rebind(expression, copies) } : {}),
      }
    })
    const constraint = template.constraints.find((one) => one.index?.name === index.name)
    const label =
      { 'primary key': 'pkey', unique: 'key', exclusion: 'excl' }[String(constraint?.kind)] ?? 'idx'
    const names = keys.map(({ column }) => column?.name ?? 'expr')
    const copy: IndexObject = {
      ...index,
      name: chooseName(walk.catalog, relation, names, label),
      keys,
      included: index.included.flatMap((column) => copies.get(column) ?? []),
      ...(index.predicate ? { predicate: rebind(index.predicate, copies) } : {}),
      sizeBytes: 0,
    }
    relation.indexes.push(copy)
    if (!constraint) continue
    const { oid: __, ...same } = constraint
    const columns = same.columns.flatMap((column) => copies.get(column) ?? [])
    relation.constraints.push({ ...same, name: copy.name, columns, index: copy })
  }
}
