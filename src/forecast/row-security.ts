import type { CatalogModel, Relation } from './model.js'

/**
 * Why a statement of the role in use may not see every row of a relation, at this point of the chain. A superuser, a role
 * with BYPASSRLS and, unless it is forced, the owner see all of them; so do keys, checks and foreign keys, and TRUNCATE:
 * https://www.postgresql.org/docs/current/ddl-rowsecurity.html
 * A view may show less than what it reads holds.
 */
export function hiddenRowsOf(catalog: CatalogModel, relation: Relation): string | undefined {
  const { role } = catalog
  const { hasRowSecurity, isRowSecurityForced, isOwned, name, kind, query } = relation
  for (const read of kind === 'view' ? (query?.reads ?? []) : []) {
    const reason = hiddenRowsOf(catalog, read.relation)
    if (reason !== undefined) return reason
  }
  if (!hasRowSecurity || role.isSuperuser || role.canBypassRowSecurity) return undefined
  if (isOwned && !isRowSecurityForced) return undefined
  return `row level security decides which rows of "${name}" the role "${role.name}" sees and writes`
}

/** What the role cannot see today, nobody can ask. */
export function blurHiddenRows(catalog: CatalogModel): void {
  for (const relation of catalog.relations) {
    const reason = hiddenRowsOf(catalog, relation)
    if (reason !== undefined) relation.opaque ??= reason
  }
}
