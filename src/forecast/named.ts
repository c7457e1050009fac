import type { Column, Relation } from './model.js'

/** What something is about, as an acceptance names it: the schema stands before it where that is not the target's own. */
export interface Named {
  readonly object: string
  /** The schema that the name begins with; absent where it has none. */
  readonly schema?: string
}

/** A relation, or a part of it: a column, constraint, index or trigger; several columns stand with commas between them. */
export function named(relation: Relation, part?: string | readonly Column[]): Named {
  const rest = typeof part === 'object' ? part.map(({ name }) => name).join(',') : part
  const object = [relation.name, ...(rest ? [rest] : [])].join('.')
  return isElsewhere(relation)
    ? { object: `${relation.schema}.${object}`, schema: relation.schema }
    : { object }
}

/** The same in double quotes, for messages. */
export function shown(relation: Relation, column?: string): string {
  const names = [
    ...(isElsewhere(relation) ? [relation.schema] : []),
    relation.name,
    ...(column ? [column] : []),
  ]
  return names.map((name) => `"${name}"`).join('.')
}

function isElsewhere({ home, schema, isTemporary }: Relation): boolean {
  return home !== undefined && home !== schema && !isTemporary
}
