import {
  comment,
  identityOf,
  isNoMember,
  isOwnSchema,
  type ObjectQuery,
  options,
  privilegeList,
  privileges,
  roleName,
  type ServerVersion,
  words,
} from './fragments.js'

const schemas: ObjectQuery = {
  kind: "'schema'",
  name: 'pg_catalog.quote_ident(n.nspname)',
  identity: identityOf('pg_namespace', 'n.oid'),
  properties: {
    owner: roleName('n.nspowner'),
    privileges: privileges('n.nspacl', 'n', 'n.nspowner'),
    comment: comment('pg_namespace', 'n.oid'),
  },
  from: `pg_catalog.pg_namespace n WHERE ${isOwnSchema('n')} AND ${isNoMember('pg_namespace', 'n.oid')}`,
}

const extensions: ObjectQuery = {
  kind: "'extension'",
  name: 'pg_catalog.quote_ident(e.extname)',
  identity: identityOf('pg_extension', 'e.oid'),
  properties: {
    version: 'e.extversion',
    schema: 'e.extnamespace::regnamespace::text',
    relocatable: 'e.extrelocatable',
    owner: roleName('e.extowner'),
    comment: comment('pg_extension', 'e.oid'),
  },
  from: 'pg_catalog.pg_extension e',
}

/** The OID of a large object is its name: the application keeps it in its tables. */
const largeObjects: ObjectQuery = {
  kind: "'large object'",
  name: 'l.oid',
  properties: {
    owner: roleName('l.lomowner'),
    privileges: privileges('l.lomacl', 'L', 'l.lomowner'),
    comment: comment('pg_largeobject', 'l.oid'),
  },
  from: 'pg_catalog.pg_largeobject_metadata l',
}

const defaultPrivileges: ObjectQuery = {
  kind: "'default privileges'",
  name: `pg_catalog.format('of %s%s on %s', ${roleName('d.defaclrole')},
    CASE d.defaclnamespace WHEN 0 THEN '' ELSE ' in schema ' || d.defaclnamespace::regnamespace END,
    ${words('d.defaclobjtype', { r: 'tables', S: 'sequences', f: 'functions', T: 'types', n: 'schemas', L: 'large objects' })})`,
  properties: { privileges: privilegeList('d.defaclacl') },
  from: 'pg_catalog.pg_default_acl d',
}

/** Settings of the database, also those of single roles in it. */
const settings = `(SELECT pg_catalog.jsonb_agg(setting ORDER BY setting #>> '{}' COLLATE "C") FROM (
  SELECT pg_catalog.to_jsonb(CASE r.setrole WHEN 0 THEN '' ELSE ${roleName('r.setrole')} || ': ' END || (one #>> '{}')) AS setting
    FROM pg_catalog.pg_db_role_setting r, pg_catalog.jsonb_array_elements(${options('r.setconfig')}) one
   WHERE r.setdatabase = b.oid) set_here)`

const database = (version: ServerVersion): ObjectQuery => ({
  kind: "'database'",
  // Its own name is no part of it: the copy has another one.
  name: "'current database'",
  properties: {
    encoding: 'pg_catalog.pg_encoding_to_char(b.encoding)',
    collation: 'b.datcollate',
    ctype: 'b.datctype',
    ...(version >= 150000
      ? {
          'locale provider': words('b.datlocprovider', { b: 'builtin', c: 'libc', i: 'icu' }),
          locale: version >= 170000 ? 'b.datlocale' : 'b.daticulocale',
        }
      : {}),
    ...(version >= 160000 ? { 'icu rules': 'b.daticurules' } : {}),
    'connection limit': 'nullif(b.datconnlimit, -1)',
    settings,
    owner: roleName('b.datdba'),
    privileges: privileges('b.datacl', 'd', 'b.datdba'),
    comment: `(SELECT description FROM pg_catalog.pg_shdescription
      WHERE classoid = 'pg_catalog.pg_database'::regclass AND objoid = b.oid)`,
  },
  from: 'pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database()',
})

/** The database, its schemas and extensions, large objects and default privileges. */
export function databaseQueries(version: ServerVersion): ObjectQuery[] {
  return [schemas, extensions, largeObjects, defaultPrivileges, database(version)]
}
