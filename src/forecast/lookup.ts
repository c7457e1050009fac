import { quoteIdentifier, type RelationName } from '../sql/names.js'
import type {
  CatalogModel,
  Column,
  FunctionObject,
  IndexObject,
  Relation,
  SequenceObject,
  TypeObject,
} from './model.js'

/** Where a name without schema may be: the search path, and before it what every session has. */
function schemasOf(catalog: CatalogModel, schema: string | undefined): string[] {
  return schema === undefined ? ['pg_temp', ...catalog.searchPath, 'pg_catalog'] : [schema]
}

function find<T extends { schema: string; name: string }>(
  catalog: CatalogModel,
  objects: readonly T[],
  { schema, name }: RelationName,
): T | undefined {
  return firstInPath(
    catalog,
    schema,
    objects.filter((one) => one.name === name),
    (one) => one,
  )
}

/** Of what has the name that is looked for, the one whose schema comes first. */
function firstInPath<T>(
  catalog: CatalogModel,
  schema: string | undefined,
  named: readonly T[],
  homeOf: (one: T) => { readonly schema: string },
): T | undefined {
  if (named.length === 0) return undefined
  for (const place of schemasOf(catalog, schema)) {
    const found = named.find((one) => homeOf(one).schema === place)
    if (found) return found
  }
  return undefined
}

export function findRelation(catalog: CatalogModel, name: RelationName): Relation | undefined {
  return find(catalog, catalog.relations, name)
}

export function findSequence(catalog: CatalogModel, name: RelationName): SequenceObject | undefined {
  return find(catalog, catalog.sequences, name)
}

export function findType(catalog: CatalogModel, name: RelationName): TypeObject | undefined {
  return firstInPath(
    catalog,
    name.schema,
    catalog.types.filter((type) => type.name === name.name && !type.isDropped),
    (type) => type,
  )
}

export function findFunctions(catalog: CatalogModel, { schema, name }: RelationName): FunctionObject[] {
  const places = schemasOf(catalog, schema)
  return catalog.functions.filter((one) => one.name === name && places.includes(one.schema))
}

/** An index is in the schema of its table. */
export function findIndex(
  catalog: CatalogModel,
  { schema, name }: RelationName,
): { index: IndexObject; relation: Relation } | undefined {
  const named: { index: IndexObject; relation: Relation }[] = []
  for (const relation of catalog.relations)
    for (const index of relation.indexes) if (index.name === name) named.push({ index, relation })
  return firstInPath(catalog, schema, named, ({ relation }) => relation)
}

/** Relations, indexes and sequences share one space of names in a schema. */
export function isNameTaken(catalog: CatalogModel, schema: string, name: string): boolean {
  const exact = { schema, name }
  return Boolean(findRelation(catalog, exact) ?? findIndex(catalog, exact) ?? findSequence(catalog, exact))
}

export function findColumn(relation: Relation, name: string): Column | undefined {
  return relation.columns.find((column) => column.name === name)
}

/** The schema that an object without one is made in. */
export function creationSchema(catalog: CatalogModel, schema: string | undefined): string {
  return schema ?? catalog.searchPath.find((one) => catalog.schemas.has(one)) ?? 'public'
}

/** For messages: with the schema only where the search path does not lead to it. */
export function nameOf(catalog: CatalogModel, { schema, name }: { schema: string; name: string }): string {
  return catalog.searchPath[0] === schema
    ? quoteIdentifier(name)
    : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}
