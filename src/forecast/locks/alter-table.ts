import { type LockMode, strongerOf } from '../../domain/lock-mode.js'
import type { LockedWork } from '../../domain/statement-lock.js'
import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findColumn, findIndex, findRelation, findSequence, findType } from '../lookup.js'
import type { Column, Constraint, IndexObject, Relation } from '../model.js'
import { namesOf } from '../tree.js'
import { isSerial } from '../types.js'
import { claimTypeChange } from './alter-type.js'
import type { Claims } from './claim.js'
import { isConstrainedDomain, typeNamed } from './column-type.js'
import { Drops } from './drops.js'
import { defaultPartitionOf, descendantsOf, familyOf, isPartitioned, leavesOf } from './family.js'
import { claimParent, claimValidation, foreignKeysOf, foreignKeysTo, isForeignKey } from './foreign-keys.js'
import { claimSequenceCalls } from './sequences.js'
import { isVolatile } from './volatile.js'

/** ALTER TABLE, INDEX, VIEW, SEQUENCE and TYPE, which the parser takes for one. */
export function claimAlter(claims: Claims, node: Node): void {
  const { catalog } = claims
  const name = relationOf(node.relation)
  const relation = findRelation(catalog, name)
  if (relation) {
    claimAlterTable(claims, relation, node)
    return
  }
  const found = findIndex(catalog, name)
  if (found) {
    claimAlterIndex(claims, found, node)
    return
  }
  const sequence = findSequence(catalog, name)
  if (sequence) {
    claims.sequence(sequence, 'ACCESS EXCLUSIVE')
    return
  }
  const type = findType(catalog, name)
  if (type?.kind === 'composite') claims.compositeType(type, 'ACCESS EXCLUSIVE')
}

/**
 * All commands of an ALTER TABLE run under one lock, the strongest that one of them needs. Where a command goes on to
 * partitions and inheriting tables, they are locked as strongly.
 */
function claimAlterTable(claims: Claims, relation: Relation, node: Node): void {
  const commands: Node[] = (node.cmds ?? []).map((cmd: Node) => cmd.AlterTableCmd)
  const mode = commands.map(modeOf).reduce(strongerOf)
  claims.relation(relation, mode)
  const work = new AlterTable(claims, relation, mode, Boolean(node.relation.inh))
  for (const cmd of commands) work.claim(cmd)
}

/** https://www.postgresql.org/docs/current/sql-altertable.html: ACCESS EXCLUSIVE unless something else is said there. */
function modeOf({ subtype, def }: Node): LockMode {
  if (/^AT_(En|Dis)able.*Trig/.test(subtype)) return 'SHARE ROW EXCLUSIVE'
  switch (subtype) {
    case 'AT_SetStatistics':
    case 'AT_SetOptions':
    case 'AT_ResetOptions':
    case 'AT_ClusterOn':
    case 'AT_DropCluster':
    case 'AT_ValidateConstraint':
    case 'AT_AttachPartition':
    case 'AT_DetachPartitionFinalize':
      return 'SHARE UPDATE EXCLUSIVE'
    case 'AT_DetachPartition':
      return def.PartitionCmd.concurrent ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE'
    case 'AT_SetRelOptions':
    case 'AT_ResetRelOptions':
      return modeOfOptions(def)
    case 'AT_AddConstraint':
      return def.Constraint.contype === 'CONSTR_FOREIGN' ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE'
    default:
      return 'ACCESS EXCLUSIVE'
  }
}

function claimAlterIndex(
  claims: Claims,
  found: { index: IndexObject; relation: Relation },
  node: Node,
): void {
  for (const { AlterTableCmd: cmd } of node.cmds ?? []) {
    claims.index(found.index, found.relation, modeOf(cmd))
    if (cmd.subtype !== 'AT_AttachPartition') continue
    const part = findIndex(claims.catalog, relationOf(cmd.def.PartitionCmd.name))
    claims.relation(found.relation, 'ACCESS SHARE')
    if (!part) continue
    claims.index(part.index, part.relation, 'ACCESS EXCLUSIVE')
    claims.relation(part.relation, 'ACCESS SHARE')
  }
}

/** Storage parameters that are read while rows are written; a view's options; some of GIN, GiST and BRIN. */
const heavyOptions =
  /^(user_catalog_table|security_barrier|security_invoker|check_option|fastupdate|buffering|gin_pending_list_limit|pages_per_range|autosummarize)$/

function modeOfOptions(def: Node | undefined): LockMode {
  const options: Node[] = def?.List?.items ?? []
  const isHeavy = options.some(({ DefElem }) => !DefElem.defnamespace && heavyOptions.test(DefElem.defname))
  return isHeavy ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE'
}

