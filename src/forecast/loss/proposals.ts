import { quoteIdentifier } from '../../sql/names.js'
import { nameOf } from '../lookup.js'
import type { CatalogModel, Column, ColumnType, Relation } from '../model.js'
import { keyOf } from '../walk.js'

/** Instead of dropping and adding it again. Undefined when the type stays: then both can be left out. */
export function retypeSql(
  catalog: CatalogModel,
  relation: Relation,
  column: string,
  type: ColumnType,
): string {
  const name = quoteIdentifier(column)
  const text = typeText(catalog, type)
  return `ALTER TABLE ${nameOf(catalog, relation)} ALTER COLUMN ${name} TYPE ${text} USING ${name}::${text};`
}

/** Instead of dropping one column and adding the other. */
export function renameColumnSql(catalog: CatalogModel, relation: Relation, from: string, to: string): string {
  return `ALTER TABLE ${nameOf(catalog, relation)} RENAME COLUMN ${quoteIdentifier(from)} TO ${quoteIdentifier(to)};`
}

/** Instead of dropping one table and creating the other. */
export function renameTableSql(catalog: CatalogModel, relation: Relation, to: string): string {
  return `ALTER TABLE ${nameOf(catalog, relation)} RENAME TO ${quoteIdentifier(to)};`
}

/** Instead of dropping a table: it is set aside. */
export function setAsideSql(catalog: CatalogModel, relation: Relation): string {
  return renameTableSql(catalog, relation, keptName(relation.name))
}

/** To be run before all rows go. */
export function keepRowsSql(catalog: CatalogModel, relation: Relation): string {
  const kept = nameOf(catalog, { schema: relation.schema, name: keptName(relation.name) })
  return `CREATE TABLE ${kept} AS SELECT * FROM ${nameOf(catalog, relation)};`
}

/** To be run before the values go; undefined where no key says which row a value belongs to. */
export function keepValuesSql(catalog: CatalogModel, relation: Relation, column: Column): string | undefined {
  const key = keyOf(relation)
  if (!key) return undefined
  const kept = nameOf(catalog, {
    schema: relation.schema,
    name: keptName(`${relation.name}_${column.name}`),
  })
  const list = [...new Set([...key, column])].map(({ name }) => quoteIdentifier(name)).join(', ')
  return `CREATE TABLE ${kept} AS SELECT ${list} FROM ${nameOf(catalog, relation)} WHERE ${quoteIdentifier(column.name)} IS NOT NULL;`
}

/** Within the 63 bytes of a name. */
function keptName(name: string): string {
  let text = name
  while (Buffer.byteLength(text) > 58) text = text.slice(0, -1)
  return `${text}_kept`
}

function typeText(catalog: CatalogModel, { object, modifiers, isArray, liveText }: ColumnType): string {
  const name =
    object.schema === 'pg_catalog'
      ? (liveText ?? `${object.name}${modifiers}`)
      : nameOf(catalog, { schema: object.schema, name: object.name })
  return `${name}${isArray && !name.endsWith('[]') ? '[]' : ''}`
}
