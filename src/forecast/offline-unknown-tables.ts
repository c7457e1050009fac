import type { Finding } from '../domain/finding.js'
import { formatRelation, type RelationName, relationOf, relationOfParts } from '../sql/names.js'
import type { Node, ParsedStatement } from '../sql/parser.js'
import { findRelation } from './lookup.js'
import { isWritten, keep, ofPlace } from './offline-loss-words.js'
import type { Walk } from './walk.js'

/** What goes of tables that no file makes: of their columns only what this file says is known. */
export function unknownDropped(
  { catalog, place }: Walk,
  { kind, node }: ParsedStatement,
  statements: readonly ParsedStatement[],
): (() => Finding)[] {
  if (kind === 'DropStmt' && node.removeType === 'OBJECT_TABLE') {
    const names: RelationName[] = node.objects.map((one: Node) => relationOfParts(one.List.items))
    return names
      .filter((name) => !findRelation(catalog, name))
      .map((name) => () => ({
        ...ofPlace(place),
        object: formatRelation(name),
        code: 'drop-table',
        message: `"${formatRelation(name)}" is dropped with the rows that it may hold`,
        hint: keep,
      }))
  }
  if (kind !== 'AlterTableStmt' || findRelation(catalog, relationOf(node.relation))) return []
  const table = formatRelation(relationOf(node.relation))
  const here = statements
    .filter((one) => one.kind === 'AlterTableStmt' && formatRelation(relationOf(one.node.relation)) === table)
    .flatMap((one) => one.node.cmds.map(({ AlterTableCmd }: Node) => AlterTableCmd as Node))
  const dropped = here.filter(({ subtype }) => subtype === 'AT_DropColumn').map(({ name }) => name as string)
  const added = here
    .filter(({ subtype }) => subtype === 'AT_AddColumn')
    .map(({ def }) => def.ColumnDef.colname as string)
  const [only] = added
  const isRename =
    only !== undefined &&
    added.length === 1 &&
    dropped.length === 1 &&
    only !== dropped[0] &&
    !isWritten(only, statements)
  const own = node.cmds.map(({ AlterTableCmd }: Node) => AlterTableCmd as Node)
  return own
    .filter(({ subtype, name }: Node) => subtype === 'AT_DropColumn' && !added.includes(name))
    .map(({ name }: Node) => () => ({
      ...ofPlace(place),
      object: `${table}.${name}`,
      code: isRename ? 'probable-rename-column' : 'drop-column',
      message: `"${table}"."${name}" is dropped with the values that it may hold${isRename ? `, and the file adds "${only}": perhaps a rename` : ''}`,
      hint: isRename
        ? `If it is a rename, write RENAME COLUMN in the place of the DROP and the ADD. If not, copy the values first.`
        : keep,
    }))
}
