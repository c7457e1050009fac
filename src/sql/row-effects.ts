import { relationOf, relationOfParts } from './names.js'
import type { Node, ParsedStatement } from './parser.js'

/** What the pending migrations do to the number of rows in a table, as far as their text tells. Names without schema. */
export interface RowEffects {
  /** Old table name → new one. */
  readonly renames: ReadonlyMap<string, string>
  /** Tables, by their new name, whose number of rows the migrations change on purpose. */
  readonly changed: ReadonlySet<string>
  readonly dropped: ReadonlySet<string>
  /** A statement whose effect cannot be read, e.g. `line 12: DO block`; then nothing can be expected of any table. */
  readonly opaque?: string
}

/** Follows the tables of the pending migrations through their statements, in order. */
export function rowEffectsOf(statements: readonly ParsedStatement[]): RowEffects {
  const renames = new Map<string, string>()
  const changed = new Set<string>()
  const dropped = new Set<string>()
  let opaque: string | undefined
  const originalOf = (name: string) => [...renames].find(([, now]) => now === name)?.[0] ?? name
  for (const { kind, node, line } of statements) {
    const table = relationOf(node.relation).name
    if (kind === 'RenameStmt' && node.renameType === 'OBJECT_TABLE') {
      renames.set(originalOf(table), node.newname)
      if (changed.delete(table)) changed.add(node.newname)
    }
    if (['InsertStmt', 'DeleteStmt', 'MergeStmt', 'CopyStmt'].includes(kind)) changed.add(table)
    if (kind === 'TruncateStmt') for (const one of node.relations) changed.add(relationOf(one.RangeVar).name)
    // Rows of other tables may follow: ON DELETE CASCADE, TRUNCATE … CASCADE.
    if (kind === 'DeleteStmt' || (kind === 'TruncateStmt' && node.behavior === 'DROP_CASCADE')) {
      opaque ??= `line ${line}: rows of other tables may be deleted along`
    }
    if (kind === 'DropStmt' && node.removeType === 'OBJECT_TABLE') {
      for (const object of node.objects)
        dropped.add(originalOf(relationOfParts(object.List?.items ?? [object]).name))
    }
    if (kind === 'DropStmt' && node.removeType === 'OBJECT_SCHEMA') opaque ??= `line ${line}: DROP SCHEMA`
    if (kind === 'DoStmt' || kind === 'CallStmt') opaque ??= `line ${line}: a block of code`
    if (hasWritingCte(node)) opaque ??= `line ${line}: WITH … that writes`
  }
  return { renames, changed, dropped, ...(opaque ? { opaque } : {}) }
}

function hasWritingCte(node: Node): boolean {
  const ctes: Node[] = node.withClause?.ctes ?? []
  return ctes.some(({ CommonTableExpr: cte }) => !cte.ctequery?.SelectStmt)
}
