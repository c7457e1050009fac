import type { Reader } from '../../domain/reader.js'
import type { Node } from '../../sql/parser.js'
import { isNameTaken } from '../lookup.js'
import type {
  CatalogModel,
  Column,
  Constraint,
  IndexObject,
  Relation,
  SequenceObject,
  TypeObject,
} from '../model.js'
import { type Bound, boundColumn, boundType, namesOf, visitTree } from '../tree.js'
import { readsColumn } from '../views.js'
import { isSameSet } from './draft.js'
import { liveDependentsOf } from './live-dependents.js'
import { relationNamed } from './regclass.js'
import { findNamed, type Situation, weak } from './situation.js'
import { dependent, type Refusal } from './static-failure.js'

/** What the same statement has dropped already. */
export type Gone = ReadonlySet<Column | Constraint>

function refusal(what: string, by: string, object: string): Refusal {
  return dependent('2BP01', `cannot drop ${what} because ${by} depends on it`, object)
}

/** What stands in the way of DROP TABLE or DROP VIEW without CASCADE. @throws Refusal */
export async function requireUnusedRelation(
  situation: Situation,
  reader: Reader,
  relation: Relation,
  alsoDropped: readonly Relation[],
): Promise<void> {
  const { catalog } = situation
  const what = `${relation.kind} ${relation.name}`
  const gone = [relation, ...alsoDropped].flatMap(withPartitions)
  const others = catalog.relations.filter((one) => !gone.includes(one))
  for (const other of others) {
    if (other.reads.includes(relation)) throw refusal(what, `${other.kind} ${other.name}`, relation.name)
    const key = other.constraints.find(({ kind, parent }) => kind === 'foreign key' && parent === relation)
    if (key) throw refusal(what, `constraint ${key.name} on table ${other.name}`, relation.name)
    if (other.parents.includes(relation) && !other.isPartition && relation.kind === 'table')
      throw refusal(what, `table ${other.name}`, relation.name)
  }
  if (relation.oid === undefined) return
  const { rows } = await reader.query(
    'SELECT reltype::int4 AS type FROM pg_catalog.pg_class WHERE oid = $1',
    [relation.oid],
  )
  const rowType = (rows[0] as { type: number } | undefined)?.type
  if (!rowType) return
  const used = await liveDependentsOf(situation, reader, { catalog: 'pg_type', oid: rowType })
  const code = used.find(({ kind }) => kind === 'function')
  if (code) throw refusal(what, `function ${code.name}`, relation.name)
}

/** Partitions go with their table. */
function withPartitions(relation: Relation): Relation[] {
  return [relation, ...relation.children.filter(({ isPartition }) => isPartition).flatMap(withPartitions)]
}

/** What stands in the way of DROP COLUMN without CASCADE. @throws Refusal */
export async function requireUnusedColumn(
  situation: Situation,
  reader: Reader,
  relation: Relation,
  column: Column,
  gone: Gone,
): Promise<void> {
  const { catalog } = situation
  const what = `column ${column.name} of table ${relation.name}`
  for (const other of catalog.relations) {
    for (const constraint of other.constraints.filter((one) => !gone.has(one))) {
      const isReferenced = constraint.parent === relation && constraint.parentColumns?.includes(column)
      const goesWithIt = other === relation && constraint.columns.includes(column)
      if (isReferenced && !goesWithIt)
        throw refusal(what, `constraint ${constraint.name} on table ${other.name}`, column.name)
    }
  }
  const generated = generatedFrom(relation, column)
  if (generated && !gone.has(generated) && catalog.serverVersion >= 150000)
    throw refusal(what, `column ${generated.name}`, column.name)
  const trigger = relation.triggers.find(({ columns }) => columns.includes(column))
  if (trigger) throw refusal(what, `trigger ${trigger.name} on table ${relation.name}`, column.name)
  const publication = catalog.publications.find(({ tables }) => {
    const { columns, filtersBy } = tables.get(relation) ?? {}
    return columns?.has(column) || filtersBy?.has(column)
  })
  if (publication)
    throw refusal(
      what,
      `publication of table ${relation.name} in publication ${publication.name}`,
      column.name,
    )
  const user = await userOf(situation, reader, relation, column)
  if (user) throw refusal(what, user, column.name)
  const maybe = probableUser(situation, column)
  if (maybe) throw weak(refusal(what, maybe, column.name))
}

/** A column that is made from this one. */
function generatedFrom(relation: Relation, column: Column): Column | undefined {
  return relation.columns.find(({ generated }) => generated && mentionsColumn(generated, column))
}

function mentionsColumn(tree: Node, column: Column): boolean {
  let isMentioned = false
  visitTree(tree, (_, node: Node & Bound) => {
    isMentioned ||= node[boundColumn] === column
  })
  return isMentioned
}

