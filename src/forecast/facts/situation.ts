import { formatRelation, quoteIdentifier, type RelationName } from '../../sql/names.js'
import type { Node, ParsedStatement } from '../../sql/parser.js'
import { creationSchema, findColumn, findIndex, findRelation, findSequence, findType } from '../lookup.js'
import type {
  CatalogModel,
  Column,
  IndexObject,
  Relation,
  RelationKind,
  SequenceObject,
  TypeObject,
} from '../model.js'
import type { ServerFacts } from './server-facts.js'
import { exists, forbidden, invalid, missing, Refusal } from './static-failure.js'

/** Where a statement stands: the catalog before it, and what today's server says beside it. */
export interface Situation {
  readonly catalog: CatalogModel
  readonly server: ServerFacts
  readonly typesByOid: ReadonlyMap<number, TypeObject>
  /** The pending statements before it: they may have made what the model of the catalog has no words for. */
  readonly earlier: readonly ParsedStatement[]
  /** Names in its queries may be variables. */
  readonly seesVariables: boolean
}

/** What the one space of names of a schema may hold. */
export type Named =
  | { readonly kind: 'relation'; readonly relation: Relation }
  | { readonly kind: 'index'; readonly index: IndexObject; readonly relation: Relation }
  | { readonly kind: 'sequence'; readonly sequence: SequenceObject }
  | { readonly kind: 'composite type'; readonly type: TypeObject }
  /** One of pg_catalog or information_schema, of which no more is known. */
  | { readonly kind: 'system' }

/** Schemas that every server has, whether or not somebody lists them. */
function isKnownSchema({ catalog }: Situation, schema: string): boolean {
  return catalog.schemas.has(schema) || schema.startsWith('pg_') || schema === 'information_schema'
}

/** Temporary tables live in a schema of many names. */
function placesOf({ catalog }: Situation, schema: string | undefined): string[] {
  return schema === undefined ? ['pg_temp', 'pg_catalog', ...catalog.searchPath] : [schema]
}

/** Of the search path, only schemas that the role in use may look into count. */
export function visibleOnly(situation: Situation): Situation {
  const searchPath = situation.catalog.searchPath.filter((schema) => !isHidden(situation, schema))
  return { ...situation, catalog: { ...situation.catalog, searchPath } }
}

function isHidden(situation: Situation, schema: string): boolean {
  const { catalog, server } = situation
  if (!server.hiddenSchemas.has(schema) || catalog.role.isSuperuser) return false
  return !isMadeBefore(situation, ['GrantStmt', 'CreateSchemaStmt', 'RenameStmt'], schema)
}

/**
 * What a statement names.
 * @throws Refusal for a schema that the role in use may not look into
 */
export function lookUp(situation: Situation, name: RelationName): Named | undefined {
  requireUsage(situation, name.schema)
  return findNamed(situation, name)
}

/** @throws Refusal */
export function requireUsage(situation: Situation, schema: string | undefined): void {
  if (schema !== undefined && isHidden(situation, schema))
    throw forbidden(`permission denied for schema ${schema}`, schema)
}

export function findNamed(situation: Situation, name: RelationName): Named | undefined {
  const { catalog, server } = situation
  for (const schema of placesOf(situation, name.schema)) {
    const exact = { schema, name: name.name }
    if (server.systemRelations.has(`${schema}.${name.name}`)) return { kind: 'system' }
    const relation = findRelation(catalog, exact)
    if (relation) return { kind: 'relation', relation }
    const index = findIndex(catalog, exact)
    if (index) return { kind: 'index', ...index }
    const sequence = findSequence(catalog, exact)
    if (sequence) return { kind: 'sequence', sequence }
    const type = findType(catalog, exact)
    if (type?.kind === 'composite') return { kind: 'composite type', type }
  }
  return undefined
}

/** `"name"` or `"schema"."name"`, as the statement says it. */
export function quoted(name: RelationName): string {
  return name.schema
    ? `${quoteIdentifier(name.schema)}.${quoteIdentifier(name.name)}`
    : quoteIdentifier(name.name)
}

/** As the server writes names: `"schema.name"`. */
export function said(name: RelationName): string {
  return `"${formatRelation(name)}"`
}

export function noSuchRelation(name: RelationName): Refusal {
  return missing('42P01', `relation ${said(name)} does not exist`, formatRelation(name))
}

/** @throws Refusal for a schema that does not exist, as commands other than queries do first */
export function requireSchema(situation: Situation, schema: string | undefined): void {
  if (schema !== undefined && !isKnownSchema(situation, schema))
    throw missing('3F000', `schema "${schema}" does not exist`, schema)
}

