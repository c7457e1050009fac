import type { CatalogExpectation } from '../domain/migration.js'
import { type RelationName, relationOf, relationOfParts } from './names.js'
import { nodesIn } from './nodes.js'
import type { Node, ParsedStatement } from './parser.js'

export type Fact = Omit<CatalogExpectation, 'migration' | 'line'>

/** Which facts a change can be about at most: nobody wants to go through all facts of a long list of files for each of them. */
export interface Among {
  /** Those of relations of this name, whatever their schema. */
  readonly relation?: string
  readonly kinds?: readonly Fact['kind'][]
  readonly present?: boolean
}

/** What one statement does to what is known of the catalog. */
export type Change =
  | { readonly kind: 'expect'; readonly fact: Fact }
  | { readonly kind: 'forget'; readonly among: Among; readonly matches: (expectation: Fact) => boolean }
  /** From here on a name without schema may be in any schema. */
  | { readonly kind: 'forget-place' }
  | { readonly kind: 'make-temporary'; readonly relation: RelationName }
  | {
      readonly kind: 'make-from'
      readonly relation: RelationName
      readonly mentions: (name: string) => boolean
    }
  | { readonly kind: 'make-child'; readonly relation: RelationName }
  | { readonly kind: 'drop'; readonly relation: RelationName }
  | {
      readonly kind: 'rename'
      readonly from: RelationName
      readonly to: RelationName
      /** Undefined for ALTER TABLE, which renames anything that has a name. */
      readonly renames?: 'relation' | 'index'
      readonly mayBeAbsent: boolean
    }

/** The changes that one statement makes, in order. */
export function catalogChangesOf({ kind, node }: ParsedStatement): Change[] {
  switch (kind) {
    case 'CreateStmt':
      return createTable(node)
    case 'CreateTableAsStmt':
      return createFromQuery(node.into?.rel)
    case 'SelectStmt':
      return select(node)
    case 'ViewStmt':
      return createView(node)
    case 'IndexStmt':
      return createIndex(node)
    case 'CreateTrigStmt':
      return [expectMember('trigger', relationOf(node.relation), node.trigname, true)]
    case 'CompositeTypeStmt':
      return [forgetRelation(relationOf(node.typevar))]
    case 'CreateSeqStmt':
      return [forgetRelation(relationOf(node.sequence))]
    case 'CreateForeignTableStmt':
      return [forgetRelation(relationOf(node.base?.relation))]
    case 'DropStmt':
      return drop(node)
    case 'RenameStmt':
      return rename(node)
    case 'AlterTableStmt':
      return alterTable(node)
    case 'VariableSetStmt':
      return node.name === 'search_path' ? [{ kind: 'forget-place' }] : []
    case 'TransactionStmt':
      return /ROLLBACK|PREPARE/.test(node.kind) ? [forgetAll] : []
    case 'DoStmt':
    case 'CallStmt':
      return /search_path/.test(JSON.stringify(node)) ? [forgetAll, { kind: 'forget-place' }] : [forgetAll]
    case 'AlterObjectSchemaStmt':
    case 'CreateSchemaStmt':
    case 'DropOwnedStmt':
    case 'ImportForeignSchemaStmt':
      return kind === 'CreateSchemaStmt' && !node.schemaElts ? [] : [forgetAll]
    default:
      return []
  }
}

function createTable(node: Node): Change[] {
  const relation = relationOf(node.relation)
  if (isTemporary(node.relation)) return [{ kind: 'make-temporary', relation }]
  const elements: Node[] = node.tableElts ?? []
  const columns = elements.filter(({ ColumnDef }) => ColumnDef).map(({ ColumnDef }) => ColumnDef)
  const constraints = elements.flatMap(({ Constraint, ColumnDef, TableLikeClause }) => {
    if (TableLikeClause) return [{}]
    return Constraint ? [Constraint] : (ColumnDef?.constraints ?? []).map((one: Node) => one.Constraint)
  })
  const hasParents = node.inhRelations !== undefined
  return [
    ...forgetNamesOf(hasParents ? [{}, ...constraints] : constraints, relation),
    ...(hasParents ? [{ kind: 'make-child', relation } as const] : []),
    expectRelation(relation, true),
    // One that is there already may have other columns.
    ...(node.if_not_exists
      ? []
      : columns.map(({ colname }) => expectMember('column', relation, colname, true))),
  ]
}

function createFromQuery(into: Node | undefined): Change[] {
  const relation = relationOf(into)
  return isTemporary(into) ? [{ kind: 'make-temporary', relation }] : [expectRelation(relation, true)]
}

/** Functions that change nothing in the catalog; any other may. */
const harmless = new Set([
  ...['setval', 'nextval', 'currval', 'lastval', 'pg_get_serial_sequence', 'set_config', 'current_setting'],
  ...['count', 'max', 'min', 'sum', 'coalesce', 'greatest', 'now', 'pg_notify', 'to_regclass', 'version'],
  ...[
    'pg_sleep',
    'pg_advisory_lock',
    'pg_advisory_xact_lock',
    'pg_advisory_unlock',
    'lower',
    'upper',
    'length',
  ],
])