/** A view, policy, trigger or function that reads the column, as today's server says. */
async function userOf(
  situation: Situation,
  reader: Reader,
  relation: Relation,
  column: Column,
): Promise<string | undefined> {
  const reading = situation.catalog.relations.find(
    (view) => view.definition === undefined && readsColumn(view, column) === 'yes',
  )
  if (reading) return `${reading.kind} ${reading.name}`
  if (relation.oid === undefined || column.liveNumber === undefined) return undefined
  const on = { catalog: 'pg_class', oid: relation.oid, column: column.liveNumber } as const
  const users = await liveDependentsOf(situation, reader, on)
  const [user] = users.filter(({ kind }) => ['view', 'policy', 'trigger', 'function'].includes(kind))
  return user && `${user.kind} ${user.name}`
}

/** A view that the migrations make, and that reads a column of this name. */
function probableUser({ catalog }: Situation, column: Column): string | undefined {
  const view = catalog.relations.find(
    (one) => one.definition === undefined && readsColumn(one, column) === 'maybe',
  )
  return view && `${view.kind} ${view.name}`
}

/**
 * What must not read a column whose type changes: https://www.postgresql.org/docs/current/sql-altertable.html
 * @throws Refusal
 */
export async function requireRetypable(
  situation: Situation,
  reader: Reader,
  relation: Relation,
  column: Column,
): Promise<void> {
  const refuse = (by: string, sqlstate = '0A000') =>
    dependent(sqlstate, `cannot alter type of a column used by ${by}`, `${relation.name}.${column.name}`)
  const trigger = relation.triggers.find(({ columns }) => columns.includes(column))
  if (trigger) throw refuse(`trigger ${trigger.name}`)
  const isPublished = situation.catalog.publications.some(({ tables }) => {
    const { columns, filtersBy } = tables.get(relation) ?? {}
    return columns?.has(column) || filtersBy?.has(column)
  })
  if (isPublished) throw refuse('a publication WHERE clause')
  const user = await userOf(situation, reader, relation, column)
  if (user) throw refuse(user)
  const generated = generatedFrom(relation, column)
  // Before PostgreSQL 15 the server calls it a syntax error.
  if (generated)
    throw refuse(
      `generated column ${generated.name}`,
      situation.catalog.serverVersion < 150000 ? '42601' : '0A000',
    )
  const maybe = probableUser(situation, column)
  if (maybe) throw weak(refuse(maybe))
}

/** The foreign keys that need this unique index or constraint, where no other could serve them. */
async function keysThatNeed(
  { catalog }: Situation,
  reader: Reader,
  relation: Relation,
  columns: readonly string[],
  index: IndexObject | undefined,
  gone: Gone,
): Promise<Constraint | undefined> {
  const serving = relation.indexes.filter(
    ({ isUnique, keys, predicate }) =>
      isUnique &&
      !predicate &&
      isSameSet(
        keys.map(({ column }) => column?.name ?? ''),
        columns,
      ),
  )
  const all = catalog.relations.flatMap(({ constraints }) => constraints)
  for (const key of all) {
    if (key.kind !== 'foreign key' || key.parent !== relation || gone.has(key)) continue
    if (
      !isSameSet(
        (key.parentColumns ?? []).map(({ name }) => name),
        columns,
      )
    )
      continue
    if (serving.length <= 1) return key
    if (key.oid === undefined || index?.oid === undefined) continue
    const query = 'SELECT 1 FROM pg_catalog.pg_constraint WHERE oid = $1 AND conindid = $2'
    const { rows } = await reader.query(query, [key.oid, index.oid])
    if (rows.length > 0) return key
  }
  return undefined
}

/** What stands in the way of DROP CONSTRAINT without CASCADE. @throws Refusal */
export async function requireUnusedConstraint(
  situation: Situation,
  reader: Reader,
  relation: Relation,
  constraint: Constraint,
  gone: Gone,
): Promise<void> {
  const what = `constraint ${constraint.name} on table ${relation.name}`
  if (constraint.kind !== 'primary key' && constraint.kind !== 'unique') return
  const columns = constraint.columns.map(({ name }) => name)
  const key = await keysThatNeed(situation, reader, relation, columns, constraint.index, gone)
  if (key) throw refusal(what, `constraint ${key.name}`, constraint.name)
  if (constraint.oid === undefined) return
  // A query that groups by the primary key alone rests on it.
  const [view] = await liveDependentsOf(situation, reader, { catalog: 'pg_constraint', oid: constraint.oid })
  if (view?.kind === 'view') throw refusal(what, `view ${view.name}`, constraint.name)
}

/** What stands in the way of DROP INDEX. @throws Refusal */
export async function requireUnusedIndex(
  situation: Situation,
  reader: Reader,
  relation: Relation,
  index: IndexObject,
  isCascade: boolean,
): Promise<void> {
  const constraint = relation.constraints.find((one) => one.index === index)
  if (constraint) {
    const words = `cannot drop index ${index.name} because constraint ${constraint.name} on table ${relation.name} requires it`
    throw dependent('2BP01', words, index.name)
  }
  if (!index.isUnique || isCascade) return
  const columns = index.keys.map(({ column }) => column?.name ?? '')
  const key = await keysThatNeed(situation, reader, relation, columns, index, new Set())
  if (key) throw refusal(`index ${index.name}`, `constraint ${key.name}`, index.name)
}

