import type { Reader } from '../../domain/reader.js'
import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findColumn } from '../lookup.js'
import type { Column, Constraint, Relation, RelationKind } from '../model.js'
import { namesOf } from '../tree.js'
import { requireAlterType, requireDefaultCast, requireRebuild } from './alter-type.js'
import {
  constraintsOf,
  requireColumnDefinition,
  requireColumnExpressions,
  requireDefault,
} from './column-definitions.js'
import { requireRetypable, requireUnusedColumn, requireUnusedConstraint } from './dependents.js'
import {
  type Draft,
  type DraftColumn,
  draftColumnNamed,
  draftOf,
  dropDraftColumn,
  replaceDraftColumn,
} from './draft.js'
import { requireMember } from './drops.js'
import {
  requireDetachable,
  requireNotInPartitionKey,
  requireOneDefault,
  requireOnPartitioned,
  requirePartitioned,
  requireWithChildren,
} from './partitions.js'
import { requireOwner, requireOwnRole } from './privileges.js'
import {
  findNamed,
  isSystemColumn,
  requireKind,
  requireNamed,
  requireRelation,
  type Situation,
} from './situation.js'
import { exists, invalid, missing } from './static-failure.js'
import {
  addForeignKey,
  addIndexName,
  addKey,
  requireCheck,
  requireKeyColumns,
  requireNoPrimaryKey,
} from './table-constraints.js'

/** What only tables can undergo. */
const tableOnly = [
  ...['AT_AddColumn', 'AT_DropColumn', 'AT_AlterColumnType', 'AT_SetNotNull', 'AT_DropNotNull'],
  ...['AT_AddConstraint', 'AT_DropConstraint', 'AT_ValidateConstraint', 'AT_AlterConstraint'],
  ...['AT_AddIdentity', 'AT_SetIdentity', 'AT_DropIdentity', 'AT_DropExpression'],
  ...['AT_EnableRowSecurity', 'AT_DisableRowSecurity', 'AT_ForceRowSecurity', 'AT_NoForceRowSecurity'],
]

/** ALTER TABLE is for all of them. */
const kindsFor: Readonly<Record<string, readonly RelationKind[]>> = {
  OBJECT_VIEW: ['view'],
  OBJECT_MATVIEW: ['materialized view'],
  OBJECT_FOREIGN_TABLE: ['foreign table'],
}

/**
 * The server does the parts of an ALTER TABLE in this order, not as they are written:
 * https://github.com/postgres/postgres/blob/REL_15_STABLE/src/backend/commands/tablecmds.c (AlterTablePass)
 */
const passes = ['drop', 'type', 'rebuild', 'column', 'constraint', 'index', 'rest', 'last'] as const
type Pass = (typeof passes)[number]

interface Step {
  readonly pass: Pass
  readonly run: () => void | Promise<void>
}

interface Alteration {
  readonly situation: Situation
  readonly reader: Reader
  readonly relation: Relation
  readonly draft: Draft
  /** ALTER TABLE ONLY */
  readonly isOnly: boolean
  /** Columns and constraints that the statement has dropped: they no longer stand in the way of anything. */
  readonly gone: Set<Column | Constraint>
  readonly steps: Step[]
}

/** ALTER TABLE. @throws Refusal */
export async function requireAlterTable(situation: Situation, reader: Reader, node: Node): Promise<void> {
  const name = relationOf(node.relation)
  const found = requireNamed(situation, name, node.missing_ok)
  if (!found || found.kind === 'system') return
  const commands: Node[] = (node.cmds ?? []).map((one: Node) => one.AlterTableCmd)
  const isForTables = commands.some(({ subtype }) => tableOnly.includes(subtype))
  if (found.kind !== 'relation') {
    if (isForTables && found.kind !== 'composite type')
      throw invalid('42809', `"${name.name}" is not a table`, name.name)
    return
  }
  const { relation } = found
  requireOwner(situation, relation)
  requireKind(relation, kindsFor[node.objtype] ?? [])
  const isTable = ['table', 'partitioned table', 'foreign table'].includes(relation.kind)
  if (isForTables && !isTable)
    throw invalid('42809', `"${relation.name}" is not a table but a ${relation.kind}`, relation.name)
  const alteration: Alteration = {
    situation,
    reader,
    relation,
    draft: draftOf(relation),
    isOnly: !node.relation.inh,
    gone: new Set(),
    steps: [],
  }
  const { draft, isOnly } = alteration
  if (isOnly) draft.partitionKeys = draft.partitionKeys.slice(0, 1)
  for (const command of commands) prepare(alteration, command)
  for (const pass of passes) {
    // A step may add others, for a later pass.
    for (let i = 0; i < alteration.steps.length; i += 1) {
      const step = alteration.steps[i]
      if (step?.pass === pass) await step.run()
    }
  }
}

