import type { CatalogExpectation } from '../domain/migration.js'
import type { Client } from './connection.js'

/** Does the catalog hold what the expectation names? An index or constraint counts only when it is valid. */
const expectationQueries: Record<CatalogExpectation['kind'], string> = {
  relation: `
    SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind <> 'i' AND $3::text IS NULL)`,
  index: `
    SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
      WHERE n.nspname = $1 AND c.relname = $2 AND i.indisvalid AND i.indisready AND $3::text IS NULL)`,
  column: `
    SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3 AND NOT a.attisdropped)`,
  constraint: `
    SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint o JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND o.conname = $3)`,
  trigger: `
    SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND t.tgname = $3)`,
}

/** The expectations that the catalog does not meet. `schema` is where unqualified names live. */
export async function unmetExpectations(
  client: Client,
  expectations: readonly CatalogExpectation[],
  schema: string,
): Promise<CatalogExpectation[]> {
  const unmet: CatalogExpectation[] = []
  for (const expectation of expectations) {
    const values = [expectation.schema ?? schema, expectation.relation, expectation.name ?? null]
    const { rows } = await client.query({ text: expectationQueries[expectation.kind], values })
    if (rows[0].exists !== expectation.present) unmet.push(expectation)
  }
  return unmet
}
