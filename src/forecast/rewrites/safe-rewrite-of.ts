import type { Node } from '../../sql/parser.js'
import type { LockClaim } from '../locks/claim.js'
import type { LockedStatement } from '../locks/findings.js'
import type { CatalogModel } from '../model.js'
import { NotDeparsed } from '../tree.js'
import { alterTableApart } from './alter-table.js'
import { batched } from './batches.js'
import { concurrentDrop, concurrentIndex, concurrentRefresh, concurrentReindex } from './indexes.js'
import type { SafeRewrite } from './safe-rewrite.js'

/**
 * What a careful person would deploy instead of this statement, with its real names; undefined where there is nothing
 * better, or nothing that leads to the same end.
 *
 * @param catalog as it is before the statement
 */
export function safeRewriteOf(
  { statement: { kind, node }, claims }: Pick<LockedStatement, 'statement' | 'claims'>,
  catalog: CatalogModel,
): SafeRewrite | undefined {
  try {
    return rewriteOf(kind, node, catalog, claims)
  } catch (error) {
    if (error instanceof NotDeparsed) return undefined
    throw error
  }
}

function rewriteOf(
  kind: string,
  node: Node,
  catalog: CatalogModel,
  claims: readonly LockClaim[],
): SafeRewrite | undefined {
  switch (kind) {
    case 'AlterTableStmt':
      return alterTableApart(catalog, node, claims)
    case 'IndexStmt':
      return concurrentIndex(catalog, node)
    case 'DropStmt':
      return node.removeType === 'OBJECT_INDEX' ? concurrentDrop(catalog, node) : undefined
    case 'ReindexStmt':
      return concurrentReindex(node)
    case 'RefreshMatViewStmt':
      return concurrentRefresh(catalog, node)
    case 'UpdateStmt':
    case 'DeleteStmt': {
      const file = batched(catalog, kind, node)
      return file && { files: [file] }
    }
    default:
      return undefined
  }
}
