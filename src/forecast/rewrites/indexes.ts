import { type RelationName, relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { isPartitioned } from '../locks/family.js'
import { findIndex, findRelation, nameOf } from '../lookup.js'
import type { CatalogModel, Relation } from '../model.js'
import { lastName } from '../tree.js'
import type { RewrittenFile, SafeRewrite } from './safe-rewrite.js'
import { chooseName, fileName, statementSql } from './sql.js'

/** CONCURRENTLY; a partitioned table gets the index partition by partition. */
export function concurrentIndex(catalog: CatalogModel, node: Node): SafeRewrite | undefined {
  const relation = findRelation(catalog, relationOf(node.relation))
  if (!relation || node.concurrent) return undefined
  if (isPartitioned(relation)) return partitionedIndex(catalog, relation, node)
  return { files: [concurrentFile(node, node.idxname ?? `${relation.name}_index`)] }
}

function concurrentFile(node: Node, name: string): RewrittenFile {
  return {
    name: fileName('build', name),
    sql: statementSql('IndexStmt', { ...node, concurrent: true }),
    why: 'others read and write while it is built; it may not run in a transaction, so it stands alone',
  }
}

/** https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE */
function partitionedIndex(catalog: CatalogModel, relation: Relation, node: Node): SafeRewrite | undefined {
  const { children } = relation
  if (!node.idxname || !node.relation.inh || children.length === 0 || children.some(isPartitioned))
    return undefined
  const parts = children.map((child) => ({
    child,
    name: chooseName(catalog, child, keyNames(node), 'idx'),
  }))
  const parent = nameOf(catalog, { schema: relation.schema, name: node.idxname })
  const { inh: _, ...only } = node.relation
  return {
    files: [
      {
        name: fileName('declare', node.idxname),
        sql: statementSql('IndexStmt', { ...node, relation: only }),
        why: 'an index of the partitioned table alone, which is built from nothing',
      },
      ...parts.map(({ child, name }) =>
        concurrentFile(
          { ...node, idxname: name, relation: { ...node.relation, ...rangeOf(catalog, child) } },
          name,
        ),
      ),
      {
        name: fileName('attach', node.idxname),
        sql: parts
          .map(
            ({ child, name }) =>
              `ALTER INDEX ${parent} ATTACH PARTITION ${nameOf(catalog, { schema: child.schema, name })};`,
          )
          .join('\n'),
        why: 'the index becomes valid with the last of its parts; only the catalog changes',
      },
    ],
  }
}

/** As the server names an index after its keys: an expression by the function that it calls. */
function keyNames({ indexParams }: Node): string[] {
  return (indexParams ?? []).map(
    ({ IndexElem: { name, expr } }: Node) => name ?? (lastName(expr?.FuncCall?.funcname) || 'expr'),
  )
}

function rangeOf({ searchPath }: CatalogModel, { schema, name }: Relation): RelationRange {
  return { relname: name, ...(searchPath[0] === schema ? {} : { schemaname: schema }) }
}

interface RelationRange {
  readonly relname: string
  readonly schemaname?: string
}

/** One index a file, since a file of several would be one transaction for some engines. */
export function concurrentDrop(catalog: CatalogModel, node: Node): SafeRewrite | undefined {
  if (node.concurrent || node.behavior === 'DROP_CASCADE') return undefined
  const names = (node.objects ?? []).map(({ List }: Node) => relationOfParts(List.items)) as RelationName[]
  const found = names.map((name) => findIndex(catalog, name))
  if (found.some((one) => !one || isPartitioned(one.relation) || one.index.parent)) return undefined
  const [first, ...rest] = found.flatMap((one) => {
    if (!one) return []
    const { index, relation } = one
    return {
      name: fileName('drop', index.name),
      sql: `DROP INDEX CONCURRENTLY ${node.missing_ok ? 'IF EXISTS ' : ''}${nameOf(catalog, { schema: relation.schema, name: index.name })};`,
      why: 'nobody waits for it, and it waits for nobody with a lock in hand; it may not run in a transaction',
    }
  })
  return first && { files: [first, ...rest] }
}

export function concurrentReindex(node: Node): SafeRewrite | undefined {
  const params: Node[] = node.params ?? []
  if (params.some(({ DefElem }) => DefElem.defname === 'concurrently')) return undefined
  const name = node.relation?.relname ?? node.name
  if (name === undefined || node.kind === 'REINDEX_OBJECT_SYSTEM') return undefined
  const concurrently = { DefElem: { defname: 'concurrently', defaction: 'DEFELEM_UNSPEC' } }
  return {
    files: [
      {
        name: fileName('reindex', name),
        sql: statementSql('ReindexStmt', { ...node, params: [...params, concurrently] }),
        why: 'others read and write while it is built; it may not run in a transaction',
      },
    ],
  }
}

/** Needs a unique index on columns that covers every row: https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html */
export function concurrentRefresh(catalog: CatalogModel, node: Node): SafeRewrite | undefined {
  const view = findRelation(catalog, relationOf(node.relation))
  if (!view || node.concurrent || node.skipData) return undefined
  const isFit = view.indexes.some(
    ({ isUnique, isValid, predicate, keys }) =>
      isUnique && isValid && !predicate && keys.every(({ column }) => column),
  )
  if (!isFit) return undefined
  return {
    files: [
      {
        name: fileName('refresh', view.name),
        sql: `REFRESH MATERIALIZED VIEW CONCURRENTLY ${nameOf(catalog, view)};`,
        why: 'readers see the old rows until the new ones are there',
      },
    ],
  }
}
