import type { CatalogExpectation } from '../domain/migration.js'
import { type RelationName, relationOf, relationOfParts } from './names.js'
import type { Node, ParsedStatement } from './parser.js'

interface FileStatements {
  readonly migration: string
  readonly statements: readonly ParsedStatement[]
}

type Fact = Omit<CatalogExpectation, 'migration' | 'line'>

/**
 * What the pending migrations, taken together and in order, must leave in the catalog: relations, columns,
 * constraints and triggers that must be there or must be gone. Later statements win over earlier ones, and a rename
 * carries along what is known of the relation. What cannot be read (DO blocks, functions) expects nothing.
 */
export function catalogExpectationsOf(files: readonly FileStatements[]): CatalogExpectation[] {
  const expectations = new Map<string, CatalogExpectation>()
  const expect = (fact: Fact, migration: string, line: number) => {
    const key = [fact.schema, fact.relation, fact.kind, fact.name].join('\0')
    expectations.set(key, { ...fact, migration, line })
  }
  const forget = (matches: (expectation: CatalogExpectation) => boolean) => {
    for (const [key, expectation] of expectations) if (matches(expectation)) expectations.delete(key)
  }
  for (const { migration, statements } of files) {
    for (const { kind, node, line } of statements) {
      // Nothing said earlier can be relied on after something that may change any object.
      if (kind === 'DoStmt' || kind === 'CallStmt') expectations.clear()
      if (kind === 'AlterObjectSchemaStmt' || setsSearchPath(kind, node)) expectations.clear()
      if (kind === 'DropStmt' && node.behavior === 'DROP_CASCADE') forget(({ present }) => present)
      // Indexes and constraints go with the column, the constraint or the table that they hang on.
      if (dropsDependents(kind, node))
        forget((e) => e.present && (e.kind === 'index' || e.kind === 'constraint'))
      if (kind === 'RenameStmt' && node.renameType === 'OBJECT_TABLE') {
        const from = relationOf(node.relation)
        const moved = [...expectations.values()].filter(
          (e) => e.relation === from.name && e.kind !== 'relation',
        )
        forget(({ relation }) => relation === from.name)
        for (const e of moved) expect({ ...e, relation: node.newname as string }, e.migration, e.line)
      }
      if (kind === 'DropStmt' && node.removeType === 'OBJECT_TABLE') {
        const gone = droppedRelations(node).map(({ name }) => name)
        forget(({ relation }) => gone.includes(relation))
      }
      for (const fact of factsOf(kind, node)) expect(fact, migration, line)
    }
  }
  return [...expectations.values()]
}

function setsSearchPath(kind: string, node: Node): boolean {
  return (
    (kind === 'VariableSetStmt' && node.name === 'search_path') || /set_config/.test(JSON.stringify(node))
  )
}

function dropsDependents(kind: string, node: Node): boolean {
  if (kind === 'DropStmt') return node.removeType === 'OBJECT_TABLE'
  return (
    kind === 'AlterTableStmt' &&
    (node.cmds ?? []).some(({ AlterTableCmd: cmd }: Node) => {
      return /^AT_(DropColumn|DropConstraint)$/.test(cmd.subtype) || cmd.def?.Constraint?.indexname
    })
  )
}

function factsOf(kind: string, node: Node): Fact[] {
  switch (kind) {
    case 'CreateStmt':
      return isTemporary(node.relation)
        ? []
        : [relationFact(relationOf(node.relation), true), ...createdColumns(node)]
    case 'CreateTableAsStmt':
      return isTemporary(node.into?.rel) ? [] : [relationFact(relationOf(node.into?.rel), true)]
    case 'ViewStmt':
      return [relationFact(relationOf(node.view), true)]
    case 'IndexStmt':
      return node.idxname ? [indexFact(withSchema(relationOf(node.relation).schema, node.idxname), true)] : []
    case 'CreateTrigStmt':
      return [memberFact('trigger', relationOf(node.relation), node.trigname, true)]
    case 'DropStmt':
      if (node.removeType === 'OBJECT_INDEX')
        return droppedRelations(node).map((index) => indexFact(index, false))
      return ['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW'].includes(node.removeType)
        ? droppedRelations(node).map((relation) => relationFact(relation, false))
        : []
    case 'RenameStmt':
      return renameFacts(node)
    case 'AlterTableStmt':
      return node.objtype === 'OBJECT_TABLE'
        ? (node.cmds ?? []).flatMap((cmd: Node) => commandFacts(cmd.AlterTableCmd, relationOf(node.relation)))
        : []
    default:
      return []
  }
}

function createdColumns(node: Node): Fact[] {
  return (node.tableElts ?? [])
    .filter((element: Node) => element.ColumnDef)
    .map((element: Node) => memberFact('column', relationOf(node.relation), element.ColumnDef.colname, true))
}

function renameFacts(node: Node): Fact[] {
  const relation = relationOf(node.relation)
  switch (node.renameType) {
    case 'OBJECT_INDEX':
      return [indexFact(relation, false), indexFact(withSchema(relation.schema, node.newname), true)]
    case 'OBJECT_TABLE':
    case 'OBJECT_VIEW':
    case 'OBJECT_MATVIEW':
      return [relationFact(relation, false), relationFact(withSchema(relation.schema, node.newname), true)]
    case 'OBJECT_COLUMN':
      return node.relationType === 'OBJECT_TABLE'
        ? [
            memberFact('column', relation, node.subname, false),
            memberFact('column', relation, node.newname, true),
          ]
        : []
    case 'OBJECT_TABCONSTRAINT':
      return [
        memberFact('constraint', relation, node.subname, false),
        memberFact('constraint', relation, node.newname, true),
      ]
    default:
      return []
  }
}

function commandFacts(cmd: Node, relation: RelationName): Fact[] {
  switch (cmd.subtype) {
    case 'AT_AddColumn':
      return [memberFact('column', relation, cmd.def?.ColumnDef?.colname, true)]
    case 'AT_DropColumn':
      return [memberFact('column', relation, cmd.name, false)]
    case 'AT_AddConstraint': {
      const name = cmd.def?.Constraint?.conname
      return name ? [memberFact('constraint', relation, name, true)] : []
    }
    case 'AT_DropConstraint':
      return [memberFact('constraint', relation, cmd.name, false)]
    default:
      return []
  }
}

function droppedRelations(node: Node): RelationName[] {
  return (node.objects ?? []).map((object: Node) => relationOfParts(object.List?.items ?? [object]))
}

function relationFact({ schema, name }: RelationName, present: boolean): Fact {
  return { kind: 'relation', relation: name, present, ...(schema ? { schema } : {}) }
}

function indexFact({ schema, name }: RelationName, present: boolean): Fact {
  return { kind: 'index', relation: name, present, ...(schema ? { schema } : {}) }
}

function memberFact(
  kind: 'column' | 'constraint' | 'trigger',
  { schema, name: relation }: RelationName,
  name: string,
  present: boolean,
): Fact {
  return { kind, relation, name, present, ...(schema ? { schema } : {}) }
}

/** A temporary table is gone with the session. */
function isTemporary(rangeVar: Node | undefined): boolean {
  return rangeVar?.relpersistence === 't'
}

function withSchema(schema: string | undefined, name: string): RelationName {
  return schema ? { schema, name } : { name }
}
