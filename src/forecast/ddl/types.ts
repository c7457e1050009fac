import { relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { creationSchema, findType } from '../lookup.js'
import type { Relation, TypeObject } from '../model.js'
import { boundType, namesOf, visitTree } from '../tree.js'
import type { Walk } from '../walk.js'

export function makeType(
  walk: Walk,
  parts: readonly Node[],
  kind: TypeObject['kind'],
  more: Partial<TypeObject> = {},
): void {
  const { schema, name } = relationOfParts(parts)
  walk.catalog.types.push({
    schema: creationSchema(walk.catalog, schema),
    name,
    kind,
    labels: [],
    addedNow: new Set(),
    category: kind === 'enum' ? 'E' : 'U',
    isDropped: false,
    ...more,
  })
}

export function followCreateEnum(walk: Walk, node: Node): void {
  makeType(walk, node.typeName, 'enum', { labels: namesOf(node.vals) })
}

export function followCreateComposite(walk: Walk, node: Node): void {
  const { schemaname, relname } = node.typevar
  const parts = [...(schemaname ? [schemaname] : []), relname].map((sval) => ({ String: { sval } }))
  makeType(walk, parts, 'composite')
}

/** ALTER TYPE … ADD VALUE | RENAME VALUE */
export function followAlterEnum(walk: Walk, node: Node): void {
  const type = findType(walk.catalog, relationOfParts(node.typeName))
  if (!type) throw new NotFollowed('the enum is not known')
  if (node.oldVal !== undefined) {
    detachEnum(walk, type)
    renameValue(walk, type, node.oldVal, node.newVal)
    return
  }
  if (type.labels.includes(node.newVal)) return
  const at =
    node.newValNeighbor === undefined
      ? type.labels.length
      : type.labels.indexOf(node.newValNeighbor) + (node.newValIsAfter ? 1 : 0)
  type.labels.splice(at < 0 ? type.labels.length : at, 0, node.newVal)
  type.addedNow.add(node.newVal)
}

/** What the running transaction has added can be used after it; today's server knows nothing of it, so the type becomes ours. */
export function settleEnums(walk: Walk): void {
  for (const type of walk.catalog.types) {
    if (type.addedNow.size === 0) continue
    detachEnum(walk, type)
    type.addedNow.clear()
  }
}

/** Its values are text from here on, and every cast to it tests for its labels. */
function detachEnum(walk: Walk, type: TypeObject): void {
  if (type.live === undefined) return
  for (const relation of walk.catalog.relations) {
    for (const column of relation.columns) {
      if (column.type.object !== type) continue
      walk.content.changeColumn(relation, column)
      column.from = `CAST(${column.from} AS pg_catalog.text${column.type.isArray ? '[]' : ''})`
      relation.isDirty = true
    }
  }
  delete type.live
}

function storedExpressions({ columns, constraints, indexes }: Relation): Node[] {
  return [
    ...columns.flatMap((column) => [column.default, column.generated]),
    ...constraints.map(({ expression }) => expression),
    ...indexes.flatMap(({ keys, predicate }) => [predicate, ...keys.map(({ expression }) => expression)]),
  ].filter((tree) => tree !== undefined)
}

/** A kept expression holds the label itself, not its name. */
function renameLiterals(tree: Node, type: TypeObject, from: string, to: string): void {
  visitTree(tree, (kind, node) => {
    if (kind === 'TypeCast' && node[boundType] === type && node.arg.A_Const?.sval?.sval === from)
      node.arg.A_Const.sval.sval = to
  })
}

/** The rows hold the label under its new name at once. */
function renameValue(walk: Walk, type: TypeObject, from: string, to: string): void {
  type.labels = type.labels.map((label) => (label === from ? to : label))
  for (const relation of walk.catalog.relations)
    for (const tree of storedExpressions(relation)) renameLiterals(tree, type, from, to)
  const [old, now] = [from, to].map((label) => `'${label.replaceAll("'", "''")}'`)
  for (const relation of walk.catalog.relations) {
    for (const column of relation.columns) {
      if (column.type.object !== type) continue
      walk.content.changeColumn(relation, column)
      column.from = column.type.isArray
        ? `pg_catalog.array_replace(${column.from}, ${old}, ${now})`
        : `CASE WHEN ${column.from} OPERATOR(pg_catalog.=) ${old} THEN ${now} ELSE ${column.from} END`
      relation.isDirty = true
      walk.content.read(relation)
    }
  }
}