/** A migration selects for the sake of what a function does, or into a table. */
function select(node: Node): Change[] {
  const into = node.intoClause ? createFromQuery(node.intoClause.rel) : []
  const functions = functionsIn(node)
  const setsPath = functions.includes('set_config') && /search_path/.test(JSON.stringify(node))
  return [
    ...into,
    ...(functions.every((name) => harmless.has(name)) ? [] : [forgetAll]),
    ...(setsPath ? [{ kind: 'forget-place' } as const] : []),
  ]
}

function functionsIn(node: Node): string[] {
  const names: string[] = []
  for (const { FuncCall } of nodesIn(node))
    if (FuncCall?.funcname) names.push(FuncCall.funcname.at(-1)?.String?.sval ?? '')
  return names
}

function createView(node: Node): Change[] {
  const relation = relationOf(node.view)
  if (isTemporary(node.view)) return [{ kind: 'make-temporary', relation }]
  const query = JSON.stringify(node.query)
  const mentions = (name: string) => query.includes(`"relname":${JSON.stringify(name)}`)
  return [{ kind: 'make-from', relation, mentions }, expectRelation(relation, true)]
}

function createIndex(node: Node): Change[] {
  const table = relationOf(node.relation)
  if (!node.idxname) return forgetNamesOf([{ contype: 'CONSTR_UNIQUE' }], table)
  const index = withSchema(table.schema, node.idxname)
  const mentions = (name: string) => name === table.name
  // ON ONLY a partitioned table: the index is invalid until every partition has got its own.
  return [
    { kind: 'make-from', relation: index, mentions },
    node.relation.inh ? expectIndex(index, true) : forgetRelation(index),
  ]
}

function drop(node: Node): Change[] {
  const cascade: Change[] = node.behavior === 'DROP_CASCADE' ? [forgetPresent] : []
  const objects: RelationName[] = (node.objects ?? []).map((object: Node) =>
    relationOfParts(object.List?.items ?? object.TypeName?.names ?? [object]),
  )
  switch (node.removeType) {
    case 'OBJECT_TABLE':
    case 'OBJECT_VIEW':
    case 'OBJECT_MATVIEW':
    case 'OBJECT_FOREIGN_TABLE':
      return [...cascade, ...objects.map((relation) => ({ kind: 'drop', relation }) as const)]
    case 'OBJECT_INDEX':
      return [...cascade, ...objects.map((index) => expectIndex(index, false))]
    case 'OBJECT_SEQUENCE':
    case 'OBJECT_TYPE':
      return [...cascade, ...objects.map(forgetRelation)]
    case 'OBJECT_TRIGGER':
      return [...cascade, ...node.objects.map((object: Node) => droppedTrigger(object.List.items))]
    default:
      return cascade
  }
}

/** `[schema,] table, trigger` */
function droppedTrigger(parts: Node[]): Change {
  return expectMember('trigger', relationOfParts(parts.slice(0, -1)), parts.at(-1)?.String.sval, false)
}

function rename(node: Node): Change[] {
  const from = relationOf(node.relation)
  const to = withSchema(from.schema, node.newname)
  const mayBeAbsent = node.missing_ok === true
  const both = [node.subname ?? from.name, node.newname]
  switch (node.renameType) {
    case 'OBJECT_TABLE':
      return [{ kind: 'rename', from, to, mayBeAbsent }]
    case 'OBJECT_VIEW':
    case 'OBJECT_MATVIEW':
    case 'OBJECT_FOREIGN_TABLE':
      return [{ kind: 'rename', from, to, renames: 'relation', mayBeAbsent }]
    case 'OBJECT_INDEX':
      // The constraint of an index is called like it, whichever of them is renamed.
      return [
        forget({ kinds: ['constraint'] }, (e) => both.includes(e.name ?? '')),
        { kind: 'rename', from, to, renames: 'index', mayBeAbsent },
      ]
    case 'OBJECT_TABCONSTRAINT':
      return [
        forget({ kinds: ['index'] }, (e) => both.includes(e.relation)),
        ...renamedMember('constraint', from, node),
      ]
    case 'OBJECT_COLUMN':
      return renamedMember('column', from, node)
    case 'OBJECT_TRIGGER':
      return renamedMember('trigger', from, node)
    case 'OBJECT_SEQUENCE':
      return [forgetRelation(from), forgetRelation(to)]
    case 'OBJECT_SCHEMA':
    case 'OBJECT_TYPE':
      return [forgetAll]
    default:
      return []
  }
}

function renamedMember(
  kind: 'column' | 'constraint' | 'trigger',
  relation: RelationName,
  node: Node,
): Change[] {
  const renamed = expectMember(kind, relation, node.newname, true)
  return [
    expectMember(kind, relation, node.subname, false),
    node.missing_ok
      ? forget(
          { relation: relation.name },
          (e) => e.kind === kind && e.relation === relation.name && e.name === node.newname,
        )
      : renamed,
  ]
}

