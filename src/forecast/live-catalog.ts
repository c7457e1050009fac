import type { Reader } from '../domain/reader.js'
import { readColumns } from './live/columns.js'
import { readConstraints } from './live/constraints.js'
import { Expressions } from './live/expressions.js'
import { readFamilies, readPartitions } from './live/families.js'
import { readFunctions } from './live/functions.js'
import { readIndexes } from './live/indexes.js'
import { readPolicies } from './live/policies.js'
import { readPublications } from './live/publications.js'
import { bindViews, readRelations } from './live/relations.js'
import { readRules } from './live/rules.js'
import { readSequences } from './live/sequences.js'
import { readServer } from './live/server.js'
import { readTriggers } from './live/triggers.js'
import { readTypes } from './live/types.js'
import type { CatalogModel } from './model.js'
import { blurHiddenRows } from './row-security.js'

/**
 * Reads the whole catalog, as far as migrations can meet it, in a handful of questions. Takes no lock but ACCESS SHARE
 * on the catalog's own tables; `pg_sequences` is left alone, because it takes ROW EXCLUSIVE on every sequence.
 */
export async function readLiveCatalog(reader: Reader, schema: string): Promise<CatalogModel> {
  const catalog = await readServer(reader, schema)
  const types = await readTypes(reader, catalog)
  const { relations, rows } = await readRelations(reader, catalog)
  for (const relation of relations.values()) relation.home = schema
  catalog.home = schema
  const later = new Expressions()
  const columns = await readColumns(reader, relations, types, later)
  const indexes = await readIndexes(reader, relations, columns, later)
  await readConstraints(reader, relations, columns, indexes, later)
  await readTriggers(reader, relations)
  await readRules(reader, relations)
  await readSequences(reader, catalog, columns)
  await readFunctions(reader, catalog)
  await readFamilies(reader, relations)
  readPartitions(catalog, relations, rows)
  await readPolicies(reader, relations)
  await readPublications(reader, catalog, relations, later)
  later.parse(catalog)
  bindViews(catalog)
  blurHiddenRows(catalog)
  return catalog
}
