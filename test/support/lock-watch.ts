import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { type LockMode, lockModes, strongerOf } from '../../src/domain/lock-mode.js'
import type { LockClaim } from '../../src/forecast/locks/claim.js'

/** What a statement did to the relations that were there before it, by what they were called. */
export interface Witness {
  /** The strongest lock of each. */
  readonly locks: ReadonlyMap<string, LockMode>
  /** Those that have another file, by name: an index that was dropped and made again may have kept its. */
  readonly newFiles: ReadonlySet<string>
  /** Tables that were read from end to end, or of which rows were looked up. */
  readonly reads: ReadonlySet<string>
}

/** Relations, indexes, sequences, composite types and TOAST tables of every schema that is not the server's own. */
const relationsQuery = `
  WITH ours AS (
    SELECT c.oid, c.relfilenode, c.reltoastrelid, format('%I.%I', n.nspname, c.relname) AS name
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast'))
  SELECT oid::int8::text AS oid, relfilenode::int8::text AS file, name FROM ours
  UNION ALL
  SELECT t.oid::int8::text, t.relfilenode::int8::text, 'toast of ' || name FROM ours JOIN pg_class t ON t.oid = ours.reltoastrelid
  UNION ALL
  SELECT t.oid::int8::text, t.relfilenode::int8::text, 'toast index of ' || name
    FROM ours JOIN pg_index x ON x.indrelid = ours.reltoastrelid JOIN pg_class t ON t.oid = x.indexrelid`

const locksQuery = `
  SELECT relation::int8::text AS oid, mode FROM pg_locks
   WHERE pid = $1 AND locktype = 'relation' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`

const readsQuery = `
  SELECT relid::int8::text AS oid, COALESCE(seq_scan, 0)::int + COALESCE(idx_scan, 0)::int AS count FROM pg_stat_xact_all_tables`

/** A relation of the database, by what it is called now. */
export interface Known {
  readonly oid: string
  readonly file: string
  readonly name: string
}

/** Watches statements that all find the same relations. */
export class LockWatch {
  private constructor(
    private readonly client: pg.Client,
    private readonly before: readonly Known[],
  ) {}

  static async over(client: pg.Client): Promise<LockWatch> {
    // Compiling the questions takes longer than answering them.
    await client.query('SET jit = off')
    return new LockWatch(client, await relationsOf(client))
  }

  /** Runs a statement in a transaction, looks, and rolls back. */
  async inTransaction(sql: string): Promise<Witness> {
    const { client, before } = this
    await client.query('BEGIN')
    try {
      const readsBefore = await readsOf(client)
      await client.query(sql)
      const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
      return {
        locks: await locksOf(client, rows[0].pid, before),
        newFiles: newFiles(before, await relationsOf(client)),
        reads: newReads(before, readsBefore, await readsOf(client)),
      }
    } finally {
      await client.query('ROLLBACK')
    }
  }

  /** Runs a statement that may not run in a transaction on another connection, and looks while something holds it up. */
  async heldUp(runner: pg.Client, sql: string, heldUpBy: string): Promise<Omit<Witness, 'reads'>> {
    const { client, before } = this
    const { rows } = await runner.query('SELECT pg_backend_pid() AS pid')
    const { pid } = rows[0]
    await client.query('BEGIN')
    await client.query(heldUpBy)
    let isRunning = true
    const running = runner.query(sql).finally(() => {
      isRunning = false
    })
    while (isRunning && !(await isWaiting(client, pid))) await sleep(5)
    const locks = await locksOf(client, pid, before)
    await client.query('COMMIT')
    await running
    return { locks, newFiles: newFiles(before, await relationsOf(client)) }
  }
}

async function isWaiting(client: pg.Client, pid: number): Promise<boolean> {
  return (await client.query('SELECT FROM pg_locks WHERE pid = $1 AND NOT granted', [pid])).rows.length > 0
}

export async function relationsOf(client: pg.Client): Promise<Known[]> {
  return (await client.query(relationsQuery)).rows
}

export async function locksOf(
  client: pg.Client,
  pid: number,
  before: readonly Known[],
): Promise<Map<string, LockMode>> {
  const names = new Map(before.map(({ oid, name }) => [oid, name]))
  const locks = new Map<string, LockMode>()
  for (const { oid, mode } of (await client.query(locksQuery, [pid])).rows) {
    const name = names.get(oid)
    if (name !== undefined) locks.set(name, strongerOf(locks.get(name) ?? 'ACCESS SHARE', modeNamed(mode)))
  }
  return locks
}

/** `ShareUpdateExclusiveLock` of pg_locks is SHARE UPDATE EXCLUSIVE. */
function modeNamed(mode: string): LockMode {
  const found = lockModes.find((one) => `${one.replaceAll(' ', '')}LOCK` === mode.toUpperCase())
  if (!found) throw new Error(`no lock mode: ${mode}`)
  return found
}

export function newFiles(before: readonly Known[], after: readonly Known[]): Set<string> {
  const files = new Map(after.map(({ name, file }) => [name, file]))
  const oids = new Set(after.map(({ oid }) => oid))
  return new Set(
    before
      // A TOAST table goes with the file of its table and comes back under the same name.
      .filter(({ name, oid }) => oids.has(oid) || !name.startsWith('toast'))
      .filter(({ name, file }) => files.has(name) && files.get(name) !== file)
      .map(({ name }) => name),
  )
}

