import { quoteIdentifier, relationOf, relationOfParts } from '../sql/names.js'
import type { Node } from '../sql/parser.js'
import { oldName } from './data/target.js'
import type { PutOffCheck } from './deferrals.js'
import { isDistinct } from './equality.js'
import { findRelation } from './lookup.js'
import type { CatalogModel, Column, Constraint, Relation } from './model.js'
import { named, shown } from './named.js'
import { isPutOff } from './needs.js'
import { opacityOf, sampleOf, type Walk } from './walk.js'

// For each row that a deferred foreign key has still to look at, the server keeps a trigger event. Until it is done, the
// table may not be altered: https://www.postgresql.org/docs/current/sql-set-constraints.html

/** Rows that a statement has put in, changed or deleted. */
interface WrittenRows {
  /** Updated: with `"~hit"`, and with `"~old …"` beside each column set. */
  readonly link: string
  readonly kind: 'insert' | 'update' | 'delete'
  /** Updated: the columns set. */
  readonly changed?: ReadonlySet<Column>
  /** Why the rows cannot be known. */
  readonly opaque: readonly string[]
}

/** Notes the rows whose own reference is looked at later. */
export function putOffReferences(walk: Walk, relation: Relation, rows: WrittenRows): void {
  if (walk.catalog.isReplica || relation.areReferencesAsleep) return
  for (const constraint of relation.constraints) {
    if (constraint.kind !== 'foreign key' || !isPutOff(walk, constraint)) continue
    // A new row is noted always, a changed one when its new reference leads somewhere else.
    const condition =
      rows.kind === 'insert' ? 'true' : movedRows(constraint.columns, rows, (column) => newName(column))
    if (condition !== undefined) putOff(walk, { constraint, relation }, constraint.columns, rows, condition)
  }
}

/** Notes the rows of a parent whose key is looked for later in the rows that referred to it. */
export function putOffKeys(walk: Walk, parent: Relation, constraint: Constraint, rows: WrittenRows): void {
  const { parentColumns = [] } = constraint
  const condition =
    rows.kind === 'delete'
      ? areThere(parentColumns.map(newName))
      : movedRows(parentColumns, rows, (column) =>
          rows.changed?.has(column) ? oldName(column) : newName(column),
        )
  if (condition !== undefined) putOff(walk, { constraint, relation: parent }, parentColumns, rows, condition)
}

function putOff(
  walk: Walk,
  { constraint, relation }: Pick<PutOffCheck, 'constraint' | 'relation'>,
  columns: readonly Column[],
  { link, kind, opaque }: WrittenRows,
  violation: string,
): void {
  // A statement on a partition, or on one of a family, is another matter.
  if (relation.children.length > 0 || relation.parents.length > 0) return
  walk.deferrals.state.checks.push({
    constraint,
    relation,
    question: {
      kind: 'rows',
      from: `${link} AS ${quoteIdentifier(relation.name)}`,
      violation,
      sample: sampleOf(relation, columns),
    },
    // A new row is there whatever its values.
    opaque: kind === 'insert' ? opaque : [...opaque, ...opacityOf(relation, columns)],
  })
}

/** SQL, true for a row hit whose key is another now. */
function movedRows(
  columns: readonly Column[],
  { changed }: WrittenRows,
  nameOf: (column: Column) => string,
): string | undefined {
  const moved = columns.filter((column) => changed?.has(column))
  if (moved.length === 0) return undefined
  const isMoved = moved.map((column) => isDistinct(newName(column), oldName(column), column.type))
  return `"~hit" AND (${isMoved.join(' OR ')}) AND ${areThere(columns.map(nameOf))}`
}

function newName({ name }: Column): string {
  return quoteIdentifier(name)
}

function areThere(names: readonly string[]): string {
  return names.map((name) => `${name} IS NOT NULL`).join(' AND ')
}

/** Asks, before a statement that alters tables, whether checks of them are put off. */
export function needNothingPutOff(walk: Walk, kind: string, node: Node): void {
  const { checks } = walk.deferrals.state
  if (checks.length === 0) return
  const altered = alteredBy(walk.catalog, kind, node)
  for (const { relation, constraint, question, opaque } of checks) {
    if (!altered.includes(relation)) continue
    walk.need({
      code: 'pending-trigger-events',
      sqlstate: '55006',
      ...named(relation),
      title: `no row of ${shown(relation)} waits for the deferred check of "${constraint.name}"`,
      question,
      opaque,
    })
  }
}

/** The tables that a statement may not touch while their rows wait for a check. */
function alteredBy(catalog: CatalogModel, kind: string, node: Node): Relation[] {
  const named = (rangeVar: Node | undefined) => {
    const relation = rangeVar && findRelation(catalog, relationOf(rangeVar))
    return relation ? [relation] : []
  }
  switch (kind) {
    case 'AlterTableStmt':
    case 'IndexStmt':
    case 'ClusterStmt':
      return named(node.relation)
    case 'TruncateStmt':
      return (node.relations ?? []).flatMap(({ RangeVar }: Node) => named(RangeVar))
    case 'DropStmt':
      if (node.removeType !== 'OBJECT_TABLE') return []
      return (node.objects ?? []).flatMap(
        ({ List }: Node) => findRelation(catalog, relationOfParts(List.items)) ?? [],
      )
    default:
      return []
  }
}
