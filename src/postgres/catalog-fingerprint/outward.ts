import {
  comment,
  functionName,
  identityOf,
  type ObjectQuery,
  options,
  ownWithoutSchema,
  privileges,
  roleName,
  type ServerVersion,
  words,
} from './fragments.js'

const wrappers: ObjectQuery = {
  kind: "'foreign-data wrapper'",
  name: 'pg_catalog.quote_ident(w.fdwname)',
  identity: identityOf('pg_foreign_data_wrapper', 'w.oid'),
  properties: {
    handler: functionName('w.fdwhandler'),
    validator: functionName('w.fdwvalidator'),
    options: options('w.fdwoptions'),
    owner: roleName('w.fdwowner'),
    privileges: privileges('w.fdwacl', 'F', 'w.fdwowner'),
    comment: comment('pg_foreign_data_wrapper', 'w.oid'),
  },
  from: ownWithoutSchema('pg_foreign_data_wrapper', 'w'),
}

const servers: ObjectQuery = {
  kind: "'server'",
  name: 'pg_catalog.quote_ident(s.srvname)',
  identity: identityOf('pg_foreign_server', 's.oid'),
  properties: {
    wrapper: 'w.fdwname',
    type: 's.srvtype',
    version: 's.srvversion',
    options: options('s.srvoptions'),
    owner: roleName('s.srvowner'),
    privileges: privileges('s.srvacl', 'S', 's.srvowner'),
    comment: comment('pg_foreign_server', 's.oid'),
  },
  from: ownWithoutSchema(
    'pg_foreign_server',
    's',
    'JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw',
  ),
}

/** The view shows options only to whom they belong: https://www.postgresql.org/docs/current/view-pg-user-mappings.html */
const userMappings: ObjectQuery = {
  kind: "'user mapping'",
  name: `pg_catalog.format('for %s server %I', CASE m.umuser WHEN 0 THEN 'PUBLIC' ELSE ${roleName('m.umuser')} END, m.srvname)`,
  properties: { options: options('m.umoptions') },
  from: 'pg_catalog.pg_user_mappings m',
}

const ofPublication = 'WHERE r.prpubid = p.oid'
const tableName = 'r.prrelid::regclass::text'

/** From 15 on with its columns and rows; the columns in the order of the table. */
const publishedTable = (version: ServerVersion) =>
  version < 150000
    ? tableName
    : `${tableName} || coalesce(' (' || (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)) || ')', '')
      || coalesce(' WHERE ' || pg_catalog.pg_get_expr(r.prqual, r.prrelid), '')`

const publications = (version: ServerVersion): ObjectQuery => ({
  kind: "'publication'",
  name: 'pg_catalog.quote_ident(p.pubname)',
  identity: identityOf('pg_publication', 'p.oid'),
  properties: {
    'all tables': 'p.puballtables',
    tables: `(SELECT pg_catalog.jsonb_agg(${publishedTable(version)} ORDER BY ${tableName} COLLATE "C")
      FROM pg_catalog.pg_publication_rel r ${ofPublication})`,
    ...(version >= 150000
      ? {
          schemas: `(SELECT pg_catalog.jsonb_agg(r.pnnspid::regnamespace::text ORDER BY r.pnnspid::regnamespace::text COLLATE "C")
            FROM pg_catalog.pg_publication_namespace r WHERE r.pnpubid = p.oid)`,
        }
      : {}),
    ...(version >= 180000 ? { 'generated columns': words('p.pubgencols', { n: 'none', s: 'stored' }) } : {}),
    insert: 'p.pubinsert',
    update: 'p.pubupdate',
    delete: 'p.pubdelete',
    truncate: 'p.pubtruncate',
    'via partition root': 'p.pubviaroot',
    owner: roleName('p.pubowner'),
    comment: comment('pg_publication', 'p.oid'),
  },
  from: ownWithoutSchema('pg_publication', 'p'),
})

/** Where it connects to can hold a password and is for superusers only, so it is no part of it. */
const subscriptions = (version: ServerVersion): ObjectQuery => ({
  kind: "'subscription'",
  name: 'pg_catalog.quote_ident(s.subname)',
  properties: {
    enabled: 's.subenabled',
    slot: 's.subslotname',
    publications: `(SELECT pg_catalog.jsonb_agg(p ORDER BY p COLLATE "C") FROM pg_catalog.unnest(s.subpublications) p)`,
    'synchronous commit': 's.subsynccommit',
    binary: 's.subbinary',
    streaming: 's.substream::text',
    ...(version >= 150000
      ? { 'two phase': 's.subtwophasestate', 'disable on error': 's.subdisableonerr' }
      : {}),
    ...(version >= 160000
      ? {
          origin: 's.suborigin',
          'password required': 's.subpasswordrequired',
          'run as owner': 's.subrunasowner',
        }
      : {}),
    ...(version >= 170000 ? { failover: 's.subfailover' } : {}),
    owner: roleName('s.subowner'),
    comment: comment('pg_subscription', 's.oid'),
  },
  // The catalog is shared by all databases.
  from: `pg_catalog.pg_subscription s WHERE s.subdbid =
    (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())`,
})

/** What reaches out of the database, or lets others in: foreign data, publications, subscriptions. */
export function outwardQueries(version: ServerVersion): ObjectQuery[] {
  return [wrappers, servers, userMappings, publications(version), subscriptions(version)]
}
