import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { namesOf } from '../tree.js'
import { requireIndexOf } from './alter-table.js'
import { draftOf } from './draft.js'
import { requireOwner, requirePrivilege } from './privileges.js'
import type { QueryScope } from './query-scope.js'
import { requireColumn, requireNamed, requireRelation, type Situation } from './situation.js'
import { dependent, invalid } from './static-failure.js'

/** TRUNCATE: https://www.postgresql.org/docs/current/sql-truncate.html @throws Refusal */
export function requireTruncate(situation: Situation, node: Node): void {
  const relations = (node.relations ?? []).flatMap(({ RangeVar: rangeVar }: Node) => {
    const name = relationOf(rangeVar)
    const found = requireNamed(situation, name)
    if (!found || found.kind === 'system') return []
    if (found.kind !== 'relation' || found.relation.kind.endsWith('view'))
      throw invalid('42809', `"${name.name}" is not a table`, name.name)
    requirePrivilege(situation, found.relation, 'truncate')
    return [found.relation]
  })
  if (node.behavior === 'DROP_CASCADE') return
  for (const child of situation.catalog.relations) {
    if (relations.includes(child) || child.isPartition) continue
    const key = child.constraints.find(
      ({ kind, parent }) => kind === 'foreign key' && relations.includes(parent),
    )
    if (key) {
      const words = `cannot truncate a table that the foreign key ${key.name} of table ${child.name} references`
      throw dependent('0A000', words, key.parent?.name)
    }
  }
}

/** REFRESH MATERIALIZED VIEW. @throws Refusal */
export function requireRefresh(situation: Situation, node: Node): void {
  const name = relationOf(node.relation)
  const found = requireNamed(situation, name)
  if (!found || found.kind === 'system') return
  if (found.kind !== 'relation' || found.relation.kind === 'view')
    throw invalid('42809', `"${name.name}" is not a materialized view`, name.name)
  const { relation } = found
  requireOwner(situation, relation)
  if (relation.kind !== 'materialized view')
    throw invalid('0A000', `"${name.name}" is not a materialized view`, name.name)
  const isUnique = relation.indexes.some(
    ({ isUnique, predicate, keys }) => isUnique && !predicate && keys.every(({ column }) => column),
  )
  if (node.concurrent && !isUnique)
    throw invalid(
      '55000',
      `cannot refresh materialized view "${name.name}" concurrently without a unique index`,
      name.name,
    )
}

/** CLUSTER of one table. @throws Refusal */
export function requireCluster(situation: Situation, node: Node): void {
  if (!node.relation) return
  const relation = requireRelation(situation, relationOf(node.relation))
  if (relation && node.indexname) requireIndexOf(situation, relation, draftOf(relation), node.indexname)
}

/** REINDEX. @throws Refusal */
export function requireReindex(situation: Situation, node: Node): void {
  if (!node.relation) return
  const name = relationOf(node.relation)
  const found = requireNamed(situation, name)
  if (!found || found.kind === 'system') return
  if (node.kind === 'REINDEX_OBJECT_INDEX' && found.kind !== 'index')
    throw invalid('42809', `"${name.name}" is not an index`, name.name)
  if (node.kind === 'REINDEX_OBJECT_TABLE' && found.kind !== 'relation')
    throw invalid('42809', `"${name.name}" is not a table or materialized view`, name.name)
}

/** VACUUM, ANALYZE. @throws Refusal */
export function requireVacuumed(situation: Situation, node: Node): void {
  for (const { VacuumRelation: one } of node.rels ?? []) {
    const relation = one?.relation && requireRelation(situation, relationOf(one.relation))
    if (relation) for (const column of namesOf(one.va_cols)) requireColumn(relation, column)
  }
}

/** COPY. @throws Refusal */
export function requireCopied(scope: QueryScope, node: Node): void {
  if (node.query) return void scope.shared.read(scope, node.query)
  const relation = node.relation && requireRelation(scope.situation, relationOf(node.relation))
  if (relation) for (const column of namesOf(node.attlist)) requireColumn(relation, column)
}
