import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import type { Column } from '../model.js'
import { namesOf } from '../tree.js'
import { constraintsOf, requireColumnDefinition, requireColumnExpressions } from './column-definitions.js'
import { type Draft, draftColumnNamed, draftOf, newDraft } from './draft.js'
import type { OutputColumn } from './expressions.js'
import { requireOneDefault } from './partitions.js'
import { requireCreate, requireOwner } from './privileges.js'
import type { SelectColumn } from './queries.js'
import type { QueryScope } from './query-scope.js'
import {
  findNamed,
  requireFreeRelationName,
  requireFreeTypeName,
  requireNamed,
  requireRelation,
  type Situation,
  schemaForNew,
} from './situation.js'
import { exists, invalid, missing } from './static-failure.js'
import { addForeignKey, addKey, requireCheck, requireKeyColumns } from './table-constraints.js'
import { isSameType, typeOfColumn } from './types.js'

/** CREATE TABLE, also of a partition. @throws Refusal */
export function requireCreateTable(situation: Situation, node: Node): void {
  const name = relationOf(node.relation)
  const isTemporary = node.relation.relpersistence === 't'
  const schema = schemaForNew(situation, name, isTemporary)
  requireCreate(situation, schema)
  if (node.if_not_exists && findNamed(situation, { schema, name: name.name })) return
  const draft = newDraft(schema, name.name, isTemporary)
  const elements: Node[] = node.tableElts ?? []
  const definitions = elements.flatMap(({ ColumnDef: definition }) => (definition ? [definition] : []))
  const constraints = elements.flatMap(({ Constraint: constraint }) => (constraint ? [constraint] : []))
  if (node.ofTypename) draft.isOpen = true
  for (const { ColumnDef: definition, TableLikeClause: like } of elements) {
    if (definition?.typeName) draft.columns.push(requireColumnDefinition(situation, draft, definition))
    if (like) addColumnsOf(situation, draft, like.relation)
  }
  for (const { RangeVar: parent } of node.inhRelations ?? []) {
    const relation = addColumnsOf(situation, draft, parent)
    if (relation?.kind.endsWith('view'))
      throw invalid('42809', `inherited relation "${relation.name}" is not a table`, relation.name)
    if (relation && node.partbound && relation.kind !== 'partitioned table')
      throw invalid('42P17', `"${relation.name}" is not partitioned`, relation.name)
    if (relation && node.partbound?.is_default) requireOneDefault(relation, name.name)
  }
  for (const { colname: column, typeName } of definitions) {
    if (!typeName && !node.ofTypename && !draftColumnNamed(draft, column))
      throw missing('42703', `column "${column}" does not exist`, `${name.name}.${column}`)
  }
  requireKeysOf(draft, definitions, constraints)
  requireDistinctColumns(draft)
  requireFreeRelationName(situation, schema, name.name)
  requireFreeTypeName(situation, schema, name.name)
  draft.partitionKeys = node.partspec
    ? [node.partspec.partParams.map(({ PartitionElem }: Node) => PartitionElem.name)]
    : []
  for (const definition of definitions) requireColumnExpressions(situation, draft, definition)
  addConstraints(situation, draft, definitions, constraints)
}

/** What LIKE, INHERITS or PARTITION OF brings along is not known in full. */
function addColumnsOf(situation: Situation, draft: Draft, rangeVar: Node) {
  const relation = requireRelation(situation, relationOf(rangeVar))
  const known = draft.columns.map(({ name }) => name)
  draft.isOpen = true
  if (relation) draft.columns.push(...draftOf(relation).columns.filter(({ name }) => !known.includes(name)))
  return relation
}

function requireDistinctColumns({ columns, isOpen }: Draft): void {
  const names = columns.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined && !isOpen)
    throw exists('42701', `column "${twice}" specified more than once`, twice)
}

const keyKinds = ['CONSTR_PRIMARY', 'CONSTR_UNIQUE']

