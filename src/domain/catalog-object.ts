/** The kinds of objects that a catalog fingerprint holds, in the words of COMMENT ON. */
export type CatalogObjectKind =
  | 'schema'
  | 'table'
  | 'column'
  | 'constraint'
  | 'index'
  | 'view'
  | 'materialized view'
  | 'foreign table'
  | 'sequence'
  | 'type'
  | 'domain'
  | 'function'
  | 'procedure'
  | 'aggregate'
  | 'operator'
  | 'operator class'
  | 'operator family'
  | 'cast'
  | 'transform'
  | 'collation'
  | 'conversion'
  | 'language'
  | 'access method'
  | 'text search configuration'
  | 'text search dictionary'
  | 'text search parser'
  | 'text search template'
  | 'trigger'
  | 'event trigger'
  | 'rule'
  | 'policy'
  | 'statistics'
  | 'publication'
  | 'subscription'
  | 'foreign-data wrapper'
  | 'server'
  | 'user mapping'
  | 'extension'
  | 'large object'
  | 'default privileges'
  | 'database'

/** One object of the catalog; equal for equal objects of two databases, whatever their OIDs. */
export interface CatalogObject {
  readonly kind: CatalogObjectKind
  /** Qualified and quoted where SQL needs it: `public.orders`, `public.orders.company_id`. */
  readonly name: string
  /** Everything that makes it what it is, in the field's words: owner, privileges, comment, definition, validity … */
  readonly properties: Readonly<Record<string, unknown>>
}

/** How one object differs between two catalogs. */
export interface CatalogDifference {
  readonly kind: CatalogObjectKind
  readonly name: string
  readonly change: 'added' | 'removed' | 'changed'
  /** For `changed`: the properties that differ. */
  readonly properties?: readonly {
    readonly property: string
    readonly before: unknown
    readonly after: unknown
  }[]
}
