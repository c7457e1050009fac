import { quoteIdentifier, quoteRelation, relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { findRelation } from '../lookup.js'
import type { Relation } from '../model.js'
import { allRows, needUnique } from '../needs.js'
import { Rewriter } from '../rewrite.js'
import { parseStatement } from '../tree.js'
import type { Walk } from '../walk.js'

/** REFRESH MATERIALIZED VIEW: its query is run again, and its unique indexes are built again. */
export function followRefresh(walk: Walk, node: Node): void {
  const relation = findRelation(walk.catalog, relationOf(node.relation))
  if (!relation) throw new NotFollowed(`materialized view "${node.relation.relname}" is not known`)
  if (node.skipData) {
    walk.blur(relation, 'it holds nothing until it is refreshed')
    return
  }
  const query = queryOf(relation)
  if (!query) {
    walk.blur(relation, 'it is refreshed')
    if (relation.indexes.some(({ isUnique }) => isUnique))
      walk.doubt(`whether "${relation.name}" can be refreshed is not asked`, relation.name)
    return
  }
  const { sql, opaque, isVolatile } = new Rewriter(walk.content).query(query)
  const list = relation.columns.map(({ name }) => quoteIdentifier(name)).join(', ')
  walk.content.replace(relation, `SELECT * FROM (${sql}) AS q (${list})`, { isVolatile })
  relation.isEmpty = false
  delete relation.opaque
  for (const column of relation.columns) delete column.opaque
  const [reason] = opaque
  if (reason !== undefined) relation.opaque = reason
  needRefresh(walk, relation, node.concurrent === true)
}

function needRefresh(walk: Walk, relation: Relation, isConcurrent: boolean): void {
  const rows = allRows(walk, relation)
  const alias = quoteIdentifier(relation.name)
  walk.need({
    code: 'invalid-value',
    sqlstate: '22000',
    object: relation.name,
    title: `every row of "${relation.name}" can be computed`,
    question: { kind: 'evaluates', from: rows.from, alias },
    opaque: rows.opaque,
  })
  if (isConcurrent) {
    // Rows are told apart by their values there, so two alike are refused, unless they hold a NULL.
    const keys = relation.columns.map(({ name }) => quoteIdentifier(name))
    walk.need({
      code: 'unique-violation',
      sqlstate: '21000',
      object: relation.name,
      title: `no two rows of "${relation.name}" are alike`,
      question: {
        kind: 'groups',
        from: rows.from,
        keys,
        condition: keys.map((key) => `${key} IS NOT NULL`).join(' AND '),
      },
      opaque: rows.opaque,
    })
  }
  for (const index of relation.indexes) if (index.isUnique) needUnique(walk, relation, index)
}

/** The query as the server prints it; undefined where it names what is called otherwise by now. */
function queryOf(relation: Relation): Node | undefined {
  if (relation.definition === undefined) return undefined
  const isRenamed = relation.reads.some(
    ({ live, schema, name, columns }) =>
      (live !== undefined && live !== quoteRelation(schema, name)) ||
      columns.some((column) => column.liveName !== undefined && column.liveName !== column.name),
  )
  return isRenamed ? undefined : parseStatement(relation.definition)
}
