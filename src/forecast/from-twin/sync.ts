import { castTo, liveTypeText, NotFollowed } from '../casts.js'
import { findType } from '../lookup.js'
import type {
  CatalogModel,
  Column,
  ColumnType,
  FunctionObject,
  Relation,
  SequenceObject,
  TypeObject,
} from '../model.js'
import { needNotNull } from '../needs.js'
import type { Walk } from '../walk.js'
import { carryNewType, carryType } from './carry.js'
import {
  asOnTwin,
  Counterparts,
  counterpartOf,
  isNamedAs,
  isOnTwin,
  type OnTwin,
  onTwin,
  ownSequence,
} from './counterparts.js'
import type { Change, Mirror } from './mirror.js'
import { syncParts } from './sync-parts.js'

/**
 * Takes over what a statement has changed on the twin. What the walk has followed stays the object that it is, with its
 * rows; what the walk has not seen coming is made, changed or dropped here, and of rows that it may hold nothing is known.
 * @param areMadeEmpty a table that the statement makes holds no rows
 */
export function syncCatalog(
  walk: Walk,
  read: CatalogModel,
  change: Change,
  places: Mirror['places'],
  areMadeEmpty: boolean,
): void {
  const { catalog } = walk
  const parts = new Counterparts(catalog, places)
  if (change.areTypes) syncTypes(catalog, read, parts)
  dropRelations(catalog, change.gone)
  // What the walk has taken away or made on its own account, and the server has not.
  const unlike = read.relations.filter(
    (theirs) => !change.relations.includes(theirs) && !isAlike(parts.relation(theirs), theirs),
  )
  const pairs = [...change.relations, ...unlike].map((theirs) => {
    const how = { isMadeEmpty: areMadeEmpty, isLost: unlike.includes(theirs) }
    return [theirs, syncRelation(walk, theirs, parts, how)] as const
  })
  // What the walk has made and the server has not. Temporary tables are not read.
  const invented = catalog.relations.filter((one) => !isOnTwin(one) && !one.isTemporary)
  if (invented.length > 0) removeRelations(catalog, invented)
  for (const [theirs, ours] of pairs) syncParts(walk, ours, theirs, parts)
  if (change.areSequences) syncSequences(catalog, read.sequences, parts)
  if (change.areFunctions) catalog.functions = read.functions.map((one) => ownFunction(catalog, one))
  catalog.schemas = new Set(read.schemas)
  catalog.extensions = new Set(read.extensions)
  if (read.aggregates) catalog.aggregates = read.aggregates
}

/** By how many parts they have: what is changed on the twin is taken over anyway. */
function isAlike(ours: Relation | undefined, theirs: Relation): boolean {
  const kinds = ['columns', 'constraints', 'indexes', 'triggers', 'rules', 'policies'] as const
  return ours !== undefined && kinds.every((kind) => ours[kind].length === theirs[kind].length)
}

function syncTypes(catalog: CatalogModel, read: CatalogModel, parts: Counterparts): void {
  const left = new Set(catalog.types.filter(({ isDropped }) => !isDropped))
  for (const theirs of read.types) {
    const ours = counterpartOf([...left], theirs.oid, isNamedAs(theirs))
    if (ours) {
      left.delete(ours)
      parts.noteType(ours)
      updateType(ours, theirs, parts)
      continue
    }
    const made = carryNewType(theirs, parts)
    parts.noteType(made)
    catalog.types.push(made)
  }
  for (const type of left) if (type.schema !== 'pg_catalog') type.isDropped = true
}

function updateType(ours: TypeObject, theirs: TypeObject, parts: Counterparts): void {
  ours.schema = theirs.schema
  ours.name = theirs.name
  if (ours.labels.join('\0') !== theirs.labels.join('\0')) ours.labels = [...theirs.labels]
  if (ours.kind !== 'domain') return
  if (ours.base === undefined && theirs.base) Object.assign(ours, { base: carryType(theirs.base, parts) })
  ours.domainNotNull = theirs.domainNotNull ?? false
  ours.domainChecks = theirs.domainChecks ?? []
  if (theirs.domainDefault) ours.domainDefault = theirs.domainDefault
  else delete ours.domainDefault
}

function dropRelations(catalog: CatalogModel, oids: readonly number[]): void {
  if (oids.length === 0) return
  removeRelations(
    catalog,
    catalog.relations.filter((one) => oids.includes((one as OnTwin)[onTwin] ?? 0)),
  )
}

function removeRelations(catalog: CatalogModel, gone: readonly Relation[]): void {
  catalog.relations = catalog.relations.filter((one) => !gone.includes(one))
  for (const relation of catalog.relations) {
    relation.children = relation.children.filter((one) => !gone.includes(one))
    relation.parents = relation.parents.filter((one) => !gone.includes(one))
    relation.constraints = relation.constraints.filter(({ parent }) => !parent || !gone.includes(parent))
  }
}

function syncRelation(
  walk: Walk,
  theirs: Relation,
  parts: Counterparts,
  { isMadeEmpty, isLost }: { isMadeEmpty: boolean; isLost: boolean },
): Relation {
  const known = counterpartOf(walk.catalog.relations, theirs.oid, isNamedAs(theirs))
  const ours = known ?? asOnTwin(makeRelation(theirs), theirs.oid)
  if (!known) {
    walk.catalog.relations.push(ours)
    // A view is what its query gives, unless the walk has lost sight of it.
    if (isLost || (!isMadeEmpty && ours.kind !== 'view')) {
      ours.opaque = `line ${walk.place.line} makes it in a way that is not followed`
      ours.isEmpty = false
    }
  }
  ours.schema = theirs.schema
  ours.name = theirs.name
  syncColumns(walk, ours, theirs, parts)
  parts.noteRelation(ours)
  return ours
}

