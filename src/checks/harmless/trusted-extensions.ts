/**
 * Extensions in common use whose functions, written in C, are known to give a value and do no more. What a function in C
 * does, nobody can read; so one of any other extension is never called. Known by the extension that a function belongs
 * to and by the library that it stands in, because the owner of an extension can add functions of his own to it.
 */
interface Trusted {
  readonly library: RegExp
  /** Functions of it that do more than give a value. */
  readonly except?: ReadonlySet<string>
}

const named = (name: string, except: readonly string[] = []): [string, Trusted] => [
  name,
  { library: new RegExp(`^\\$libdir/${name}$`), except: new Set(except) },
]

/** https://www.postgresql.org/docs/current/contrib.html, and the best-known others. */
const trusted: ReadonlyMap<string, Trusted> = new Map([
  ...['btree_gin', 'btree_gist', 'citext', 'cube', 'dict_int', 'dict_xsyn'].map((name) => named(name)),
  ...['earthdistance', 'fuzzystrmatch', 'hstore', 'ltree', 'pgcrypto', 'seg'].map((name) => named(name)),
  ...['tsm_system_rows', 'tsm_system_time', 'unaccent', 'uuid-ossp'].map((name) => named(name)),
  // Changes a setting of the session.
  named('pg_trgm', ['set_limit']),
  named('isn', ['isn_weak']),
  // crosstab and connectby run the text that they are given.
  named('tablefunc', ['crosstab', 'crosstab2', 'crosstab3', 'crosstab4', 'crosstabn', 'connectby']),
  ['intarray', { library: /^\$libdir\/_int$/ }],
  named('pg_stat_statements', ['pg_stat_statements_reset']),
  // Beside Postgres.
  ['postgis', { library: /^\$libdir\/postgis-\d/ }],
  ...['vector', 'pg_uuidv7', 'ulid', 'hll', 'ip4r', 'semver', 'h3', 'pg_hashids', 'pg_jsonschema'].map(
    (name) => named(name),
  ),
])

/** Whether a function in C of this extension and library only gives a value. */
export function isTrusted(
  extension: string | undefined,
  { library, name }: { library: string | undefined; name: string },
): boolean {
  const known = extension === undefined ? undefined : trusted.get(extension)
  if (!known) return false
  return known.library.test(library ?? '') && !known.except?.has(name)
}

/** Whether a function of a trusted extension, written as an alias of one of the server's own, may be believed. */
export function isTrustedExtension(extension: string | undefined): boolean {
  return extension !== undefined && trusted.has(extension)
}
