import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { bindColumns, bindTypes } from '../bind.js'
import { NotFollowed } from '../casts.js'
import { givesNoRow } from '../data/idle.js'
import { followQuery } from '../data/statement.js'
import { columnOf } from '../data/target.js'
import { addPart } from '../family.js'
import { creationSchema, findIndex, findRelation, findSequence } from '../lookup.js'
import type { Column, IndexKey, IndexObject, Relation, RelationKind } from '../model.js'
import { named, shown } from '../named.js'
import { computedKeys, needUnique } from '../needs.js'
import { partitionKeyOf } from '../partition-key.js'
import { Rewriter } from '../rewrite.js'
import { namesOf } from '../tree.js'
import { bindView } from '../views.js'
import type { Walk } from '../walk.js'
import { addColumnConstraints, makeColumn, refineColumn } from './columns.js'
import { addConstraint } from './constraints.js'
import { copyColumn, copyLike } from './like.js'
import { chooseName, wordFor } from './names.js'
import { columnsOf } from './query-columns.js'

/** A relation that the migrations make, still without columns and rows. */
export function makeRelation(walk: Walk, rangeVar: Node, kind: RelationKind, onCommit?: string): Relation {
  const { schema, name } = relationOf(rangeVar)
  const isTemporary = rangeVar.relpersistence === 't'
  return {
    schema: isTemporary ? 'pg_temp' : creationSchema(walk.catalog, schema),
    name,
    kind,
    columns: [],
    constraints: [],
    indexes: [],
    triggers: [],
    rules: [],
    areReferencesAsleep: false,
    source: '(SELECT 1)',
    isDirty: true,
    isEmpty: true,
    past: [],
    children: [],
    parents: [],
    isPartition: false,
    isTemporary,
    ...(rangeVar.relpersistence === 'u' ? { isUnlogged: true } : {}),
    ...(onCommit === 'ONCOMMIT_DROP' ? { onCommit: 'drop' as const } : {}),
    ...(onCommit === 'ONCOMMIT_DELETE_ROWS' ? { onCommit: 'delete rows' as const } : {}),
    reads: [],
    hasRowSecurity: false,
    isRowSecurityForced: false,
    policies: [],
    heapBytes: 0,
    toastBytes: 0,
    rowEstimate: 0,
    isOwned: true,
    ...(walk.catalog.home === undefined ? {} : { home: walk.catalog.home }),
    privileges: new Set(['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']),
  }
}

/** CREATE TABLE */
export function followCreateTable(walk: Walk, node: Node): void {
  const kind = node.partspec ? 'partitioned table' : 'table'
  const relation = makeRelation(walk, node.relation, kind, node.oncommit)
  if (findRelation(walk.catalog, relation)) {
    if (node.if_not_exists) return
    throw new NotFollowed(`relation "${relation.name}" is there already`)
  }
  walk.catalog.relations.push(relation)
  if (node.ofTypename) throw new NotFollowed('the columns of a composite type are not known')
  const parents: Relation[] = (node.inhRelations ?? []).map((one: Node) => {
    const parent = findRelation(walk.catalog, relationOf(one.RangeVar))
    if (!parent) throw new NotFollowed(`relation "${one.RangeVar.relname}" is not known`)
    return parent
  })
  for (const parent of parents) {
    relation.columns.push(...parent.columns.map((column) => copyColumn(column)))
    relation.parents.push(parent)
    parent.children.push(relation)
  }
  const elements: Node[] = node.tableElts ?? []
  const defined: [Column, Node][] = []
  for (const { ColumnDef, TableLikeClause } of elements) {
    if (TableLikeClause) copyLike(walk, relation, TableLikeClause)
    if (!ColumnDef) continue
    const column = ColumnDef.typeName
      ? makeColumn(walk, relation, ColumnDef)
      : refineColumn(walk, relation, ColumnDef)
    if (!relation.columns.includes(column)) relation.columns.push(column)
    defined.push([column, ColumnDef])
  }
  for (const [column, def] of defined) addColumnConstraints(walk, relation, column, def)
  for (const { Constraint } of elements) if (Constraint) addConstraint(walk, relation, Constraint)
  for (const one of node.constraints ?? []) addConstraint(walk, relation, one.Constraint)
  if (node.partspec)
    Object.assign(relation, { partitionKey: partitionKeyOf(walk.catalog, relation, node.partspec) })
  const [parent] = parents
  if (!node.partbound || !parent) return
  relation.bound = node.partbound
  relation.isPartition = true
  addPart(walk, parent, relation)
}

/** CREATE TABLE AS, SELECT INTO, CREATE MATERIALIZED VIEW: a relation with the rows of a query. */
export async function followCreateFromQuery(
  walk: Walk,
  into: Node,
  select: Node,
  kind: RelationKind,
  ifNotExists = false,
): Promise<void> {
  const relation = makeRelation(walk, into.rel, kind, into.onCommit)
  if (findRelation(walk.catalog, relation) && ifNotExists) return
  const bound = bindView(walk.catalog, { SelectStmt: select })
  const isEmpty = into.skipData === true || givesNoRow(walk.content, select)
  const { query, scope } = await followQuery(walk, select)
  const { sql, opaque, isVolatile } = new Rewriter(walk.content, scope).query(query)
  const reason = await setQuery(walk, relation, { sql, names: namesOf(into.colNames), isVolatile })
  relation.isEmpty = isEmpty
  if (isEmpty) relation.isDirty = true
  else obscure(relation, opaque[0] ?? reason)
  if (kind === 'materialized view') {
    relation.query = bound
    relation.reads.push(...bound.reads.map((read) => read.relation))
  }
  walk.catalog.relations.push(relation)
}

