import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { bindColumns } from '../bind.js'
import { findColumn, findRelation } from '../lookup.js'
import type { PublicationObject, PublishedTable, Relation } from '../model.js'
import { columnsIn, type Walk } from '../walk.js'

/** CREATE PUBLICATION: https://www.postgresql.org/docs/current/sql-createpublication.html */
export function followCreatePublication(walk: Walk, node: Node): void {
  const publication: PublicationObject = {
    name: node.pubname,
    isForAllTables: node.for_all_tables === true,
    schemas: new Set(),
    tables: new Map(),
    publishes: { update: true, delete: true },
    isViaRoot: false,
  }
  setOptions(publication, node.options)
  addObjects(walk, publication, node)
  walk.catalog.publications.push(publication)
}

/** ALTER PUBLICATION */
export function followAlterPublication(walk: Walk, node: Node): void {
  const publication = walk.catalog.publications.find(({ name }) => name === node.pubname)
  if (!publication) return
  setOptions(publication, node.options)
  if (node.action === 'AP_SetObjects' && (node.pubobjects ?? node.tables)) {
    publication.tables.clear()
    publication.schemas.clear()
  }
  if (node.action !== 'AP_DropObjects') {
    addObjects(walk, publication, node)
    return
  }
  const gone = objectsOf(walk, node)
  for (const schema of gone.schemas) publication.schemas.delete(schema)
  for (const relation of gone.tables.keys()) publication.tables.delete(relation)
}

function setOptions(publication: PublicationObject, options: readonly Node[] = []): void {
  for (const { DefElem } of options) {
    const text = String(DefElem.arg?.String?.sval ?? DefElem.arg?.Boolean?.boolval ?? 'true')
    if (DefElem.defname === 'publish_via_partition_root') publication.isViaRoot = /^(true|on|1)$/i.test(text)
    if (DefElem.defname !== 'publish') continue
    const words = text.split(',').map((word) => word.trim().toLowerCase())
    publication.publishes = { update: words.includes('update'), delete: words.includes('delete') }
  }
}

function addObjects(walk: Walk, publication: PublicationObject, node: Node): void {
  const added = objectsOf(walk, node)
  for (const schema of added.schemas) publication.schemas.add(schema)
  for (const [relation, table] of added.tables) publication.tables.set(relation, table)
}

/** The tables, with those that inherit from them unless ONLY is said, and the schemas that a statement names. */
function objectsOf(walk: Walk, node: Node): { schemas: string[]; tables: Map<Relation, PublishedTable> } {
  const schemas: string[] = []
  const tables = new Map<Relation, PublishedTable>()
  let kind = ''
  for (const { PublicationObjSpec: object } of node.pubobjects ?? []) {
    // What follows a comma is of the kind of what stands before it, unless it says what it is.
    if (object.pubobjtype !== 'PUBLICATIONOBJ_CONTINUATION') kind = object.pubobjtype
    if (kind === 'PUBLICATIONOBJ_TABLES_IN_CUR_SCHEMA') schemas.push(walk.catalog.searchPath[0] ?? 'public')
    else if (kind === 'PUBLICATIONOBJ_TABLES_IN_SCHEMA') schemas.push(object.name)
    else addTable(walk, tables, object.pubtable ?? { relation: { relname: object.name, inh: true } })
  }
  return { schemas, tables }
}

function addTable(walk: Walk, tables: Map<Relation, PublishedTable>, node: Node): void {
  const relation = findRelation(walk.catalog, relationOf(node.relation))
  if (!relation) return
  const names: string[] | undefined = node.columns?.map((one: Node) => one.String.sval)
  const filter = node.whereClause && columnsIn(bindColumns(relation, node.whereClause))
  const table = {
    ...(names ? { columns: new Set(names.flatMap((name) => findColumn(relation, name) ?? [])) } : {}),
    ...(filter ? { filtersBy: filter } : {}),
  }
  tables.set(relation, table)
  if (node.relation.inh !== true || relation.partitionKey) return
  for (const child of heirsOf(relation)) tables.set(child, table)
}

function heirsOf(relation: Relation): Relation[] {
  return relation.children.flatMap((child) => [child, ...heirsOf(child)])
}

/** ALTER TABLE … REPLICA IDENTITY */
export function setReplicaIdentity(relation: Relation, { identity_type: type, name }: Node): void {
  if (type === 'n') relation.replicaIdentity = 'nothing'
  else if (type === 'f') relation.replicaIdentity = 'full'
  else if (type === 'i') {
    const index = relation.indexes.find((one) => one.name === name)
    if (index) relation.replicaIdentity = index
  } else delete relation.replicaIdentity
}
