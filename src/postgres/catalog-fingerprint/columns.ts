import {
  comment,
  identityOf,
  type ObjectQuery,
  options,
  ownIn,
  privilegeList,
  type ServerVersion,
  typeName,
  whenThere,
  words,
} from './fragments.js'
import { columnOptionNames, splitOptions } from './option-names.js'

const isTable = "c.relkind IN ('r', 'p', 'f')"
const isStored = "c.relkind IN ('r', 'p', 'm')"

/** From 18 on NOT NULL has a name, can wait for its validation, and can be kept from children. */
const notNullConstraint = `(SELECT pg_catalog.quote_ident(o.conname)
    || CASE WHEN o.convalidated THEN '' ELSE ' NOT VALID' END || CASE WHEN o.connoinherit THEN ' NO INHERIT' ELSE '' END
  FROM pg_catalog.pg_constraint o WHERE o.conrelid = c.oid AND o.contype = 'n' AND o.conkey[1] = a.attnum)`

/** Columns of tables, views and materialized views, and the attributes of composite types. */
export function columnQueries(version: ServerVersion): ObjectQuery[] {
  const columns: ObjectQuery = {
    kind: "'column'",
    name: "pg_catalog.format('%I.%I.%I', n.nspname, c.relname, a.attname)",
    identity: identityOf('pg_class', 'c.oid', 'a.attnum'),
    properties: {
      // Dropped columns leave gaps in attnum, which no dump keeps.
      position: 'pg_catalog.row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum)',
      type: typeName('a.atttypid', 'a.atttypmod'),
      collation: 'CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END',
      'not null': `CASE WHEN ${isTable} THEN a.attnotnull END`,
      ...(version >= 180000
        ? { 'not null constraint': `CASE WHEN a.attnotnull THEN ${notNullConstraint} END` }
        : {}),
      default: "CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END",
      generated: `CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) || ' '
        || ${words('a.attgenerated', { s: 'stored', v: 'virtual' })} END`,
      identity: words("nullif(a.attidentity, '')", { a: 'always', d: 'by default' }),
      storage: `CASE WHEN ${isStored} THEN ${words('a.attstorage', { p: 'plain', e: 'external', m: 'main', x: 'extended' })} END`,
      compression: words("nullif(a.attcompression, '')", { p: 'pglz', l: 'lz4' }),
      'statistics target': 'nullif(a.attstattarget, -1)',
      ...splitOptions('a.attoptions', columnOptionNames),
      'foreign options': options('a.attfdwoptions'),
      inherited: 'nullif(a.attinhcount > 0, false)',
      local: 'CASE WHEN a.attinhcount > 0 THEN a.attislocal END',
      // Nothing is granted on a column by default.
      privileges: whenThere('a.attacl', privilegeList('a.attacl')),
      comment: comment('pg_class', 'c.oid', 'a.attnum'),
    },
    from: `${ownIn(
      'pg_class',
      'c',
      'relnamespace',
      `JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
       LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum`,
    )} AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')`,
  }
  return [columns]
}
