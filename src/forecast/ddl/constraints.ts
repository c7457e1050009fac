import { quoteIdentifier, relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { bindColumns, bindTypes } from '../bind.js'
import { NotFollowed } from '../casts.js'
import { columnOf } from '../data/target.js'
import { needExclusion } from '../exclusion.js'
import { findRelation } from '../lookup.js'
import type { Column, Constraint, IndexObject, ReferentialAction, Relation } from '../model.js'
import { needCheck, needForeignKey, needNotNull, needUnique } from '../needs.js'
import { namesOf } from '../tree.js'
import { columnsIn, type Walk } from '../walk.js'
import { chooseName } from './names.js'

const actions: Readonly<Record<string, ReferentialAction>> = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
}

/**
 * Adds a constraint as the statement writes it.
 * @param own the column that it stands behind, where it does
 */
export function addConstraint(walk: Walk, relation: Relation, node: Node, own?: Column): void {
  switch (node.contype) {
    case 'CONSTR_PRIMARY':
      addKey(walk, relation, node, 'primary key', own)
      break
    case 'CONSTR_UNIQUE':
      addKey(walk, relation, node, 'unique', own)
      break
    case 'CONSTR_FOREIGN':
      addForeignKey(walk, relation, node, own)
      break
    case 'CONSTR_CHECK':
      addCheck(walk, relation, node, own)
      break
    case 'CONSTR_NOTNULL':
      addNotNull(walk, relation, own ?? columnOf(relation, namesOf(node.keys)[0] ?? ''))
      break
    case 'CONSTR_EXCLUSION':
      addExclusion(walk, relation, node)
      break
    // NULL, DEFAULT, GENERATED and IDENTITY are the column's own; DEFERRABLE and the like stand in a list of their own.
  }
}

function addNotNull(walk: Walk, relation: Relation, column: Column): void {
  if (!column.isNotNull && !relation.isEmpty) needNotNull(walk, relation, column)
  column.isNotNull = true
}

/** A column that allows NULL is looked at by itself, before the index is built. */
function addKeyNotNull(walk: Walk, relation: Relation, column: Column): void {
  if (!column.isNotNull && !relation.isEmpty) needNotNull(walk, relation, column, { comesFirst: true })
  column.isNotNull = true
}

function addKey(
  walk: Walk,
  relation: Relation,
  node: Node,
  kind: 'primary key' | 'unique',
  own?: Column,
): void {
  if (node.indexname) {
    useIndex(walk, relation, node, kind)
    return
  }
  const columns = own ? [own] : namesOf(node.keys).map((name) => columnOf(relation, name))
  if (kind === 'primary key') for (const column of columns) addKeyNotNull(walk, relation, column)
  const label = kind === 'primary key' ? 'pkey' : 'key'
  const name =
    node.conname ??
    chooseName(
      walk.catalog,
      relation,
      columns.map((column) => column.name),
      label,
    )
  const index: IndexObject = {
    name,
    isUnique: true,
    isValid: true,
    keys: columns.map((column) => ({ column })),
    included: namesOf(node.including).map((one) => columnOf(relation, one)),
    areNullsNotDistinct: node.nulls_not_distinct === true,
    method: 'btree',
    sizeBytes: 0,
  }
  relation.indexes.push(index)
  relation.constraints.push(constraint(node, name, kind, columns, { index }))
  if (!relation.isEmpty) needUnique(walk, relation, index)
}

/** The index exists, and has been checked when it was made; a primary key still wants no NULL. */
function useIndex(walk: Walk, relation: Relation, node: Node, kind: 'primary key' | 'unique'): void {
  const index = relation.indexes.find(({ name }) => name === node.indexname)
  if (!index) throw new NotFollowed(`index "${node.indexname}" is not known`)
  const columns = index.keys.flatMap(({ column }) => column ?? [])
  if (kind === 'primary key') for (const column of columns) addKeyNotNull(walk, relation, column)
  // The index takes the name of the constraint.
  const name = node.conname ?? index.name
  index.name = name
  relation.constraints.push(constraint(node, name, kind, columns, { index }))
}

