import type { Reader } from '../../domain/reader.js'
import { formatRelation, type RelationName, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findFunctions, findType } from '../lookup.js'
import type { RelationKind, TypeObject } from '../model.js'
import { isMadeByMigrations, serverFunctions } from './calls.js'
import {
  requireEmptySchema,
  requireUnusedFunction,
  requireUnusedIndex,
  requireUnusedRelation,
  requireUnusedSequence,
  requireUnusedType,
} from './dependents.js'
import { requireUnusedMembers } from './extensions.js'
import { requireNamedRoutine } from './named-routine.js'
import { requireOwner, requireOwnerOf, unlessGranted } from './privileges.js'
import {
  findNamed,
  isMadeBefore,
  lookUp,
  type Named,
  requireKind,
  requireRelation,
  requireRole,
  requireSchema,
  type Situation,
  said,
} from './situation.js'
import { dependent, forbidden, invalid, missing } from './static-failure.js'
import { requireType } from './types.js'

/** DROP …, for everything that has a name. @throws Refusal */
export async function requireDrop(situation: Situation, reader: Reader, node: Node): Promise<void> {
  const isOptional = node.missing_ok === true
  const isCascade = node.behavior === 'DROP_CASCADE'
  const drop: Drop = {
    situation,
    reader,
    isOptional,
    isCascade,
    isConcurrent: node.concurrent === true,
    objects: node.objects ?? [],
  }
  switch (node.removeType) {
    case 'OBJECT_TABLE':
      return dropRelations(drop, ['table', 'partitioned table'])
    case 'OBJECT_VIEW':
      return dropRelations(drop, ['view'])
    case 'OBJECT_MATVIEW':
      return dropRelations(drop, ['materialized view'])
    case 'OBJECT_FOREIGN_TABLE':
      return dropRelations(drop, ['foreign table'])
    case 'OBJECT_INDEX':
      return dropIndexes(drop)
    case 'OBJECT_SEQUENCE':
      return dropSequences(drop)
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN':
      return dropTypes(drop, node.removeType === 'OBJECT_DOMAIN')
    case 'OBJECT_FUNCTION':
    case 'OBJECT_PROCEDURE':
    case 'OBJECT_ROUTINE':
      return dropFunctions(drop, node.removeType)
    case 'OBJECT_SCHEMA':
      return dropSchemas(drop)
    case 'OBJECT_TRIGGER':
    case 'OBJECT_POLICY':
      return dropMembers(drop, node.removeType === 'OBJECT_TRIGGER' ? 'trigger' : 'policy')
    case 'OBJECT_EXTENSION':
      return dropExtensions(drop)
    case 'OBJECT_PUBLICATION':
      return dropPublications(drop)
  }
}

interface Drop {
  readonly situation: Situation
  readonly reader: Reader
  readonly isOptional: boolean
  readonly isCascade: boolean
  readonly isConcurrent: boolean
  readonly objects: readonly Node[]
}

function namesIn(objects: readonly Node[]): RelationName[] {
  return objects.map((object) => relationOfParts(object.List?.items ?? object.TypeName?.names ?? [object]))
}

/** The server looks for all of them before it drops the first. */
async function dropRelations(drop: Drop, kinds: readonly RelationKind[]): Promise<void> {
  const { situation, reader, isOptional, isCascade, objects } = drop
  const [kind = 'table'] = kinds
  const relations = namesIn(objects).flatMap((name) => {
    const found = requireDropped(situation, name, isOptional, kind)
    if (!found || found.kind === 'system') return []
    if (found.kind !== 'relation') throw invalid('42809', `"${name.name}" is not a ${kind}`, name.name)
    requireKind(found.relation, kinds)
    requireOwnerToDrop(situation, found)
    return [found.relation]
  })
  if (isCascade) return
  for (const relation of relations) await requireUnusedRelation(situation, reader, relation, relations)
}

/** @throws Refusal when it does not exist, in the words of what is being dropped */
function requireDropped(
  situation: Situation,
  name: RelationName,
  isOptional: boolean,
  kind: string,
  sqlstate = '42P01',
): Named | undefined {
  const found = lookUp(situation, name)
  if (found || isOptional) return found
  requireSchema(situation, name.schema)
  throw missing(sqlstate, `${kind} ${said(name)} does not exist`, formatRelation(name))
}

