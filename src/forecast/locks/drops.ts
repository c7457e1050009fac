import type { Column, Constraint, IndexObject, Relation, SequenceObject, TypeObject } from '../model.js'
import type { Claims } from './claim.js'
import { defaultPartitionOf, descendantsOf, isPartitioned, tablesOf } from './family.js'
import {
  claimParentOfDropped,
  type ForeignKey,
  foreignKeysOf,
  foreignKeysTo,
  indexBehind,
  isForeignKey,
} from './foreign-keys.js'
import {
  callsFunction,
  indexExpressions,
  indexReads,
  policyReads,
  readsColumn,
  usesType,
  viewReads,
} from './references.js'
import { sequenceBehind } from './sequences.js'

/**
 * What goes when something is dropped, and what is locked for it: all of it, and the tables that lose a constraint, a
 * trigger, a default or a policy. Without CASCADE the statement fails where there is something that would have to go.
 * https://www.postgresql.org/docs/current/ddl-depend.html
 */
export class Drops {
  readonly #gone = new Set<object>()

  constructor(private readonly claims: Claims) {}

  relation(relation: Relation): void {
    if (!this.#isNew(relation)) return
    const { claims } = this
    claims.whole(relation, 'ACCESS EXCLUSIVE', { work: 'drop' })
    for (const child of relation.children) this.relation(child)
    if (relation.isPartition) this.#lockFamilyAbove(relation)
    for (const foreignKey of foreignKeysOf(relation)) {
      if (!isInherited(relation, foreignKey)) this.#lockReferenced(foreignKey.parent, 'drop')
    }
    for (const { child, foreignKey } of foreignKeysTo(claims.catalog, relation))
      this.constraint(child, foreignKey)
    for (const sequence of this.#sequencesOf(relation.columns)) this.sequence(sequence)
    for (const other of claims.catalog.relations) {
      if (other.reads.includes(relation)) this.relation(other)
      if (policyReads(claims.catalog, other.policies, relation)) claims.relation(other, 'ACCESS EXCLUSIVE')
    }
  }

  column(relation: Relation, column: Column): void {
    if (!this.#isNew(column)) return
    const { claims } = this
    claims.relation(relation, 'ACCESS EXCLUSIVE')
    for (const child of relation.children) {
      const inherited = child.columns.find(({ name }) => name === column.name)
      if (inherited) this.column(child, inherited)
    }
    for (const sequence of this.#sequencesOf([column])) this.sequence(sequence)
    for (const index of relation.indexes) if (indexReads(index, column)) this.index(index, relation)
    for (const constraint of relation.constraints) {
      if (constraint.columns.includes(column)) this.constraint(relation, constraint)
    }
    for (const other of relation.columns)
      if (readsColumn(other.generated, column)) this.column(relation, other)
    for (const { child, foreignKey } of foreignKeysTo(claims.catalog, relation)) {
      if (foreignKey.parentColumns.includes(column)) this.constraint(child, foreignKey)
    }
    for (const other of claims.catalog.relations) {
      if (viewReads(other, relation, column)) this.relation(other)
      if (policyReads(claims.catalog, other.policies, relation, column))
        claims.relation(other, 'ACCESS EXCLUSIVE')
    }
  }

  constraint(relation: Relation, constraint: Constraint): void {
    if (!this.#isNew(constraint)) return
    this.claims.relation(relation, 'ACCESS EXCLUSIVE')
    if (isForeignKey(constraint)) {
      if (isPartitioned(relation)) this.#lockAll(descendantsOf(relation))
      this.#lockReferenced(constraint.parent, 'alter')
    }
    if (constraint.index) this.index(constraint.index, relation)
  }

  /** The table is locked with it, as are the foreign keys that lean on it. */
  index(index: IndexObject, relation: Relation): void {
    if (!this.#isNew(index)) return
    const { claims } = this
    claims.relation(relation, 'ACCESS EXCLUSIVE')
    claims.index(index, relation, 'ACCESS EXCLUSIVE', { work: 'drop' })
    for (const partition of descendantsOf(relation)) {
      for (const part of partition.indexes) if (part.parent === index) this.index(part, partition)
    }
    if (!index.isUnique) return
    for (const { child, foreignKey } of foreignKeysTo(claims.catalog, relation)) {
      if (indexBehind(foreignKey) === index) this.constraint(child, foreignKey)
    }
  }

  sequence(sequence: SequenceObject): void {
    if (!this.#isNew(sequence)) return
    const { catalog } = this.claims
    this.claims.sequence(sequence, 'ACCESS EXCLUSIVE', { work: 'drop' })
    for (const relation of catalog.relations) {
      if (relation.columns.some((column) => sequenceBehind(catalog, column) === sequence)) {
        this.claims.relation(relation, 'ACCESS EXCLUSIVE')
      }
    }
  }

  type(type: TypeObject): void {
    if (!this.#isNew(type)) return
    const { catalog } = this.claims
    if (type.kind === 'composite') this.claims.compositeType(type, 'ACCESS EXCLUSIVE')
    for (const other of catalog.types) if (other.base?.object === type) this.type(other)
    for (const relation of catalog.relations) {
      for (const column of relation.columns) {
        if (column.type.object !== type) continue
        if (relation.kind === 'view' || relation.kind === 'materialized view') this.relation(relation)
        else this.column(relation, column)
      }
      this.#expressions(relation, (expression) => usesType(expression, type))
    }
  }

  /** Of every function of that name. */
  function(name: string): void {
    for (const relation of this.claims.catalog.relations) {
      for (const trigger of relation.triggers)
        if (trigger.functionName.name === name) this.#lockAll(tablesOf(relation, trigger))
      this.#expressions(relation, (expression) => callsFunction(expression, name))
    }
  }

  schema(schema: string): void {
    const { relations, sequences, types } = this.claims.catalog
    for (const relation of relations) if (relation.schema === schema) this.relation(relation)
    for (const sequence of sequences) if (sequence.schema === schema) this.sequence(sequence)
    for (const type of types) if (type.schema === schema) this.type(type)
  }

  /** What of a relation goes because an expression of it does. */
  #expressions(relation: Relation, goes: (expression: Parameters<typeof callsFunction>[0]) => boolean): void {
    for (const index of relation.indexes) if (indexExpressions(index).some(goes)) this.index(index, relation)
    for (const constraint of relation.constraints)
      if (goes(constraint.expression)) this.constraint(relation, constraint)
    for (const column of relation.columns) {
      if (goes(column.generated)) this.column(relation, column)
      if (goes(column.default)) this.claims.relation(relation, 'ACCESS EXCLUSIVE')
    }
  }

  /** A partition is taken out of its parent, and the default partition may then hold what it did. */
  #lockFamilyAbove({ parents }: Relation): void {
    for (const parent of parents) {
      this.claims.relation(parent, 'ACCESS EXCLUSIVE')
      const other = defaultPartitionOf(parent)
      if (other) this.claims.relation(other, 'ACCESS EXCLUSIVE')
    }
  }

  /** Its triggers go. Before 15, DROP TABLE left out a partitioned table itself, of which only the partitions have triggers. */
  #lockReferenced(parent: Relation, by: 'drop' | 'alter'): void {
    claimParentOfDropped(this.claims, parent)
    if (by === 'alter' || this.claims.catalog.serverVersion >= 150000)
      this.claims.relation(parent, 'ACCESS EXCLUSIVE')
  }

  #lockAll(relations: readonly Relation[]): void {
    for (const relation of relations) this.claims.relation(relation, 'ACCESS EXCLUSIVE')
  }

  #sequencesOf(columns: readonly Column[]): SequenceObject[] {
    return this.claims.catalog.sequences.filter(({ ownedBy }) => ownedBy && columns.includes(ownedBy))
  }

  #isNew(object: object): boolean {
    if (this.#gone.has(object)) return false
    this.#gone.add(object)
    return true
  }
}

/** A foreign key that a partition has from its parent: the referenced table has triggers for the parent's only. */
function isInherited({ parents }: Relation, { parent, columns }: ForeignKey): boolean {
  const names = columns.map(({ name }) => name).join()
  return parents.some((above) =>
    foreignKeysOf(above).some(
      (other) => other.parent === parent && other.columns.map(({ name }) => name).join() === names,
    ),
  )
}
