import { type LockMode, lockModes } from '../../domain/lock-mode.js'
import { dataKinds } from '../../sql/data-kinds.js'
import { relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findIndex, findRelation } from '../lookup.js'
import { visitTree } from '../tree.js'
import { claimAlter } from './alter-by-text.js'
import type { Claims } from './claim.js'
import { claimNamed, claimTable } from './named.js'
import { claimSequenceCalls } from './sequences.js'

/**
 * The locks that the text of a statement tells, on what it names: as the manual says, and no more. What the server locks beside
 * that is not told: indexes, tables that are referenced, what goes with CASCADE. Of a table with partitions or children those
 * may be locked as well.
 *
 * @param claims takes them; its catalog is as it is before the statement
 * @returns false where the text says nothing of the locks of such a statement, or nothing of that name is known
 */
export function claimByText(claims: Claims, kind: string, node: Node): boolean {
  tellers[kind]?.(claims, node)
  claimSequenceCalls(claims, node)
  return quietKinds.has(kind) || claims.list().length > 0
}

/** They may lock no relation that is there before them. */
const quietKinds: ReadonlySet<string> = new Set(
  `CreateStmt CreateTableAsStmt ViewStmt CreateSchemaStmt CreateEnumStmt AlterEnumStmt CreateDomainStmt CompositeTypeStmt
   CreateSeqStmt CreateFunctionStmt CreateExtensionStmt TransactionStmt VariableSetStmt VariableShowStmt`.split(
    /\s+/,
  ),
)

const strongest: LockMode = 'ACCESS EXCLUSIVE'

/** By kind of statement: https://www.postgresql.org/docs/current/explicit-locking.html, and the page of each command. */
const tellers: Readonly<Record<string, (claims: Claims, node: Node) => void>> = {
  AlterTableStmt: claimAlter,
  RenameStmt: claimRename,
  AlterObjectSchemaStmt: (claims, { relation }) => {
    if (relation) claimNamed(claims, relationOf(relation), strongest)
  },
  CreateStmt: claimCreateTable,
  IndexStmt: (claims, { relation, if_not_exists: mayExist }) =>
    claimTable(claims, relation, 'SHARE', { work: 'build', isWorkCertain: !mayExist }),
  DropStmt: claimDrop,
  TruncateStmt: (claims, { relations = [] }) => {
    for (const { RangeVar } of relations) claimTable(claims, RangeVar, strongest, { work: 'empty' })
  },
  LockStmt: (claims, { relations = [], mode }) => {
    for (const { RangeVar } of relations) claimTable(claims, RangeVar, lockModes[mode - 1] ?? strongest)
  },
  CreateTrigStmt: (claims, { relation }) => claimTable(claims, relation, 'SHARE ROW EXCLUSIVE'),
  CreatePolicyStmt: (claims, { table }) => claimTable(claims, table, strongest),
  AlterPolicyStmt: (claims, { table }) => claimTable(claims, table, strongest),
  RuleStmt: (claims, { relation }) => claimTable(claims, relation, strongest),
  // Most options give it another file.
  AlterSeqStmt: (claims, { sequence }) =>
    claimNamed(claims, relationOf(sequence), 'SHARE ROW EXCLUSIVE', {
      work: 'rewrite',
      isWorkCertain: false,
    }),
  RefreshMatViewStmt: (claims, { relation, concurrent }) =>
    concurrent
      ? claimNamed(claims, relationOf(relation), 'EXCLUSIVE', { work: 'write' })
      : claimNamed(claims, relationOf(relation), strongest, { work: 'rewrite' }),
  CreateTableAsStmt: (claims, { query }) => claimRead(claims, query),
  ViewStmt: (claims, { view, replace, query }) => {
    if (replace) claimNamed(claims, relationOf(view), strongest)
    claimRead(claims, query)
  },
  SelectStmt: (claims, node) => claimRead(claims, { SelectStmt: node }),
  InsertStmt: (claims, node) => claimRead(claims, { InsertStmt: node }),
  UpdateStmt: (claims, node) => claimRead(claims, { UpdateStmt: node }),
  DeleteStmt: (claims, node) => claimRead(claims, { DeleteStmt: node }),
  MergeStmt: (claims, node) => claimRead(claims, { MergeStmt: node }),
}

/** The tables of a query, and those into which it writes. */
function claimRead(claims: Claims, tree: Node): void {
  const withNames = new Set<string>()
  let locksRows = false
  visitTree(tree, (kind, node) => {
    if (kind === 'CommonTableExpr') withNames.add(node.ctename)
    locksRows ||= node.lockingClause !== undefined
  })
  visitTree(tree, (kind, node) => {
    if (dataKinds.has(kind)) claimTable(claims, node.relation, 'ROW EXCLUSIVE', { work: 'write' })
    if (kind !== 'RangeVar' || (!node.schemaname && withNames.has(node.relname))) return
    // FOR UPDATE is for the tables of its own query only.
    if (locksRows) claimTable(claims, node, 'ROW SHARE', { work: 'read', isCertain: false })
    else claimTable(claims, node, 'ACCESS SHARE', { work: 'read' })
  })
}

/** A new table locks those that it references, belongs to or is made like. */
function claimCreateTable(claims: Claims, node: Node): void {
  if (node.if_not_exists && findRelation(claims.catalog, relationOf(node.relation))) return
  for (const { Constraint, ColumnDef, TableLikeClause } of node.tableElts ?? []) {
    if (TableLikeClause) claimNamed(claims, relationOf(TableLikeClause.relation), 'ACCESS SHARE')
    const constraints: Node[] = Constraint ? [{ Constraint }] : (ColumnDef?.constraints ?? [])
    for (const { Constraint: one } of constraints)
      if (one.pktable) claimTable(claims, one.pktable, 'SHARE ROW EXCLUSIVE')
  }
  for (const { RangeVar } of node.inhRelations ?? [])
    claimNamed(claims, relationOf(RangeVar), node.partbound ? strongest : 'SHARE UPDATE EXCLUSIVE')
}

function claimRename(claims: Claims, { renameType, relation }: Node): void {
  if (!relation) return
  const isOfTable = /COLUMN|TABCONSTRAINT|TRIGGER|POLICY|RULE/.test(renameType)
  const isIndex = renameType === 'OBJECT_INDEX' && findIndex(claims.catalog, relationOf(relation))
  if (isOfTable) claimTable(claims, relation, strongest)
  else claimNamed(claims, relationOf(relation), isIndex ? 'SHARE UPDATE EXCLUSIVE' : strongest)
}

function claimDrop(claims: Claims, { objects = [], removeType, missing_ok: mayMiss }: Node): void {
  for (const { List } of objects) {
    const parts: Node[] = List?.items ?? []
    if (/TRIGGER|POLICY|RULE/.test(removeType)) {
      // IF EXISTS does not lock the table where there is nothing of that name.
      claimNamed(claims, relationOfParts(parts.slice(0, -1)), strongest, { isCertain: !mayMiss })
    } else if (/TABLE|VIEW|INDEX|SEQUENCE/.test(removeType)) {
      claimNamed(claims, relationOfParts(parts), strongest, { work: 'drop' })
      const found = removeType === 'OBJECT_INDEX' && findIndex(claims.catalog, relationOfParts(parts))
      if (found) claims.relation(found.relation, strongest)
    }
  }
}