/** What stands in the way of DROP TYPE without CASCADE. @throws Refusal */
export async function requireUnusedType(
  situation: Situation,
  reader: Reader,
  type: TypeObject,
): Promise<void> {
  const { catalog } = situation
  const what = `type ${type.name}`
  for (const relation of catalog.relations) {
    for (const column of relation.columns) {
      if (column.type.object === type)
        throw refusal(what, `column ${column.name} of ${relation.kind} ${relation.name}`, type.name)
    }
    const keeper = expressionsOf(relation).find(({ tree }) => mentionsType(tree, type))
    if (keeper) throw weakUnlessLive(type, refusal(what, `${keeper.what} of ${relation.name}`, type.name))
  }
  const domain = catalog.types.find(({ base, isDropped }) => !isDropped && base?.object === type)
  if (domain) throw refusal(what, `type ${domain.name}`, type.name)
  if (type.oid === undefined) return
  const users = await liveDependentsOf(situation, reader, { catalog: 'pg_type', oid: type.oid })
  const [user] = users.filter(({ kind }) => kind === 'view' || kind === 'function')
  if (user) throw refusal(what, `${user.kind} ${user.name}`, type.name)
}

/** Expressions in the migrations' own words may cast to what the server then leaves out. */
function weakUnlessLive(type: TypeObject, found: Refusal): Refusal {
  return type.oid === undefined ? weak(found) : found
}

function mentionsType(tree: Node, type: TypeObject): boolean {
  let isMentioned = false
  visitTree(tree, (_, node: Node & Bound) => {
    isMentioned ||= node[boundType] === type
  })
  return isMentioned
}

function expressionsOf({ columns, constraints, indexes }: Relation): { tree: Node; what: string }[] {
  return [
    ...columns.flatMap((column) =>
      [column.default, column.generated].flatMap((tree) =>
        tree ? [{ tree, what: `default value for column ${column.name}` }] : [],
      ),
    ),
    ...constraints.flatMap(({ expression, name }) =>
      expression ? [{ tree: expression, what: `constraint ${name}` }] : [],
    ),
    ...indexes.flatMap(({ predicate, keys, name }) =>
      [predicate, ...keys.map(({ expression }) => expression)].flatMap((tree) =>
        tree ? [{ tree, what: `index ${name}` }] : [],
      ),
    ),
  ]
}

/** What stands in the way of DROP SEQUENCE. @throws Refusal */
export function requireUnusedSequence(
  situation: Situation,
  sequence: SequenceObject,
  isCascade: boolean,
): void {
  for (const relation of situation.catalog.relations) {
    for (const column of relation.columns) {
      const by = `column ${column.name} of table ${relation.name}`
      if (column.sequence === sequence && column.identity)
        throw dependent(
          '2BP01',
          `cannot drop sequence ${sequence.name} because ${by} requires it`,
          sequence.name,
        )
      if (!isCascade && column.default && takesFrom(situation, column, sequence))
        throw refusal(`sequence ${sequence.name}`, `default value for ${by}`, sequence.name)
    }
  }
}

/** Whether the default is `nextval` of this sequence. */
function takesFrom(
  situation: Situation,
  { default: tree, sequence: own }: Column,
  sequence: SequenceObject,
): boolean {
  let isTaken = false
  visitTree(tree, (kind, node) => {
    if (kind !== 'FuncCall' || namesOf(node.funcname).at(-1) !== 'nextval') return
    const argument = node.args?.[0]?.TypeCast?.arg ?? node.args?.[0]
    const name = relationNamed(argument?.A_Const?.sval?.sval ?? '')
    const found = name && findNamed(situation, name)
    isTaken ||= own === sequence || (found?.kind === 'sequence' && found.sequence === sequence)
  })
  return isTaken
}

/** What stands in the way of DROP FUNCTION without CASCADE. @throws Refusal */
export function requireUnusedFunction({ catalog }: Situation, schema: string, name: string): void {
  // Another function of the same name may be the one that the trigger calls.
  if (catalog.functions.filter((one) => one.schema === schema && one.name === name).length !== 1) return
  for (const relation of catalog.relations) {
    const trigger = relation.triggers.find(
      ({ functionName }) => functionName.schema === schema && functionName.name === name,
    )
    if (trigger)
      throw refusal(`function ${name}()`, `trigger ${trigger.name} on table ${relation.name}`, name)
  }
}

/** What stands in the way of DROP SCHEMA without CASCADE. @throws Refusal */
export function requireEmptySchema({ catalog }: Situation, schema: string): void {
  const content = contentOf(catalog, schema)
  if (content) throw refusal(`schema ${schema}`, content, schema)
}

function contentOf(catalog: CatalogModel, schema: string): string | undefined {
  const isIn = (one: { schema: string }) => one.schema === schema
  const relation = catalog.relations.find(isIn)
  if (relation) return `${relation.kind} ${relation.name}`
  const type = catalog.types.find((one) => isIn(one) && !one.isDropped)
  if (type) return `type ${type.name}`
  const other = catalog.sequences.find(isIn) ?? catalog.functions.find(isIn)
  return other && `${isNameTaken(catalog, schema, other.name) ? 'sequence' : 'function'} ${other.name}`
}
