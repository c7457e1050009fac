import type { Node } from '../sql/parser.js'
import { bindColumns, bindTypes } from './bind.js'
import { findColumn } from './lookup.js'
import type { CatalogModel, PartitionKey, Relation } from './model.js'

/** The key of `PARTITION BY …`, bound to columns. */
export function partitionKeyOf(catalog: CatalogModel, relation: Relation, spec: Node): PartitionKey {
  return {
    keys: spec.partParams.map(({ PartitionElem: { name, expr } }: Node) => {
      const column = name === undefined ? undefined : findColumn(relation, name)
      return column ? { column } : { expression: bindTypes(catalog, bindColumns(relation, expr)) }
    }),
  }
}
