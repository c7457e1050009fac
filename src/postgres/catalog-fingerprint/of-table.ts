import type { CatalogObject } from '../../domain/catalog-object.js'

/**
 * Is the object a table of that bare name, in whatever schema, or something that depends on it: column, constraint, index,
 * trigger, rule, policy, or the sequence of a column?
 */
export function isOfTableNamed(table: string): (object: CatalogObject) => boolean {
  const qualified = `(?:"(?:[^"]|"")*"|[^."]*)\\.${escapeForRegExp(table)}`
  const itself = new RegExp(`^${qualified}$`, 's')
  const column = new RegExp(`^${qualified}\\.(?:"(?:[^"]|"")*"|[^."]*)(?: as identity)?$`, 's')
  const on = new RegExp(`^(?:"(?:[^"]|"")*"|[^ "]*) on ${qualified}$`, 's')
  return ({ kind, name, properties }) => {
    if (kind === 'table') return itself.test(name)
    if (kind === 'column') return column.test(name)
    if (kind === 'constraint' || kind === 'trigger' || kind === 'rule' || kind === 'policy')
      return on.test(name)
    if (kind === 'index' || kind === 'statistics') return itself.test(String(properties.table))
    return kind === 'sequence' && column.test(String(properties['owned by']))
  }
}

function escapeForRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
