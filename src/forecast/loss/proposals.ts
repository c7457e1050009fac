import { quoteIdentifier } from '../../sql/names.js'
import { nameOf } from '../lookup.js'
import type { CatalogModel, Column, ColumnType, Relation } from '../model.js'
import { keepableColumns } from './kept.js'

/** Instead of dropping a column and adding it again with another type. */
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
  return renameTableSql(catalog, relation, freeName(catalog, relation.schema, relation.name))
}

/** To be run before all rows go. `goingSchema`: the schema goes too, and cannot keep them. */
export function keepRowsSql(catalog: CatalogModel, relation: Relation, goingSchema?: string): string {
  const kept = keptTable(catalog, relation, relation.name, goingSchema)
  const isPlain = relation.columns.every(isOfServer)
  const list = isPlain ? '*' : relation.columns.map(keptColumn).join(', ')
  return `CREATE TABLE ${kept} AS SELECT ${list} FROM ${nameOf(catalog, relation)};`
}

/**
 * To be run before the values go. Where no key says which row a value belongs to, the whole rows are kept.
 *
 * @param key columns that name the same row today and now
 */
export function keepValuesSql(
  catalog: CatalogModel,
  relation: Relation,
  column: Column,
  key: readonly Column[] | undefined,
): string {
  const kept = keptTable(catalog, relation, `${relation.name}_${column.name}`)
  const columns = key ? [...new Set([...key, column])] : keepableColumns(relation)
  return `CREATE TABLE ${kept} AS SELECT ${columns.map(keptColumn).join(', ')} FROM ${nameOf(catalog, relation)} WHERE ${quoteIdentifier(column.name)} IS NOT NULL;`
}

/** As text where the type is not the server's own: a column of that type would hold back whoever drops it. */
function keptColumn(column: Column): string {
  const name = quoteIdentifier(column.name)
  return isOfServer(column) ? name : `${name}::text AS ${name}`
}

function isOfServer({ type }: Column): boolean {
  return type.object.schema === 'pg_catalog'
}

function keptTable(catalog: CatalogModel, relation: Relation, name: string, goingSchema?: string): string {
  const [home = 'public'] = catalog.searchPath.filter((one) => one !== goingSchema)
  const schema = relation.schema === goingSchema ? home : relation.schema
  return nameOf(catalog, { schema, name: freeName(catalog, schema, name) })
}

/** The first name that no relation has, as far as is known. */
function freeName(catalog: CatalogModel, schema: string, name: string): string {
  let kept = keptName(name)
  const isTaken = () => catalog.relations.some((one) => one.schema === schema && one.name === kept)
  for (let i = 2; isTaken(); i += 1) kept = keptName(name, `_kept_${i}`)
  return kept
}

/** Within the 63 bytes of a name. */
function keptName(name: string, suffix = '_kept'): string {
  let text = name
  while (Buffer.byteLength(text) + suffix.length > 63) text = text.slice(0, -1)
  return `${text}${suffix}`
}

function typeText(catalog: CatalogModel, { object, modifiers, isArray, liveText }: ColumnType): string {
  const name =
    object.schema === 'pg_catalog'
      ? (liveText ?? `${object.name}${modifiers}`)
      : nameOf(catalog, { schema: object.schema, name: object.name })
  return `${name}${isArray && !name.endsWith('[]') ? '[]' : ''}`
}
