import type { LockMode } from '../../domain/lock-mode.js'
import type { Node } from '../../sql/parser.js'
import { findColumn } from '../lookup.js'
import type { Column, ColumnType, Relation } from '../model.js'
import { namesOf } from '../tree.js'
import type { Claims } from './claim.js'
import { indexSurvives, typeChangeRewrites, typeNamed } from './column-type.js'
import { descendantsOf, isPartitioned } from './family.js'
import {
  claimParent,
  claimParentOfDropped,
  claimValidation,
  foreignKeysOf,
  foreignKeysTo,
} from './foreign-keys.js'
import { indexReads } from './references.js'

interface TypeChange {
  readonly column: Column
  readonly rewrites: boolean
  /** Undefined when the type is not known: then nothing is kept. */
  readonly to: ColumnType | undefined
  readonly collation: string | undefined
}

/** ALTER COLUMN TYPE in a table and those that inherit the column. What depends on the column is dropped and made again. */
export function claimTypeChange(claims: Claims, family: readonly Relation[], { name, def }: Node): void {
  for (const relation of family) {
    const column = findColumn(relation, name)
    if (!column) continue
    const to = typeNamed(claims.catalog, def.ColumnDef.typeName)
    const rewrites = !to || typeChangeRewrites(claims.catalog, column, to, def.ColumnDef.raw_default)
    const collation = collationIn(def.ColumnDef.collClause)
    if (rewrites && !isPartitioned(relation)) claims.rewrite(relation)
    const change = { column, rewrites, to, collation }
    claimIndexes(claims, relation, change)
    claimChecks(claims, relation, change)
    claimForeignKeys(claims, relation, change)
  }
}

function claimIndexes(
  claims: Claims,
  relation: Relation,
  { column, rewrites, to, collation }: TypeChange,
): void {
  for (const index of relation.indexes) {
    if (!indexReads(index, column)) continue
    const isKept = isPartitioned(relation) || (!rewrites && to && indexSurvives(index, column, to, collation))
    claims.index(index, relation, 'ACCESS EXCLUSIVE', { work: isKept ? 'metadata' : 'build' })
    if (!isKept) claims.relation(relation, 'ACCESS EXCLUSIVE', { work: 'build' })
  }
}

/** A CHECK is made again and therefore checked again, also where no value changes. */
function claimChecks(claims: Claims, relation: Relation, { column }: TypeChange): void {
  const isChecked = relation.constraints.some(
    ({ kind, isValidated, columns }) => kind === 'check' && isValidated && columns.includes(column),
  )
  if (isChecked && !isPartitioned(relation)) claims.relation(relation, 'ACCESS EXCLUSIVE', { work: 'scan' })
}

function claimForeignKeys(claims: Claims, relation: Relation, { column, rewrites }: TypeChange): void {
  for (const { parent, columns, isValidated } of foreignKeysOf(relation)) {
    if (!columns.includes(column)) continue
    claimParentOfDropped(claims, parent)
    // Made again it locks all of them, but before 15 the partitioned table itself no more than that.
    if (claims.catalog.serverVersion >= 150000) claims.relation(parent, 'ACCESS EXCLUSIVE')
    claimParent(claims, parent)
    if (rewrites && isValidated) claimValidation(claims, relation, parent)
  }
  for (const { child, foreignKey } of foreignKeysTo(claims.catalog, relation)) {
    if (!foreignKey.parentColumns.includes(column)) continue
    const mode: LockMode = 'ACCESS EXCLUSIVE'
    claims.relation(child, mode)
    if (isPartitioned(child)) for (const partition of descendantsOf(child)) claims.relation(partition, mode)
    if (rewrites && foreignKey.isValidated) claimValidation(claims, child, relation)
  }
}

/** Quoted, and qualified as the catalog has it. */
function collationIn(clause: Node | undefined): string | undefined {
  const names = namesOf(clause?.collname)
  if (names.length === 0 || names.at(-1) === 'default') return undefined
  const [schema, name] = names.length > 1 ? names.slice(-2) : ['pg_catalog', names[0]]
  const quote = (word = '') => (/^[a-z_][a-z0-9_]*$/.test(word) ? word : `"${word}"`)
  return `${quote(schema)}.${quote(name)}`
}
