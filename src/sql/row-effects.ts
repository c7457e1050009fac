import { relationOf, relationOfParts } from './names.js'
import type { Node, ParsedStatement } from './parser.js'

/** What the pending migrations do to the number of rows in a table, as far as their text tells. Names without schema. */
export interface RowEffects {
  /** Old table name → new one. */
  readonly renames: ReadonlyMap<string, string>
  /** Tables, by their new name, whose number of rows the migrations change on purpose. */
  readonly changed: ReadonlySet<string>
  readonly dropped: ReadonlySet<string>
  /** Schemas that are dropped or get another name: their tables are no longer where they were. */
  readonly goneSchemas: ReadonlySet<string>
  /** A statement whose effect cannot be read, e.g. `line 12: DO block`; then nothing can be expected of any table. */
  readonly opaque?: string
}

/** Follows the tables of the pending migrations through their statements, in order. */
export function rowEffectsOf(statements: readonly ParsedStatement[]): RowEffects {
  const renames = new Map<string, string>()
  const changed = new Set<string>()
  const dropped = new Set<string>()
  const goneSchemas = new Set<string>()
  let opaque: string | undefined
  const originalOf = (name: string) => [...renames].find(([, now]) => now === name)?.[0] ?? name
  for (const { kind, node, line } of statements) {
    const table = relationOf(node.relation).name
    if (kind === 'RenameStmt' && node.renameType === 'OBJECT_TABLE') {
      const { newname } = node
      renames.set(originalOf(table), newname)
      if (changed.delete(table)) changed.add(newname)
      // It takes the place of a table that went; the numbers of the two have nothing to do with each other.
      if (dropped.has(newname)) changed.add(newname)
    }
    // It is looked for under its old schema, where it is no longer.
    if (kind === 'AlterObjectSchemaStmt' && node.objectType === 'OBJECT_TABLE') dropped.add(originalOf(table))
    if (['InsertStmt', 'DeleteStmt', 'MergeStmt', 'CopyStmt'].includes(kind)) changed.add(table)
    if (kind === 'TruncateStmt') for (const one of node.relations) changed.add(relationOf(one.RangeVar).name)
    // Rows of other tables may follow: ON DELETE CASCADE, TRUNCATE … CASCADE, the partitions of a table.
    if (kind === 'DeleteStmt' || (kind === 'TruncateStmt' && emptiesOthers(node))) {
      opaque ??= `line ${line}: rows of other tables may be deleted along`
    }
    if (kind === 'DropStmt' && node.removeType === 'OBJECT_TABLE') {
      for (const object of node.objects)
        dropped.add(originalOf(relationOfParts(object.List?.items ?? [object]).name))
    }
    if (kind === 'DropStmt' && node.removeType === 'OBJECT_SCHEMA') {
      for (const object of node.objects) goneSchemas.add(object.String.sval)
    }
    if (kind === 'RenameStmt' && node.renameType === 'OBJECT_SCHEMA') goneSchemas.add(node.subname)
    if (kind === 'DoStmt' || kind === 'CallStmt') opaque ??= `line ${line}: a block of code`
    if (hasWritingCte(node)) opaque ??= `line ${line}: WITH … that writes`
  }
  return { renames, changed, dropped, goneSchemas, ...(opaque ? { opaque } : {}) }
}

/** Unless ONLY is written, TRUNCATE empties the partitions and the children of a table too. */
function emptiesOthers(node: Node): boolean {
  return node.behavior === 'DROP_CASCADE' || node.relations.some(({ RangeVar: { inh } }: Node) => inh)
}

function hasWritingCte(node: Node): boolean {
  const ctes: Node[] = node.withClause?.ctes ?? []
  return ctes.some(({ CommonTableExpr: cte }) => !cte.ctequery?.SelectStmt)
}
