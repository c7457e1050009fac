import { blocksWriters, type LockMode, lockModeOf, lockModes } from '../domain/lock-mode.js'
import type { LockedWork } from '../domain/statement-lock.js'
import type { Question } from './plans.js'

/** A relation that was there before a statement, and that the statement locks or works on. */
export interface TwinLock {
  /** On the twin. Of a composite type that of the type, of a TOAST table and its index that of the table it belongs to. */
  readonly oid: number
  readonly kind: 'relation' | 'index' | 'toast' | 'toast index' | 'sequence' | 'composite type'
  /** As it was called before. */
  readonly schema: string
  readonly name: string
  /** The strongest lock that the statement takes anew; absent where its transaction has held what it needs. */
  readonly mode?: LockMode
  /** The strongest lock that the transaction held before. */
  readonly heldMode?: LockMode
  readonly work: LockedWork
}

/** What a statement did to relations. */
export interface Work {
  readonly locks: readonly TwinLock[]
  /** Tables, as `schema.name`, whose rows are written anew. */
  readonly rewrites: readonly string[]
  /** Tables, as `schema.name`, that were read. */
  readonly reads: readonly string[]
  /** Of `watchedCatalogs`, those that it wrote to; absent where the server does not count that. */
  readonly wrote?: readonly string[]
}

/** Tables of the catalog of which it is counted how often they are written to. */
export const watchedCatalogs = [
  'pg_class',
  'pg_attribute',
  'pg_attrdef',
  'pg_constraint',
  'pg_index',
  'pg_trigger',
  'pg_rewrite',
  'pg_policy',
  'pg_inherits',
  'pg_type',
  'pg_enum',
  'pg_proc',
  'pg_sequence',
  'pg_depend',
  'pg_namespace',
  'pg_extension',
] as const

interface Known {
  readonly kind: TwinLock['kind'] | 'other'
  readonly isMaterializedView: boolean
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** Number of the file that holds its rows; 0 where it has none. */
  readonly file: number
  /** Of an index. */
  readonly table: number
}

/** What the session holds and has read, at one moment. */
interface State {
  readonly modes: ReadonlyMap<number, ReadonlySet<LockMode>>
  /** By table: how often it was read, and what it is called, as `schema.name`. */
  readonly scans: ReadonlyMap<number, { readonly count: number; readonly name: string }>
  readonly gone: ReadonlySet<number>
  readonly changed: ReadonlyMap<number, Known>
  readonly foreignKeys: readonly ForeignKey[]
  /** How many rows the transaction has written to each of `watchedCatalogs`, also what it has undone. */
  readonly written?: readonly number[]
}

interface ForeignKey {
  readonly oid: number
  readonly child: number
  readonly parent: number
  readonly isValidated: boolean
}

/** What a question for the state gives. */
export type StateRow = Record<string, unknown>

/** `FirstNormalObjectId`: what is older than that is the server's own. */
const lastOwnOid = 16_383
const lastOid = 4_294_967_295

/** How often the session has read each table, since its statistics were sent off last. */
const scansOfAll = `
  SELECT c."table", pg_catalog.sum(c.scans) AS scans
    FROM (SELECT COALESCE((SELECT x.indrelid FROM pg_catalog.pg_index x WHERE x.indexrelid = a.oid), a.oid) AS "table", a.scans
            FROM (SELECT oid, pg_catalog.pg_stat_get_xact_numscans(oid) AS scans FROM pg_catalog.pg_class
                   WHERE oid > ${lastOwnOid} AND relkind IN ('r', 'm', 'i') OFFSET 0) AS a WHERE a.scans > 0) AS c
   GROUP BY 1`

/** The same of those that it has locked: it reads no other. */
const scansOfHeld = `
  SELECT h.relation AS "table", pg_catalog.pg_stat_get_xact_numscans(h.relation) + COALESCE((
           SELECT pg_catalog.sum(pg_catalog.pg_stat_get_xact_numscans(x.indexrelid))
             FROM pg_catalog.pg_index x WHERE x.indrelid = h.relation), 0) AS scans
    FROM (SELECT DISTINCT relation FROM held) AS h`

