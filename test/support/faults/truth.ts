import type { TestDatabase } from '../test-database.js'

/** How much of a migration is in the database; `broken` is what no correct engine can leave. */
export type Extent = 'none' | 'part' | 'all' | 'broken'

/** What is in a scene's database, by questions of the test's own. */
export interface Truth {
  readonly kind: 'unchanged' | 'prefix' | 'part' | 'all' | 'broken'
  readonly first: Extent
  readonly second: Extent
  /** `name: finished|unfinished|rolled back`, oldest first, of the migrations that were pending. */
  readonly history: readonly string[]
  /** Nothing is unfinished, and what is finished is in the database. */
  readonly isHistoryClean: boolean
  readonly advisoryLocks: number
  readonly sessions: readonly string[]
}

const question = `SELECT
  (SELECT count(*)::int FROM pg_attribute WHERE attrelid = 'public.people'::regclass AND attname = 'phone' AND NOT attisdropped) AS phone,
  (SELECT count(*)::int FROM public.people p WHERE to_jsonb(p)->>'phone' = 'none') AS phoned,
  (SELECT count(*)::int FROM public.people) AS people,
  (SELECT count(*)::int FROM public.people JOIN generate_series(1, 100) i ON id = i AND email = 'person' || i % 90 || '@example.org'
      AND city IS NOT DISTINCT FROM nullif('city ' || i % 7, 'city 3')) AS untouched,
  (SELECT count(*)::int FROM public.visits WHERE id = person) AS visits,
  to_regclass('public.phones') IS NOT NULL AS phones,
  to_regclass('public.cities') IS NOT NULL AS cities,
  (SELECT CASE WHEN indisvalid THEN 'valid' ELSE 'invalid' END FROM pg_index WHERE indexrelid = to_regclass('public.people_city')) AS index,
  (SELECT count(*)::int FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'S')) AS relations,
  (SELECT array_agg(migration_name || ': ' || CASE WHEN rolled_back_at IS NOT NULL THEN 'rolled back'
      WHEN finished_at IS NOT NULL THEN 'finished' ELSE 'unfinished' END ORDER BY started_at)
     FROM public._prisma_migrations WHERE id <> '1') AS history,
  (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS "advisoryLocks",
  (SELECT array_agg(application_name) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND backend_type = 'client backend') AS sessions`

export async function readTruth(database: Pick<TestDatabase, 'query'>): Promise<Truth> {
  const [found] = await database.query(question)
  const steps = [found.phone === 1, found.phoned === 100, found.phones]
  const first: Extent = steps.every(Boolean) ? 'all' : steps.some(Boolean) ? 'broken' : 'none'
  const second: Extent =
    found.index === null
      ? found.cities
        ? 'broken'
        : 'none'
      : found.cities && found.index === 'valid'
        ? 'all'
        : found.cities
          ? 'broken'
          : 'part'
  const history: string[] = found.history ?? []
  const isIntact =
    found.people === 100 &&
    found.untouched === 100 &&
    found.visits === 130 &&
    found.relations === 3 + Number(found.phones) + Number(found.cities)
  return {
    kind: isIntact ? kindOf(first, second) : 'broken',
    first,
    second,
    history,
    isHistoryClean: isClean(history, first, second),
    advisoryLocks: found.advisoryLocks,
    sessions: found.sessions ?? [],
  }
}

function kindOf(first: Extent, second: Extent): Truth['kind'] {
  if (first === 'broken' || second === 'broken' || (first === 'none' && second !== 'none')) return 'broken'
  if (second === 'all') return 'all'
  if (second === 'part') return 'part'
  return first === 'all' ? 'prefix' : 'unchanged'
}

function isClean(history: readonly string[], ...extents: readonly Extent[]): boolean {
  const finished = history.filter((row) => row.endsWith(': finished')).length
  const applied = extents.filter((extent) => extent === 'all').length
  return finished === applied && !history.some((row) => row.endsWith(': unfinished'))
}
