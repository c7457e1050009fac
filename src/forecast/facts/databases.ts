import type { Reader } from '../../domain/reader.js'
import { relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { namesOf } from '../tree.js'
import { requirePublication } from './drops.js'
import { requireNamedRoutine } from './named-routine.js'
import { requireCreate, requireOwner, requireOwnerOf, unlessGranted } from './privileges.js'
import { requireFreeSchema } from './renames.js'
import {
  findNamed,
  isMadeBefore,
  requireColumn,
  requireFreeRelationName,
  requireNamed,
  requireRelation,
  requireRole,
  requireSchema,
  type Situation,
  said,
  schemaForNew,
} from './situation.js'
import { exists, forbidden, invalid, missing, Refusal } from './static-failure.js'

/** CREATE SCHEMA. @throws Refusal */
export function requireCreateSchema(situation: Situation, node: Node): void {
  const name: string = node.schemaname ?? node.authrole?.rolename ?? ''
  requireRole(situation, node.authrole)
  requireDatabasePrivilege(situation)
  if (name.startsWith('pg_')) throw invalid('42939', `unacceptable schema name "${name}"`, name)
  if (!node.if_not_exists) requireFreeSchema(situation, name)
}

/** Schemas and publications need CREATE on the database. @throws Refusal */
function requireDatabasePrivilege(situation: Situation): void {
  if (!situation.server.canCreateSchemas)
    throw unlessGranted(situation, forbidden('permission denied for database, CREATE is needed'))
}

/** ALTER SYSTEM: since PostgreSQL 15 a role may be given a parameter. @throws Refusal */
export async function requireAlterSystem(situation: Situation, reader: Reader, node: Node): Promise<void> {
  const { catalog } = situation
  if (catalog.role.isSuperuser) return
  const name: string | undefined = node.setstmt?.name
  if (catalog.serverVersion < 150000 || name === undefined)
    throw unlessGranted(situation, forbidden('must be superuser to execute ALTER SYSTEM command'))
  const { rows } = await reader.query(
    "SELECT pg_catalog.has_parameter_privilege(CURRENT_USER, $1, 'ALTER SYSTEM') AS may",
    [name],
  )
  if (rows[0]?.may !== true)
    throw unlessGranted(situation, forbidden(`permission denied to set parameter "${name}"`, name))
}

interface ExtensionRow {
  isForSuperusers: boolean
  isTrusted: boolean
  requires: string[] | null
}

/** CREATE EXTENSION: https://www.postgresql.org/docs/current/sql-createextension.html @throws Refusal */
export async function requireCreateExtension(
  situation: Situation,
  reader: Reader,
  node: Node,
): Promise<void> {
  const { catalog, server } = situation
  const name: string = node.extname
  if (catalog.extensions.has(name)) {
    if (node.if_not_exists) return
    throw exists('42710', `extension "${name}" already exists`, name)
  }
  if (!catalog.availableExtensions.has(name)) {
    const sqlstate = catalog.serverVersion < 150000 ? '58P01' : '0A000'
    throw new Refusal(
      'missing-extension',
      sqlstate,
      `extension "${name}" is not available on this server`,
      name,
    )
  }
  const options: Node[] = (node.options ?? []).map((one: Node) => one.DefElem)
  const option = (wanted: string) => options.find(({ defname }) => defname === wanted)
  requireSchema(situation, option('schema')?.arg?.String?.sval)
  const { rows } = await reader.query(
    `SELECT v.superuser AS "isForSuperusers", v.trusted AS "isTrusted", v.requires::text[] AS requires
       FROM pg_catalog.pg_available_extension_versions v JOIN pg_catalog.pg_available_extensions e ON e.name = v.name
      WHERE v.name = $1 AND v.version = e.default_version`,
    [name],
  )
  const [row] = rows as unknown as ExtensionRow[]
  if (!row || option('new_version')) return
  const isAllowed = !row.isForSuperusers || (row.isTrusted && server.canCreateSchemas)
  if (!isAllowed && !catalog.role.isSuperuser)
    throw unlessGranted(situation, forbidden(`permission denied to create extension "${name}"`, name))
  const needed = (row.requires ?? []).find((one) => !catalog.extensions.has(one))
  if (needed !== undefined && !option('cascade'))
    throw missing('42704', `required extension "${needed}" is not installed`, needed)
}

/** ALTER EXTENSION. @throws Refusal */
export function requireExtension({ catalog }: Situation, name: string): void {
  if (!catalog.extensions.has(name)) throw missing('42704', `extension "${name}" does not exist`, name)
}

/** CREATE ROLE. @throws Refusal */
export function requireCreateRole(situation: Situation, node: Node): void {
  const { catalog, server } = situation
  if (!server.canCreateRoles && !catalog.role.isSuperuser)
    throw unlessGranted(situation, forbidden('permission denied to create role', node.role))
  if (server.roles.has(node.role) && !isMadeBefore(situation, ['DropRoleStmt', 'RenameStmt'], node.role))
    throw exists('42710', `role "${node.role}" already exists`, node.role)
}

/** CREATE EVENT TRIGGER, which only a superuser may. @throws Refusal */
export function requireCreateEventTrigger(situation: Situation, node: Node): void {
  if (!situation.catalog.role.isSuperuser)
    throw unlessGranted(situation, forbidden('permission denied to create event trigger', node.trigname))
  requireNamedRoutine(situation, node.funcname)
}

/** CREATE SEQUENCE. @throws Refusal */
export function requireCreateSequence(situation: Situation, node: Node): void {
  const name = relationOf(node.sequence)
  const schema = schemaForNew(situation, name, node.sequence.relpersistence === 't')
  requireCreate(situation, schema)
  if (node.if_not_exists && findNamed(situation, { schema, name: name.name })) return
  requireFreeRelationName(situation, schema, name.name)
  requireOwningColumn(situation, node)
}

/** ALTER SEQUENCE. @throws Refusal */
export function requireAlterSequence(situation: Situation, node: Node): void {
  const name = relationOf(node.sequence)
  const found = requireNamed(situation, name, node.missing_ok)
  if (!found || found.kind === 'system') return
  if (found.kind === 'relation') requireOwner(situation, found.relation)
  if (found.kind !== 'sequence') throw invalid('42809', `${said(name)} is not a sequence`, name.name)
  requireOwnerOf(situation, 'sequence', found.sequence)
  requireOwningColumn(situation, node)
}

function requireOwningColumn(situation: Situation, node: Node): void {
  const option = (node.options ?? []).find((one: Node) => one.DefElem.defname === 'owned_by')
  const parts: Node[] = option?.DefElem.arg?.List?.items ?? []
  if (parts.length < 2) return
  const relation = requireRelation(situation, relationOfParts(parts.slice(0, -1)))
  if (relation) requireColumn(relation, parts.at(-1)?.String.sval)
}

/** CREATE PUBLICATION. @throws Refusal */
export function requireCreatePublication(situation: Situation, node: Node): void {
  const name: string = node.pubname
  requireDatabasePrivilege(situation)
  if (situation.server.publications.has(name) && !isMadeBefore(situation, ['DropStmt', 'RenameStmt'], name))
    throw exists('42710', `publication "${name}" already exists`, name)
  requirePublished(situation, node)
}

/** ALTER PUBLICATION. @throws Refusal */
export function requireAlterPublication(situation: Situation, node: Node): void {
  requirePublication(situation, node.pubname)
  requirePublished(situation, node)
}

function requirePublished(situation: Situation, node: Node): void {
  for (const { PublicationObjSpec: object } of node.pubobjects ?? []) {
    const table: Node | undefined = object?.pubtable
    const relation = table && requireRelation(situation, relationOf(table.relation))
    if (relation) for (const column of namesOf(table.columns)) requireColumn(relation, column)
    if (object?.pubobjtype === 'PUBLICATIONOBJ_TABLES_IN_SCHEMA') requireSchema(situation, object.name)
  }
}
