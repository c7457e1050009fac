/** `server_version_num`: 170004 for 17.4. */
export type ServerVersion = number

/** One kind of object as a query. */
export interface ObjectQuery {
  /** SQL that gives the kind. */
  readonly kind: string
  /** SQL that gives the name as `COMMENT ON` would take it. */
  readonly name: string
  /** SQL that tells the object from all others of the database, whatever its name; see `identityOf`. */
  readonly identity?: string
  /** SQL of each property; those that give NULL are left out. */
  readonly properties: Readonly<Record<string, string>>
  /** What stands after FROM. */
  readonly from: string
}

/** What an object keeps when it is renamed or moved: its catalog and OID there, and of a column its number. */
export function identityOf(catalog: string, oid: string, column?: string): string {
  const number = column === undefined ? '' : ` || '.' || ${column}`
  return `'${catalog} ' || ${oid}${number}`
}

/** The query as SQL that gives the columns kind, name, properties and identity. */
export function formatObjectQuery({ kind, name, properties, from, identity = 'NULL' }: ObjectQuery): string {
  const pairs = Object.entries(properties).map(([property, sql]) => `'${property}', ${sql}`)
  return `SELECT (${kind})::text, (${name})::text,
    pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(${pairs.join(', ')})), (${identity})::text FROM ${from}`
}

/** What every query may read from: the objects that extensions brought along. */
export const extensionMembers = `
  member AS MATERIALIZED (SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e')`

/** Objects below are initdb's: https://www.postgresql.org/docs/current/system-catalog-initial-data.html */
export const firstOwnOid = 16384

/** Is the schema one of users, not of the server? No schema of a user can begin with `pg_`. */
export function isOwnSchema(namespace: string): string {
  return `${namespace}.nspname !~ '^pg_' AND ${namespace}.nspname <> 'information_schema'`
}

/** Did no extension bring it along? */
export function isNoMember(catalog: string, oid: string): string {
  return `NOT EXISTS (SELECT FROM member WHERE member.classid = 'pg_catalog.${catalog}'::regclass AND member.objid = ${oid})`
}

/** The objects of a catalog that are users' own, joined with their schema as `n`. */
export function ownIn(catalog: string, alias: string, namespaceColumn: string, more = ''): string {
  return `pg_catalog.${catalog} ${alias} JOIN pg_catalog.pg_namespace n ON n.oid = ${alias}.${namespaceColumn} ${more}
    WHERE ${isOwnSchema('n')} AND ${isNoMember(catalog, `${alias}.oid`)}`
}

/** The objects of a catalog without schemas that are users' own. */
export function ownWithoutSchema(catalog: string, alias: string, more = ''): string {
  return `pg_catalog.${catalog} ${alias} ${more}
    WHERE ${alias}.oid >= ${firstOwnOid} AND ${isNoMember(catalog, `${alias}.oid`)}`
}

/** The name of a role, quoted where SQL needs it. */
export function roleName(oid: string): string {
  return `pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(${oid}))`
}

/** What COMMENT ON has said of an object. */
export function comment(catalog: string, oid: string, column = '0'): string {
  return `(SELECT description FROM pg_catalog.pg_description
    WHERE classoid = 'pg_catalog.${catalog}'::regclass AND objoid = ${oid} AND objsubid = ${column})`
}

/** The `objtype` of acldefault: https://www.postgresql.org/docs/current/functions-info.html */
export type AclType = 'c' | 'r' | 's' | 'd' | 'f' | 'l' | 'L' | 'n' | 'F' | 'S' | 'T'

/**
 * Privileges as a sorted list of `grantee=privileges/grantor`. What was never granted is what the server grants by
 * default, so that both ways to the same privileges look the same.
 */
export function privileges(acl: string, type: AclType, owner: string): string {
  return privilegeList(`coalesce(${acl}, pg_catalog.acldefault('${type}', ${owner}))`)
}

/**
 * The same of an access control list that has no default.
 * @param role SQL that names a role by its OID
 */
export function privilegeList(acl: string, role = roleName): string {
  return `(SELECT pg_catalog.jsonb_agg(entry ORDER BY entry COLLATE "C") FROM (
    SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE ${role('grantee')} END || '=' ||
      pg_catalog.string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ', ' ORDER BY privilege_type)
      || '/' || ${role('grantor')} AS entry
    FROM pg_catalog.aclexplode(${acl}) GROUP BY grantee, grantor) entries)`
}

/** Names of options whose value is nobody's business. */
const secretNames =
  'password|passwd|passphrase|passcode|secret|token|credential|api_?key|access_?key|private_?key'

/** The array of `name=value` as a sorted list; values that look like secrets never leave the server. */
export function options(array: string, prefix = ''): string {
  return whenThere(
    array,
    `(SELECT pg_catalog.jsonb_agg('${prefix}' || option ORDER BY option COLLATE "C") FROM (
    SELECT CASE WHEN pg_catalog.split_part(o, '=', 1) ~* '${secretNames}'
                THEN pg_catalog.split_part(o, '=', 1) || '=<hidden>' ELSE o END AS option
      FROM pg_catalog.unnest(${array}) o) shown)`,
  )
}

/** Spares the server a subquery for each of the many rows that have nothing there. */
export function whenThere(value: string, sql: string): string {
  return `CASE WHEN ${value} IS NOT NULL THEN ${sql} END`
}

/** Gives one word for each code of a catalog; a code that is not known stands for itself. */
export function words(code: string, meanings: Readonly<Record<string, string>>): string {
  const cases = Object.entries(meanings).map(([letter, word]) => `WHEN '${letter}' THEN '${word}'`)
  return `CASE ${code}::text ${cases.join(' ')} ELSE ${code}::text END`
}

/** The type with its modifiers, qualified. */
export function typeName(oid: string, modifier = 'NULL'): string {
  return `pg_catalog.format_type(nullif(${oid}, 0), ${modifier})`
}

/** A function with its argument types, qualified; NULL for none. */
export function functionName(oid: string): string {
  return `nullif(${oid}::oid, 0)::regprocedure::text`
}

/** The tablespace; NULL for the database's own. */
export function tablespaceName(oid: string): string {
  return whenThere(`nullif(${oid}, 0)`, `(SELECT spcname FROM pg_catalog.pg_tablespace WHERE oid = ${oid})`)
}

/** When a trigger or rule fires: `session_replication_role`. */
export function enabledState(code: string): string {
  return words(code, { O: 'origin', D: 'disabled', R: 'replica', A: 'always' })
}
