import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { draftOf } from './draft.js'
import { readIndexExpressions, requireIndexKeys } from './index-keys.js'
import { requireWholePartitionKey } from './partitions.js'
import { requireOwner } from './privileges.js'
import { findNamed, requireFreeRelationName, requireNamed, type Situation } from './situation.js'
import { invalid } from './static-failure.js'

/** CREATE INDEX. @throws Refusal */
export function requireCreateIndex(situation: Situation, node: Node): void {
  const name = relationOf(node.relation)
  const found = requireNamed(situation, name)
  if (found?.kind === 'system') return
  const relation = found?.kind === 'relation' ? found.relation : undefined
  if (!relation || relation.kind === 'view' || relation.kind === 'foreign table')
    throw invalid('42809', `cannot create index on relation "${name.name}"`, name.name)
  requireOwner(situation, relation)
  if (node.concurrent && relation.kind === 'partitioned table')
    throw invalid(
      '0A000',
      `cannot create index on partitioned table "${relation.name}" concurrently`,
      relation.name,
    )
  const draft = draftOf(relation)
  if (!node.relation.inh) draft.partitionKeys = draft.partitionKeys.slice(0, 1)
  const index = {
    method: (node.accessMethod as string | undefined) ?? 'btree',
    elements: (node.indexParams ?? []).map((one: Node) => one.IndexElem) as Node[],
    included: (node.indexIncludingParams ?? []).map((one: Node) => one.IndexElem) as Node[],
    ...(node.whereClause ? { predicate: node.whereClause as Node } : {}),
  }
  readIndexExpressions(situation, draft, index)
  requireIndexKeys(situation, draft, index)
  const columns = index.elements.flatMap(({ name: column }) => (column ? [column as string] : []))
  if (node.unique) requireWholePartitionKey(draft, columns, 'UNIQUE')
  if (!node.idxname) return
  if (node.if_not_exists && findNamed(situation, { schema: relation.schema, name: node.idxname })) return
  requireFreeRelationName(situation, relation.schema, node.idxname)
}