class AlterTable {
  readonly #drops: Drops

  constructor(
    private readonly claims: Claims,
    private readonly relation: Relation,
    private readonly mode: LockMode,
    /** False under ONLY. */
    private readonly inherits: boolean,
  ) {
    this.#drops = new Drops(claims)
  }

  claim(cmd: Node): void {
    const { claims, relation } = this
    const column = findColumn(relation, cmd.name ?? '')
    switch (cmd.subtype) {
      case 'AT_AddColumn':
        this.#addColumn(cmd)
        return
      case 'AT_DropColumn':
        if (column) this.#drops.column(relation, column)
        return
      case 'AT_AlterColumnType':
        this.#lockDescendants()
        claimTypeChange(claims, this.#family(), cmd)
        return
      case 'AT_DropNotNull':
        // Since 18 it is a constraint, and there is none to look for in the descendants.
        if (column?.isNotNull || claims.catalog.serverVersion < 180000) this.#lockDescendants()
        return
      case 'AT_ColumnDefault':
      case 'AT_SetStatistics':
      case 'AT_SetStorage':
      case 'AT_DropExpression':
        this.#lockDescendants()
        return
      case 'AT_SetNotNull':
        if (column) this.#setNotNull(column)
        return
      case 'AT_SetExpression':
        this.#lockDescendants()
        this.#rewriteAll()
        return
      case 'AT_AddIdentity':
      case 'AT_SetIdentity':
      case 'AT_DropIdentity':
        this.#identity(cmd, column)
        return
      case 'AT_AddConstraint':
        this.#addConstraint(cmd.def.Constraint)
        return
      case 'AT_AlterConstraint':
        this.#alterConstraint(
          this.#constraint(cmd.def.ATAlterConstraint?.conname ?? cmd.def.Constraint?.conname),
        )
        return
      case 'AT_ValidateConstraint':
        this.#validate(this.#constraint(cmd.name))
        return
      case 'AT_DropConstraint':
        this.#dropConstraint(this.#constraint(cmd.name))
        return
      case 'AT_ChangeOwner':
        this.#changeOwner()
        return
      case 'AT_ClusterOn':
        this.#indexNamed(cmd.name, 'SHARE UPDATE EXCLUSIVE')
        return
      case 'AT_ReplicaIdentity':
        this.#indexNamed(cmd.def.ReplicaIdentityStmt.name, 'SHARE')
        return
      case 'AT_SetLogged':
      case 'AT_SetUnLogged':
        if (Boolean(relation.isUnlogged) === (cmd.subtype === 'AT_SetLogged')) claims.rewrite(relation)
        return
      case 'AT_SetAccessMethod':
        if (cmd.name && cmd.name !== 'heap') claims.rewrite(relation)
        return
      case 'AT_SetTableSpace':
        this.#setTableSpace(cmd.name)
        return
      case 'AT_SetRelOptions':
      case 'AT_ResetRelOptions':
        claims.toastTableOf(relation, this.mode)
        return
      case 'AT_AddInherit':
        this.#lockNamed(cmd.def.RangeVar, 'SHARE UPDATE EXCLUSIVE')
        return
      case 'AT_DropInherit':
        this.#lockNamed(cmd.def.RangeVar, 'ACCESS SHARE')
        return
      case 'AT_AttachPartition':
        this.#attach(cmd.def.PartitionCmd)
        return
      case 'AT_DetachPartition':
        this.#detach(cmd.def.PartitionCmd)
        return
      default:
        if (/^AT_(En|Dis)able.*Trig/.test(cmd.subtype)) this.#switchTriggers(cmd)
    }
  }

  // Columns