/**
 * From the releases of 13 November 2026 on the server locks what a new object depends on: a type of a table, the key of a foreign
 * key, the sequence of a default. It is ACCESS SHARE, so nothing but an ACCESS EXCLUSIVE waits for it, and it is not claimed.
 */
function locksDependencies(serverVersion: number): boolean {
  const first = new Map([
    [14, 25],
    [15, 20],
    [16, 16],
    [17, 12],
    [18, 7],
  ])
  const major = Math.floor(serverVersion / 10_000)
  return major > 18 || serverVersion % 10_000 >= (first.get(major) ?? Number.POSITIVE_INFINITY)
}

export async function readsOf(client: pg.Client): Promise<Map<string, number>> {
  return new Map((await client.query(readsQuery)).rows.map(({ oid, count }) => [oid, count]))
}

export function newReads(
  before: readonly Known[],
  then: Map<string, number>,
  now: Map<string, number>,
): Set<string> {
  const isRead = ({ oid }: Known) => (now.get(oid) ?? 0) > (then.get(oid) ?? 0)
  return new Set(before.filter(isRead).map(({ name }) => name))
}

/** The name of a claim's target as the witness has it. */
export function witnessName({ target }: LockClaim): string {
  const format = (schema: string, name: string) => `${quoted(schema)}.${quoted(name)}`
  switch (target.kind) {
    case 'relation':
      return format(target.relation.schema, target.relation.name)
    case 'index':
      return format(target.relation.schema, target.index.name)
    case 'toast':
    case 'toast index':
      return `${target.kind} of ${format(target.relation.schema, target.relation.name)}`
    case 'sequence':
      return format(target.sequence.schema, target.sequence.name)
    case 'composite type':
      return format(target.type.schema, target.type.name)
  }
}

/** As the server's quote_ident. */
function quoted(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** What the transaction of a statement has done before it. */
interface Surroundings {
  /** Locks that it holds already, by name. */
  readonly heldBefore?: ReadonlyMap<string, LockMode>
  /** Relations whose file it has made itself. */
  readonly ownFiles?: ReadonlySet<string>
  /** The name of a claim's target as the witness has it. */
  readonly nameOf?: (claim: LockClaim) => string
  /** The claims are what a text tells: what they do not say, or not for certain, they need not know. */
  readonly isByText?: boolean
}

/**
 * Where the claims and the server differ, one line each; empty when they agree. A certain claim must be there, an
 * uncertain one may be weaker or missing, and every lock must be claimed.
 */
export function differencesOf(
  all: readonly LockClaim[],
  { locks, newFiles, reads }: Partial<Witness>,
  serverVersion: number,
  { heldBefore, ownFiles, nameOf = witnessName, isByText = false }: Surroundings = {},
): string[] {
  const differences: string[] = []
  const claims = isByText ? all.filter(({ isCertain }) => isCertain) : all
  const byName = new Map(claims.map((claim) => [nameOf(claim), claim]))
  for (const [name, mode] of locks ?? []) {
    const claim = byName.get(name)
    const held = heldBefore?.get(name)
    if (held === mode && (!claim || strongerOf(claim.mode, mode) === mode)) continue
    if (!claim && (isByText || (mode === 'ACCESS SHARE' && locksDependencies(serverVersion)))) continue
    if (!claim) differences.push(`${name}: ${mode}, not claimed`)
    else if (claim.mode !== mode && (claim.isCertain || strongerOf(claim.mode, mode) !== claim.mode))
      differences.push(`${name}: ${mode}, claimed ${claim.mode}`)
  }
  for (const [name, claim] of byName) {
    if (locks && claim.isCertain && !locks.has(name))
      differences.push(`${name}: no lock, claimed ${claim.mode}`)
    // What is dropped and made again in one statement has only its name in common with what was.
    if (claim.work === 'drop' || !claim.isWorkCertain) continue
    const { kind } = claim.target
    const isMade =
      claim.work === 'rewrite' || claim.work === 'empty' || (kind !== 'relation' && claim.work === 'build')
    const isGone = kind.startsWith('toast') && !newFiles?.has(name)
    // What the transaction has made itself is emptied in place.
    const isEmptiedInPlace = claim.work === 'empty' && ownFiles?.has(name) === true
    if (newFiles && !isGone && !isEmptiedInPlace && isMade !== newFiles.has(name)) {
      differences.push(`${name}: ${newFiles.has(name) ? 'new file' : 'same file'}, claimed ${claim.work}`)
    }
    // A materialized view gets its new file from its query.
    const isRefreshed = claim.work === 'rewrite' && isMaterializedView(claim)
    if (!reads || kind !== 'relation' || claim.work === 'empty' || isRefreshed) continue
    const isRead = ['scan', 'build', 'rewrite'].includes(claim.work)
    const mayBeRead = claim.work === 'read' || claim.work === 'write'
    if (!mayBeRead && isRead !== reads.has(name)) {
      differences.push(`${name}: ${reads.has(name) ? 'read' : 'not read'}, claimed ${claim.work}`)
    }
  }
  return differences
}

function isMaterializedView({ target }: LockClaim): boolean {
  return target.kind === 'relation' && target.relation.kind === 'materialized view'
}