function alterTable(node: Node): Change[] {
  if (node.objtype === 'OBJECT_INDEX' || node.objtype === 'OBJECT_TYPE') return []
  const relation = relationOf(node.relation)
  const commands: Node[] = (node.cmds ?? []).map((cmd: Node) => cmd.AlterTableCmd)
  // Postgres drops before it adds, in whatever order the commands of one statement stand.
  const [drops, adds] = [commands.filter(isDrop), commands.filter((cmd) => !isDrop(cmd))]
  return [...drops, ...adds]
    .flatMap((cmd) => alterTableCommand(cmd, relation))
    .filter((change) => {
      return !(node.missing_ok && change.kind === 'expect' && change.fact.present)
    })
}

function isDrop({ subtype }: Node): boolean {
  return /^AT_Drop(Column|Constraint)$/.test(subtype)
}

function alterTableCommand(cmd: Node, relation: RelationName): Change[] {
  switch (cmd.subtype) {
    case 'AT_DropColumn':
      return [...droppedAlong(cmd), expectMember('column', relation, cmd.name, false)]
    case 'AT_DropConstraint':
      return [...droppedAlong(cmd), expectMember('constraint', relation, cmd.name, false)]
    // From Postgres 18 on a NOT NULL is a constraint with a name.
    case 'AT_SetNotNull':
      return forgetNamesOf([{ contype: 'CONSTR_NOTNULL' }], relation)
    case 'AT_DropNotNull':
      return [forget({ relation: relation.name }, (e) => e.present && e.kind === 'constraint')]
    case 'AT_AddColumn': {
      const { colname, constraints = [] } = cmd.def.ColumnDef
      return [
        ...forgetNamesOf(
          constraints.map((one: Node) => one.Constraint),
          relation,
        ),
        expectMember('column', relation, colname, true),
      ]
    }
    case 'AT_AddConstraint':
      return addConstraint(cmd.def.Constraint, relation)
    case 'AT_AttachPartition':
      return [
        ...forgetNamesOf([{}], relation),
        { kind: 'make-child', relation: relationOf(cmd.def.PartitionCmd.name) },
      ]
    case 'AT_AddInherit':
      return [{ kind: 'make-child', relation }]
    default:
      return []
  }
}

/** Indexes and constraints go with the column or the constraint that they depend on; with CASCADE, anything may. */
function droppedAlong({ behavior }: Node): Change[] {
  if (behavior === 'DROP_CASCADE') return [forgetPresent]
  return [forget({ kinds: ['index', 'constraint'], present: true })]
}

function addConstraint(constraint: Node, relation: RelationName): Change[] {
  const { conname: name, indexname } = constraint
  const taken = withSchema(relation.schema, indexname)
  return [
    ...forgetNamesOf([constraint], relation),
    // USING INDEX: the constraint takes the index over and renames it after itself.
    ...(indexname ? [forgetRelation(taken)] : []),
    ...(name ? [expectMember('constraint', relation, name, true)] : []),
  ]
}

/**
 * A new constraint may bear a name that was given up before, and its index too. One without a name gets one from
 * Postgres, which may be any.
 */
function forgetNamesOf(constraints: readonly Node[], relation: RelationName): Change[] {
  return constraints.flatMap(({ conname, contype }) => {
    const hasIndex = contype === undefined || /UNIQUE|PRIMARY|EXCLUSION/.test(contype)
    const named = conname === undefined ? {} : { relation: conname as string }
    return [
      forget(
        { relation: relation.name },
        (e) => !e.present && e.kind === 'constraint' && (conname === undefined || e.name === conname),
      ),
      ...(hasIndex
        ? [forget({ kinds: ['index'], present: false, ...named }, (e) => !e.present && e.kind === 'index')]
        : []),
    ]
  })
}

const forgetAll = forget({})
const forgetPresent = forget({ present: true })

function forget(among: Among, matches: (fact: Fact) => boolean = () => true): Change {
  return { kind: 'forget', among, matches }
}

/** What is said of the name itself; a sequence or a type of that name is not looked for. */
function forgetRelation({ name }: RelationName): Change {
  return forget({ relation: name }, (e) => e.kind === 'relation' || e.kind === 'index')
}

function expectRelation({ schema, name }: RelationName, present: boolean): Change {
  return {
    kind: 'expect',
    fact: { kind: 'relation', relation: name, present, ...(schema ? { schema } : {}) },
  }
}

function expectIndex({ schema, name }: RelationName, present: boolean): Change {
  return { kind: 'expect', fact: { kind: 'index', relation: name, present, ...(schema ? { schema } : {}) } }
}

function expectMember(
  kind: 'column' | 'constraint' | 'trigger',
  { schema, name: relation }: RelationName,
  name: string,
  present: boolean,
): Change {
  return { kind: 'expect', fact: { kind, relation, name, present, ...(schema ? { schema } : {}) } }
}

/** A temporary table is gone with the session. */
function isTemporary(rangeVar: Node | undefined): boolean {
  return rangeVar?.relpersistence === 't' || rangeVar?.schemaname?.startsWith('pg_temp') === true
}

function withSchema(schema: string | undefined, name: string): RelationName {
  return schema ? { schema, name } : { name }
}
