import { identityOf } from '../catalog-fingerprint/fragments.js'
import { columnList } from './columns.js'
import { type DefinitionQuery, fromOwn } from './definition.js'

const labels = `(SELECT pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
  FROM pg_catalog.pg_enum e WHERE e.enumtypid = y.oid)`

const range = `(SELECT 'SUBTYPE = ' || pg_catalog.format_type(g.rngsubtype, NULL)
    || coalesce(', SUBTYPE_OPCLASS = ' || (SELECT pg_catalog.format('%I.%I', s.nspname, k.opcname) FROM pg_catalog.pg_opclass k
         JOIN pg_catalog.pg_namespace s ON s.oid = k.opcnamespace WHERE k.oid = g.rngsubopc), '')
    || coalesce(', COLLATION = ' || nullif(g.rngcollation, 0)::regcollation, '')
    || coalesce(', CANONICAL = ' || nullif(g.rngcanonical::oid, 0)::regproc, '')
    || coalesce(', SUBTYPE_DIFF = ' || nullif(g.rngsubdiff::oid, 0)::regproc, '')
    || ', MULTIRANGE_TYPE_NAME = ' || pg_catalog.format_type(g.rngmultitypid, NULL)
  FROM pg_catalog.pg_range g WHERE g.rngtypid = y.oid)`

const domainBase = `pg_catalog.format_type(y.typbasetype, y.typtypmod)
  || CASE WHEN y.typcollation <> b.typcollation THEN ' COLLATE ' || y.typcollation::regcollation ELSE '' END
  || coalesce(' DEFAULT ' || coalesce(pg_catalog.pg_get_expr(y.typdefaultbin, 0), pg_catalog.quote_literal(y.typdefault)), '')
  || CASE WHEN y.typnotnull THEN ' NOT NULL' ELSE '' END`

const types: DefinitionQuery = {
  identity: identityOf('pg_type', 'y.oid'),
  fields: {
    name: 'y.oid::regtype',
    own: 'y.typname',
    parent: identityOf('pg_namespace', 'y.typnamespace'),
    create: `CASE y.typtype
      WHEN 'e' THEN 'CREATE TYPE ' || y.oid::regtype || ' AS ENUM (' || coalesce(${labels}, '') || ')'
      WHEN 'c' THEN 'CREATE TYPE ' || y.oid::regtype || E' AS (\\n' || coalesce(${columnList}, '') || E'\\n)'
      WHEN 'r' THEN 'CREATE TYPE ' || y.oid::regtype || ' AS RANGE (' || ${range} || ')'
      WHEN 'd' THEN 'CREATE DOMAIN ' || y.oid::regtype || ' AS ' || ${domainBase} END`,
  },
  from: `${fromOwn(
    'pg_type',
    'y',
    'typnamespace',
    'LEFT JOIN pg_catalog.pg_class c ON c.oid = y.typrelid LEFT JOIN pg_catalog.pg_type b ON b.oid = y.typbasetype',
  )} AND (y.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')`,
}

/** Values of enums have a name of their own that can be changed; the catalog fingerprint lists them with their type. */
const enumValues: DefinitionQuery = {
  identity: identityOf('pg_enum', 'e.oid'),
  fields: {
    name: 'pg_catalog.quote_literal(e.enumlabel)',
    own: 'e.enumlabel',
    parent: identityOf('pg_type', 'y.oid'),
    on: "'TYPE ' || y.oid::regtype",
  },
  from: fromOwn('pg_type', 'y', 'typnamespace', 'JOIN pg_catalog.pg_enum e ON e.enumtypid = y.oid'),
}

/** Enums and their values, composite types, ranges and domains. */
export const typeDefinitions: readonly DefinitionQuery[] = [types, enumValues]
