import { identityOf } from '../catalog-fingerprint/fragments.js'
import { columnList } from './columns.js'
import { type DefinitionQuery, fromOwn } from './definition.js'

const name = 'c.oid::regclass'
const unlogged = "CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END"
const parents = `(SELECT pg_catalog.string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)
  FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)`
const partitioned =
  "CASE c.relkind WHEN 'p' THEN ' PARTITION BY ' || pg_catalog.pg_get_partkeydef(c.oid) ELSE '' END"
const options = `coalesce(' WITH (' || pg_catalog.array_to_string(c.reloptions, ', ') || ')', '')`
const viewQuery = "pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid, true), ';')"

const createTable = `'CREATE ' || ${unlogged} || 'TABLE ' || ${name} || CASE
  WHEN c.relispartition THEN ' PARTITION OF ' || ${parents} || ' ' || pg_catalog.pg_get_expr(c.relpartbound, c.oid)
  WHEN c.reloftype <> 0 THEN ' OF ' || c.reloftype::regtype
  ELSE E' (\\n' || coalesce(${columnList}, '') || E'\\n)' || coalesce(' INHERITS (' || ${parents} || ')', '') END
  || ${partitioned} || ${options}`

const createSequence = `(SELECT pg_catalog.format('CREATE %sSEQUENCE %s AS %s START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s%s',
    ${unlogged}, ${name}, pg_catalog.format_type(q.seqtypid, NULL), q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache,
    CASE WHEN q.seqcycle THEN ' CYCLE' ELSE '' END) FROM pg_catalog.pg_sequence q WHERE q.seqrelid = c.oid)`

/** The sequence of an identity column comes with its column. */
const isOfIdentity = `EXISTS (SELECT FROM pg_catalog.pg_depend p WHERE p.classid = 'pg_catalog.pg_class'::regclass
  AND p.objid = c.oid AND p.deptype = 'i')`

/** An index behind a key comes with it, and that of a partition with the index of the parent. */
const standsAlone = `NOT c.relispartition AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o
  WHERE o.conindid = c.oid AND o.contype IN ('p', 'u', 'x'))`

/** Tables, views, materialized views, sequences and indexes. */
export const relationDefinitions: DefinitionQuery = {
  identity: identityOf('pg_class', 'c.oid'),
  fields: {
    name,
    own: 'c.relname',
    parent: identityOf('pg_namespace', 'c.relnamespace'),
    on: `(SELECT 'TABLE ' || i.indrelid::regclass FROM pg_catalog.pg_index i WHERE i.indexrelid = c.oid)`,
    create: `CASE
      WHEN c.relkind IN ('r', 'p') THEN ${createTable}
      WHEN c.relkind = 'v' THEN 'CREATE VIEW ' || ${name} || ${options} || E' AS\\n' || ${viewQuery}
      WHEN c.relkind = 'm' THEN 'CREATE MATERIALIZED VIEW ' || ${name} || ${options} || E' AS\\n' || ${viewQuery}
        || CASE WHEN c.relispopulated THEN '' ELSE ' WITH NO DATA' END
      WHEN c.relkind = 'S' AND NOT ${isOfIdentity} THEN ${createSequence}
      WHEN c.relkind IN ('i', 'I') AND ${standsAlone} THEN
        -- Of a partitioned table: ONLY would leave its partitions without it, and itself not valid.
        CASE c.relkind WHEN 'I' THEN pg_catalog.replace(pg_catalog.pg_get_indexdef(c.oid, 0, true), ' ON ONLY ', ' ON ')
          ELSE pg_catalog.pg_get_indexdef(c.oid, 0, true) END END`,
  },
  from: `${fromOwn('pg_class', 'c', 'relnamespace')} AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'i', 'I')`,
}
