import type { ParsedStatement } from '../../sql/parser.js'
import type { CatalogModel, Relation } from '../model.js'
import { claimByText } from './by-text.js'
import { Claims, type LockClaim } from './claim.js'
import { claimEarly } from './early.js'
import { claimRows } from './rows.js'

/**
 * What a statement locks where no server has shown it, on relations that are there before it. Locks are kept until the
 * transaction ends. That is what its text tells; of commands that give locks back before they end and of what rows bring about
 * it is what the catalog tells.
 *
 * @param catalog as it is before the statement
 * @param written relations whose rows earlier statements of its transaction may have written
 * @returns undefined where nothing of its locks is known
 */
export function lockClaimsOf(
  { kind, node, sql = '' }: Pick<ParsedStatement, 'kind' | 'node'> & { readonly sql?: string },
  catalog: CatalogModel,
  written?: ReadonlySet<Relation>,
): LockClaim[] | undefined {
  const claims = new Claims(catalog, written)
  const isTold = claimEarly(claims, kind, node) || claimByText(claims, kind, node)
  claimRows(claims, { kind, node, sql })
  const all = claims.list()
  return isTold || all.length > 0 ? all : undefined
}
