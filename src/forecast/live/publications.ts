import type { Reader } from '../../domain/reader.js'
import type { CatalogModel, PublishedTable, Relation } from '../model.js'
import { columnsIn } from '../walk.js'
import type { Expressions } from './expressions.js'
import type { RelationsByOid } from './relations.js'
import { rowsOf } from './rows.js'

interface PublicationRow {
  name: string
  allTables: boolean
  updates: boolean
  deletes: boolean
  viaRoot: boolean
  schemas: string[]
  tables: { relation: number; columns: number[] | null; filter: string | null }[]
}

/** Schemas, lists of columns and conditions exist since PostgreSQL 15, `pubviaroot` since 13. */
function publicationsQuery(version: number): string {
  const isNew = version >= 150000
  const schemas = `SELECT n.nspname FROM pg_catalog.pg_publication_namespace s
                     JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid WHERE s.pnpubid = p.oid`
  const columns = `(SELECT pg_catalog.json_agg(a::int4) FROM pg_catalog.unnest(r.prattrs::int2[]) a)`
  return `
    SELECT p.pubname AS name, p.puballtables AS "allTables", p.pubupdate AS updates, p.pubdelete AS deletes,
           p.pubviaroot AS "viaRoot", ARRAY(${isNew ? schemas : 'SELECT NULL::name WHERE false'})::text[] AS schemas,
           COALESCE((SELECT pg_catalog.json_agg(pg_catalog.json_build_object('relation', r.prrelid::int4,
                              'columns', ${isNew ? columns : 'NULL'},
                              'filter', ${isNew ? 'pg_catalog.pg_get_expr(r.prqual, r.prrelid)' : 'NULL'}))
                       FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid), '[]') AS tables
      FROM pg_catalog.pg_publication p`
}

/** What is published, and of what. */
export async function readPublications(
  reader: Reader,
  catalog: CatalogModel,
  relations: RelationsByOid,
  later: Expressions,
): Promise<void> {
  const rows = await rowsOf<PublicationRow>(reader, publicationsQuery(catalog.serverVersion))
  for (const { name, allTables, updates, deletes, viaRoot, schemas, tables } of rows) {
    const published = new Map<Relation, PublishedTable>()
    for (const { relation: oid, columns, filter } of tables) {
      const relation = relations.get(oid)
      if (!relation) continue
      const list = relation.columns.filter(({ liveNumber }) => columns?.includes(liveNumber ?? 0))
      const table: { -readonly [K in keyof PublishedTable]: PublishedTable[K] } = columns
        ? { columns: new Set(list) }
        : {}
      if (filter !== null) {
        later.add(filter, relation, (tree) => {
          table.filtersBy = columnsIn(tree)
        })
      }
      published.set(relation, table)
    }
    catalog.publications.push({
      name,
      isForAllTables: allTables,
      schemas: new Set(schemas),
      tables: published,
      publishes: { update: updates, delete: deletes },
      isViaRoot: viaRoot,
    })
  }
}
