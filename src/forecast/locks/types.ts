import { relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findType } from '../lookup.js'
import type { TypeObject } from '../model.js'
import type { Claims } from './claim.js'
import { isPartitioned } from './family.js'

/** A new constraint of a domain is checked in every table that has a column of it. */
export function claimAlterDomain(claims: Claims, { subtype, typeName, def }: Node): void {
  const domain = findType(claims.catalog, relationOfParts(typeName))
  const constraint = def?.Constraint
  const isChecked =
    subtype === 'O' ||
    subtype === 'V' ||
    (subtype === 'C' && constraint?.contype === 'CONSTR_CHECK' && !constraint.skip_validation)
  if (!domain || !isChecked) return
  for (const relation of claims.catalog.relations) {
    const isTable = relation.kind === 'table' || relation.kind === 'materialized view'
    if (!isTable || !relation.columns.some(({ type }) => isOf(type.object, domain))) continue
    claims.relation(relation, 'SHARE', { work: isPartitioned(relation) ? 'metadata' : 'scan' })
  }
}

/** The domain, or a domain over it. */
function isOf(type: TypeObject, domain: TypeObject): boolean {
  return type === domain || (type.base !== undefined && isOf(type.base.object, domain))
}
