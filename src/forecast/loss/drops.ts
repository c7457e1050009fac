import { relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findColumn, findRelation, findSequence, findType } from '../lookup.js'
import type { Column, Relation, SequenceObject, TypeObject } from '../model.js'
import type { Walk } from '../walk.js'
import type { WatchedStatement } from '../watcher.js'

/** What a statement drops that holds data. */
export interface Dropped {
  readonly columns: { readonly relation: Relation; readonly column: Column }[]
  readonly relations: Relation[]
  readonly sequences: SequenceObject[]
  /** It is not named by the statement, but depends on a schema, a type or an extension that is. */
  readonly by?: { readonly code: 'drop-schema' | 'drop-type' | 'drop-extension'; readonly name: string }
}

/** The columns, tables and sequences that a statement drops; views hold nothing of their own. */
export async function droppedBy(walk: Walk, { kind, node }: WatchedStatement): Promise<Dropped[]> {
  if (kind === 'AlterTableStmt') return [droppedColumns(walk, node)]
  if (kind !== 'DropStmt') return []
  const objects: Node[][] = (node.objects ?? []).map(
    (object: Node) => object.List?.items ?? object.TypeName?.names ?? [object],
  )
  const isCascade = node.behavior === 'DROP_CASCADE'
  const dropped: Dropped[] = []
  for (const parts of objects) dropped.push(...(await droppedObject(walk, node.removeType, parts, isCascade)))
  return dropped
}

function droppedColumns({ catalog }: Walk, node: Node): Dropped {
  const relation = findRelation(catalog, relationOf(node.relation))
  const commands: Node[] = (node.cmds ?? []).map((one: Node) => one.AlterTableCmd)
  const columns = commands.flatMap(({ subtype, name }) => {
    const column = subtype === 'AT_DropColumn' && relation ? findColumn(relation, name) : undefined
    return relation && column ? [{ relation, column }] : []
  })
  return { columns, relations: [], sequences: [] }
}

async function droppedObject(
  walk: Walk,
  kind: string,
  parts: Node[],
  isCascade: boolean,
): Promise<Dropped[]> {
  const { catalog } = walk
  const name = relationOfParts(parts)
  const nothing = { columns: [], relations: [], sequences: [] }
  switch (kind) {
    case 'OBJECT_TABLE': {
      const relation = findRelation(catalog, name)
      return relation ? [{ ...nothing, relations: [relation] }] : []
    }
    case 'OBJECT_SEQUENCE': {
      const sequence = findSequence(catalog, name)
      return sequence ? [{ ...nothing, sequences: [sequence] }] : []
    }
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN': {
      const type = findType(catalog, name)
      const by = { code: 'drop-type' as const, name: name.name }
      return type && isCascade ? [{ ...nothing, columns: columnsOfTypes(walk, [type]), by }] : []
    }
    case 'OBJECT_SCHEMA': {
      const isIn = ({ schema }: { schema: string }) => schema === name.name
      const columns = columnsOfTypes(walk, catalog.types.filter(isIn))
      return [
        {
          columns: columns.filter(({ relation }) => !isIn(relation)),
          // A partition goes with its parent, and is counted there.
          relations: catalog.relations.filter((one) => isIn(one) && !one.parents.some(isIn)),
          sequences: catalog.sequences.filter((one) => isIn(one) && !one.ownedBy),
          by: { code: 'drop-schema', name: name.name },
        },
      ]
    }
    case 'OBJECT_EXTENSION': {
      const columns = isCascade ? columnsOfTypes(walk, await typesOfExtension(walk, name.name)) : []
      return [{ ...nothing, columns, by: { code: 'drop-extension', name: name.name } }]
    }
    default:
      return []
  }
}

/** Columns of these types, of arrays of them and of domains over them, except those of a partition, whose parent has them too. */
function columnsOfTypes({ catalog }: Walk, types: readonly TypeObject[]): Dropped['columns'] {
  const isMeant = (type: TypeObject): boolean =>
    types.includes(type) || (type.base !== undefined && isMeant(type.base.object))
  return catalog.relations
    .filter(({ parents, kind }) => parents.length === 0 && /table/.test(kind))
    .flatMap((relation) =>
      relation.columns.filter(({ type }) => isMeant(type.object)).map((column) => ({ relation, column })),
    )
}

async function typesOfExtension(walk: Walk, name: string): Promise<TypeObject[]> {
  const literal = `'${name.replaceAll("'", "''")}'`
  const answer = await walk.askCatalog(`
    SELECT d.objid::int4 AS oid FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
     WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'
       AND d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND e.extname = ${literal}`)
  const oids = new Set(answer?.rows.map(({ oid }) => oid))
  return walk.catalog.types.filter(({ oid }) => oids.has(oid))
}

/** What a dropped relation or column takes along with CASCADE that holds no data of its own, in words. */
export function dependentsOf(walk: Walk, relation: Relation, column?: Column): string[] {
  const { relations } = walk.catalog
  const keys = relations.flatMap((other) =>
    other.constraints
      .filter(({ parent, parentColumns }) =>
        column ? parentColumns?.includes(column) : parent === relation && other !== relation,
      )
      .map(({ name }) => `the foreign key "${name}" of "${other.name}"`),
  )
  const views = viewsOn(relations, relation)
    .filter(({ definition = '' }) => column === undefined || definition.includes(column.name))
    .map(({ name, kind }) => `the ${kind} "${name}"`)
  return [...keys, ...views]
}

/** Views on the relation, views on those, and so on. */
function viewsOn(relations: readonly Relation[], relation: Relation, found: Relation[] = []): Relation[] {
  for (const view of relations) {
    if (!view.reads.includes(relation) || found.includes(view)) continue
    found.push(view)
    viewsOn(relations, view, found)
  }
  return found
}
