import type { Node } from '../sql/parser.js'
import { bindColumns, bindTypes } from './bind.js'
import { NotFollowed } from './casts.js'
import { findColumn } from './lookup.js'
import type { CatalogModel, PartitionKey, Relation } from './model.js'

/** The key of `PARTITION BY …`, bound to columns. */
export function partitionKeyOf(catalog: CatalogModel, relation: Relation, spec: Node): PartitionKey {
  return {
    keys: spec.partParams.map(({ PartitionElem: { name, expr } }: Node) => {
      if (name === undefined) return { expression: bindTypes(catalog, bindColumns(relation, expr)) }
      const column = findColumn(relation, name)
      if (!column) throw new NotFollowed(`column "${name}" of the partition key is not known`)
      return { column }
    }),
  }
}