/** CREATE VIEW */
export async function followCreateView(walk: Walk, node: Node): Promise<void> {
  const relation = makeRelation(walk, node.view, 'view')
  const existing = findRelation(walk.catalog, relation)
  const { sql, opaque, isVolatile } = new Rewriter(walk.content).query(node.query)
  relation.query = bindView(walk.catalog, node.query)
  relation.reads.push(...relation.query.reads.map((read) => read.relation))
  const reason = await setQuery(walk, relation, { sql, names: namesOf(node.aliases), isVolatile })
  relation.isEmpty = false
  obscure(relation, opaque[0] ?? reason)
  if (existing) replaceView(walk, existing, relation)
  else walk.catalog.relations.push(relation)
}

function obscure(relation: Relation, reason: string | undefined): void {
  if (reason !== undefined) relation.opaque = reason
}

/** CREATE OR REPLACE VIEW keeps the view that others read, and its columns; new ones stand behind them. */
function replaceView(walk: Walk, existing: Relation, { columns, query, reads }: Relation): void {
  existing.columns.push(...columns.slice(existing.columns.length))
  existing.reads = reads
  if (query) existing.query = query
  // Today's server knows another query.
  delete existing.definition
  existing.readState = ''
  walk.content.read(existing)
}

/** Columns and rows of a relation that is made from a query. Gives why its rows cannot be asked for, where that is so. */
async function setQuery(
  walk: Walk,
  relation: Relation,
  { sql, names, isVolatile }: { sql: string; names: readonly string[]; isVolatile: boolean },
): Promise<string | undefined> {
  const { columns: given, opaque } = await columnsOf(walk, sql, relation)
  const columns = given.map((column, i) => ({ ...column, name: names[i] ?? column.name }))
  relation.columns = columns
  const heads = columns.map(({ name }) => name)
  const list = heads.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ')
  walk.content.replace(relation, list ? `SELECT * FROM (${sql}) AS q (${list})` : sql, { isVolatile })
  return opaque
}

/** CREATE INDEX */
export function followCreateIndex(walk: Walk, node: Node): void {
  const relation = findRelation(walk.catalog, relationOf(node.relation))
  if (!relation) throw new NotFollowed(`relation "${node.relation.relname}" is not known`)
  const keys: IndexKey[] = node.indexParams.map(({ IndexElem: { name, expr, collation } }: Node) => ({
    ...(name
      ? { column: columnOf(relation, name) }
      : { expression: bindTypes(walk.catalog, bindColumns(relation, expr)) }),
    ...(collation
      ? {
          collation: namesOf(collation)
            .map((part) => `"${part}"`)
            .join('.'),
        }
      : {}),
  }))
  const columnNames = numbered(
    keys.map(({ column, expression }) => column?.name ?? wordFor(expression) ?? 'expr'),
  )
  const name = node.idxname ?? chooseName(walk.catalog, relation, columnNames, 'idx')
  const place = { schema: relation.schema, name }
  if (
    findIndex(walk.catalog, place) ||
    findRelation(walk.catalog, place) ||
    findSequence(walk.catalog, place)
  ) {
    if (node.if_not_exists) return
    throw new NotFollowed(`"${name}" is there already`)
  }
  const index: IndexObject = {
    name,
    isUnique: node.unique === true,
    isValid: true,
    keys,
    included: (node.indexIncludingParams ?? []).flatMap(({ IndexElem }: Node) =>
      IndexElem.name ? [columnOf(relation, IndexElem.name)] : [],
    ),
    ...(node.whereClause
      ? { predicate: bindTypes(walk.catalog, bindColumns(relation, node.whereClause)) }
      : {}),
    areNullsNotDistinct: node.nulls_not_distinct === true,
    method: node.accessMethod ?? 'btree',
    sizeBytes: 0,
  }
  relation.indexes.push(index)
  if (relation.isEmpty) return
  needComputableKeys(walk, relation, index)
  if (index.isUnique) needUnique(walk, relation, index)
}

/** A name that the list holds already gets a number, as in `t_a_a1_idx`. */
function numbered(names: readonly string[]): string[] {
  const taken: string[] = []
  for (const name of names) {
    let free = name
    for (let i = 1; taken.includes(free); i += 1) free = `${name}${i}`
    taken.push(free)
  }
  return taken
}

/** The expressions of an index must not raise: neither for a row that is there nor for one that this transaction has replaced. */
function needComputableKeys(walk: Walk, relation: Relation, index: IndexObject): void {
  const computed = computedKeys(walk, relation, index)
  if (computed === undefined) return
  const present = { source: walk.content.read(relation), mayBeHeapOnly: false }
  for (const { source, mayBeHeapOnly } of [present, ...relation.past]) {
    const rows = `(SELECT ${computed.list} FROM ${source} AS "${relation.name.replaceAll('"', '""')}" OFFSET 0) AS e`
    walk.need({
      code: 'invalid-value',
      sqlstate: '22000',
      ...named(relation, index.name),
      title: `every key of "${index.name}" can be computed`,
      question: { kind: 'evaluates', from: rows, alias: 'e' },
      opaque: [
        ...new Set([
          ...(relation.opaque ? [relation.opaque] : []),
          ...computed.columns.flatMap(({ opaque }) => opaque ?? []),
        ]),
      ],
      ...(mayBeHeapOnly
        ? { mayPass: `the index meets a replaced row of ${shown(relation)} only where its page had no room` }
        : {}),
    })
  }
}