/**
 * Reads what each statement of one session does to the relations that were there before it, by what the session holds and
 * has read before and after.
 *
 * Relations, their files and constraints are numbered by one counter of the server that only grows, so that a higher
 * number than any seen before is of something new.
 */
export class Watch {
  readonly #known = new Map<number, Known>()
  readonly #unvalidated = new Set<number>()
  #highest = lastOwnOid
  /** How it was after the last statement; absent where something else may have changed it. */
  #last: State | undefined
  /** What the session holds; absent where that is not known. */
  #modes: State['modes'] | undefined
  /** What is newer was made by the transaction itself: nobody waits for it. */
  #lastBeforeTransaction: number | undefined

  /** A transaction begins. */
  begin(): void {
    this.#lastBeforeTransaction = undefined
    this.#last = undefined
    this.#modes = new Map()
  }

  /** Something has run that was not watched, and has left relations and locks as they were. */
  stir(): void {
    this.#last = undefined
  }

  /** Something has run that was not watched, or was undone. */
  forget(): void {
    this.#last = undefined
    this.#modes = undefined
    this.#known.clear()
    this.#unvalidated.clear()
    this.#highest = lastOwnOid
  }

  /**
   * How it is before a statement.
   * @param ask asks inside the transaction, right before the statement, and gives the one row; where nothing has run since
   * the last statement that was watched, it is not called
   */
  async before(ask: (question: Question) => Promise<StateRow>): Promise<State> {
    if (this.#last) return this.#last
    const state = stateOf(await ask(this.#question(queryOfAll)))
    this.#note(state)
    this.#lastBeforeTransaction ??= this.#highest
    this.#keep(state)
    return state
  }

  /** The same before a statement of which only the locks are asked: mostly they are known. */
  async beforeLocks(ask: (question: Question) => Promise<StateRow>): Promise<State['modes']> {
    if (this.#modes === undefined || this.#known.size === 0) return (await this.before(ask)).modes
    this.#lastBeforeTransaction ??= this.#highest
    return this.#modes
  }

  /**
   * What a statement locks that changes no relation.
   * @param ask asks right after it, before it is taken back
   */
  async locksAfter(
    before: State['modes'],
    ask: (question: Question) => Promise<StateRow>,
  ): Promise<readonly TwinLock[]> {
    const { held } = await ask({
      sql: queryOfLocks,
      values: [String(this.#lastBeforeTransaction ?? lastOid)],
    })
    return [...modesOf(held)].flatMap(([oid, modes]) => {
      const known = this.#known.get(oid)
      const taken = takenOf(modes, before.get(oid))
      if (!known || known.kind === 'other' || !taken.mode) return []
      return [{ ...placeOf(known), ...taken, work: 'metadata' as const }]
    })
  }

  /**
   * @param ask asks right after the statement
   * @param options.runsQuery rows are read for the sake of what a query says, not to be held against a constraint
   * @param options.isUndone it was undone before this: what it has read is known all the same
   */
  async after(
    before: State,
    ask: (question: Question) => Promise<StateRow>,
    { runsQuery, isUndone = false }: { readonly runsQuery: boolean; readonly isUndone?: boolean },
  ): Promise<Work> {
    const state = stateOf(await ask(this.#question(isUndone ? queryOfAll : queryOfHeld)), before.scans)
    const unvalidated = new Set(this.#unvalidated)
    const highest = this.#highest
    const former = this.#note(state)
    const old: Lookup = { get: (oid) => (former.has(oid) ? former.get(oid) : this.#known.get(oid)) }
    this.#keep(state)
    const isNew = ({ oid, isValidated }: ForeignKey) => isValidated && (oid > highest || unvalidated.has(oid))
    const did = new Comparison(old, before, state, state.foreignKeys.filter(isNew), runsQuery)
    const wrote = wroteTo(before, state)
    return {
      locks: did.locks(),
      rewrites: did.rewrites(),
      reads: did.reads(this.#known),
      ...(wrote ? { wrote } : {}),
    }
  }

  #keep(state: State): void {
    this.#last = state
    this.#modes = state.modes
  }

  #question(sql: string): Question {
    const unvalidated = `{${[...this.#unvalidated].join(',')}}`
    return {
      sql,
      values: [String(this.#highest), String(this.#lastBeforeTransaction ?? lastOid), unvalidated],
    }
  }

  /** @returns what was known before of those of which something else is known now */
  #note({ changed, gone, foreignKeys }: State): ReadonlyMap<number, Known | undefined> {
    const former = new Map<number, Known | undefined>()
    for (const oid of [...changed.keys(), ...gone]) former.set(oid, this.#known.get(oid))
    for (const [oid, one] of changed) {
      this.#known.set(oid, one)
      this.#highest = Math.max(this.#highest, oid, one.file)
    }
    for (const oid of gone) this.#known.delete(oid)
    for (const { oid, isValidated } of foreignKeys) {
      if (isValidated) this.#unvalidated.delete(oid)
      else this.#unvalidated.add(oid)
      this.#highest = Math.max(this.#highest, oid)
    }
    return former
  }
}

interface Lookup {
  get(oid: number): Known | undefined
}

/** https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-STATS-FUNCS-TABLE */
function writtenTo(catalog: (typeof watchedCatalogs)[number]): string {
  const counts = ['inserted', 'updated', 'deleted'].map(
    (how) => `pg_catalog.pg_stat_get_xact_tuples_${how}('pg_catalog.${catalog}'::pg_catalog.regclass)`,
  )
  return counts.join(' + ')
}

const heldUpTo = (last: string) => `
    SELECT relation, mode FROM pg_catalog.pg_locks
     WHERE locktype = 'relation' AND pid = pg_catalog.pg_backend_pid() AND mode <> 'SIReadLock'
       AND relation > ${lastOwnOid} AND relation <= ${last}::pg_catalog.oid
       AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`

/** `$1`: the highest number of a relation that the transaction has not made itself. */
const queryOfLocks = `
  SELECT pg_catalog.string_agg(relation || ':' || mode, ' ') AS held FROM (${heldUpTo('$1')}) AS held`

/**
 * `$1`: the highest number that was seen; `$2`: the highest of a relation that the transaction has not made itself;
 * `$3`: foreign keys that were not validated.
 */
const queryWith = (scans: string) => `WITH held AS MATERIALIZED (${heldUpTo('$2')})
  SELECT (SELECT pg_catalog.string_agg(relation || ':' || mode, ' ') FROM held) AS held,
         (SELECT pg_catalog.string_agg(DISTINCT relation::text, ' ') FROM held
           WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = relation)) AS gone,
         (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(s.table::int8, scans, n.nspname || '.' || c.relname))
            FROM (${scans}) AS s JOIN pg_catalog.pg_class c ON c.oid = s.table
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE scans > 0) AS scans,
         (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
                   c.oid::int8, c.relkind, n.nspname, c.relname, c.relfilenode::int8, c.reltype::int8, x.indrelid::int8))
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = c.oid
           WHERE c.oid > ${lastOwnOid} AND (c.oid > $1::pg_catalog.oid OR c.relfilenode > $1::pg_catalog.oid)) AS changed,
         (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
                   oid::int8, conrelid::int8, confrelid::int8, convalidated))
            FROM pg_catalog.pg_constraint
           WHERE contype = 'f'
             AND (oid > $1::pg_catalog.oid OR NOT convalidated OR oid = ANY ($3::pg_catalog.oid[]))) AS keys,
         CASE WHEN pg_catalog.current_setting('track_counts') = 'on'
              THEN pg_catalog.json_build_array(${watchedCatalogs.map(writtenTo).join(', ')}) END AS written`

const queryOfAll = queryWith(scansOfAll)
const queryOfHeld = queryWith(scansOfHeld)

function wroteTo(before: State, after: State): string[] | undefined {
  if (!before.written || !after.written) return undefined
  const { written } = after
  return watchedCatalogs.filter((_, i) => written[i] !== before.written?.[i])
}

/** Holds two states of the session against each other. */
class Comparison {
  /** Tables of which an index was made or made anew. */
  readonly #built = new Set<number>()
  /** Indexes that were dropped and made again under their name. */
  readonly #madeAgain = new Map<number, Known>()

  constructor(
    private readonly old: Lookup,
    private readonly before: State,
    private readonly now: State,
    /** Made or validated. */
    private readonly newKeys: readonly ForeignKey[],
    private readonly runsQuery: boolean,
  ) {
    for (const [oid, one] of now.changed) {
      if (one.kind !== 'index' || one.file === 0) continue
      const former = [...now.gone].find((gone) => this.#isFormer(gone, one))
      if (former !== undefined) this.#madeAgain.set(former, one)
      // It may have kept the file.
      if ((former === undefined ? old.get(oid) : old.get(former))?.file !== one.file)
        this.#built.add(one.table)
    }
  }

  #isFormer(gone: number, { table, name }: Known): boolean {
    const one = this.old.get(gone)
    return one?.kind === 'index' && one.table === table && one.name === name
  }

  locks(): TwinLock[] {
    const touched = new Set([...this.now.modes.keys(), ...this.now.changed.keys()])
    return [...touched].flatMap((oid) => {
      const known = this.old.get(oid)
      if (!known || known.kind === 'other') return []
      const taken = takenOf(this.now.modes.get(oid), this.before.modes.get(oid))
      const work = this.#workOf(oid, known)
      return taken.mode || work !== 'metadata' ? [{ ...placeOf(known), ...taken, work }] : []
    })
  }

  /** Also of tables that the transaction has made. */
  rewrites(): string[] {
    return [...this.now.changed].flatMap(([oid, { schema, name }]) =>
      this.old.get(oid)?.kind === 'relation' && this.#hasNewFile(oid) ? [`${schema}.${name}`] : [],
    )
  }

  reads(known: ReadonlyMap<number, Known>): string[] {
    return [...this.now.scans].flatMap(([oid, { name }]) =>
      known.get(oid)?.kind === 'relation' && this.#isRead(oid) ? [name] : [],
    )
  }

  #workOf(oid: number, { kind, oid: owner, table }: Known): LockedWork {
    switch (kind) {
      case 'relation':
        return this.#workOnTable(oid)
      case 'index': {
        const again = this.#madeAgain.get(oid)
        if (again) return again.file === this.old.get(oid)?.file ? 'metadata' : 'build'
        if (this.now.gone.has(oid)) return 'drop'
        return this.#hasNewFile(oid) ? this.#unlessEmptied(table, 'build') : 'metadata'
      }
      case 'toast':
      case 'toast index': {
        // A table that is written anew may get another TOAST table.
        if (this.now.gone.has(oid)) return this.now.gone.has(owner) ? 'drop' : 'rewrite'
        return this.#hasNewFile(oid) ? this.#unlessEmptied(owner, 'rewrite') : 'metadata'
      }
      default:
        if (this.now.gone.has(oid)) return 'drop'
        return this.#hasNewFile(oid) ? 'rewrite' : 'metadata'
    }
  }

  #workOnTable(oid: number): LockedWork {
    if (this.now.gone.has(oid)) return 'drop'
    if (this.#hasNewFile(oid)) return this.#isTruncated(oid) ? 'empty' : 'rewrite'
    if (this.#built.has(oid)) return 'build'
    const keys = this.newKeys.filter(({ child }) => this.#isRead(child))
    // Each row of the child is looked for in the parent, which need not be read for a child without rows.
    if (keys.some(({ child, parent }) => parent === oid && child !== oid)) return 'read'
    if (!this.#isRead(oid)) return 'metadata'
    return this.runsQuery && !this.#isHeldAgainstConstraint(oid) ? 'read' : 'scan'
  }

  /** Code that reads a table and locks writers out most likely adds a constraint. */
  #isHeldAgainstConstraint(oid: number): boolean {
    const held = this.before.modes.get(oid)
    return [...(this.now.modes.get(oid) ?? [])].some((mode) => blocksWriters(mode) && !held?.has(mode))
  }

  /** In code, which reads no rows for a new file then. */
  #isTruncated(oid: number): boolean {
    return this.runsQuery && !this.#isRead(oid) && this.old.get(oid)?.isMaterializedView === false
  }

  #unlessEmptied(table: number, work: LockedWork): LockedWork {
    return this.#workOnTable(table) === 'empty' ? 'empty' : work
  }

  #hasNewFile(oid: number): boolean {
    const now = this.now.changed.get(oid)
    return now !== undefined && now.file !== 0 && now.file !== this.old.get(oid)?.file
  }

  #isRead(oid: number): boolean {
    return (this.now.scans.get(oid)?.count ?? 0) > (this.before.scans.get(oid)?.count ?? 0)
  }
}

/** The strongest of the modes that were taken anew, and of those that were held before. */
function takenOf(
  now: ReadonlySet<LockMode> = new Set(),
  held: ReadonlySet<LockMode> = new Set(),
): Pick<TwinLock, 'mode' | 'heldMode'> {
  const mode = strongestOf([...now].filter((one) => !held.has(one)))
  const heldMode = strongestOf([...held])
  return { ...(mode && { mode }), ...(heldMode && { heldMode }) }
}

function placeOf({ oid, kind, schema, name }: Known): Pick<TwinLock, 'oid' | 'kind' | 'schema' | 'name'> {
  return { oid, kind: kind as TwinLock['kind'], schema, name }
}

function strongestOf(modes: readonly LockMode[]): LockMode | undefined {
  return lockModes.findLast((mode) => modes.includes(mode))
}

type ChangedRow = [number, string, string, string, number, number, number | null]

/** @param scansBefore of the tables of which the row says nothing */
function stateOf(
  { held, gone, scans, changed, keys, written }: StateRow,
  scansBefore?: State['scans'],
): State {
  return {
    modes: modesOf(held),
    gone: new Set(wordsOf(gone).map(Number)),
    scans: new Map([
      ...(scansBefore ?? []),
      ...((scans ?? []) as [number, number, string][]).map(
        ([oid, count, name]) => [oid, { count, name }] as const,
      ),
    ]),
    changed: new Map(((changed ?? []) as ChangedRow[]).map((row) => [row[0], knownOf(row)])),
    foreignKeys: ((keys ?? []) as [number, number, number, boolean][]).map(
      ([oid, child, parent, isValidated]) => ({ oid, child, parent, isValidated }),
    ),
    ...(written ? { written: written as number[] } : {}),
  }
}

function modesOf(held: unknown): Map<number, Set<LockMode>> {
  const modes = new Map<number, Set<LockMode>>()
  for (const [oid, mode] of pairsOf(held)) {
    const of = modes.get(oid) ?? new Set()
    modes.set(oid, of.add(lockModeOf(mode) as LockMode))
  }
  return modes
}

function wordsOf(text: unknown): string[] {
  return typeof text === 'string' ? text.split(' ') : []
}

function pairsOf(text: unknown): [number, string][] {
  return wordsOf(text).map((word) => {
    const [oid, rest = ''] = word.split(':')
    return [Number(oid), rest]
  })
}

/** `pg_class.relkind` */
const kinds: Readonly<Record<string, TwinLock['kind']>> = {
  r: 'relation',
  p: 'relation',
  v: 'relation',
  m: 'relation',
  f: 'relation',
  i: 'index',
  I: 'index',
  t: 'toast',
  S: 'sequence',
  c: 'composite type',
}

function knownOf([oid, relkind, schema, name, file, type, indexed]: ChangedRow): Known {
  const kind = kinds[relkind] ?? 'other'
  const rest = { isMaterializedView: relkind === 'm', schema, name, file, table: indexed ?? 0 }
  // It is named for its table: https://www.postgresql.org/docs/current/storage-toast.html
  const toasted = /^pg_toast/.test(schema) ? /^pg_toast_(\d+)/.exec(name)?.[1] : undefined
  if (toasted !== undefined)
    return { ...rest, kind: kind === 'index' ? 'toast index' : 'toast', oid: Number(toasted) }
  return { ...rest, kind, oid: kind === 'composite type' ? type : oid }
}