/** Looks at a command before any of them is done, and notes when its turn is. */
function prepare(alteration: Alteration, command: Node): void {
  if (command.subtype === 'AT_AlterColumnType') alterType(alteration, command)
  else if (command.subtype === 'AT_AddConstraint') addConstraint(alteration, command.def.Constraint)
  else {
    const [pass, run] = turns[command.subtype] ?? []
    const isDropped = command.subtype === 'AT_ColumnDefault' && !command.def
    if (pass && run)
      alteration.steps.push({ pass: isDropped ? 'drop' : pass, run: () => run(alteration, command) })
  }
}

type RunCommand = (alteration: Alteration, command: Node) => void | Promise<void>

const requireNamedColumn: RunCommand = ({ draft }, { name }) => {
  if (name) columnOf(draft, name)
}

const requireTriggerNamed: RunCommand = ({ situation, relation }, { name }) =>
  requireMember(situation, relation, 'trigger', name)

const requireDetached: RunCommand = ({ situation, relation }, { def }) => {
  const { name, concurrent } = def.PartitionCmd
  requirePartitioned(relation)
  const partition = requireRelation(situation, relationOf(name))
  if (partition) requireDetachable(relation, partition, concurrent === true)
}

const requireAttachable: RunCommand = ({ situation, relation }, { def }) => {
  const { name, bound } = def.PartitionCmd
  // An index of a partitioned table takes those of its partitions.
  if (relation.kind === 'table') requirePartitioned(relation)
  const partition = requireRelation(situation, relationOf(name))
  if (partition && bound?.is_default) requireOneDefault(relation, partition.name)
}

const requireInherited: RunCommand = ({ situation }, { def }) => {
  requireRelation(situation, relationOf(def.RangeVar))
}

/** When each command has its turn. */
const turns: Readonly<Record<string, readonly [pass: Pass, run: RunCommand]>> = {
  AT_AddColumn: ['column', addColumn],
  AT_DropColumn: ['drop', dropColumn],
  AT_ColumnDefault: ['rest', setDefault],
  AT_SetNotNull: ['constraint', requireNamedColumn],
  AT_DropNotNull: ['drop', ({ draft }, { name }) => dropNotNull(draft, name)],
  AT_DropConstraint: ['drop', dropConstraint],
  AT_ValidateConstraint: ['last', validateConstraint],
  AT_AlterConstraint: ['last', alterConstraint],
  AT_AddIdentity: ['rest', ({ draft }, { name }) => addIdentity(draft, name)],
  AT_SetIdentity: ['last', ({ draft }, { name }) => requireIdentity(draft, name, false)],
  AT_DropIdentity: ['drop', ({ draft }, { name, missing_ok }) => requireIdentity(draft, name, missing_ok)],
  AT_DropExpression: ['drop', ({ draft }, { name, missing_ok }) => requireGenerated(draft, name, missing_ok)],
  AT_SetStatistics: ['last', requireNamedColumn],
  AT_SetStorage: ['last', requireNamedColumn],
  AT_ChangeOwner: ['last', ({ situation }, { newowner }) => requireOwnRole(situation, newowner)],
  AT_ClusterOn: [
    'last',
    ({ situation, relation, draft }, { name }) => {
      requireIndexOf(situation, relation, draft, name)
    },
  ],
  AT_ReplicaIdentity: [
    'last',
    ({ situation, relation, draft }, { def }) =>
      requireReplicaIdentity(situation, relation, draft, def?.ReplicaIdentityStmt),
  ],
  AT_EnableTrig: ['last', requireTriggerNamed],
  AT_DisableTrig: ['last', requireTriggerNamed],
  AT_EnableAlwaysTrig: ['last', requireTriggerNamed],
  AT_EnableReplicaTrig: ['last', requireTriggerNamed],
  AT_AttachPartition: ['last', requireAttachable],
  AT_DetachPartition: ['last', requireDetached],
  AT_AddInherit: ['last', requireInherited],
  AT_DropInherit: ['last', requireInherited],
}

