import { constantsIn } from './constants.js'
import { quoteRelation, type RelationName, relationOf, relationOfParts } from './names.js'
import { nodesIn } from './nodes.js'
import type { Node, ParsedStatement } from './parser.js'

/** A table, by the schema that it is in. */
export interface TableName {
  readonly schema: string
  readonly table: string
}

/** What migrations do to the number of rows in a table, as far as their text tells. Tables are named `"schema"."table"`. */
export interface RowEffects {
  /** Old name → new one, of a table that gets another name or goes to another schema. */
  readonly renames: ReadonlyMap<string, string>
  /** Tables, by their new name, whose number of rows the migrations change on purpose. */
  readonly changed: ReadonlySet<string>
  /** Tables, by their new name, that an UPDATE writes: rows of a partition may go to another. */
  readonly updated: ReadonlySet<string>
  /** By their old name. */
  readonly dropped: ReadonlySet<string>
  /** Schemas that are dropped or get another name: their tables are no longer where they were. */
  readonly goneSchemas: ReadonlySet<string>
  /** A statement whose effect cannot be read, e.g. `line 12: DO block`; then nothing can be expected of any table. */
  readonly opaque?: string
}

/**
 * Follows the tables of the migrations through their statements, in order.
 *
 * @param schema where a name without schema is, as the session of the migrations begins
 * @param tables the tables that were there before: a name without schema may mean one in another schema of the path
 */
export function rowEffectsOf(
  statements: readonly ParsedStatement[],
  schema: string,
  tables: readonly TableName[] = [],
): RowEffects {
  const renames = new Map<string, string>()
  const changed = new Set<string>()
  const updated = new Set<string>()
  const dropped = new Set<string>()
  const goneSchemas = new Set<string>()
  let opaque: string | undefined
  let path: readonly string[] = [schema]
  const originalOf = (name: string) => [...renames].find(([, now]) => now === name)?.[0] ?? name
  const keyOf = (name: RelationName) => quoteRelation(schemaOf(name, path, tables), name.name)
  const rename = (from: string, to: string) => {
    renames.set(originalOf(from), to)
    if (changed.delete(from)) changed.add(to)
    // It takes the place of a table that went; the numbers of the two have nothing to do with each other.
    if (dropped.has(to)) changed.add(to)
  }
  for (const { kind, node, line } of statements) {
    const name = relationOf(node.relation)
    const own = () => keyOf(name)
    if (kind === 'RenameStmt' && node.renameType === 'OBJECT_TABLE')
      rename(own(), quoteRelation(schemaOf(name, path, tables), node.newname))
    if (kind === 'AlterObjectSchemaStmt' && node.objectType === 'OBJECT_TABLE')
      rename(own(), quoteRelation(node.newschema, name.name))
    if (['InsertStmt', 'DeleteStmt', 'MergeStmt', 'CopyStmt'].includes(kind)) changed.add(own())
    if (kind === 'UpdateStmt') updated.add(own())
    if (kind === 'TruncateStmt')
      for (const one of node.relations) changed.add(keyOf(relationOf(one.RangeVar)))
    // Rows of other tables may follow: ON DELETE CASCADE, TRUNCATE … CASCADE, the partitions of a table.
    if (kind === 'DeleteStmt' || (kind === 'TruncateStmt' && emptiesOthers(node))) {
      opaque ??= `line ${line}: rows of other tables may be deleted along`
    }
    if (kind === 'DropStmt' && node.removeType === 'OBJECT_TABLE') {
      for (const object of node.objects)
        dropped.add(originalOf(keyOf(relationOfParts(object.List?.items ?? [object]))))
    }
    if (kind === 'DropStmt' && node.removeType === 'OBJECT_SCHEMA') {
      for (const object of node.objects) goneSchemas.add(object.String.sval)
    }
    if (kind === 'DropStmt' && ['OBJECT_EXTENSION', 'OBJECT_OWNER'].includes(node.removeType))
      opaque ??= `line ${line}: tables of an extension may go along`
    if (kind === 'RenameStmt' && node.renameType === 'OBJECT_SCHEMA') goneSchemas.add(node.subname)
    const functions = kind === 'SelectStmt' ? functionsOf(node) : []
    const isPath =
      (kind === 'VariableSetStmt' && node.name === 'search_path') ||
      (functions.includes('set_config') && constantsIn(node).includes('search_path'))
    if (isPath) {
      const given = pathOf(kind, node)
      if (given === undefined) opaque ??= `line ${line}: the search_path is not known`
      else path = given.length > 0 ? given : [schema]
    }
    if (kind === 'DoStmt' || kind === 'CallStmt') opaque ??= `line ${line}: a block of code`
    if (functions.some((one) => !harmless.has(one))) opaque ??= `line ${line}: a function may write`
    if (hasWritingCte(node)) opaque ??= `line ${line}: WITH … that writes`
  }
  return { renames, changed, updated, dropped, goneSchemas, ...(opaque ? { opaque } : {}) }
}

/** Where a name leads: to the first schema of the path that had such a table, else to the first. */
function schemaOf(
  { schema, name }: RelationName,
  path: readonly string[],
  tables: readonly TableName[],
): string {
  if (schema !== undefined) return schema
  const [first = 'public'] = path
  return path.find((one) => tables.some((two) => two.schema === one && two.table === name)) ?? first
}

/** The schemas of SET search_path or set_config; empty for RESET and DEFAULT, undefined where they are not told. */
function pathOf(kind: string, node: Node): string[] | undefined {
  if (kind === 'VariableSetStmt' && node.kind !== 'VAR_SET_VALUE')
    return node.kind === 'VAR_SET_CURRENT' ? undefined : []
  const given = constantsIn(node).filter((value) => value !== 'search_path')
  if (kind === 'SelectStmt' && given.length !== 1) return undefined
  const names = kind === 'SelectStmt' ? given.flatMap((value) => value.split(',')) : given
  return names.map((name) => name.trim().replace(/^"(.*)"$/, '$1')).filter((name) => name && name !== '$user')
}

/** A query at the top of a file is run for what its functions do. */
function functionsOf(node: Node): string[] {
  return [...nodesIn(node)].flatMap(({ FuncCall }) => FuncCall?.funcname?.at(-1)?.String?.sval ?? [])
}

const harmless = new Set(['set_config', 'current_setting', 'setval', 'nextval', 'currval', 'lastval'])

/** Unless ONLY is written, TRUNCATE empties the partitions and the children of a table too. */
function emptiesOthers(node: Node): boolean {
  return node.behavior === 'DROP_CASCADE' || node.relations.some(({ RangeVar: { inh } }: Node) => inh)
}

function hasWritingCte(node: Node): boolean {
  const ctes: Node[] = node.withClause?.ctes ?? []
  return ctes.some(({ CommonTableExpr: cte }) => !cte.ctequery?.SelectStmt)
}
