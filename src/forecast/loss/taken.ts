import type { RelationName } from '../../sql/names.js'
import { findColumn, findRelation } from '../lookup.js'
import type { CatalogModel, Column, Relation } from '../model.js'

/** Existing data that the text of code says it takes away or changes. */
export interface Taken {
  readonly relation: Relation
  /** Absent where it is about whole rows. */
  readonly column?: Column
  /** Code of the finding. */
  readonly code: string
  /** E.g. `deleted`. */
  readonly verb: string
}

const name = String.raw`((?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))?)`
const modifiers = String.raw`(?:table\s+|only\s+|if\s+exists\s+)*`

const takings = [
  { words: String.raw`\bdelete\s+from\s+${modifiers}${name}`, code: 'delete', verb: 'deleted' },
  { words: String.raw`\btruncate\s+${modifiers}${name}`, code: 'truncate', verb: 'truncated' },
  { words: String.raw`\bdrop\s+table\s+${modifiers}${name}`, code: 'drop-table', verb: 'dropped' },
  {
    words: String.raw`\bupdate\s+${modifiers}${name}(?:\s+(?:as\s+)?\w+)?\s+set\b`,
    code: 'update',
    verb: 'overwritten',
  },
]

const droppedColumn = new RegExp(
  String.raw`\balter\s+table\s+${modifiers}${name}\s[^;]*?\bdrop\s+(?:column\s+)?(?:if\s+exists\s+)?("[^"]+"|\w+)`,
  'gi',
)

const droppedSchema = /\bdrop\s+schema\s+(?:if\s+exists\s+)?("[^"]+"|\w+)/gi

/** What these texts name as taken away: a loss that code may bring about, where it is not followed. */
export function takenBy(catalog: CatalogModel, texts: readonly string[]): Taken[] {
  const found = new Map<string, Taken>()
  const add = (relation: Relation | undefined, code: string, verb: string, column?: Column) => {
    if (relation)
      found.set([code, relation.schema, relation.name, column?.name].join('\0'), {
        relation,
        code,
        verb,
        ...(column ? { column } : {}),
      })
  }
  for (const text of texts) {
    for (const { words, code, verb } of takings)
      for (const [, named = ''] of text.matchAll(new RegExp(words, 'gi')))
        add(findRelation(catalog, nameIn(named)), code, verb)
    for (const [, named = '', dropped = ''] of text.matchAll(droppedColumn)) {
      const relation = findRelation(catalog, nameIn(named))
      const column = relation && findColumn(relation, nameIn(dropped).name)
      if (column) add(relation, 'drop-column', 'dropped', column)
    }
    for (const [, schema = ''] of text.matchAll(droppedSchema))
      for (const relation of catalog.relations)
        if (relation.schema === nameIn(schema).name) add(relation, 'drop-schema', 'dropped')
  }
  return [...found.values()]
}

function nameIn(text: string): RelationName {
  const parts = [...text.matchAll(/"([^"]+)"|(\w+)/g)].map(
    ([, quoted, plain = '']) => quoted ?? plain.toLowerCase(),
  )
  const [schema, own] = parts.length > 1 ? parts : [undefined, parts[0]]
  return { ...(schema === undefined ? {} : { schema }), name: own ?? '' }
}
