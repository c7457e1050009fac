import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { isNameTaken, nameOf } from '../lookup.js'
import type { CatalogModel, Relation } from '../model.js'
import { deparseQuery } from '../tree.js'

/** A statement, ended. @throws NotDeparsed */
export function statementSql(kind: string, node: Node): string {
  return `${deparseQuery({ [kind]: node })};`
}

export function tableSql(catalog: CatalogModel, relation: Relation): string {
  return nameOf(catalog, relation)
}

export function columnsSql(names: readonly string[]): string {
  return names.map(quoteIdentifier).join(', ')
}

/** ALTER TABLE with these commands. @throws NotDeparsed */
export function alterTableSql(statement: Node, commands: readonly Node[]): string {
  return statementSql('AlterTableStmt', {
    ...statement,
    cmds: commands.map((cmd) => ({ AlterTableCmd: cmd })),
  })
}

/** The longest name in bytes: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS */
const longestName = 63

/** The name that the server would choose for an index or constraint: `orders_customer_id_fkey`, with a number if it is taken. */
export function chooseName(
  catalog: CatalogModel,
  relation: Relation,
  columns: readonly string[],
  label: string,
): string {
  for (let pass = 0; ; pass += 1) {
    const name = joinName(relation.name, columns.join('_'), pass === 0 ? label : `${label}${pass}`)
    if (!isTaken(catalog, relation.schema, name)) return name
  }
}

function isTaken(catalog: CatalogModel, schema: string, name: string): boolean {
  return (
    isNameTaken(catalog, schema, name) ||
    catalog.relations.some(
      (one) => one.schema === schema && one.constraints.some((constraint) => constraint.name === name),
    )
  )
}

/** Where it is too long, the longer of table and columns is cut. */
function joinName(table: string, columns: string, label: string): string {
  const parts = [table, columns].filter((part) => part !== '')
  const length = () => [...parts, label].reduce((sum, part) => sum + Buffer.byteLength(part) + 1, -1)
  while (length() > longestName) {
    const longest = parts.reduce((one, other) =>
      Buffer.byteLength(one) > Buffer.byteLength(other) ? one : other,
    )
    parts[parts.indexOf(longest)] = longest.slice(0, -1)
  }
  return [...parts, label].join('_')
}

/** A name for the folder of a migration. */
export function fileName(...parts: readonly string[]): string {
  return parts
    .join('_')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
}
