import { isNoMember, isOwnSchema } from '../catalog-fingerprint/fragments.js'

/** How SQL names an object, and how it would be made again. Names of the home schema stand without it, as in migrations. */
export interface Definition {
  /** As `COMMENT ON` takes it behind the kind: `orders`, `total_check ON orders`. */
  readonly name: string
  /** The last part of the name, as the catalog holds it. */
  readonly own: string
  /** The identity of what it lies in: a schema, or the table of a part. */
  readonly parent: string
  /** Of a part: what it is a part of, with its kind, as ALTER takes it: `TABLE orders`, `DOMAIN money_amount`. */
  readonly on?: string
  /** The statement that makes it; absent where it comes with its whole, or where nobody writes it here. */
  readonly create?: string
  /** Of a column only. */
  readonly column?: ColumnDefinition
}

/** What an ALTER of a column needs. */
export interface ColumnDefinition {
  /** Type and collation. */
  readonly type: string
  readonly default?: string
  /** `GENERATED ALWAYS AS …`, also that of an identity. */
  readonly generated?: string
  readonly notNull: boolean
}

/** One kind of object as a query of its definitions. */
export interface DefinitionQuery {
  /** SQL of the identity; the same as in the catalog fingerprint. */
  readonly identity: string
  /** SQL of each field of a Definition; those that give NULL are left out. */
  readonly fields: Readonly<Record<string, string>>
  readonly from: string
}

/** The objects of a catalog that are users' own, joined with their schema as `n`. */
export function fromOwn(catalog: string, alias: string, namespace: string, more = ''): string {
  return `pg_catalog.${catalog} ${alias} JOIN pg_catalog.pg_namespace n ON n.oid = ${alias}.${namespace} ${more}
    WHERE ${isOwnSchema('n')} AND ${isNoMember(catalog, `${alias}.oid`)}`
}

/** The kind of a relation, in the word of ALTER. */
export const relationWord = `CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE'
  WHEN 'c' THEN 'TYPE' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END`

/** A relation with its kind. Only its name tells a composite type from a table of that name, so it is asked by its OID. */
export const onRelation = `${relationWord} || ' ' || CASE c.relkind WHEN 'c' THEN c.reltype::regtype::text ELSE c.oid::regclass::text END`

/** `name ON table`, as COMMENT ON takes it. */
export function partName(name: string): string {
  return `pg_catalog.quote_ident(${name}) || ' ON ' || c.oid::regclass`
}
