import type { LockMode } from '../../domain/lock-mode.js'
import { relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findIndex, findRelation } from '../lookup.js'
import type { IndexObject, Relation } from '../model.js'
import type { Claims } from './claim.js'
import { familyOf, isPartitioned, leavesOf } from './family.js'
import { foreignKeysOf } from './foreign-keys.js'

/**
 * The commands that give locks back before they end, so that no server shows them afterwards: CONCURRENTLY, VACUUM, and what
 * works in several transactions. Claimed is the strongest lock of the whole run.
 * @returns false for any other statement
 */
export function claimEarly(claims: Claims, kind: string, node: Node): boolean {
  const { catalog } = claims
  switch (kind) {
    case 'IndexStmt': {
      if (!node.concurrent) return false
      const relation = findRelation(catalog, relationOf(node.relation))
      if (relation) claims.relation(relation, light, { work: 'build' })
      return true
    }
    case 'DropStmt': {
      if (!node.concurrent) return false
      for (const { List } of node.objects ?? []) {
        const found = findIndex(catalog, relationOfParts(List.items))
        if (found) claims.relation(found.relation, light)
        if (found) claims.index(found.index, found.relation, light)
      }
      return true
    }
    case 'AlterTableStmt':
      return claimDetach(claims, node)
    case 'ReindexStmt':
      claimReindex(claims, node)
      return true
    case 'VacuumStmt':
      // ANALYZE keeps its locks.
      if (node.is_vacuumcmd) claimVacuum(claims, node)
      return Boolean(node.is_vacuumcmd)
    case 'ClusterStmt': {
      const relation = node.relation && findRelation(catalog, relationOf(node.relation))
      for (const one of relation ? leavesOf(relation) : []) claimRewrite(claims, one)
      return true
    }
    default:
      return false
  }
}

/** Readers and writers go on. */
const light: LockMode = 'SHARE UPDATE EXCLUSIVE'

function claimDetach(claims: Claims, { relation: rangeVar, cmds = [] }: Node): boolean {
  const command = cmds.map(({ AlterTableCmd }: Node) => AlterTableCmd.def?.PartitionCmd)[0]
  if (!command?.concurrent) return false
  const relation = findRelation(claims.catalog, relationOf(rangeVar))
  const partition = findRelation(claims.catalog, relationOf(command.name))
  if (!relation || !partition) return true
  claims.relation(relation, light)
  for (const one of familyOf(partition)) claims.relation(one, 'ACCESS EXCLUSIVE')
  claims.indexesOf(partition, 'ACCESS EXCLUSIVE')
  // The partition gets a foreign key of its own, with triggers on what it references.
  for (const { parent } of foreignKeysOf(relation))
    for (const one of familyOf(parent)) claims.relation(one, 'SHARE ROW EXCLUSIVE')
  return true
}

/** Readers do not wait for the table but for its indexes, which the planner opens one and all. */
function claimReindex(claims: Claims, { kind, relation: rangeVar, name, params = [] }: Node): void {
  const { catalog } = claims
  const isConcurrent = params.some(({ DefElem }: Node) => DefElem?.defname === 'concurrently')
  if (kind === 'REINDEX_OBJECT_INDEX') {
    const found = findIndex(catalog, relationOf(rangeVar))
    if (found) claimRebuilding(claims, found.relation, [found.index], isConcurrent)
    return
  }
  const table = rangeVar && findRelation(catalog, relationOf(rangeVar))
  if (table && isPartitioned(table)) claims.relation(table, 'SHARE')
  const all = rangeVar ? (table ? leavesOf(table) : []) : catalog.relations
  for (const one of all) {
    const isOther = kind === 'REINDEX_OBJECT_SCHEMA' && one.schema !== name
    if (isOther || isPartitioned(one) || (!table && one.indexes.length === 0)) continue
    claimRebuilding(claims, one, one.indexes, isConcurrent)
    claims.add({ kind: 'toast', relation: one }, isConcurrent ? light : 'SHARE')
    const mode = isConcurrent ? light : 'ACCESS EXCLUSIVE'
    claims.add({ kind: 'toast index', relation: one }, mode, { work: 'build' })
  }
}

function claimRebuilding(
  claims: Claims,
  relation: Relation,
  indexes: readonly IndexObject[],
  isConcurrent: boolean,
): void {
  claims.relation(relation, isConcurrent ? light : 'SHARE', { work: 'build' })
  for (const index of indexes)
    claims.index(index, relation, isConcurrent ? light : 'ACCESS EXCLUSIVE', { work: 'build' })
}

function claimVacuum(claims: Claims, { options = [], rels = [] }: Node): void {
  const isFull = options.some(
    ({ DefElem }: Node) => DefElem.defname === 'full' && DefElem.arg?.Boolean?.boolval !== false,
  )
  for (const { VacuumRelation } of rels) {
    const relation = findRelation(claims.catalog, relationOf(VacuumRelation.relation))
    for (const one of relation ? leavesOf(relation) : []) {
      if (isFull) claimRewrite(claims, one)
      else claims.relation(one, light, { work: 'read' })
    }
  }
}

/** The table gets a new file, and its indexes are built anew. */
function claimRewrite(claims: Claims, relation: Relation): void {
  claims.relation(relation, 'ACCESS EXCLUSIVE', { work: 'rewrite' })
  claims.indexesOf(relation, 'ACCESS EXCLUSIVE', { work: 'build' })
  claims.toastOf(relation, 'ACCESS EXCLUSIVE', { work: 'rewrite' })
}