/** @throws Refusal when the table has no such column; undefined for one that nobody can see */
function columnOf(draft: Draft, name: string): DraftColumn | undefined {
  const column = draftColumnNamed(draft, name)
  if (column || draft.isOpen || isSystemColumn(name)) return column
  throw missing(
    '42703',
    `column "${name}" of relation "${draft.name}" does not exist`,
    `${draft.name}.${name}`,
  )
}

function addColumn(
  { situation, relation, draft, steps, isOnly }: Alteration,
  { def, missing_ok: isOptional }: Node,
): void {
  const definition: Node = def.ColumnDef
  const name: string = definition.colname
  if (draftColumnNamed(draft, name)) {
    if (isOptional) return
    throw exists(
      '42701',
      `column "${name}" of relation "${draft.name}" already exists`,
      `${draft.name}.${name}`,
    )
  }
  draft.columns.push(requireColumnDefinition(situation, draft, definition))
  requireWithChildren(relation, isOnly, 'add')
  for (const constraint of constraintsOf(definition)) {
    const columns = [name]
    switch (constraint.contype) {
      case 'CONSTR_PRIMARY':
      case 'CONSTR_UNIQUE':
        steps.push({ pass: 'index', run: () => addKey(situation, draft, constraint, columns) })
        break
      case 'CONSTR_CHECK':
        steps.push({ pass: 'rest', run: () => requireCheck(situation, draft, constraint) })
        break
      case 'CONSTR_FOREIGN':
        steps.push({ pass: 'rest', run: () => addForeignKey(situation, draft, constraint, columns) })
        break
    }
  }
  requireColumnExpressions(situation, draft, definition)
}

async function dropColumn(
  { situation, reader, relation, draft, gone, isOnly }: Alteration,
  command: Node,
): Promise<void> {
  const { name, missing_ok: isOptional, behavior } = command
  if (!draftColumnNamed(draft, name) && isOptional) return
  columnOf(draft, name)
  requireOwnColumn(relation, name, 'drop')
  const column = findColumn(relation, name)
  if (column) {
    requireNotInPartitionKey(relation, column, 'drop')
    requireWithChildren(relation, isOnly, 'drop')
    if (behavior !== 'DROP_CASCADE') await requireUnusedColumn(situation, reader, relation, column, gone)
    gone.add(column)
    for (const one of relation.constraints) if (one.columns.includes(column)) gone.add(one)
  }
  dropDraftColumn(draft, relation, name)
}

/** A column that comes from a parent is changed there. @throws Refusal */
function requireOwnColumn({ parents }: Relation, name: string, verb: 'drop' | 'alter'): void {
  if (parents.some((parent) => findColumn(parent, name)))
    throw invalid('42P16', `cannot ${verb} inherited column "${name}"`, name)
}

/** Unlike the others, this command is read before any of them is done. */
function alterType(alteration: Alteration, command: Node): void {
  const { situation, reader, relation, draft, steps } = alteration
  const column = columnOf(draft, command.name)?.column
  requireOwnColumn(relation, command.name, 'alter')
  if (column) requireNotInPartitionKey(relation, column, 'alter')
  const type = requireAlterType(situation, draftOf(relation), command)
  if (!column) return
  steps.push({
    pass: 'type',
    run: async () => {
      const current = columnOf(draft, command.name)
      if (type && current?.hasDefault) requireDefaultCast(situation, relation, column, type)
      await requireRetypable(situation, reader, relation, column)
      replaceDraftColumn(draft, command.name, { type })
    },
  })
  steps.push({ pass: 'rebuild', run: () => requireRebuild(situation, relation, draft, column) })
}

