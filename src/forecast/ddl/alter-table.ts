import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { bindColumns, bindTypes } from '../bind.js'
import { castTo, NotFollowed } from '../casts.js'
import { columnOf } from '../data/target.js'
import { followFamily } from '../family.js'
import { findColumn, findRelation, findType } from '../lookup.js'
import type { Column, Relation } from '../model.js'
import { needCheck, needEvaluation, needForeignKey, needNotNull, needUnique } from '../needs.js'
import type { Requirement } from '../requirement.js'
import { Rewriter } from '../rewrite.js'
import { columnsIn, type Walk } from '../walk.js'
import {
  addColumn,
  collationOf,
  dropColumn,
  isNoDefault,
  makeSequence,
  setCollation,
  typeOrOpaque,
} from './columns.js'
import { addConstraint, validateConstraint } from './constraints.js'
import { needFits } from './fits.js'
import { attachPartition, detachPartition } from './partitions.js'
import { setReplicaIdentity } from './publications.js'
import { followSetIdentity } from './sequences.js'

/**
 * The commands of one ALTER TABLE run in passes, not in the order written: drops, types, new columns, then what hangs
 * on them. https://github.com/postgres/postgres/blob/REL_15_STABLE/src/backend/commands/tablecmds.c (AlterTablePass)
 */
const passes: Readonly<Record<string, number>> = {
  AT_DropColumn: 0,
  AT_DropConstraint: 0,
  AT_DropNotNull: 0,
  AT_AlterColumnType: 1,
  AT_AddColumn: 4,
  AT_ColumnDefault: 6,
  AT_SetNotNull: 6,
  AT_AddIdentity: 6,
  AT_AddConstraint: 7,
  AT_ValidateConstraint: 10,
}

function passOf({ subtype, def }: Node): number {
  // A default is dropped before the type changes, and set after it.
  if (subtype === 'AT_ColumnDefault' && !def) return 0
  if (subtype !== 'AT_AddConstraint') return passes[subtype] ?? 10
  const { contype } = def.Constraint
  if (contype === 'CONSTR_PRIMARY' || contype === 'CONSTR_UNIQUE') return 7
  return contype === 'CONSTR_FOREIGN' ? 9 : 8
}

export function followAlterTable(walk: Walk, node: Node): void {
  const name = relationOf(node.relation)
  if (node.objtype === 'OBJECT_TYPE') followAlterComposite(walk, node)
  if (node.objtype === 'OBJECT_INDEX' || node.objtype === 'OBJECT_TYPE' || node.objtype === 'OBJECT_SEQUENCE')
    return
  const relation = findRelation(walk.catalog, name)
  if (!relation) {
    if (node.missing_ok) return
    throw new NotFollowed(`relation "${name.name}" is not known`)
  }
  const commands: Node[] = (node.cmds ?? []).map((one: Node) => one.AlterTableCmd)
  const before = walk.requirements.length
  for (const command of [...commands].sort((one, other) => passOf(one) - passOf(other))) {
    if (command.subtype !== 'AT_AlterColumnType') followCommand(walk, relation, command)
    else if (command === firstOf(commands)) {
      changeTypes(
        walk,
        relation,
        commands.filter(({ subtype }) => subtype === 'AT_AlterColumnType'),
        walk.onTwin.get(node)?.rewrites?.includes(`${relation.schema}.${relation.name}`) ?? true,
      )
    }
  }
  const isRewritten = commands.some(({ subtype }) => subtype === 'AT_AlterColumnType')
  const own = walk.requirements.splice(before)
  walk.requirements.push(...own.sort((one, other) => turnOf(one, isRewritten) - turnOf(other, isRewritten)))
}

/**
 * Indexes are built while the commands are gone through, unless the table is rewritten; then every row is looked at
 * once, and references last. What the server finds first is what it reports.
 */
function turnOf({ question, comesFirst }: Requirement, isRewritten: boolean): number {
  if (comesFirst) return 0
  if (question.kind === 'orphans') return 3
  return (question.kind === 'groups') === isRewritten ? 2 : 1
}

/** All changes of type of one statement see the row as it was. */
function firstOf(commands: readonly Node[]): Node | undefined {
  return commands.find(({ subtype }) => subtype === 'AT_AlterColumnType')
}

