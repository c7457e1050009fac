import type { Reader } from '../../domain/reader.js'
import type { TwinReader } from '../../twin/look.js'
import type { Twin } from '../../twin/twin.js'
import { type ColumnsByNumber, columnsQuery, readColumns } from '../live/columns.js'
import { constraintsQuery, readConstraints } from '../live/constraints.js'
import { Expressions } from '../live/expressions.js'
import { familyQuery, readFamilies, readPartitions } from '../live/families.js'
import { readFunctions } from '../live/functions.js'
import { type IndexesByOid, indexesQuery, readIndexes } from '../live/indexes.js'
import { policiesQuery, readPolicies } from '../live/policies.js'
import { type RelationsByOid, readRelations, relationsQuery } from '../live/relations.js'
import { oidArray } from '../live/rows.js'
import { readRules, rulesQuery } from '../live/rules.js'
import { readSequences } from '../live/sequences.js'
import { readServer } from '../live/server.js'
import { readTriggers, triggersQuery } from '../live/triggers.js'
import { readTypes, type TypesByOid } from '../live/types.js'
import type { CatalogModel, Column, Relation } from '../model.js'
import { parseStatement } from '../tree.js'
import { bindView } from '../views.js'
import { ChangeWatch } from './changes.js'

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

const nothing = () => ({
  relations: new Set<number>(),
  gone: new Set<number>(),
  areTypes: false,
  areFunctions: false,
  areSequences: false,
})

/** A twin with its catalog as it is before the first statement. */
export interface SeenTwin {
  readonly twin: Twin
  readonly mirror: Mirror
}

/** @param schema where names without one are looked for */
export async function seeTwin(twin: Twin, schema: string): Promise<SeenTwin> {
  const mirror = new Mirror(schema)
  await twin.look((reader) => mirror.read(reader))
  return { twin, mirror }
}

interface RelationsToRead {
  readonly changed: readonly number[]
  readonly gone: readonly number[]
  /** With expressions and queries. */
  readonly hasTrees: boolean
  /** Nothing else is asked at this look. */
  readonly isLast: boolean
}

/** The catalog of the twin as it was read last. What has not changed is not read again. */
export class Mirror {
  #untaken = nothing()
  catalog: CatalogModel | undefined
  /** Where a column stands: the OID of its relation, and its number. */
  readonly places = new WeakMap<Column, { readonly relation: number; readonly number: number }>()
  readonly #changes = new ChangeWatch()
  #relations: RelationsByOid = new Map()
  #columns: ColumnsByNumber = new Map()
  #indexes: IndexesByOid = new Map()
  #types: TypesByOid = new Map()

  /** @param readsTrees the first reading has expressions and queries, too; to pair it with the target, names are enough */
  constructor(
    private readonly schema: string,
    private readonly readsTrees = false,
  ) {}

  /** What was read so far cannot be undone any more. */
  settle(): void {
    this.#changes.settle()
  }

