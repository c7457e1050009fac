import { createHash } from 'node:crypto'
import type { CatalogExpectation } from '../domain/migration.js'
import type { Client } from './connection.js'

/** The catalog as lines, one an object, in the words of Postgres; sorted, so that two can be compared. */
export interface Catalog {
  readonly objects: readonly string[]
  /** sha256 over the lines. */
  readonly hash: string
}

/** Schemas that are not the user's. */
const systemSchemas = `n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_t%'`

/** Relations that are the user's: the history table is Prisma's. */
const ownRelations = `${systemSchemas} AND c.relname <> '_prisma_migrations'`

/** Everything a migration can change, written so that the same object always gives the same line. */
const catalogQuery = `
  SELECT pg_catalog.format('relation %I.%I kind %s persistence %s row security %s %s options %s owner %s',
           n.nspname, c.relname, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity, c.reloptions,
           pg_catalog.pg_get_userbyid(c.relowner))
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE ${ownRelations} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
  UNION ALL
  SELECT pg_catalog.format('column %I.%I.%I %s%s default %s generated %s identity %s collation %s', n.nspname, c.relname,
           a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN ' not null' END,
           pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attgenerated, a.attidentity, a.attcollation::regcollation)
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE ${ownRelations} AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
  UNION ALL
  SELECT pg_catalog.format('constraint %I on %I.%I %s valid %s enforced %s', o.conname, n.nspname, c.relname,
           pg_catalog.pg_get_constraintdef(o.oid), o.convalidated,
           NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgconstraint = o.oid AND t.tgenabled <> 'O'))
    FROM pg_catalog.pg_constraint o
    JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE ${ownRelations}
  UNION ALL
  SELECT pg_catalog.format('index %s valid %s ready %s', pg_catalog.pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready)
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE ${ownRelations}
  UNION ALL
  SELECT pg_catalog.format('view %I.%I %s', n.nspname, c.relname, pg_catalog.pg_get_viewdef(c.oid))
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE ${ownRelations} AND c.relkind IN ('v', 'm')
  UNION ALL
  SELECT pg_catalog.format('trigger %s enabled %s', pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled)
    FROM pg_catalog.pg_trigger t
    JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE ${ownRelations} AND NOT t.tgisinternal
  UNION ALL
  SELECT pg_catalog.format('%s %I.%I(%s) %s', CASE p.prokind WHEN 'a' THEN 'aggregate' ELSE 'function' END, n.nspname,
           p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid),
           CASE WHEN p.prokind <> 'a' THEN pg_catalog.pg_get_functiondef(p.oid) END)
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
   WHERE ${systemSchemas}
  UNION ALL
  SELECT pg_catalog.format('enum %I.%I %s', n.nspname, t.typname,
           (SELECT pg_catalog.array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid))
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
   WHERE ${systemSchemas} AND t.typtype = 'e'
  UNION ALL
  SELECT pg_catalog.format('domain %I.%I %s%s default %s', n.nspname, t.typname,
           pg_catalog.format_type(t.typbasetype, t.typtypmod), CASE WHEN t.typnotnull THEN ' not null' END, t.typdefault)
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
   WHERE ${systemSchemas} AND t.typtype = 'd'
  UNION ALL
  SELECT pg_catalog.format('constraint %I on domain %I.%I %s valid %s', o.conname, n.nspname, t.typname,
           pg_catalog.pg_get_constraintdef(o.oid), o.convalidated)
    FROM pg_catalog.pg_constraint o
    JOIN pg_catalog.pg_type t ON t.oid = o.contypid
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
   WHERE ${systemSchemas}
  UNION ALL
  SELECT pg_catalog.format('rule %s enabled %s', pg_catalog.pg_get_ruledef(r.oid), r.ev_enabled)
    FROM pg_catalog.pg_rewrite r
    JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE ${ownRelations} AND r.rulename <> '_RETURN'
  UNION ALL
  SELECT pg_catalog.format('statistics %s', pg_catalog.pg_get_statisticsobjdef(s.oid))
    FROM pg_catalog.pg_statistic_ext s
  UNION ALL
  SELECT pg_catalog.format('event trigger %I %s %s enabled %s', e.evtname, e.evtevent, e.evtfoid::regproc, e.evtenabled)
    FROM pg_catalog.pg_event_trigger e
  UNION ALL
  SELECT pg_catalog.format('sequence %I.%I %s start %s increment %s from %s to %s cache %s cycle %s', n.nspname,
           c.relname, pg_catalog.format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
           s.seqcycle)
    FROM pg_catalog.pg_sequence s
    JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE ${ownRelations}
  UNION ALL
  SELECT pg_catalog.format('policy %I on %I.%I %s %s roles %s using %s check %s', p.polname, n.nspname, c.relname, p.polcmd,
           p.polpermissive, p.polroles::regrole[], pg_catalog.pg_get_expr(p.polqual, p.polrelid),
           pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
    FROM pg_catalog.pg_policy p
    JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE ${ownRelations}
  UNION ALL
  SELECT pg_catalog.format('extension %I %s', e.extname, e.extversion) FROM pg_catalog.pg_extension e
  UNION ALL
  SELECT pg_catalog.format('schema %I owner %s', n.nspname, pg_catalog.pg_get_userbyid(n.nspowner))
    FROM pg_catalog.pg_namespace n WHERE ${systemSchemas}
  UNION ALL
  SELECT pg_catalog.format('inheritance %s of %s bound %s detaching %s', i.inhrelid::regclass, i.inhparent::regclass,
           pg_catalog.pg_get_expr(c.relpartbound, c.oid), i.inhdetachpending)
    FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid`

/**
 * Reads the catalog. Needs no privilege beyond CONNECT. Prisma's own history table is left out: it is Prisma that
 * makes it, at the first deploy, whatever becomes of the migrations.
 */
export async function readCatalog(client: Client): Promise<Catalog> {
  const { rows } = await client.query({ text: catalogQuery, rowMode: 'array' })
  const objects = rows.map(([line]) => line as string).sort()
  return { objects, hash: createHash('sha256').update(objects.join('\n')).digest('hex') }
}

/** The objects that only one of two catalogs has. */
export function compareCatalogs(before: Catalog, after: Catalog): { removed: string[]; added: string[] } {
  const [old, now] = [new Set(before.objects), new Set(after.objects)]
  return {
    removed: before.objects.filter((object) => !now.has(object)),
    added: after.objects.filter((object) => !old.has(object)),
  }
}

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