/**
 * What a command other than a query names.
 * @throws Refusal when it does not exist; undefined then with `IF EXISTS`
 */
export function requireNamed(
  situation: Situation,
  name: RelationName,
  isOptional = false,
): Named | undefined {
  const found = lookUp(situation, name)
  if (found || isOptional) return found
  requireSchema(situation, name.schema)
  throw noSuchRelation(name)
}

/** The same where only relations are of interest; undefined for a sequence, an index or one of the server's own. */
export function requireRelation(
  situation: Situation,
  name: RelationName,
  isOptional = false,
): Relation | undefined {
  const found = requireNamed(situation, name, isOptional)
  return found?.kind === 'relation' ? found.relation : undefined
}

/** @throws Refusal */
export function requireColumn(relation: Relation, name: string): Column | undefined {
  const column = findColumn(relation, name)
  if (column || isSystemColumn(name) || !areColumnsKnown(relation)) return column
  throw missing(
    '42703',
    `column "${name}" of relation "${relation.name}" does not exist`,
    `${relation.name}.${name}`,
  )
}

/** A view that the migrations make may be one whose columns nobody could tell. */
export function areColumnsKnown(relation: Relation): boolean {
  return relation.columns.length > 0 || (relation.kind !== 'view' && relation.opaque === undefined)
}

/** https://www.postgresql.org/docs/current/ddl-system-columns.html */
const systemColumns = ['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']

export function isSystemColumn(name: string): boolean {
  return systemColumns.includes(name)
}

/**
 * The schema that a new object is made in.
 * @throws Refusal when there is none
 */
export function schemaForNew(
  { catalog, ...rest }: Situation,
  name: RelationName,
  isTemporary = false,
): string {
  if (isTemporary) return 'pg_temp'
  requireSchema({ catalog, ...rest }, name.schema)
  const isAnyThere = catalog.searchPath.some(
    (schema) => catalog.schemas.has(schema) || schema.startsWith('$'),
  )
  if (name.schema === undefined && !isAnyThere)
    throw missing('3F000', 'no schema has been selected to create in')
  return creationSchema(catalog, name.schema)
}

/** @throws Refusal when a relation, an index or a sequence of this name is there already */
export function requireFreeRelationName(situation: Situation, schema: string, name: string): void {
  const found = findNamed(situation, { schema, name })
  if (found) throw exists('42P07', `relation "${name}" already exists`, name)
}

/**
 * A table brings a type of its own name along, so both share a space of names.
 * @throws Refusal
 */
export function requireFreeTypeName({ catalog }: Situation, schema: string, name: string): void {
  const exact = { schema, name }
  if (findType(catalog, exact) || findRelation(catalog, exact))
    throw exists('42710', `type "${name}" already exists`, name)
}

const kindWords: Readonly<Record<RelationKind, string>> = {
  table: 'a table',
  'partitioned table': 'a table',
  view: 'a view',
  'materialized view': 'a materialized view',
  'foreign table': 'a foreign table',
}

/** @throws Refusal when it is something else than the command is for */
export function requireKind(relation: Relation, kinds: readonly RelationKind[]): void {
  const [wanted] = kinds
  if (wanted !== undefined && !kinds.includes(relation.kind))
    throw invalid('42809', `"${relation.name}" is not ${kindWords[wanted]}`, relation.name)
}

/** @throws Refusal for a role that is not there, unless an earlier statement makes it */
export function requireRole(situation: Situation, spec: Node | undefined): void {
  const role = spec?.RoleSpec ?? spec
  if (role?.roletype !== 'ROLESPEC_CSTRING') return
  const name: string = role.rolename ?? ''
  if (situation.server.roles.has(name) || isMadeBefore(situation, ['CreateRoleStmt', 'RenameStmt'], name))
    return
  throw missing('42704', `role "${name}" does not exist`, name)
}

/** Whether an earlier statement of one of these kinds mentions the name: then nothing is said of it. */
export function isMadeBefore({ earlier }: Situation, kinds: readonly string[], name: string): boolean {
  const text = JSON.stringify(name)
  return earlier.some(({ kind, node }) => kinds.includes(kind) && JSON.stringify(node).includes(text))
}

/** Whether the migrations install an extension that today's server has not: nobody knows what it brings along. */
export function bringsExtension({ catalog, server }: Situation): boolean {
  return [...catalog.extensions].some((extension) => !server.extensions.has(extension))
}

/** For a refusal that rests on what the model may not hold in full. */
export function weak({ code, sqlstate, message, object }: Refusal): Refusal {
  return new Refusal(code, sqlstate, message, object, true)
}