function followCommand(walk: Walk, relation: Relation, command: Node): void {
  const column = () => columnOf(relation, command.name)
  switch (command.subtype) {
    case 'AT_AddColumn':
      addColumn(walk, relation, command.def.ColumnDef, { ifNotExists: command.missing_ok === true })
      break
    case 'AT_DropColumn':
      dropColumn(walk, relation, command.name, { ifExists: command.missing_ok === true })
      break
    case 'AT_ColumnDefault':
      setDefault(walk, column(), command.def)
      break
    case 'AT_SetNotNull':
      setNotNull(walk, relation, column())
      break
    case 'AT_DropNotNull':
      column().isNotNull = false
      break
    case 'AT_AddConstraint':
      addConstraint(walk, relation, command.def.Constraint)
      break
    case 'AT_DropConstraint':
      dropConstraint(walk, relation, command.name, command.missing_ok === true)
      break
    case 'AT_ValidateConstraint':
      validateConstraint(walk, relation, command.name)
      break
    case 'AT_AlterConstraint':
      alterConstraint(relation, command.def)
      break
    case 'AT_DropExpression':
      delete column().generated
      break
    case 'AT_AddIdentity':
      addIdentity(walk, relation, column(), command.def.Constraint)
      break
    case 'AT_SetIdentity':
      followSetIdentity(walk, column(), command.def.List.items)
      break
    case 'AT_DropIdentity':
      delete column().identity
      break
    case 'AT_EnableRowSecurity':
    case 'AT_DisableRowSecurity':
      relation.hasRowSecurity = command.subtype === 'AT_EnableRowSecurity'
      break
    case 'AT_ForceRowSecurity':
    case 'AT_NoForceRowSecurity':
      relation.isRowSecurityForced = command.subtype === 'AT_ForceRowSecurity'
      break
    case 'AT_DisableTrig':
    case 'AT_EnableTrig':
      setTriggers(relation, (one) => one === command.name, command.subtype === 'AT_EnableTrig')
      break
    case 'AT_EnableAlwaysTrig':
    case 'AT_EnableReplicaTrig': {
      const isEnabled = command.subtype === 'AT_EnableAlwaysTrig'
      relation.triggers = relation.triggers.map((one) =>
        one.name === command.name ? { ...one, isEnabled, isEnabledInReplica: true } : one,
      )
      break
    }
    case 'AT_DisableTrigAll':
    case 'AT_DisableTrigUser':
    case 'AT_EnableTrigAll':
    case 'AT_EnableTrigUser':
      setTriggers(relation, () => true, command.subtype.startsWith('AT_Enable'))
      if (command.subtype.endsWith('All'))
        relation.areReferencesAsleep = command.subtype === 'AT_DisableTrigAll'
      if (command.subtype === 'AT_DisableTrigAll')
        walk.disabledAt.set(`${relation.schema}.${relation.name}`, walk.place)
      break
    case 'AT_AttachPartition':
      attachPartition(walk, relation, command.def)
      break
    case 'AT_DetachPartition':
      detachPartition(walk, relation, command.def)
      break
    case 'AT_AddInherit':
    case 'AT_DropInherit':
      walk.blur(relation, 'it changes its parents')
      blurUpwards(
        findRelation(walk.catalog, relationOf(command.def.RangeVar)),
        `line ${walk.place.line} changes whose rows are its own`,
      )
      break
    case 'AT_SetLogged':
    case 'AT_SetUnLogged':
      relation.isUnlogged = command.subtype === 'AT_SetUnLogged'
      break
    case 'AT_ReplicaIdentity':
      setReplicaIdentity(relation, command.def.ReplicaIdentityStmt)
      break
    // Owner, storage, statistics, options and the like change no row.
  }
}

/** The column counts from here on; what it holds stays. */
function addIdentity(
  walk: Walk,
  relation: Relation,
  column: Column,
  { generated_when, options }: Node,
): void {
  column.identity = generated_when === 'a' ? 'always' : 'by default'
  column.sequence = makeSequence(walk, relation, column, options)
}

function setDefault(walk: Walk, column: Column, tree: Node | undefined): void {
  if (tree && !isNoDefault(tree, column)) column.default = bindTypes(walk.catalog, tree)
  else delete column.default
}

function setNotNull(walk: Walk, relation: Relation, column: Column): void {
  if (!column.isNotNull && !relation.isEmpty) needNotNull(walk, relation, column)
  column.isNotNull = true
  for (const child of relation.children) {
    const inherited = findColumn(child, column.name)
    if (inherited) inherited.isNotNull = true
  }
}