/** A relation that the walk has not seen coming. */
function makeRelation({ oid: _, live: __, definition: ___, ...theirs }: Relation): Relation {
  return {
    ...theirs,
    columns: [],
    constraints: [],
    indexes: [],
    source: '(SELECT 1)',
    isDirty: true,
    isEmpty: theirs.kind !== 'view',
    past: [],
    heapBytes: 0,
    toastBytes: 0,
    rowEstimate: 0,
  }
}

function syncColumns(walk: Walk, ours: Relation, theirs: Relation, parts: Counterparts): void {
  const columns = theirs.columns.map((column) => {
    const known = counterpartOf(ours.columns, column.liveNumber, ({ name }) => name === column.name)
    if (!known) return addUnseen(walk, ours, column, parts)
    updateColumn(walk, ours, known, column, parts)
    return known
  })
  const isSame = columns.length === ours.columns.length && columns.every((one) => ours.columns.includes(one))
  if (isSame) return
  // New ones stand behind those that stay, which may stand in another order on the twin.
  const staying = ours.columns.filter((one) => columns.includes(one))
  ours.columns = [...staying, ...columns.filter((one) => !staying.includes(one))]
  ours.isDirty = true
}

function updateColumn(
  walk: Walk,
  relation: Relation,
  ours: Column,
  theirs: Column,
  parts: Counterparts,
): void {
  if (ours.name !== theirs.name) {
    ours.name = theirs.name
    relation.isDirty = true
  }
  const { type, isStandIn } = knownType(walk, carryType(theirs.type, parts))
  const isOther =
    ours.type.object !== type.object ||
    ours.type.isArray !== type.isArray ||
    ours.type.modifiers !== type.modifiers
  if (isOther && !(isStandIn && ours.opaque !== undefined)) {
    if (!relation.isEmpty)
      ours.opaque ??= `line ${walk.place.line} changes its type in a way that is not followed`
    ours.type = type
    walk.content.changeColumn(relation, ours)
    relation.isDirty = true
  }
  if (theirs.isNotNull && !ours.isNotNull && !relation.isEmpty && !relation.isPartition)
    needNotNull(walk, relation, ours)
  ours.isNotNull = theirs.isNotNull
  for (const key of ['identity', 'collation'] as const) {
    if (theirs[key] === undefined) delete ours[key]
    else Object.assign(ours, { [key]: theirs[key] })
  }
}

/** A column that the walk has not seen coming: what its rows hold is not known, where there are any. */
function addUnseen(walk: Walk, relation: Relation, column: Column, parts: Counterparts): Column {
  const { liveName: _, liveNumber, default: __, generated: ___, sequence: ____, ...rest } = column
  const { type, isStandIn } = knownType(walk, carryType(column.type, parts))
  const own: Column = { ...rest, type, from: castTo('NULL', type, 'explicit'), addedAt: walk.place }
  if (isStandIn) own.opaque = `type "${column.type.object.name}" is made by the migrations`
  else if (!relation.isEmpty) own.opaque = `line ${walk.place.line} adds it in a way that is not followed`
  return asOnTwin(own, liveNumber)
}

/** A type that the target cannot compute with stands as text. */
function knownType(walk: Walk, type: ColumnType): { type: ColumnType; isStandIn: boolean } {
  try {
    liveTypeText(type)
    castTo('NULL', type, 'explicit')
    return { type, isStandIn: false }
  } catch (error) {
    if (!(error instanceof NotFollowed)) throw error
    const text = findType(walk.catalog, { schema: 'pg_catalog', name: 'text' })
    return { type: text ? { object: text, modifiers: '', isArray: false } : type, isStandIn: true }
  }
}

function syncSequences(
  catalog: CatalogModel,
  theirSequences: readonly SequenceObject[],
  parts: Counterparts,
): void {
  // Those of temporary tables are not read.
  const temporary = catalog.sequences.filter((one) => !isOnTwin(one) && isOfTemporary(catalog, one))
  const left = new Set(catalog.sequences.filter((one) => !temporary.includes(one)))
  const read = theirSequences.map((theirs) => {
    const ours = counterpartOf([...left], theirs.oid, isNamedAs(theirs)) ?? ownSequence(theirs)
    left.delete(ours)
    const owner = theirs.ownedBy && parts.column(theirs.ownedBy)
    ours.schema = theirs.schema
    ours.name = theirs.name
    if (owner) {
      ours.ownedBy = owner
      owner.sequence = ours
    } else delete ours.ownedBy
    return ours
  })
  catalog.sequences = [...read, ...temporary]
  for (const { columns } of catalog.relations)
    for (const column of columns) if (column.sequence && left.has(column.sequence)) delete column.sequence
}

function isOfTemporary({ relations }: CatalogModel, sequence: SequenceObject): boolean {
  return relations.some(
    ({ isTemporary, columns }) => isTemporary && columns.some((column) => column.sequence === sequence),
  )
}

/** One that the target has too, with the same text, can be called there. */
function ownFunction(catalog: CatalogModel, theirs: FunctionObject): FunctionObject {
  const same = catalog.functions.find(
    (one) =>
      one.name === theirs.name &&
      one.schema === theirs.schema &&
      one.body === theirs.body &&
      one.language === theirs.language,
  )
  return same ?? { ...theirs, isLive: false }
}
