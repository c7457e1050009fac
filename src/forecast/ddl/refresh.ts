import { quoteIdentifier, relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { givesNoRow } from '../data/idle.js'
import { findRelation } from '../lookup.js'
import type { Relation } from '../model.js'
import { named, shown } from '../named.js'
import { allRows, needUnique } from '../needs.js'
import { refreshView } from '../views.js'
import type { Walk } from '../walk.js'

/** REFRESH MATERIALIZED VIEW: its query is run again, and its unique indexes are built again. */
export function followRefresh(walk: Walk, node: Node): void {
  const relation = findRelation(walk.catalog, relationOf(node.relation))
  if (!relation?.query) throw new NotFollowed(`materialized view "${node.relation.relname}" is not known`)
  if (node.skipData) {
    walk.blur(relation, 'it holds nothing until it is refreshed')
    return
  }
  refreshView(walk.content, relation)
  relation.isEmpty = givesNoRow(walk.content, relation.query.tree.SelectStmt)
  if (relation.isEmpty) return
  needRefresh(walk, relation, node.concurrent === true)
}

function needRefresh(walk: Walk, relation: Relation, isConcurrent: boolean): void {
  const rows = allRows(walk, relation)
  const alias = quoteIdentifier(relation.name)
  walk.need({
    code: 'invalid-value',
    sqlstate: '22000',
    ...named(relation),
    title: `every row of ${shown(relation)} can be computed`,
    question: { kind: 'evaluates', from: rows.from, alias },
    opaque: rows.opaque,
  })
  if (isConcurrent) {
    // Rows are told apart by their values there, so two alike are refused, unless they hold a NULL.
    const keys = relation.columns.map(({ name }) => quoteIdentifier(name))
    walk.need({
      code: 'unique-violation',
      sqlstate: '21000',
      ...named(relation),
      title: `no two rows of ${shown(relation)} are alike`,
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