function setDefault({ situation, draft }: Alteration, { name, def }: Node): void {
  const column = columnOf(draft, name)
  if (!column) return
  if (column.identity)
    throw invalid('42601', `column "${name}" of relation "${draft.name}" is an identity column`, name)
  if (column.isGenerated)
    throw invalid('42601', `column "${name}" of relation "${draft.name}" is a generated column`, name)
  if (def) requireDefault(situation, column, def)
  replaceDraftColumn(draft, name, { hasDefault: def !== undefined })
}

function dropNotNull(draft: Draft, name: string): void {
  const column = columnOf(draft, name)
  if (column?.identity)
    throw invalid('42601', `column "${name}" of relation "${draft.name}" is an identity column`, name)
  const isInKey = draft.keys.some(({ isPrimary, columns }) => isPrimary && columns.includes(name))
  if (isInKey) throw invalid('42P16', `column "${name}" is in a primary key`, name)
}

function addConstraint({ situation, relation, draft, steps }: Alteration, constraint: Node): void {
  const add = (pass: Pass, run: () => void) => steps.push({ pass, run })
  const { contype, conname: name, indexname: existing } = constraint
  add('constraint', () => requireOnPartitioned(situation, relation, constraint))
  if (contype === 'CONSTR_CHECK') add('rest', () => requireCheck(situation, draft, constraint))
  if (contype === 'CONSTR_FOREIGN') add('rest', () => addForeignKey(situation, draft, constraint))
  if (contype !== 'CONSTR_PRIMARY' && contype !== 'CONSTR_UNIQUE') return
  if (existing) {
    add('constraint', () => requireUsableIndex(situation, relation, draft, constraint))
    // The index is renamed to the constraint.
    if (name && name !== existing) add('index', () => addIndexName(situation, draft, name))
  } else {
    add('constraint', () => requireKeyColumns(draft, constraint, namesOf(constraint.keys)))
    add('index', () => addKey(situation, draft, constraint))
  }
}

/** https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX */
function requireUsableIndex(situation: Situation, relation: Relation, draft: Draft, constraint: Node): void {
  const name: string = constraint.indexname
  const found = findNamed(situation, { schema: relation.schema, name })
  if (!found || draft.freedNames.has(name)) throw missing('42704', `index "${name}" does not exist`, name)
  if (found.kind !== 'index') throw invalid('42809', `"${name}" is not an index`, name)
  const { index } = found
  if (found.relation.constraints.some((one) => one.index === index))
    throw invalid('55000', `index "${name}" is already associated with a constraint`, name)
  if (found.relation !== relation)
    throw invalid('55000', `index "${name}" does not belong to table "${relation.name}"`, name)
  if (!index.isValid) throw invalid('55000', `index "${name}" is not valid`, name)
  if (!index.isUnique) throw invalid('42809', `"${name}" is not a unique index`, name)
  if (index.keys.some(({ column }) => !column))
    throw invalid('42809', `index "${name}" contains expressions`, name)
  if (index.predicate) throw invalid('42809', `"${name}" is a partial index`, name)
  if (constraint.contype === 'CONSTR_PRIMARY') requireNoPrimaryKey(draft)
  const columns = index.keys.map(({ column }) => column?.name ?? '')
  draft.keys.push({
    columns,
    isPrimary: constraint.contype === 'CONSTR_PRIMARY',
    isDeferrable: constraint.deferrable === true,
  })
}

