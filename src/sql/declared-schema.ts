import { type RelationName, relationOf } from './names.js'
import type { Node, ParsedStatement } from './parser.js'

/** What `schema.prisma` declares, read from the SQL that Prisma itself makes of it. */
export interface DeclaredSchema {
  readonly tables: readonly RelationName[]
  readonly relations: readonly DeclaredRelation[]
  readonly uniqueKeys: readonly DeclaredUniqueKey[]
  /** False with `relationMode = "prisma"`: the database is not asked to enforce the relations. */
  readonly enforcesRelations: boolean
}

export interface DeclaredRelation {
  readonly name: string
  readonly table: RelationName
  readonly columns: readonly string[]
  readonly referencedTable: RelationName
  readonly referencedColumns: readonly string[]
}

export interface DeclaredUniqueKey {
  readonly name: string
  readonly table: RelationName
  readonly columns: readonly string[]
}

/** Reads the script of `prisma migrate diff --from-empty`: its CREATE TABLE, CREATE UNIQUE INDEX and ADD FOREIGN KEY. */
export function readDeclaredSchema(
  statements: readonly ParsedStatement[],
  { enforcesRelations }: { enforcesRelations: boolean },
): DeclaredSchema {
  const tables: RelationName[] = []
  const relations: DeclaredRelation[] = []
  const uniqueKeys: DeclaredUniqueKey[] = []
  for (const { kind, node } of statements) {
    const table = relationOf(node.relation)
    if (kind === 'CreateStmt') tables.push(table)
    // A column that is an expression has no name; Prisma declares none, but a partial key would be no key of the table.
    if (kind === 'IndexStmt' && node.unique && !node.whereClause) {
      const columns = (node.indexParams ?? []).map((param: Node) => param.IndexElem.name)
      uniqueKeys.push({ name: node.idxname, table, columns })
    }
    if (kind === 'AlterTableStmt') {
      for (const { AlterTableCmd: cmd } of node.cmds ?? []) {
        const constraint = cmd.def?.Constraint
        if (constraint?.contype === 'CONSTR_FOREIGN') relations.push(relationFrom(constraint, table))
      }
    }
  }
  return { tables, relations, uniqueKeys, enforcesRelations }
}

function relationFrom(constraint: Node, table: RelationName): DeclaredRelation {
  const names = (list: Node[]) => list.map((item) => item.String.sval as string)
  return {
    name: constraint.conname,
    table,
    columns: names(constraint.fk_attrs),
    referencedTable: relationOf(constraint.pktable),
    referencedColumns: names(constraint.pk_attrs),
  }
}