function addForeignKey(walk: Walk, relation: Relation, node: Node, own?: Column): void {
  const columns = own ? [own] : namesOf(node.fk_attrs).map((name) => columnOf(relation, name))
  const parent = findRelation(walk.catalog, relationOf(node.pktable))
  if (!parent) throw new NotFollowed(`relation "${node.pktable.relname}" is not known`)
  const primary = parent.constraints.find(({ kind }) => kind === 'primary key')
  const parentColumns = node.pk_attrs
    ? namesOf(node.pk_attrs).map((name) => columnOf(parent, name))
    : (primary?.columns ?? [])
  if (parentColumns.length !== columns.length) throw new NotFollowed('the foreign key has no key to refer to')
  const name =
    node.conname ??
    chooseName(
      walk.catalog,
      relation,
      columns.map((column) => column.name),
      'fkey',
    )
  const key = constraint(node, name, 'foreign key', columns, {
    parent,
    parentColumns,
    onDelete: actions[node.fk_del_action] ?? 'no action',
    onUpdate: actions[node.fk_upd_action] ?? 'no action',
    isMatchFull: node.fk_matchtype === 'f',
  })
  relation.constraints.push(key)
  if (key.isValidated && !relation.isEmpty) needForeignKey(walk, relation, key)
  if (!key.isValidated && !relation.isEmpty) walk.writesPast(relation, key)
}

function addCheck(walk: Walk, relation: Relation, node: Node, own?: Column): void {
  const expression = bindTypes(walk.catalog, bindColumns(relation, node.raw_expr))
  const columns = [...columnsIn(expression)]
  const named = own ? [own.name] : columns.length === 1 ? columns.map(({ name }) => name) : []
  const name = node.conname ?? chooseName(walk.catalog, relation, named, 'check')
  const check = constraint(node, name, 'check', columns, { expression })
  relation.constraints.push(check)
  if (check.isValidated && !relation.isEmpty) needCheck(walk, relation, check)
}

function addExclusion(walk: Walk, relation: Relation, node: Node): void {
  const elements: Node[][] = node.exclusions.map((one: Node) => one.List.items)
  const keys = elements.map(([element]) => {
    const { name, expr } = element?.IndexElem ?? {}
    return name
      ? { column: columnOf(relation, name) }
      : { expression: bindTypes(walk.catalog, bindColumns(relation, expr)) }
  })
  const columns = keys.flatMap(({ column }) => column ?? [])
  const name =
    node.conname ??
    chooseName(
      walk.catalog,
      relation,
      keys.map(({ column }) => column?.name ?? 'expr'),
      'excl',
    )
  const index: IndexObject = {
    name,
    isUnique: false,
    isValid: true,
    keys,
    included: [],
    ...(node.where_clause
      ? { predicate: bindTypes(walk.catalog, bindColumns(relation, node.where_clause)) }
      : {}),
    areNullsNotDistinct: false,
    method: node.access_method ?? 'gist',
    sizeBytes: 0,
  }
  const operators = elements.map(([, operator]) => {
    const parts = namesOf(operator?.List.items)
    const schema = parts.length > 1 ? `${quoteIdentifier(parts[0] ?? '')}.` : ''
    return `OPERATOR(${schema}${parts.at(-1)})`
  })
  relation.indexes.push(index)
  const exclusion = constraint(node, name, 'exclusion', columns, { index, operators })
  relation.constraints.push(exclusion)
  if (!relation.isEmpty) needExclusion(walk, relation, exclusion)
}

/** VALIDATE CONSTRAINT */
export function validateConstraint(walk: Walk, relation: Relation, name: string): void {
  const found = relation.constraints.find((one) => one.name === name)
  if (!found) throw new NotFollowed(`constraint "${name}" is not known`)
  if (found.isValidated) return
  found.isValidated = true
  if (relation.isEmpty) return
  if (found.kind === 'foreign key') needForeignKey(walk, relation, found)
  if (found.kind === 'check') needCheck(walk, relation, found)
}

function constraint(
  node: Node,
  name: string,
  kind: Constraint['kind'],
  columns: Column[],
  more: Partial<Constraint>,
): Constraint {
  return {
    name,
    kind,
    columns,
    isValidated: node.skip_validation !== true,
    isDeferrable: node.deferrable === true,
    isInitiallyDeferred: node.initdeferred === true,
    ...more,
  }
}
