import { options, whenThere } from './fragments.js'

/** What a person can set with ALTER TABLE … ALTER COLUMN … SET (…): https://www.postgresql.org/docs/current/sql-altertable.html */
export const columnOptionNames = ['n_distinct', 'n_distinct_inherited']

/** https://www.postgresql.org/docs/current/sql-createview.html */
export const viewOptionNames = ['check_option', 'security_barrier', 'security_invoker']

const vacuumOptionNames = [
  'autovacuum_enabled',
  'autovacuum_vacuum_threshold',
  'autovacuum_vacuum_max_threshold',
  'autovacuum_vacuum_scale_factor',
  'autovacuum_vacuum_insert_threshold',
  'autovacuum_vacuum_insert_scale_factor',
  'autovacuum_vacuum_cost_delay',
  'autovacuum_vacuum_cost_limit',
  'autovacuum_freeze_min_age',
  'autovacuum_freeze_max_age',
  'autovacuum_freeze_table_age',
  'autovacuum_multixact_freeze_min_age',
  'autovacuum_multixact_freeze_max_age',
  'autovacuum_multixact_freeze_table_age',
  'log_autovacuum_min_duration',
  'vacuum_index_cleanup',
  'vacuum_truncate',
  'vacuum_max_eager_freeze_failure_rate',
]

/** https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-STORAGE-PARAMETERS, those of its TOAST table too. */
export const tableOptionNames = [
  ...vacuumOptionNames,
  'fillfactor',
  'toast_tuple_target',
  'parallel_workers',
  'autovacuum_analyze_threshold',
  'autovacuum_analyze_scale_factor',
  'user_catalog_table',
]

/** Of the access methods that come with the server: https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-STORAGE-PARAMETERS */
const indexOptionNames = [
  'fillfactor',
  'deduplicate_items',
  'buffering',
  'fastupdate',
  'gin_pending_list_limit',
  'pages_per_range',
  'autosummarize',
]

const ownAccessMethods = ['btree', 'hash', 'gist', 'spgist', 'gin', 'brin']

/**
 * What the names of properties begin with that hold options which this version does not know by name: perhaps the server's
 * own notes, which nobody sets and no dump holds. No verdict rests on them.
 */
export const otherOptions = 'other options'

/** The properties that verdicts rest on. */
export function judgedProperties(
  properties: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(properties)
  if (!entries.some(([name]) => name.startsWith(otherOptions))) return properties
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith(otherOptions)))
}

/** The options of an array that are known by name, as `options`, and the others under a property of their own. */
export function splitOptions(
  array: string,
  names: readonly string[],
  { suffix = '', prefix = '' }: { suffix?: string; prefix?: string } = {},
): Record<string, string> {
  return {
    [`options${suffix}`]: options(only(array, names, 'IN'), prefix),
    [`${otherOptions}${suffix}`]: options(only(array, names, 'NOT IN'), prefix),
  }
}

/**
 * An index's definition without the options that are not known by name, and those. An extension's access method has
 * options of its own, which are all kept.
 * @param index the row of pg_class
 */
export function splitIndexDefinition(index: string): Record<string, string> {
  const array = `${index}.reloptions`
  const isOwn = `(SELECT amname IN (${quoted(ownAccessMethods)}) FROM pg_catalog.pg_am WHERE oid = ${index}.relam)`
  const others = `CASE WHEN ${isOwn} THEN ${only(array, indexOptionNames, 'NOT IN')} END`
  const known = withClause(only(array, indexOptionNames, 'IN'))
  return {
    definition: `CASE WHEN ${array} IS NULL OR (${others}) IS NULL THEN pg_catalog.pg_get_indexdef(${index}.oid)
      ELSE pg_catalog.replace(pg_catalog.pg_get_indexdef(${index}.oid), ${withClause(array)}, coalesce(${known}, '')) END`,
    [otherOptions]: options(`(${others})`),
  }
}

/** As the server writes it; NULL for none. */
function withClause(array: string): string {
  return `(SELECT ' WITH (' || pg_catalog.string_agg(pg_catalog.quote_ident(pg_catalog.split_part(o, '=', 1)) || '=' ||
      CASE WHEN pg_catalog.quote_ident(v) = v THEN v ELSE pg_catalog.quote_literal(v) END, ', ' ORDER BY place) || ')'
    FROM pg_catalog.unnest(${array}) WITH ORDINALITY AS each (o, place),
         LATERAL (SELECT pg_catalog.substr(o, pg_catalog.strpos(o, '=') + 1) AS v) AS value_of)`
}

function only(array: string, names: readonly string[], test: 'IN' | 'NOT IN'): string {
  return whenThere(
    array,
    `nullif(ARRAY(SELECT o FROM pg_catalog.unnest(${array}) o
      WHERE pg_catalog.split_part(o, '=', 1) ${test} (${quoted(names)})), '{}')`,
  )
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ')
}
