import { quoteIdentifier } from '../../sql/names.js'
import type { Client } from '../connection.js'

/** What CREATE DATABASE decides and a dump does not hold. */
export interface DatabaseProperties {
  readonly owner: string
  readonly encoding: string
  readonly collate: string
  readonly characterType: string
  /** PostgreSQL 14 knows only `libc`. */
  readonly provider: 'libc' | 'icu' | 'builtin'
  /** Of the providers `icu` and `builtin`. */
  readonly locale: string | null
  readonly icuRules: string | null
  /** Version of the collation, as the server noted when it made the database. */
  readonly collationVersion: string | null
}

/** Reads them for the database of the connection. */
export async function readDatabaseProperties(client: Client): Promise<DatabaseProperties> {
  // Columns came with 15, 16 and 17, and one was renamed in 17; read from the row as JSON, so that none is missed.
  const { rows } = await client.query(`
    SELECT pg_catalog.pg_get_userbyid(d.datdba)::text AS owner,
           pg_catalog.pg_encoding_to_char(d.encoding)::text AS encoding,
           d.datcollate::text AS collate, d.datctype::text AS character_type,
           COALESCE(r.of ->> 'datlocprovider', 'c') AS provider,
           COALESCE(r.of ->> 'datlocale', r.of ->> 'daticulocale') AS locale,
           r.of ->> 'daticurules' AS icu_rules, r.of ->> 'datcollversion' AS collation_version
      FROM pg_catalog.pg_database d, LATERAL (SELECT pg_catalog.to_jsonb(d) AS of) r
     WHERE d.datname = pg_catalog.current_database()`)
  const row = rows[0]
  return {
    owner: row.owner,
    encoding: row.encoding,
    collate: row.collate,
    characterType: row.character_type,
    provider: row.provider === 'i' ? 'icu' : row.provider === 'b' ? 'builtin' : 'libc',
    locale: row.locale,
    icuRules: row.icu_rules,
    collationVersion: row.collation_version,
  }
}

/**
 * CREATE DATABASE with these properties; from template0, the only template that takes another encoding or locale:
 * https://www.postgresql.org/docs/current/manage-ag-templatedbs.html
 */
export function createDatabaseStatement(
  client: Client,
  name: string,
  properties: DatabaseProperties,
  options: { readonly owner?: string; readonly connectionLimit?: number } = {},
): string {
  const literal = (text: string) => client.escapeLiteral(text)
  return [
    `CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0`,
    options.owner === undefined ? '' : `OWNER ${quoteIdentifier(options.owner)}`,
    `ENCODING ${literal(properties.encoding)}`,
    `LC_COLLATE ${literal(properties.collate)} LC_CTYPE ${literal(properties.characterType)}`,
    properties.provider === 'libc' ? '' : `LOCALE_PROVIDER ${properties.provider}`,
    properties.provider === 'icu' && properties.locale ? `ICU_LOCALE ${literal(properties.locale)}` : '',
    properties.provider === 'builtin' && properties.locale
      ? `BUILTIN_LOCALE ${literal(properties.locale)}`
      : '',
    properties.icuRules ? `ICU_RULES ${literal(properties.icuRules)}` : '',
    options.connectionLimit === undefined ? '' : `CONNECTION LIMIT ${options.connectionLimit}`,
  ]
    .filter(Boolean)
    .join(' ')
}

const fallback = 'C.UTF-8'

/**
 * The same properties with a locale that every machine has. Uniqueness stays what it is, because every default
 * collation is deterministic: equal means byte for byte the same. What changes is order, and the case of letters in
 * languages with rules of their own (Turkish, Lithuanian).
 */
export function withPortableLocale(properties: DatabaseProperties): DatabaseProperties {
  const locale = properties.encoding === 'UTF8' ? fallback : 'C'
  return {
    ...properties,
    collate: locale,
    characterType: locale,
    provider: 'libc',
    locale: null,
    icuRules: null,
  }
}

/** The locale in words, e.g. `de_DE.UTF-8` or `und-x-icu (icu)`. */
export function formatLocale(properties: DatabaseProperties): string {
  if (properties.provider !== 'libc') return `${properties.locale} (${properties.provider})`
  return properties.collate === properties.characterType
    ? properties.collate
    : `${properties.collate} and ${properties.characterType}`
}
