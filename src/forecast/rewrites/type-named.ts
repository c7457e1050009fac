import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import type { CatalogModel, ColumnType } from '../model.js'
import { typeOf } from '../types.js'

/** The type that a statement names; undefined for one that is not known. */
export function typeNamed(catalog: CatalogModel, typeName: Node | undefined): ColumnType | undefined {
  try {
    return typeName && typeOf(catalog, typeName)
  } catch (error) {
    if (error instanceof NotFollowed) return undefined
    throw error
  }
}

export function isConstrainedDomain({ object, isArray }: ColumnType): boolean {
  if (isArray || object.kind !== 'domain') return false
  const isConstrained = object.domainNotNull || (object.domainChecks ?? []).length > 0
  return isConstrained || (object.base !== undefined && isConstrainedDomain(object.base))
}
