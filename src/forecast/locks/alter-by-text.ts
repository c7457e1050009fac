import { type LockMode, strongerOf } from '../../domain/lock-mode.js'
import { relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findRelation, findType } from '../lookup.js'
import type { CatalogModel } from '../model.js'
import { visitTree } from '../tree.js'
import { isSerial } from '../types.js'
import type { Claims, Details } from './claim.js'
import { claimNamed, claimTable } from './named.js'

/**
 * ALTER TABLE, INDEX, VIEW and SEQUENCE, which the parser takes for one. All commands run under one lock, the strongest that one
 * of them needs.
 */
export function claimAlter(claims: Claims, { relation, cmds = [] }: Node): void {
  const commands: Node[] = cmds.map(({ AlterTableCmd }: Node) => AlterTableCmd)
  const mode = commands.map(modeOf).reduce(strongerOf)
  const name = relationOf(relation)
  if (findRelation(claims.catalog, name)) claimTable(claims, relation, mode)
  else claimNamed(claims, name, mode)
  for (const command of commands) {
    for (const work of worksOf(claims.catalog, command)) claimTable(claims, relation, mode, work)
    claimOthers(claims, command)
  }
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
    case 'AT_SetRelOptions':
    case 'AT_ResetRelOptions':
      return modeOfOptions(def)
    case 'AT_AddConstraint':
      return def.Constraint.contype === 'CONSTR_FOREIGN' ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE'
    default:
      return 'ACCESS EXCLUSIVE'
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

/** What a command does meanwhile, beside changing the catalog. */
export function worksOf(catalog: CatalogModel, { subtype, def, missing_ok: mayExist }: Node): Details[] {
  switch (subtype) {
    case 'AT_AddColumn':
      return worksOfColumn(catalog, def.ColumnDef, Boolean(mayExist))
    // The old values may do, or it is so already.
    case 'AT_AlterColumnType':
    case 'AT_SetLogged':
    case 'AT_SetUnLogged':
    case 'AT_SetAccessMethod':
    case 'AT_SetTableSpace':
    case 'AT_SetExpression':
      return [{ work: 'rewrite', isWorkCertain: false }]
    case 'AT_SetNotNull':
    case 'AT_ValidateConstraint':
      return [{ work: 'scan', isWorkCertain: false }]
    case 'AT_AddConstraint':
      return worksOfConstraint(def.Constraint)
    default:
      return []
  }
}

function worksOfColumn(
  catalog: CatalogModel,
  { typeName, constraints = [] }: Node,
  mayExist: boolean,
): Details[] {
  const parts: Node[] = constraints.map(({ Constraint }: Node) => Constraint)
  const part = (contype: string) => parts.find((one) => one.contype === contype)
  const generated = part('CONSTR_GENERATED')
  const value = part('CONSTR_DEFAULT')?.raw_expr
  const isComputed =
    isSerial(typeName) || part('CONSTR_IDENTITY') || (generated && generated.generated_kind !== 'v')
  const isDomain = findType(catalog, relationOfParts(typeName.names ?? []))?.kind === 'domain'
  let calls = false
  visitTree(value, (kind) => {
    calls ||= kind === 'FuncCall'
  })
  const isWorkCertain = !mayExist
  const works: Details[] = []
  if (isComputed) works.push({ work: 'rewrite', isWorkCertain })
  // A function may give each row another value, and a domain may check it.
  else if (calls || isDomain) works.push({ work: 'rewrite', isWorkCertain: false })
  if (part('CONSTR_UNIQUE') || part('CONSTR_PRIMARY')) works.push({ work: 'build', isWorkCertain })
  // Without a value the table must be found empty.
  const isLookedThrough = part('CONSTR_NOTNULL') && value === undefined
  if (part('CONSTR_CHECK') || isLookedThrough || (part('CONSTR_FOREIGN') && value))
    works.push({ work: 'scan', isWorkCertain })
  return works
}

function worksOfConstraint({ contype, indexname, skip_validation: isNotValid }: Node): Details[] {
  if (contype === 'CONSTR_NOTNULL') return isNotValid ? [] : [{ work: 'scan', isWorkCertain: false }]
  if (contype === 'CONSTR_CHECK' || contype === 'CONSTR_FOREIGN')
    return isNotValid ? [] : [{ work: 'scan', isWorkCertain: true }]
  return indexname ? [{ work: 'scan', isWorkCertain: false }] : [{ work: 'build', isWorkCertain: true }]
}

/** The other tables that a command names. */
function claimOthers(claims: Claims, { subtype, def }: Node): void {
  const constraints: Node[] = def?.Constraint ? [def] : (def?.ColumnDef?.constraints ?? [])
  for (const { Constraint: one } of constraints) {
    const isChecked = def.Constraint
      ? !one.skip_validation
      : worksOfColumn(claims.catalog, def.ColumnDef, false).length > 0
    if (one?.pktable)
      claimTable(claims, one.pktable, 'SHARE ROW EXCLUSIVE', isChecked ? { work: 'read' } : {})
  }
  const partition = def?.PartitionCmd?.name
  if (partition && /AT_(Attach|Detach)Partition$/.test(subtype)) {
    const work = subtype === 'AT_AttachPartition' ? 'scan' : 'metadata'
    claimTable(claims, partition, 'ACCESS EXCLUSIVE', { work, isWorkCertain: work === 'metadata' })
  }
  if (subtype === 'AT_AddInherit') claimNamed(claims, relationOf(def.RangeVar), 'SHARE UPDATE EXCLUSIVE')
  if (subtype === 'AT_DropInherit') claimNamed(claims, relationOf(def.RangeVar), 'ACCESS SHARE')
}