/** The owner of a schema may drop what is in it. */
function requireOwnerToDrop(situation: Situation, found: Named): void {
  if (found.kind !== 'relation' && found.kind !== 'index') return
  if (!situation.server.ownSchemas.has(found.relation.schema)) requireOwner(situation, found.relation)
}

async function dropIndexes(drop: Drop): Promise<void> {
  const { situation, reader, isOptional, isCascade, isConcurrent, objects } = drop
  if (isConcurrent && objects.length > 1)
    throw invalid('0A000', 'DROP INDEX CONCURRENTLY does not support dropping multiple objects')
  if (isConcurrent && isCascade) throw invalid('0A000', 'DROP INDEX CONCURRENTLY does not support CASCADE')
  const indexes = namesIn(objects).flatMap((name) => {
    const found = requireDropped(situation, name, isOptional, 'index', '42704')
    if (!found || found.kind === 'system') return []
    if (found.kind !== 'index') throw invalid('42809', `"${name.name}" is not an index`, name.name)
    requireOwnerToDrop(situation, found)
    if (isConcurrent && found.relation.kind === 'partitioned table')
      throw invalid('0A000', `cannot drop partitioned index "${name.name}" concurrently`, name.name)
    return [found]
  })
  for (const { relation, index } of indexes)
    await requireUnusedIndex(situation, reader, relation, index, isCascade)
}

function dropSequences({ situation, isOptional, isCascade, objects }: Drop): void {
  const sequences = namesIn(objects).flatMap((name) => {
    const found = requireDropped(situation, name, isOptional, 'sequence')
    if (!found || found.kind === 'system') return []
    if (found.kind !== 'sequence') throw invalid('42809', `"${name.name}" is not a sequence`, name.name)
    const { sequence } = found
    if (!situation.server.ownSchemas.has(sequence.schema)) requireOwnerOf(situation, 'sequence', sequence)
    return [sequence]
  })
  for (const sequence of sequences) requireUnusedSequence(situation, sequence, isCascade)
}

async function dropTypes(drop: Drop, isDomain: boolean): Promise<void> {
  const { situation, reader, isOptional, isCascade, objects } = drop
  const types = objects.flatMap(({ TypeName: typeName }): TypeObject[] => {
    const name = relationOfParts(typeName.names)
    const found = findType(situation.catalog, name)
    if (!found && isOptional) return []
    if (!found) {
      const table = findNamed(situation, name)
      if (table?.kind === 'relation') {
        const words = `cannot drop type ${name.name} because table ${name.name} requires it`
        throw dependent('2BP01', words, name.name)
      }
      requireType(situation, typeName)
      return []
    }
    if (isDomain && found.kind !== 'domain')
      throw invalid('42809', `"${name.name}" is not a domain`, name.name)
    if (!situation.server.ownSchemas.has(found.schema)) requireOwnerOf(situation, 'type', found)
    return [found]
  })
  if (isCascade) return
  for (const type of types) await requireUnusedType(situation, reader, type)
}

const routineWords: Readonly<Record<string, string>> = {
  OBJECT_FUNCTION: 'function',
  OBJECT_PROCEDURE: 'procedure',
  OBJECT_ROUTINE: 'routine',
}

function dropFunctions({ situation, isOptional, isCascade, objects }: Drop, removeType: string): void {
  for (const { ObjectWithArgs: routine } of objects) {
    const name = relationOfParts(routine.objname)
    const candidates = findFunctions(situation.catalog, name)
    if (!isOptional) for (const { TypeName: type } of routine.objargs ?? []) requireType(situation, type)
    if (!isOptional) requireNamedRoutine(situation, routine.objname, routineWords[removeType] ?? 'function')
    const [one] = candidates
    requireOwnedRoutine(situation, name)
    if (candidates.length === 1 && one && !isCascade) requireUnusedFunction(situation, one.schema, one.name)
  }
}

