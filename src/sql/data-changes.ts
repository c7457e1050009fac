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
    const changes = changesOf(statement, madeHere)
    follow(statement, madeHere)
    return changes
  })
}

/** Keeps the names of the tables that the file has made, and that are therefore empty but for its own rows. */
function follow({ kind, node }: ParsedStatement, madeHere: Set<string>): void {
  // One that is there already is kept by IF NOT EXISTS, with what is in it.
  if (kind === 'CreateStmt' && !node.if_not_exists) madeHere.add(formatRelation(relationOf(node.relation)))
  if (kind === 'CreateTableAsStmt' && !node.if_not_exists)
    madeHere.add(formatRelation(relationOf(node.into.rel)))
  if (kind === 'SelectStmt' && node.intoClause) madeHere.add(formatRelation(relationOf(node.intoClause.rel)))
  if (kind === 'DropStmt') for (const name of droppedNames(node)) madeHere.delete(name)
  if (kind === 'RenameStmt' && node.renameType === 'OBJECT_TABLE') {
    const from = relationOf(node.relation)
    if (madeHere.delete(formatRelation(from))) madeHere.add(formatRelation({ ...from, name: node.newname }))
  }
}

function changesOf(
  { kind, node, line }: Pick<ParsedStatement, 'kind' | 'node' | 'line'>,
  madeHere: ReadonlySet<string>,
): DataChange[] {
  const change = (kindOfChange: DataChange['kind'], text: string) => ({ kind: kindOfChange, line, text })
  const table = formatRelation(relationOf(node.relation))
  const onExisting = (name: string, changes: DataChange[]) => (madeHere.has(name) ? [] : changes)
  // WITH gone AS (DELETE FROM …) SELECT …
  const inner = writingCtes(node).flatMap((cte) => changesOf({ ...cte, line }, madeHere))
  switch (kind) {
    case 'DropStmt':
      return droppedObjects(node, madeHere).map((name) => change('drop', name))
    case 'DropOwnedStmt':
      return [change('drop', 'DROP OWNED')]
    case 'TruncateStmt':
      return (node.relations ?? [])
        .map((relation: Node) => formatRelation(relationOf(relation.RangeVar)))
        .flatMap((name: string) => onExisting(name, [change('drop', `TRUNCATE ${name}`)]))
    case 'DeleteStmt':
      return [...inner, ...onExisting(table, [change('drop', `DELETE FROM ${table}`)])]
    case 'UpdateStmt':
      return [...inner, ...onExisting(table, [change('rewrite', `UPDATE ${table}`)])]
    case 'MergeStmt':
      return [...inner, ...onExisting(table, [change('rewrite', `MERGE INTO ${table}`)])]
    case 'InsertStmt':
      return node.onConflictClause?.action === 'ONCONFLICT_UPDATE'
        ? [
            ...inner,
            ...onExisting(table, [change('rewrite', `INSERT INTO ${table} … ON CONFLICT DO UPDATE`)]),
          ]
        : inner
    case 'AlterTableStmt':
      return onExisting(
        table,
        (node.cmds ?? []).flatMap((cmd: Node) => tableCommandChange(cmd.AlterTableCmd, table, change)),
      )
    case 'DoStmt':
      return [change('rewrite', 'DO block, whose effect on data is not read')]
    case 'CallStmt':
      return [change('rewrite', 'CALL, whose effect on data is not read')]
    default:
      return inner
  }
}

function writingCtes(node: Node): { kind: string; node: Node }[] {
  const ctes: Node[] = node.withClause?.ctes ?? []
  return ctes.flatMap(({ CommonTableExpr: { ctequery } }) =>
    Object.entries(ctequery as Node)
      .filter(([kind]) => kind !== 'SelectStmt')
      .map(([kind, inner]) => ({ kind, node: inner as Node })),
  )
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

/** Objects that hold rows, or on which columns may hang by CASCADE. */
const droppable: Readonly<Record<string, string>> = {
  OBJECT_TABLE: 'TABLE',
  OBJECT_MATVIEW: 'MATERIALIZED VIEW',
  OBJECT_FOREIGN_TABLE: 'FOREIGN TABLE',
  OBJECT_SEQUENCE: 'SEQUENCE',
  OBJECT_SCHEMA: 'SCHEMA',
  OBJECT_EXTENSION: 'EXTENSION',
  OBJECT_TYPE: 'TYPE',
  OBJECT_DOMAIN: 'DOMAIN',
}

function droppedObjects(node: Node, madeHere: ReadonlySet<string>): string[] {
  const word = droppable[node.removeType]
  const isType = node.removeType === 'OBJECT_TYPE' || node.removeType === 'OBJECT_DOMAIN'
  // Dropping a type loses data only when columns of it go with it.
  if (word === undefined || (isType && node.behavior !== 'DROP_CASCADE')) return []
  return droppedNames(node)
    .filter((name) => node.removeType !== 'OBJECT_TABLE' || !madeHere.has(name))
    .map((name) => `DROP ${word} ${name}`)
}

function droppedNames(node: Node): string[] {
  return (node.objects ?? []).map((object: Node) => {
    const parts: Node[] = object.List?.items ?? object.TypeName?.names ?? [object]
    return formatRelation(relationOfParts(parts))
  })
}
