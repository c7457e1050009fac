import { effect } from '../../effects/effect.js'
import type { Client } from '../connection.js'

/**
 * Server settings that change what a migration means, how long it takes or how much it writes. Memory for the whole
 * server (shared_buffers) is left at its default: this machine is not the target's.
 */
const carriedOver = [
  // what a statement means
  'array_nulls',
  'backslash_quote',
  'bytea_output',
  'createrole_self_grant',
  'DateStyle',
  'default_table_access_method',
  'default_text_search_config',
  'default_toast_compression',
  'default_transaction_isolation',
  'escape_string_warning',
  'extra_float_digits',
  'IntervalStyle',
  'lo_compat_privileges',
  'standard_conforming_strings',
  'transform_null_equals',
  'xmlbinary',
  'xmloption',
  // how long it takes
  'deadlock_timeout',
  'effective_io_concurrency',
  'hash_mem_multiplier',
  'jit',
  'maintenance_work_mem',
  'max_parallel_maintenance_workers',
  'max_parallel_workers',
  'max_parallel_workers_per_gather',
  'max_worker_processes',
  'random_page_cost',
  'seq_page_cost',
  'work_mem',
  // how much it writes and may hold
  'full_page_writes',
  'max_locks_per_transaction',
  'max_prepared_transactions',
  'wal_compression',
  'wal_level',
  'wal_log_hints',
]

/** Names of locales, which may be missing here. */
const locales = ['lc_monetary', 'lc_numeric', 'lc_time']

export interface ServerSettings {
  /** For the start of the server. */
  readonly settings: Readonly<Record<string, string>>
  /** Tried one by one, because this machine may not have them. */
  readonly locales: Readonly<Record<string, string>>
}

/**
 * The target's own values of the settings that matter for a rehearsal. TimeZone is not among them: the sessions of
 * checks and migrations set it themselves.
 */
export async function readServerSettings(client: Client): Promise<ServerSettings> {
  const { rows } = await client.query(
    `SELECT name::text, pg_catalog.current_setting(name) AS value FROM pg_catalog.pg_settings
      WHERE name = ANY ($1) OR (name = ANY ($2))`,
    [carriedOver, locales],
  )
  const pick = (names: readonly string[]) =>
    Object.fromEntries(
      rows.filter(({ name }) => names.includes(name)).map(({ name, value }) => [name, value]),
    )
  const settings: Record<string, string> = pick(carriedOver)
  // Without write-ahead log for others there may be no senders of it, and the default asks for ten.
  if (settings.wal_level === 'minimal') settings.max_wal_senders = '0'
  return { settings, locales: pick(locales) }
}

/**
 * Gives a server of our own the target's locales of money, numbers and dates; what one means as text depends on them.
 * @returns those that this machine does not have, in words.
 */
export async function applyLocales(
  client: Client,
  wanted: Readonly<Record<string, string>>,
): Promise<string[]> {
  const differences: string[] = []
  const { locales: here } = await readServerSettings(client)
  for (const [name, value] of Object.entries(wanted)) {
    if (value === here[name]) continue
    await effect('rehearsal.locale', () =>
      client.query(`ALTER SYSTEM SET ${name} = ${client.escapeLiteral(value)}`),
    ).catch(() => differences.push(`${name} is ${here[name]} here and ${value} on the target`))
  }
  await effect('rehearsal.reload', () => client.query('SELECT pg_catalog.pg_reload_conf()'))
  return differences
}
