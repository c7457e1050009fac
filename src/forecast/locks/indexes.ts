import type { LockMode } from '../../domain/lock-mode.js'
import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findIndex, findRelation } from '../lookup.js'
import type { IndexObject, Relation } from '../model.js'
import type { Claims } from './claim.js'
import { descendantsOf, familyOf, isPartitioned, leavesOf } from './family.js'

/** SHARE lets readers through and writers not; CONCURRENTLY both: https://www.postgresql.org/docs/current/sql-createindex.html */
export function claimCreateIndex(claims: Claims, node: Node): void {
  const { catalog } = claims
  const relation = findRelation(catalog, relationOf(node.relation))
  if (!relation) return
  const mode: LockMode = node.concurrent ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE'
  claims.relation(relation, mode)
  if (
    node.if_not_exists &&
    node.idxname &&
    findIndex(catalog, { schema: relation.schema, name: node.idxname })
  )
    return
  if (!isPartitioned(relation)) {
    claims.relation(relation, mode, { work: 'build' })
    return
  }
  if (!node.relation.inh) return
  for (const one of descendantsOf(relation)) claims.relation(one, mode)
  for (const one of leavesOf(relation)) claims.relation(one, mode, { work: 'build' })
}

/** Readers do not wait for the table but for its indexes, which the planner opens one and all. */
export function claimReindex(claims: Claims, node: Node): void {
  const { catalog } = claims
  const isConcurrent = (node.params ?? []).some((param: Node) => param.DefElem?.defname === 'concurrently')
  switch (node.kind) {
    case 'REINDEX_OBJECT_INDEX': {
      const found = findIndex(catalog, relationOf(node.relation))
      if (found) claimRebuilding(claims, found.relation, [found.index], isConcurrent)
      return
    }
    case 'REINDEX_OBJECT_TABLE': {
      const relation = findRelation(catalog, relationOf(node.relation))
      if (!relation) return
      if (isPartitioned(relation)) claims.relation(relation, 'SHARE')
      for (const one of isPartitioned(relation) ? leavesOf(relation) : [relation])
        claimRebuildingAll(claims, one, isConcurrent)
      return
    }
    case 'REINDEX_OBJECT_SCHEMA':
    case 'REINDEX_OBJECT_DATABASE':
      for (const relation of catalog.relations) {
        if (node.kind === 'REINDEX_OBJECT_SCHEMA' && relation.schema !== node.name) continue
        if (!isPartitioned(relation) && relation.indexes.length > 0)
          claimRebuildingAll(claims, relation, isConcurrent)
      }
  }
}

function claimRebuildingAll(claims: Claims, relation: Relation, isConcurrent: boolean): void {
  claimRebuilding(claims, relation, relation.indexes, isConcurrent)
  claims.toastTableOf(relation, isConcurrent ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE')
  const mode = isConcurrent ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE'
  claims.toastIndexOf(relation, mode, { work: 'build' })
}

function claimRebuilding(
  claims: Claims,
  relation: Relation,
  indexes: readonly IndexObject[],
  isConcurrent: boolean,
): void {
  claims.relation(relation, isConcurrent ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE', { work: 'build' })
  for (const index of indexes) {
    claims.index(index, relation, isConcurrent ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE', {
      work: 'build',
    })
  }
}

/** Writes the table anew in the order of an index. Without a table, all that were clustered before: that is not known. */
export function claimCluster(claims: Claims, node: Node): void {
  const relation = node.relation && findRelation(claims.catalog, relationOf(node.relation))
  if (relation) claims.rewrite(relation)
}

/** VACUUM and ANALYZE, which the parser takes for one. */
export function claimVacuum(claims: Claims, node: Node): void {
  const options: Node[] = node.options ?? []
  const isFull = options.some(
    ({ DefElem }) => DefElem.defname === 'full' && DefElem.arg?.Boolean?.boolval !== false,
  )
  for (const { VacuumRelation } of node.rels ?? []) {
    const relation = findRelation(claims.catalog, relationOf(VacuumRelation.relation))
    if (!relation) continue
    if (!node.is_vacuumcmd) claimAnalyze(claims, relation)
    else if (isFull) for (const one of leavesOf(relation)) claims.rewrite(one)
    else
      for (const one of leavesOf(relation)) claims.relation(one, 'SHARE UPDATE EXCLUSIVE', { work: 'read' })
  }
}

/** Reads a sample of the rows. Inheriting tables were only read before 18, and not analyzed for themselves. */
function claimAnalyze(claims: Claims, relation: Relation): void {
  const areAnalyzed = isPartitioned(relation) || claims.catalog.serverVersion >= 180000
  for (const one of familyOf(relation)) {
    const isAnalyzed = one === relation || areAnalyzed
    claims.relation(one, isAnalyzed ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS SHARE', {
      work: isPartitioned(one) ? 'metadata' : 'read',
    })
    if (isAnalyzed && !isPartitioned(one)) claims.indexesOf(one, 'ACCESS SHARE')
  }
}
