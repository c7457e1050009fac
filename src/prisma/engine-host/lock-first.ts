import { readFileSync } from 'node:fs'
import type { LockGroup, TableToLock } from '../../domain/lock-group.js'
import { effect } from '../../effects/effect.js'
import { withServerNames } from '../../forecast/server-names.js'
import { quoteRelation } from '../../sql/names.js'
import type { EngineEventBody } from '../engine-events.js'
import type { ScriptClient } from './script-client.js'

/** The file in which the guard tells what to lock up front: migration name → groups. */
export type LockGroupsFile = Readonly<Record<string, readonly LockGroup[]>>

export function readLockGroups(path: string | undefined): LockGroupsFile {
  return path === undefined ? {} : (JSON.parse(readFileSync(path, 'utf8')) as LockGroupsFile)
}

/** The server looks for deadlocks after deadlock_timeout; what is left between the two is for the way to the server. */
const shareOfDeadlockTimeout = 0.9

/**
 * Takes the locks of the group that stands before this statement, if there is one. All of them together may wait as long
 * as one statement may, so that nobody waits for longer behind those that are already ours; and they are given up before
 * a session that waits for one of them looks for a deadlock, so that it is not the one that the server cancels.
 * @throws the server's error when a lock is not to be had in time
 */
export async function lockFirst(
  client: ScriptClient,
  groups: readonly LockGroup[] = [],
  statement: number,
  onEvent: (event: EngineEventBody) => void,
): Promise<void> {
  const group = groups.find(({ beforeStatement }) => beforeStatement === statement)
  const [first, ...others] = group ? await takeLockable(client, group.tables) : []
  if (!first || others.length === 0) return
  const limits = await readLimits(client)
  const askedAt = performance.now()
  await lock(client, first)
  const grantedAt = performance.now()
  for (const table of others) {
    await limitWait(client, limits, { askedAt, grantedAt })
    await lock(client, table)
  }
  await setLockTimeout(client, limits.lockTimeoutMs)
  onEvent({ type: 'locks-taken', before: statement, tables: [first, ...others] })
}

async function lock(client: ScriptClient, { schema, name, mode }: TableToLock): Promise<void> {
  const sql = `LOCK TABLE ONLY ${quoteRelation(schema, name)} IN ${mode} MODE`
  await effect('engine.lock', () => client.query(sql))
}

/**
 * A lock that we need not ask for must not make the migration fail: the table may be gone, or may be one that the role
 * drops a foreign key from without having any privilege on it. An owner may have revoked his own.
 * https://www.postgresql.org/docs/current/sql-lock.html#SQL-LOCK-NOTES
 */
async function takeLockable(
  client: ScriptClient,
  tables: readonly TableToLock[],
): Promise<readonly TableToLock[]> {
  const wanted = JSON.stringify(tables.map(({ schema, name }, at) => ({ at, schema, name })))
  const question = withServerNames(
    `SELECT wanted.at::text AS at
       FROM pg_catalog.json_to_recordset(${quoteLiteral(wanted)}::json) AS wanted (at int, schema name, name name)
       JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.schema
       JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
      WHERE c.relkind IN ('r', 'p') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
        AND pg_catalog.has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')`,
  )
  const { rows } = await client.query(question)
  const lockable = new Set(rows.map(({ at }) => Number(at)))
  return tables.filter((_, at) => lockable.has(at))
}

interface Limits {
  /** 0: for ever. The file may have set its own. */
  readonly lockTimeoutMs: number
  readonly deadlockTimeoutMs: number
}

async function readLimits(client: ScriptClient): Promise<Limits> {
  const question = withServerNames(
    "SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('lock_timeout', 'deadlock_timeout')",
  )
  const { rows } = await client.query(question)
  const of = (wanted: string) => Number(rows.find(({ name }) => name === wanted)?.setting)
  return { lockTimeoutMs: of('lock_timeout'), deadlockTimeoutMs: of('deadlock_timeout') }
}

/** @param since when the first lock was asked for, and when it was granted */
async function limitWait(
  client: ScriptClient,
  { lockTimeoutMs, deadlockTimeoutMs }: Limits,
  { askedAt, grantedAt }: { readonly askedAt: number; readonly grantedAt: number },
): Promise<void> {
  if (lockTimeoutMs === 0) return
  const leftMs = Math.min(
    lockTimeoutMs - (performance.now() - askedAt),
    deadlockTimeoutMs * shareOfDeadlockTimeout - (performance.now() - grantedAt),
  )
  // 0 would mean for ever.
  await setLockTimeout(client, Math.max(1, Math.floor(leftMs)))
}

async function setLockTimeout(client: ScriptClient, lockTimeoutMs: number): Promise<void> {
  await client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`)
}

function quoteLiteral(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