async function dropConstraint(
  { situation, reader, relation, draft, gone }: Alteration,
  command: Node,
): Promise<void> {
  const { name, missing_ok: isOptional, behavior } = command
  requireConstraint(situation, draft, name, isOptional)
  const constraint = relation.constraints.find((one) => one.name === name)
  if (!constraint || !draft.constraintNames.has(name)) return
  if (behavior !== 'DROP_CASCADE')
    await requireUnusedConstraint(situation, reader, relation, constraint, gone)
  gone.add(constraint)
  draft.constraintNames.delete(name)
  if (constraint.kind !== 'primary key' && constraint.kind !== 'unique') return
  const isPrimary = constraint.kind === 'primary key'
  const names = constraint.columns.map((column) => column.name)
  draft.keys = draft.keys.filter(
    (key) => key.isPrimary !== isPrimary || key.columns.join('\0') !== names.join('\0'),
  )
  draft.freedNames.add(constraint.index?.name ?? name)
}

/** @throws Refusal */
function requireConstraint(situation: Situation, draft: Draft, name: string, isOptional = false): void {
  if (isOptional || draft.constraintNames.has(name)) return
  // From PostgreSQL 18 on NOT NULL is a constraint too, with a name that the server makes up.
  if (situation.catalog.serverVersion >= 180000 && name.includes('not_null')) return
  throw missing('42704', `constraint "${name}" of relation "${draft.name}" does not exist`, name)
}

function validateConstraint({ situation, relation, draft }: Alteration, { name }: Node): void {
  requireConstraint(situation, draft, name)
  const constraint = relation.constraints.find((one) => one.name === name)
  if (constraint && ['primary key', 'unique', 'exclusion'].includes(constraint.kind))
    throw invalid('42809', `constraint "${name}" of relation "${draft.name}" cannot be validated`, name)
}

function alterConstraint({ situation, relation, draft }: Alteration, { def }: Node): void {
  const name: string | undefined = def?.Constraint?.conname ?? def?.ATAlterConstraint?.conname
  if (name === undefined) return
  requireConstraint(situation, draft, name)
  const constraint = relation.constraints.find((one) => one.name === name)
  if (constraint && ['primary key', 'unique', 'exclusion'].includes(constraint.kind))
    throw invalid(
      '42809',
      `constraint "${name}" of relation "${draft.name}" is not a foreign key constraint`,
      name,
    )
}

function addIdentity(draft: Draft, name: string): void {
  const column = columnOf(draft, name)
  if (!column) return
  const refuse = (words: string) =>
    invalid('55000', `column "${name}" of relation "${draft.name}" ${words}`, name)
  if (!column.isNotNull && column.column)
    throw refuse('must be declared NOT NULL before identity can be added')
  if (column.identity) throw refuse('is already an identity column')
  if (column.hasDefault) throw refuse('already has a default value')
}

function requireIdentity(draft: Draft, name: string, isOptional: boolean | undefined): void {
  const column = columnOf(draft, name)
  if (column && !column.identity && !isOptional)
    throw invalid('55000', `column "${name}" of relation "${draft.name}" is not an identity column`, name)
}

function requireGenerated(draft: Draft, name: string, isOptional: boolean | undefined): void {
  const column = columnOf(draft, name)
  if (column && !column.isGenerated && !isOptional)
    throw invalid('55000', `column "${name}" of relation "${draft.name}" is not a generated column`, name)
}

/** CLUSTER and REPLICA IDENTITY name an index of the table. @throws Refusal */
export function requireIndexOf(situation: Situation, relation: Relation, draft: Draft, name: string) {
  const index = relation.indexes.find((one) => one.name === name)
  if (index || draft.madeNames.has(name)) return index
  if (findNamed(situation, { schema: relation.schema, name }))
    throw invalid('42809', `"${name}" is not an index for table "${relation.name}"`, name)
  throw missing('42704', `index "${name}" for table "${relation.name}" does not exist`, name)
}

function requireReplicaIdentity(
  situation: Situation,
  relation: Relation,
  draft: Draft,
  identity: Node | undefined,
): void {
  if (!identity?.name) return
  const index = requireIndexOf(situation, relation, draft, identity.name)
  if (!index) return
  if (!index.isUnique)
    throw invalid('42809', `cannot use non-unique index "${index.name}" as replica identity`, index.name)
  if (index.predicate)
    throw invalid('42809', `cannot use partial index "${index.name}" as replica identity`, index.name)
}
