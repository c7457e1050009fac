import { firstOwnOid, identityOf, isNoMember, isOwnSchema } from '../catalog-fingerprint/fragments.js'
import { type DefinitionQuery, fromOwn } from './definition.js'

/** The server writes a function with its schema whatever the search path; in the home schema it goes without. */
const functionText = `pg_catalog.replace(pg_catalog.pg_get_functiondef(p.oid),
  pg_catalog.format(E' %I.%I(', n.nspname, p.proname),
  ' ' || pg_catalog.split_part(p.oid::regprocedure::text, '(', 1) || '(')`

const functions: DefinitionQuery = {
  identity: identityOf('pg_proc', 'p.oid'),
  fields: {
    name: 'p.oid::regprocedure',
    own: 'p.proname',
    parent: identityOf('pg_namespace', 'p.pronamespace'),
    create: `CASE WHEN p.prokind <> 'a' THEN ${functionText} END`,
  },
  from: fromOwn('pg_proc', 'p', 'pronamespace'),
}

const statistics: DefinitionQuery = {
  identity: identityOf('pg_statistic_ext', 's.oid'),
  fields: {
    name: "pg_catalog.format('%I.%I', n.nspname, s.stxname)",
    own: 's.stxname',
    parent: identityOf('pg_namespace', 's.stxnamespace'),
    create: 'pg_catalog.pg_get_statisticsobjdef(s.oid)',
  },
  from: fromOwn('pg_statistic_ext', 's', 'stxnamespace'),
}

const schemas: DefinitionQuery = {
  identity: identityOf('pg_namespace', 'n.oid'),
  fields: {
    name: 'pg_catalog.quote_ident(n.nspname)',
    own: 'n.nspname',
    parent: "''",
    create: "'CREATE SCHEMA ' || pg_catalog.quote_ident(n.nspname)",
  },
  from: `pg_catalog.pg_namespace n WHERE ${isOwnSchema('n')} AND ${isNoMember('pg_namespace', 'n.oid')}`,
}

const extensions: DefinitionQuery = {
  identity: identityOf('pg_extension', 'e.oid'),
  fields: {
    name: 'pg_catalog.quote_ident(e.extname)',
    own: 'e.extname',
    parent: identityOf('pg_namespace', 'e.extnamespace'),
    create: `'CREATE EXTENSION ' || pg_catalog.quote_ident(e.extname)
      || CASE WHEN e.extrelocatable THEN ' SCHEMA ' || e.extnamespace::regnamespace ELSE '' END`,
  },
  from: `pg_catalog.pg_extension e WHERE e.oid >= ${firstOwnOid}`,
}

const eventTriggers: DefinitionQuery = {
  identity: identityOf('pg_event_trigger', 'e.oid'),
  fields: {
    name: 'pg_catalog.quote_ident(e.evtname)',
    own: 'e.evtname',
    parent: "''",
    create: `'CREATE EVENT TRIGGER ' || pg_catalog.quote_ident(e.evtname) || ' ON ' || e.evtevent
      || coalesce(' WHEN TAG IN (' || (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(tag), ', ')
           FROM pg_catalog.unnest(e.evttags) tag) || ')', '')
      || ' EXECUTE FUNCTION ' || e.evtfoid::regproc || '()'`,
  },
  from: `pg_catalog.pg_event_trigger e WHERE e.oid >= ${firstOwnOid} AND ${isNoMember('pg_event_trigger', 'e.oid')}`,
}

/** Functions, statistics, schemas, extensions and event triggers. */
export const otherDefinitions: readonly DefinitionQuery[] = [
  functions,
  statistics,
  schemas,
  extensions,
  eventTriggers,
]