  /** What is another since this was called last, as it is now. */
  take(): Change {
    const { relations, gone, ...are } = this.#untaken
    this.#untaken = nothing()
    return {
      relations: [...relations].flatMap((oid) => this.#relations.get(oid) ?? []),
      gone: [...gone].filter((oid) => !this.#relations.has(oid)),
      ...are,
    }
  }

  /** Reads what is another than last time; the first time, all of it. */
  async read(reader: TwinReader): Promise<CatalogModel> {
    const isFirst = this.catalog === undefined
    const { relations, gone, ...are } = await this.#changes.read(reader)
    const schemas = this.catalog?.schemas ?? []
    if (this.catalog === undefined || are.isServer) {
      const server = await readServer(reader, this.schema)
      this.catalog = { ...server, ...only(this.catalog), home: this.schema }
    }
    const { catalog } = this
    // What stands in a schema is not written anew when that gets another name.
    const isRenamed = [...schemas].some((name) => !catalog.schemas.has(name))
    const staying = [...this.#relations.keys()].filter((oid) => !gone.includes(oid))
    const changed = isRenamed ? [...new Set([...staying, ...relations])] : relations
    if (isRenamed) Object.assign(are, { areTypes: true, areFunctions: true, areSequences: true })
    if (isFirst || are.areTypes) {
      catalog.types = []
      this.#types = await readTypes(reader, catalog)
    }
    if (isFirst || are.areFunctions) {
      catalog.functions = []
      await readFunctions(reader, catalog)
    }
    if (changed.length + gone.length > 0)
      await this.#readRelations(reader, catalog, {
        changed,
        gone,
        hasTrees: this.readsTrees || !isFirst,
        isLast: !are.areSequences,
      })
    if (are.areSequences) {
      catalog.sequences = []
      await readSequences(reader, catalog, this.#columns)
    }
    for (const oid of changed) this.#untaken.relations.add(oid)
    for (const oid of gone) this.#untaken.gone.add(oid)
    this.#untaken.areTypes ||= are.areTypes
    this.#untaken.areFunctions ||= are.areFunctions
    this.#untaken.areSequences ||= are.areSequences
    return catalog
  }

  async #readRelations(
    twin: TwinReader,
    catalog: CatalogModel,
    { changed, gone, hasTrees, isLast }: RelationsToRead,
  ): Promise<void> {
    const reader = await answered(twin, changed, isLast)
    catalog.relations = []
    const { relations, rows } = await readRelations(reader, catalog, changed, this.#relations)
    for (const oid of gone) this.#relations.delete(oid)
    const replaced = new Set([...changed, ...gone])
    for (const relation of this.#relations.values()) leaveFamily(relation, replaced)
    for (const [oid, relation] of relations) this.#relations.set(oid, relation)
    catalog.relations = [...this.#relations.values()]
    const later = new Expressions()
    const columns = await readColumns(reader, relations, this.#types, later, changed)
    for (const [relation, numbers] of columns) {
      this.#columns.set(relation, numbers)
      for (const [number, column] of numbers) this.places.set(column, { relation, number })
    }
    const indexes = await readIndexes(reader, relations, this.#columns, later, changed, this.#indexes)
    for (const [oid, index] of indexes) this.#indexes.set(oid, index)
    const all = this.#relations
    await readConstraints(reader, all, this.#columns, this.#indexes, later, changed)
    await readTriggers(reader, relations, changed)
    await readRules(reader, relations, changed)
    await readFamilies(reader, all, changed)
    readPartitions(catalog, relations, rows)
    await readPolicies(reader, relations, changed)
    if (!hasTrees) return
    later.parse(catalog)
    for (const view of relations.values())
      if (view.definition !== undefined) view.query = bindView(catalog, parseStatement(view.definition))
  }
}

/** Whom it inherits from and who from it is read again, where the other one is. */
function leaveFamily(relation: Relation, replaced: ReadonlySet<number>): void {
  const stays = ({ oid = 0 }: Relation) => !replaced.has(oid)
  if (!relation.parents.every(stays)) relation.parents = relation.parents.filter(stays)
  if (!relation.children.every(stays)) relation.children = relation.children.filter(stays)
}

/** Asks all that there is to ask of relations in one go. */
async function answered(twin: TwinReader, changed: readonly number[], isLast: boolean): Promise<Reader> {
  const values = [oidArray(changed)]
  const questions = ofRelations.map((query) => ({ sql: query(changed), values }))
  const answers = await twin.together(questions, isLast)
  const rows = new Map(questions.map(({ sql }, i) => [sql, answers[i]]))
  return { query: async (sql) => ({ rows: rows.get(sql) ?? (await twin.query(sql, values)).rows }) }
}

const ofRelations = [
  relationsQuery,
  columnsQuery,
  indexesQuery,
  constraintsQuery,
  triggersQuery,
  rulesQuery,
  familyQuery,
  policiesQuery,
]

/** What is not the server's own part of a catalog. */
function only(catalog: CatalogModel | undefined): Partial<CatalogModel> {
  if (!catalog) return {}
  const { relations, sequences, types, functions } = catalog
  return { relations, sequences, types, functions }
}
