import type { DataChange } from '../domain/migration.js'
import { formatRelation, relationOf, relationOfParts } from './names.js'
import type { Node, ParsedStatement } from './parser.js'

/**
 * The statements of one file that drop or rewrite data that may already be there. Tables that the same file creates
 * hold nothing of anybody's and are left out. Statements that cannot be read, such as DO blocks, count as rewriting.
 */
export function dataChangesOf(statements: readonly ParsedStatement[]): DataChange[] {
  const madeHere = new Set<string>()
  return statements.flatMap((statement) => {
    if (statement.kind === 'CreateStmt') madeHere.add(formatRelation(relationOf(statement.node.relation)))
    return changesOf(statement, madeHere)
  })
}

function changesOf({ kind, node, line }: ParsedStatement, madeHere: ReadonlySet<string>): DataChange[] {
  const change = (kindOfChange: DataChange['kind'], text: string) => ({ kind: kindOfChange, line, text })
  const onExisting = (table: string, changes: DataChange[]) => (madeHere.has(table) ? [] : changes)
  switch (kind) {
    case 'DropStmt':
      return droppedObjects(node).map((name) => change('drop', name))
    case 'TruncateStmt':
      return (node.relations ?? [])
        .map((relation: Node) => formatRelation(relationOf(relation.RangeVar)))
        .flatMap((table: string) => onExisting(table, [change('drop', `TRUNCATE ${table}`)]))
    case 'DeleteStmt': {
      const table = formatRelation(relationOf(node.relation))
      return onExisting(table, [change('drop', `DELETE FROM ${table}`)])
    }
    case 'UpdateStmt': {
      const table = formatRelation(relationOf(node.relation))
      return onExisting(table, [change('rewrite', `UPDATE ${table}`)])
    }
    case 'MergeStmt':
      return [change('rewrite', `MERGE INTO ${formatRelation(relationOf(node.relation))}`)]
    case 'InsertStmt': {
      const table = formatRelation(relationOf(node.relation))
      return node.onConflictClause?.action === 'ONCONFLICT_UPDATE'
        ? onExisting(table, [change('rewrite', `INSERT INTO ${table} … ON CONFLICT DO UPDATE`)])
        : []
    }
    case 'AlterTableStmt': {
      const table = formatRelation(relationOf(node.relation))
      return onExisting(
        table,
        (node.cmds ?? []).flatMap((cmd: Node) => tableCommandChange(cmd.AlterTableCmd, table, change)),
      )
    }
    case 'DoStmt':
      return [change('rewrite', 'DO block, whose effect on data is not read')]
    default:
      return []
  }
}

function tableCommandChange(
  cmd: Node,
  table: string,
  change: (kind: DataChange['kind'], text: string) => DataChange,
): DataChange[] {
  if (cmd.subtype === 'AT_DropColumn') return [change('drop', `DROP COLUMN ${table}.${cmd.name}`)]
  if (cmd.subtype === 'AT_AlterColumnType')
    return [change('rewrite', `ALTER COLUMN ${table}.${cmd.name} TYPE`)]
  return []
}

/** Objects of DROP that hold rows, or on which rows may hang by CASCADE. */
function droppedObjects(node: Node): string[] {
  const words: Record<string, string> = {
    OBJECT_TABLE: 'TABLE',
    OBJECT_MATVIEW: 'MATERIALIZED VIEW',
    OBJECT_FOREIGN_TABLE: 'FOREIGN TABLE',
    OBJECT_SEQUENCE: 'SEQUENCE',
    OBJECT_SCHEMA: 'SCHEMA',
    OBJECT_EXTENSION: 'EXTENSION',
    OBJECT_TYPE: 'TYPE',
  }
  const word = words[node.removeType]
  // Dropping a type loses data only when columns of it go with it.
  if (word === undefined || (node.removeType === 'OBJECT_TYPE' && node.behavior !== 'DROP_CASCADE')) return []
  return (node.objects ?? []).map((object: Node) => {
    const parts: Node[] = object.List?.items ?? object.TypeName?.names ?? [object]
    return `DROP ${word} ${formatRelation(relationOfParts(parts))}`
  })
}