function requireKeysOf(draft: Draft, definitions: readonly Node[], constraints: readonly Node[]): void {
  const keys = constraints.filter(({ contype }) => keyKinds.includes(contype))
  for (const key of keys) requireKeyColumns(draft, key, namesOf(key.keys))
  const all = [...keys, ...definitions.flatMap(constraintsOf)]
  if (all.filter(({ contype }) => contype === 'CONSTR_PRIMARY').length > 1)
    throw invalid('42P16', `multiple primary keys for table "${draft.name}" are not allowed`, draft.name)
}

/** In the order of the server: checks, then keys, then foreign keys. */
function addConstraints(
  situation: Situation,
  draft: Draft,
  definitions: readonly Node[],
  constraints: readonly Node[],
): void {
  const all = [
    ...definitions.flatMap((definition) =>
      constraintsOf(definition).map((constraint) => ({
        constraint,
        columns: [definition.colname as string],
      })),
    ),
    ...constraints.map((constraint) => ({ constraint, columns: undefined })),
  ]
  const of = (...contypes: string[]) => all.filter(({ constraint }) => contypes.includes(constraint.contype))
  for (const { constraint } of of('CONSTR_CHECK')) requireCheck(situation, draft, constraint)
  for (const { constraint, columns } of of(...keyKinds)) addKey(situation, draft, constraint, columns)
  for (const { constraint, columns } of of('CONSTR_FOREIGN'))
    addForeignKey(situation, draft, constraint, columns)
}

/** CREATE TABLE AS, CREATE MATERIALIZED VIEW, SELECT INTO. @throws Refusal */
export function requireCreateTableAs(scope: QueryScope, node: Node): void {
  const { situation } = scope
  const name = relationOf(node.into.rel)
  scope.shared.read(scope, node.query)
  const isTemporary = node.into.rel.relpersistence === 't'
  const schema = schemaForNew(situation, name, isTemporary)
  requireCreate(situation, schema)
  if (node.if_not_exists && findNamed(situation, { schema, name: name.name })) return
  requireFreeRelationName(situation, schema, name.name)
  requireFreeTypeName(situation, schema, name.name)
}

/** CREATE VIEW. @throws Refusal */
export function requireCreateView(scope: QueryScope, node: Node): void {
  const { situation } = scope
  const name = relationOf(node.view)
  const columns = scope.shared.read(scope, node.query) as readonly SelectColumn[] | undefined
  const schema = schemaForNew(situation, name, node.view.relpersistence === 't')
  requireCreate(situation, schema)
  const found = findNamed(situation, { schema, name: name.name })
  if (found && node.replace) {
    const relation = requireNamed(situation, { schema, name: name.name })
    if (relation?.kind !== 'relation' || relation.relation.kind !== 'view')
      throw invalid('42809', `"${name.name}" is not a view`, name.name)
    requireOwner(situation, relation.relation)
    const aliases = namesOf(node.aliases)
    const renamed = columns?.map((column, i) =>
      aliases[i] === undefined ? column : { ...column, name: aliases[i], isNamed: true },
    )
    if (renamed) requireSameColumns(relation.relation.columns.map(asOutput), renamed)
    return
  }
  requireFreeRelationName(situation, schema, name.name)
  requireFreeTypeName(situation, schema, name.name)
}

function asOutput(column: Column): OutputColumn {
  return { name: column.name, type: typeOfColumn(column) }
}

/**
 * A view may only get more columns, at its end: https://www.postgresql.org/docs/current/sql-createview.html
 * @throws Refusal
 */
function requireSameColumns(
  old: readonly OutputColumn[],
  given: readonly (OutputColumn & { readonly isNamed: boolean })[],
): void {
  if (given.length < old.length) throw invalid('42P16', 'cannot drop columns from view')
  old.forEach(({ name, type }, i) => {
    const column = given[i]
    if (column?.isNamed && column.name !== name)
      throw invalid('42P16', `cannot change name of view column "${name}" to "${column.name}"`, name)
    if (type && column?.type && !isSameType(type, column.type))
      throw invalid('42P16', `cannot change data type of view column "${name}"`, name)
  })
}