/** @throws Refusal when every function of that name belongs to others */
function requireOwnedRoutine(situation: Situation, name: RelationName): void {
  const all = serverFunctions(situation, name)
  const isOthers =
    all.length > 0 && all.every(({ isOwned, schema }) => !isOwned && !situation.server.ownSchemas.has(schema))
  if (isOthers && !isMadeByMigrations(situation, name))
    throw unlessGranted(situation, forbidden(`must be owner of function ${name.name}`, name.name))
}

function dropSchemas({ situation, isOptional, isCascade, objects }: Drop): void {
  const names = objects.map((object) => object.String.sval as string)
  for (const name of names) if (!isOptional) requireSchema(situation, name)
  if (!isCascade) for (const name of names) requireEmptySchema(situation, name)
}

/** Triggers and policies, which are called `table, name`. */
function dropMembers({ situation, isOptional, objects }: Drop, kind: 'trigger' | 'policy'): void {
  for (const { List: parts } of objects) {
    const relation = requireRelation(situation, relationOfParts(parts.items.slice(0, -1)), isOptional)
    if (!relation) continue
    requireMember(situation, relation, kind, parts.items.at(-1).String.sval, isOptional)
    requireOwner(situation, relation)
  }
}

/** @throws Refusal when the table has no such trigger or policy */
export function requireMember(
  situation: Situation,
  relation: {
    readonly name: string
    readonly triggers: readonly { name: string }[]
    readonly policies: readonly { name: string }[]
  },
  kind: 'trigger' | 'policy',
  name: string,
  isOptional = false,
): void {
  const members = kind === 'trigger' ? relation.triggers : relation.policies
  if (isOptional || members.some((one) => one.name === name)) return
  // The model only holds the policies of today.
  if (kind === 'policy' && isMadeBefore(situation, ['CreatePolicyStmt', 'RenameStmt'], name)) return
  throw missing('42704', `${kind} "${name}" for table "${relation.name}" does not exist`, name)
}

async function dropExtensions({ situation, reader, isOptional, isCascade, objects }: Drop): Promise<void> {
  const names = objects.map((object) => object.String.sval as string)
  for (const name of names) {
    if (situation.catalog.extensions.has(name)) {
      if (!isCascade) await requireUnusedExtension(situation, reader, name)
    } else if (!isOptional) throw missing('42704', `extension "${name}" does not exist`, name)
  }
  const isThere = names.some((name) => situation.server.extensions.has(name))
  if (!isCascade && isThere) await requireUnusedMembers(situation, reader, names)
}

/** @throws Refusal when a column is of a type that the extension brings along */
async function requireUnusedExtension(situation: Situation, reader: Reader, name: string): Promise<void> {
  const { rows } = await reader.query(
    `SELECT d.objid::int4 AS oid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
      WHERE e.extname = $1 AND d.refclassid = 'pg_catalog.pg_extension'::regclass
        AND d.classid = 'pg_catalog.pg_type'::regclass AND d.deptype = 'e'`,
    [name],
  )
  const types = new Set(rows.map(({ oid }) => oid as number))
  for (const relation of situation.catalog.relations) {
    const column = relation.columns.find(
      ({ type }) => type.object.oid !== undefined && types.has(type.object.oid),
    )
    if (column) {
      const words = `cannot drop extension ${name} because column ${column.name} of table ${relation.name} depends on it`
      throw dependent('2BP01', words, name)
    }
  }
}

function dropPublications({ situation, isOptional, objects }: Drop): void {
  for (const {
    String: { sval: name },
  } of objects)
    if (!isOptional) requirePublication(situation, name)
}

/** @throws Refusal when there is no such publication */
export function requirePublication(situation: Situation, name: string): void {
  if (situation.server.publications.has(name)) return
  if (isMadeBefore(situation, ['CreatePublicationStmt', 'RenameStmt'], name)) return
  throw missing('42704', `publication "${name}" does not exist`, name)
}

/** DROP ROLE. @throws Refusal */
export function requireDropRole(situation: Situation, node: Node): void {
  if (!node.missing_ok) for (const role of node.roles ?? []) requireRole(situation, role)
}
