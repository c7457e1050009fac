import { isNameTaken } from '../lookup.js'
import type { CatalogModel, Relation } from '../model.js'

/** Names are cut to 63 bytes, the table's and the column's part evenly: https://github.com/postgres/postgres/blob/REL_15_STABLE/src/backend/commands/indexcmds.c (makeObjectName) */
const mostNameBytes = 63

function makeObjectName(table: string, column: string, label: string): string {
  const overhead = (column === '' ? 0 : 1) + label.length + 1
  let [first, second] = [Buffer.byteLength(table), Buffer.byteLength(column)]
  while (first + second + overhead > mostNameBytes) {
    if (first > second) first -= 1
    else second -= 1
  }
  const parts = [cut(table, first), ...(column === '' ? [] : [cut(column, second)]), label]
  return parts.join('_')
}

function cut(name: string, bytes: number): string {
  let text = name
  while (Buffer.byteLength(text) > bytes) text = text.slice(0, -1)
  return text
}

/** The name that the server gives to an index or a constraint that has none. */
export function chooseName(
  catalog: CatalogModel,
  relation: Relation,
  columns: readonly string[],
  label: string,
): string {
  const column = label === 'pkey' ? '' : columns.join('_')
  for (let pass = 0; ; pass += 1) {
    const name = makeObjectName(relation.name, column, `${label}${pass === 0 ? '' : pass}`)
    const isConstraint = relation.constraints.some((one) => one.name === name)
    if (
      !isConstraint &&
      (label === 'fkey' || label === 'check' || !isNameTaken(catalog, relation.schema, name))
    )
      return name
  }
}
