import type { Node } from './parser.js'

/** A table or index as a statement names it. */
export interface RelationName {
  readonly schema?: string
  readonly name: string
}

/** The relation that a RangeVar names. */
export function relationOf(rangeVar: Node | undefined): RelationName {
  return named(rangeVar?.schemaname, rangeVar?.relname ?? '')
}

/** The relation that a list of name parts stands for, e.g. in DROP TABLE. */
export function relationOfParts(parts: readonly Node[]): RelationName {
  const names = parts.map((part) => part.String?.sval as string)
  return named(names.at(-2), names.at(-1) ?? '')
}

/** `schema.name`, or only the name where the statement gives no schema. */
export function formatRelation({ schema, name }: RelationName): string {
  return schema ? `${schema}.${name}` : name
}

/** False only when they cannot be one and the same: a name without schema may be in any. */
export function mayBeSame(one: RelationName, other: RelationName): boolean {
  if (one.name !== other.name) return false
  return one.schema === undefined || other.schema === undefined || one.schema === other.schema
}

function named(schema: string | undefined, name: string): RelationName {
  return schema ? { schema, name } : { name }
}

/** The identifier in double quotes, as it must stand in SQL whatever it contains. */
export function quoteIdentifier(name: string): string {
  if (name.includes('\0')) throw new Error('a name holds a NUL byte, which Postgres cannot carry')
  return `"${name.replaceAll('"', '""')}"`
}

/** `"schema"."name"` */
export function quoteRelation(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}