/** A key takes its index along, and with CASCADE the foreign keys that refer to it. */
function dropConstraint(walk: Walk, relation: Relation, name: string, ifExists: boolean): void {
  const found = relation.constraints.find((one) => one.name === name)
  if (!found) {
    if (ifExists) return
    throw new NotFollowed(`constraint "${name}" is not known`)
  }
  relation.constraints = relation.constraints.filter((one) => one !== found)
  relation.indexes = relation.indexes.filter((one) => one !== found.index)
  for (const child of relation.children) dropConstraint(walk, child, name, true)
}

function alterConstraint(relation: Relation, def: Node): void {
  const { conname, deferrable } = def.Constraint ?? def.ATAlterConstraint ?? {}
  relation.constraints = relation.constraints.map((one) =>
    one.name === conname ? { ...one, isDeferrable: deferrable === true } : one,
  )
}

function setTriggers(relation: Relation, isMeant: (name: string) => boolean, isEnabled: boolean): void {
  relation.triggers = relation.triggers.map((one) =>
    isMeant(one.name) ? { ...one, isEnabled, isEnabledInReplica: false } : one,
  )
}

/** ALTER COLUMN … TYPE … [USING …]: every value is cast, and whatever depends on the column is checked again. */
function changeTypes(walk: Walk, relation: Relation, commands: readonly Node[], isRewritten: boolean): void {
  const source = walk.content.read(relation)
  const changed = new Set<Column>()
  for (const { name, def } of commands) {
    const column = columnOf(relation, name)
    const { typeName, raw_default: using } = def.ColumnDef
    const { type, opaque } = typeOrOpaque(walk, typeName)
    const tree = using
      ? bindColumns(relation, using)
      : { ColumnRef: { fields: [{ String: { sval: name } }] } }
    if (!relation.isEmpty && isRewritten) needFits(walk, relation, column, type, tree, source)
    const value = new Rewriter(walk.content).expression(tree, [relation])
    column.from = castTo(value.sql, type, 'assignment')
    column.type = type
    setCollation(column, collationOf(def.ColumnDef))
    walk.content.changeColumn(relation, column)
    const reason = opaque ?? value.opaque[0]
    if (reason !== undefined) column.opaque = reason
    changed.add(column)
  }
  relation.isDirty = true
  relation.past = []
  if (relation.isEmpty) return
  if (isRewritten)
    needEvaluation(
      walk,
      relation,
      [...changed].flatMap(({ opaque }) => opaque ?? []),
    )
  recheck(walk, relation, changed, isRewritten)
  passTypesOn(relation, changed)
  followFamily(walk, relation, changed)
}

/** Parts have the types of the whole. */
function passTypesOn(relation: Relation, changed: ReadonlySet<Column>): void {
  for (const child of relation.children) {
    const same = new Set<Column>()
    for (const { name, type, collation } of changed) {
      const column = findColumn(child, name)
      if (column) same.add(setCollation(Object.assign(column, { type }), collation))
    }
    passTypesOn(child, same)
  }
}

function recheck(walk: Walk, relation: Relation, changed: ReadonlySet<Column>, isRewritten: boolean): void {
  const isChanged = (column: Column) => changed.has(column)
  for (const column of changed) if (column.isNotNull && isRewritten) needNotNull(walk, relation, column)
  for (const index of relation.indexes) {
    const columns = index.keys.flatMap(({ column, expression }) => [
      ...(column ? [column] : columnsIn(expression)),
    ])
    if (index.isUnique && [...columns, ...columnsIn(index.predicate)].some(isChanged))
      needUnique(walk, relation, index)
  }
  for (const constraint of relation.constraints) {
    if (constraint.kind === 'check' && [...columnsIn(constraint.expression)].some(isChanged))
      needCheck(walk, relation, constraint)
    if (constraint.kind === 'foreign key' && constraint.columns.some(isChanged))
      needForeignKey(walk, relation, constraint)
  }
  for (const other of walk.catalog.relations) {
    for (const constraint of other.constraints) {
      if (constraint.parent === relation && constraint.parentColumns?.some(isChanged) && other !== relation)
        needForeignKey(walk, other, constraint)
    }
  }
}

/** The rows of a table are those of all that inherits from it. */
function blurUpwards(relation: Relation | undefined, reason: string): void {
  if (!relation) return
  relation.opaque ??= reason
  relation.isEmpty = false
  for (const parent of relation.parents) blurUpwards(parent, reason)
}

/** ALTER TYPE of a row type: values of it have other parts then. */
function followAlterComposite({ catalog, place }: Walk, node: Node): void {
  const type = findType(catalog, relationOf(node.relation))
  for (const { columns } of catalog.relations)
    for (const column of columns)
      if (type && column.type.object === type) column.opaque ??= `line ${place.line} changes its type`
}