  #addColumn({ def, missing_ok: mayExist }: Node): void {
    const { claims, relation } = this
    const { colname, typeName, constraints = [] } = def.ColumnDef as Node
    if (mayExist && findColumn(relation, colname)) return
    this.#lockDescendants()
    const parts: Node[] = constraints.map(({ Constraint }: Node) => Constraint)
    const part = (contype: string) => parts.find((one) => one.contype === contype)
    const type = typeNamed(claims.catalog, typeName)
    const generated = part('CONSTR_GENERATED')
    const value = part('CONSTR_DEFAULT')?.raw_expr
    const isComputed =
      isSerial(typeName) ||
      part('CONSTR_IDENTITY') !== undefined ||
      (generated !== undefined && generated.generated_kind !== 'v') ||
      isVolatile(claims.catalog, value) ||
      (type !== undefined && isConstrainedDomain(type))
    // In an empty table it is called for no row.
    claimSequenceCalls(claims, value, { isCertain: false })
    const isNotNull = part('CONSTR_NOTNULL') ?? part('CONSTR_PRIMARY')
    if (isComputed) this.#rewriteAll()
    // Without a value the table must be found empty.
    if (part('CONSTR_CHECK') ?? (isNotNull && value === undefined)) this.#workOnLeaves('scan')
    if (part('CONSTR_UNIQUE') ?? part('CONSTR_PRIMARY')) this.#build()
    const foreign = part('CONSTR_FOREIGN')
    const hasValues = isComputed || (value !== undefined && !value.A_Const?.isnull)
    if (foreign) this.#addForeignKey(foreign, hasValues)
  }

  #setNotNull(column: Column): void {
    if (column.isNotNull) return
    this.#lockDescendants()
    for (const one of this.#family()) {
      const own = findColumn(one, column.name)
      if (!isPartitioned(one) && own && !own.isNotNull && !isProvenNotNull(one, own)) {
        this.claims.relation(one, this.mode, { work: 'scan' })
      }
    }
  }

  #identity({ subtype, def }: Node, column: Column | undefined): void {
    if (subtype === 'AT_AddIdentity' || !column?.sequence) return
    const isDropped = subtype === 'AT_DropIdentity'
    const restarts = JSON.stringify(def ?? {}).includes('"restart"')
    this.claims.sequence(column.sequence, isDropped ? 'ACCESS EXCLUSIVE' : 'SHARE ROW EXCLUSIVE', {
      work: restarts ? 'rewrite' : 'metadata',
    })
  }

  // Constraints

  #addConstraint(constraint: Node): void {
    const { claims, relation } = this
    const isChecked = !constraint.skip_validation
    switch (constraint.contype) {
      case 'CONSTR_CHECK':
        if (!constraint.is_no_inherit || claims.catalog.serverVersion >= 180000) this.#lockDescendants()
        if (isChecked) this.#workOnLeaves('scan', constraint.is_no_inherit ? [relation] : this.#family())
        return
      case 'CONSTR_NOTNULL': {
        const column = findColumn(relation, namesOf(constraint.keys)[0] ?? '')
        if (column && isChecked) this.#setNotNull(column)
        return
      }
      case 'CONSTR_FOREIGN':
        this.#addForeignKey(constraint, isChecked)
        return
      default:
        this.#addKey(constraint)
        return
    }
  }

  #addKey({ contype, conname, indexname, keys }: Node): void {
    const { claims, relation } = this
    const found = indexname && findIndex(claims.catalog, { schema: relation.schema, name: indexname })
    // The index takes the name of the constraint.
    if (found)
      claims.index(
        found.index,
        relation,
        conname && conname !== indexname ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS SHARE',
      )
    if (contype === 'CONSTR_PRIMARY') {
      const columns = found
        ? found.index.keys.flatMap(({ column }: { column?: Column }) => column ?? [])
        : namesOf(keys).flatMap((name) => findColumn(relation, name) ?? [])
      for (const column of columns) this.#setNotNull(column)
    }
    if (!indexname) this.#build()
  }

  #addForeignKey(constraint: Node, isChecked: boolean): void {
    const { claims, relation } = this
    const parent = findRelation(claims.catalog, relationOf(constraint.pktable))
    if (isPartitioned(relation)) this.#lockDescendants()
    if (!parent) return
    claimParent(claims, parent)
    if (isChecked) claimValidation(claims, relation, parent)
  }

  #alterConstraint(constraint: Constraint | undefined): void {
    if (constraint && isForeignKey(constraint) && isPartitioned(this.relation)) this.#lockDescendants()
  }

  #validate(constraint: Constraint | undefined): void {
    const { claims, relation } = this
    if (!constraint || constraint.isValidated) return
    if (isForeignKey(constraint)) {
      claimValidation(claims, relation, constraint.parent)
      return
    }
    this.#lockDescendants()
    this.#workOnLeaves('scan')
  }

  #dropConstraint(constraint: Constraint | undefined): void {
    if (!constraint) return
    if (constraint.kind === 'check' || isPartitioned(this.relation)) this.#lockDescendants()
    this.#drops.constraint(this.relation, constraint)
  }

  // The table

  /** One that it belongs to already changes nothing; who that is, is not known. */
  #changeOwner(): void {
    const { claims, relation } = this
    const details = { isCertain: false }
    claims.indexesOf(relation, this.mode, details)
    claims.toastOf(relation, this.mode, details)
    for (const { sequence } of relation.columns) if (sequence) claims.sequence(sequence, this.mode, details)
  }

  /** The table is copied; its indexes stay where they are. */
  #setTableSpace(name: string): void {
    const { claims, relation } = this
    if (name === 'pg_default' || isPartitioned(relation)) return
    claims.relation(relation, this.mode, { work: 'rewrite' })
    claims.toastOf(relation, this.mode, { work: 'rewrite' })
  }

  /** Goes on to the partitions with each trigger for rows that it finds; since 15 ALL finds those of foreign keys too. */
  #switchTriggers({ subtype, name }: Node): void {
    const { claims, relation } = this
    if (!isPartitioned(relation)) return
    const isHit = relation.triggers.some(
      (one) => one.isForEachRow && (name === undefined || one.name === name),
    )
    const isReferring =
      foreignKeysOf(relation).length > 0 || foreignKeysTo(claims.catalog, relation).length > 0
    const isInternal = subtype.endsWith('All') && isReferring && claims.catalog.serverVersion >= 150000
    if (isHit || isInternal) this.#lockDescendants()
  }

  // Partitions

  /** The rows of the new partition are checked against its bounds, those of the default partition against not being of it. */
  #attach({ name }: Node): void {
    const { claims, relation } = this
    const partition = findRelation(claims.catalog, relationOf(name))
    if (!partition) return
    for (const one of familyOf(partition)) claims.relation(one, 'ACCESS EXCLUSIVE')
    this.#workOnLeaves('scan', familyOf(partition), 'ACCESS EXCLUSIVE')
    const other = defaultPartitionOf(relation)
    if (other) this.#workOnLeaves('scan', familyOf(other), 'ACCESS EXCLUSIVE')
    if (relation.indexes.length > 0) this.#workOnLeaves('build', familyOf(partition), 'ACCESS EXCLUSIVE')
    claims.indexesOf(relation, 'SHARE UPDATE EXCLUSIVE')
    for (const { parent } of foreignKeysOf(relation)) {
      claimParent(claims, parent)
      claimValidation(claims, partition, parent)
    }
  }

  #detach({ name, concurrent }: Node): void {
    const { claims, relation } = this
    const partition = findRelation(claims.catalog, relationOf(name))
    if (!partition) return
    for (const one of familyOf(partition)) claims.relation(one, 'ACCESS EXCLUSIVE')
    claims.indexesOf(partition, 'ACCESS EXCLUSIVE')
    const other = defaultPartitionOf(relation)
    if (other && !concurrent) claims.relation(other, 'ACCESS EXCLUSIVE')
    for (const { parent } of foreignKeysOf(relation)) claimParent(claims, parent)
  }

  // Helpers

  #family(): Relation[] {
    return this.inherits ? familyOf(this.relation) : [this.relation]
  }

  #lockDescendants(): void {
    if (this.inherits) for (const one of descendantsOf(this.relation)) this.claims.relation(one, this.mode)
  }

  #workOnLeaves(work: LockedWork, family = this.#family(), mode = this.mode): void {
    for (const one of family) if (!isPartitioned(one)) this.claims.relation(one, mode, { work })
  }

  #rewriteAll(): void {
    for (const one of this.#family()) if (!isPartitioned(one)) this.claims.rewrite(one)
  }

  /** Partitions are locked by the building of their index only, before 18. */
  #build(): void {
    const { claims, relation } = this
    if (!isPartitioned(relation)) {
      claims.relation(relation, this.mode, { work: 'build' })
      return
    }
    // ONLY makes the index of the table alone, which is built from nothing.
    if (!this.inherits) return
    const mode = claims.catalog.serverVersion >= 180000 ? this.mode : 'SHARE'
    for (const one of descendantsOf(relation)) claims.relation(one, mode)
    this.#workOnLeaves('build', leavesOf(relation), mode)
  }

  #constraint(name: string | undefined): Constraint | undefined {
    return this.relation.constraints.find((constraint) => constraint.name === name)
  }

  #indexNamed(name: string | undefined, mode: LockMode): void {
    const index = this.relation.indexes.find((one) => one.name === name)
    if (index) this.claims.index(index, this.relation, mode)
  }

  #lockNamed(rangeVar: Node, mode: LockMode): void {
    const relation = findRelation(this.claims.catalog, relationOf(rangeVar))
    if (relation) this.claims.relation(relation, mode)
  }
}

/** A valid CHECK proves it, so that the server does not read the table: https://www.postgresql.org/docs/current/sql-altertable.html */
function isProvenNotNull(relation: Relation, column: Column): boolean {
  return relation.constraints.some(
    ({ kind, isValidated, expression }) =>
      kind === 'check' && isValidated && expression && requires(expression, column),
  )
}

function requires(expression: Node, column: Column): boolean {
  const { NullTest: test, BoolExpr: bool } = expression
  if (bool?.boolop === 'AND_EXPR') return bool.args.some((one: Node) => requires(one, column))
  const names = namesOf(test?.arg?.ColumnRef?.fields)
  return test?.nulltesttype === 'IS_NOT_NULL' && names.at(-1) === column.name
}
