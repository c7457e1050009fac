import type { Reader } from '../../domain/reader.js'
import { type ColumnsByNumber, readColumns } from '../live/columns.js'
import { readConstraints } from '../live/constraints.js'
import { Expressions } from '../live/expressions.js'
import { readFamilies, readPartitions } from '../live/families.js'
import { readFunctions } from '../live/functions.js'
import { type IndexesByOid, readIndexes } from '../live/indexes.js'
import { readPolicies } from '../live/policies.js'
import { type RelationsByOid, readRelations } from '../live/relations.js'
import { readRules } from '../live/rules.js'
import { readSequences } from '../live/sequences.js'
import { readServer } from '../live/server.js'
import { readTriggers } from '../live/triggers.js'
import { readTypes, type TypesByOid } from '../live/types.js'
import type { CatalogModel, Column, Relation } from '../model.js'
import { parseStatement } from '../tree.js'
import { bindView } from '../views.js'
import { readVersions, type Versions } from './versions.js'

/** What a statement has changed on the twin. */
export interface Change {
  /** Made or changed. */
  readonly relations: readonly Relation[]
  /** OIDs of those that are gone. */
  readonly gone: readonly number[]
  readonly areTypes: boolean
  readonly areFunctions: boolean
  readonly areSequences: boolean
}

/** The catalog of the twin as it was read last. What has not changed is not read again. */
export class Mirror {
  catalog: CatalogModel | undefined
  /** Where a column stands: the OID of its relation, and its number. */
  readonly places = new WeakMap<Column, { readonly relation: number; readonly number: number }>()
  #versions: Versions | undefined
  #relations: RelationsByOid = new Map()
  #columns: ColumnsByNumber = new Map()
  #indexes: IndexesByOid = new Map()
  #types: TypesByOid = new Map()

  constructor(private readonly schema: string) {}

  /** Reads what is another than last time; the first time, all of it. */
  async read(reader: Reader): Promise<{ catalog: CatalogModel; change: Change }> {
    const versions = await readVersions(reader)
    const before = this.#versions
    this.#versions = versions
    const isOther = (part: 'types' | 'functions' | 'sequences' | 'server') =>
      before?.[part] !== versions[part]
    if (this.catalog === undefined || isOther('server')) {
      const server = await readServer(reader, this.schema)
      this.catalog = { ...server, ...only(this.catalog), home: this.schema }
    }
    const { catalog } = this
    if (isOther('types')) {
      catalog.types = []
      this.#types = await readTypes(reader, catalog)
    }
    if (isOther('functions')) {
      catalog.functions = []
      await readFunctions(reader, catalog)
    }
    const changed = [...versions.relations.keys()].filter(
      (oid) => before?.relations.get(oid) !== versions.relations.get(oid),
    )
    const gone = [...(before?.relations.keys() ?? [])].filter((oid) => !versions.relations.has(oid))
    if (changed.length + gone.length > 0) await this.#readRelations(reader, catalog, changed, gone)
    const areSequences = isOther('sequences')
    if (areSequences) {
      catalog.sequences = []
      await readSequences(reader, catalog, this.#columns)
    }
    return {
      catalog,
      change: {
        relations: changed.flatMap((oid) => this.#relations.get(oid) ?? []),
        gone,
        areTypes: isOther('types'),
        areFunctions: isOther('functions'),
        areSequences,
      },
    }
  }

  async #readRelations(
    reader: Reader,
    catalog: CatalogModel,
    changed: readonly number[],
    gone: readonly number[],
  ): Promise<void> {
    catalog.relations = []
    const { relations, rows } = await readRelations(reader, catalog, changed, this.#relations)
    for (const oid of gone) this.#relations.delete(oid)
    for (const [oid, relation] of relations) this.#relations.set(oid, relation)
    catalog.relations = [...this.#relations.values()]
    const later = new Expressions()
    const columns = await readColumns(reader, relations, this.#types, later, changed)
    for (const [relation, numbers] of columns) {
      this.#columns.set(relation, numbers)
      for (const [number, column] of numbers) this.places.set(column, { relation, number })
    }
    const indexes = await readIndexes(reader, relations, this.#columns, later, changed)
    for (const [oid, index] of indexes) this.#indexes.set(oid, index)
    const all = this.#relations
    await readConstraints(reader, all, this.#columns, this.#indexes, later, changed)
    await readTriggers(reader, relations, changed)
    await readRules(reader, relations, changed)
    await readFamilies(reader, all, changed)
    readPartitions(catalog, relations, rows)
    await readPolicies(reader, relations, changed)
    later.parse(catalog)
    for (const view of relations.values())
      if (view.definition !== undefined) view.query = bindView(catalog, parseStatement(view.definition))
  }
}

/** What is not the server's own part of a catalog. */
function only(catalog: CatalogModel | undefined): Partial<CatalogModel> {
  if (!catalog) return {}
  const { relations, sequences, types, functions } = catalog
  return { relations, sequences, types, functions }
}
