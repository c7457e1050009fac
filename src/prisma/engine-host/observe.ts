import { type LockMode, lockModeOf } from '../../domain/lock-mode.js'
import { withServerNames } from '../../forecast/server-names.js'
import { namedRelations, relationName } from '../../postgres/named-relations.js'
import type { Observation, ObservedLock } from '../engine-events.js'
import type { ScriptClient } from './script-client.js'

/**
 * The counters are of the present transaction, with what has not been told to the others yet:
 * https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-STATS-VIEWS
 */
const relationsQuery = `
  SELECT c.oid::text AS oid, c.relfilenode::text AS file, c.relkind IN ('r', 'm') AS is_table, ${relationName} AS name,
         (pg_catalog.pg_stat_get_xact_tuples_updated(c.oid)
           + pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid))::text AS changed
  ${namedRelations}`

const locksQuery = `
  SELECT DISTINCT relation::text AS oid, mode FROM pg_catalog.pg_locks
   WHERE pid = pg_catalog.pg_backend_pid() AND granted AND locktype = 'relation' AND mode <> 'SIReadLock'
     AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`

const sizesQuery = `
  SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')::text AS wal,
         pg_catalog.pg_database_size(pg_catalog.current_database())::text AS size`

interface KnownRelation {
  readonly file: string
  readonly name: string
  readonly isTable: boolean
  /** Rows that the transaction has updated or deleted so far. */
  readonly changed: number
}

/** What the server looks like between two statements. */
interface Look {
  readonly relations: ReadonlyMap<string, KnownRelation>
  readonly locks: ReadonlySet<string>
  readonly walBytes: number
  readonly databaseSizeBytes: number
}

/**
 * Looks at the server between the statements of a migration, on its own session: only there the uncommitted work and its
 * locks can be seen. For rehearsals: the questions take time of their own and read the catalog inside the transaction.
 */
export class Observer {
  /** What was there before the first statement: nobody else knows of anything newer, or by another name. */
  #known: ReadonlyMap<string, KnownRelation> = new Map()
  #before: Look | undefined

  constructor(private readonly client: ScriptClient) {}

  /** To be called before a statement runs whose effect is asked for. */
  async begin(): Promise<void> {
    this.#before = await this.#look()
    this.#known = this.#before.relations
  }

  /** What has come about since the last look. */
  async observe(): Promise<Observation | undefined> {
    const before = this.#before
    const now = await this.#look()
    this.#before = now
    if (before === undefined) return undefined
    return {
      locks: newLocks(before, now, this.#known),
      rewritten: rewrittenTables(before, now),
      rowsChanged: changedTables(before, now, this.#known),
      walBytes: now.walBytes - before.walBytes,
      databaseSizeBytes: now.databaseSizeBytes,
    }
  }

  /** In whatever search_path the migration has set. */
  #ask(question: string) {
    return this.client.query(withServerNames(question))
  }

  async #look(): Promise<Look> {
    // Locks first: the other questions take some of their own on the catalog.
    const locks = await this.#ask(locksQuery)
    const relations = await this.#ask(relationsQuery)
    const sizes = await this.#ask(sizesQuery)
    return {
      locks: new Set(locks.rows.map(({ oid, mode }) => `${oid} ${mode}`)),
      relations: new Map(
        relations.rows.map(({ oid, file, name, is_table, changed }) => [
          String(oid),
          { file: String(file), name: String(name), isTable: is_table === true, changed: Number(changed) },
        ]),
      ),
      walBytes: Number(sizes.rows[0]?.wal),
      databaseSizeBytes: Number(sizes.rows[0]?.size),
    }
  }
}

/** Nobody waits for a relation that the file has made. */
function newLocks(before: Look, now: Look, known: ReadonlyMap<string, KnownRelation>): ObservedLock[] {
  const taken = [...now.locks].filter((lock) => !before.locks.has(lock))
  const named = taken.flatMap((lock): ObservedLock[] => {
    const [oid = '', mode = ''] = lock.split(' ')
    const relation = known.get(oid)
    return relation ? [{ relation: relation.name, mode: lockModeOf(mode) as LockMode }] : []
  })
  return [...new Map(named.map((lock) => [`${lock.relation} ${lock.mode}`, lock])).values()]
}

function rewrittenTables(before: Look, now: Look): string[] {
  return [...now.relations].flatMap(([oid, { file, name, isTable }]) => {
    const old = before.relations.get(oid)
    return old && isTable && old.file !== file ? [name] : []
  })
}

function changedTables(before: Look, now: Look, known: ReadonlyMap<string, KnownRelation>): string[] {
  return [...now.relations].flatMap(([oid, { changed }]) => {
    const name = known.get(oid)?.name
    return name !== undefined && changed > (before.relations.get(oid)?.changed ?? 0) ? [name] : []
  })
}
