import {
  comment,
  identityOf,
  type ObjectQuery,
  options,
  ownIn,
  privileges,
  roleName,
  tablespaceName,
  typeName,
  words,
} from './fragments.js'
import { splitOptions, tableOptionNames, viewOptionNames } from './option-names.js'

const name = "pg_catalog.format('%I.%I', n.nspname, c.relname)"
const persistence = words('c.relpersistence', { p: 'permanent', u: 'unlogged', t: 'temporary' })
const accessMethod = '(SELECT amname FROM pg_catalog.pg_am WHERE oid = c.relam)'
const ownedAndGranted = {
  owner: roleName('c.relowner'),
  privileges: privileges('c.relacl', 'r', 'c.relowner'),
  comment: comment('pg_class', 'c.oid'),
}

const ofToast = splitOptions('toast.reloptions', tableOptionNames, {
  suffix: ' of the toast table',
  prefix: 'toast.',
})
const toast = 'LEFT JOIN pg_catalog.pg_class toast ON toast.oid = c.reltoastrelid'

/** The parents in their order; a partition has one. */
export const parents = `(SELECT pg_catalog.jsonb_agg(i.inhparent::regclass::text ORDER BY i.inhseqno)
  FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)`

const toastAndServer = `${toast}
  LEFT JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = c.oid
  LEFT JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver`

const tables: ObjectQuery = {
  kind: "CASE c.relkind WHEN 'f' THEN 'foreign table' ELSE 'table' END",
  name,
  identity: identityOf('pg_class', 'c.oid'),
  properties: {
    persistence,
    'partitioned by': "CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END",
    inherits: parents,
    'partition bounds': 'pg_catalog.pg_get_expr(c.relpartbound, c.oid)',
    'detach pending':
      '(SELECT true FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid AND i.inhdetachpending)',
    'row security': 'c.relrowsecurity',
    'row security for the owner': 'c.relforcerowsecurity',
    'replica identity': `${words('c.relreplident', { d: 'primary key', n: 'nothing', f: 'full', i: 'index' })} ||
      CASE WHEN c.relreplident = 'i' THEN coalesce((SELECT ' ' || i.indexrelid::regclass FROM pg_catalog.pg_index i
        WHERE i.indrelid = c.oid AND i.indisreplident), ' that is gone') ELSE '' END`,
    ...splitOptions('c.reloptions', tableOptionNames),
    ...ofToast,
    'access method': accessMethod,
    tablespace: tablespaceName('c.reltablespace'),
    'of type': typeName('c.reloftype'),
    server: 's.srvname',
    'foreign options': options('f.ftoptions'),
    ...ownedAndGranted,
  },
  from: `${ownIn('pg_class', 'c', 'relnamespace', toastAndServer)} AND c.relkind IN ('r', 'p', 'f')`,
}

const views: ObjectQuery = {
  kind: "CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END",
  name,
  identity: identityOf('pg_class', 'c.oid'),
  properties: {
    definition: 'pg_catalog.pg_get_viewdef(c.oid)',
    ...splitOptions('c.reloptions', [...viewOptionNames, ...tableOptionNames]),
    ...ofToast,
    populated: "CASE WHEN c.relkind = 'm' THEN c.relispopulated END",
    'access method': accessMethod,
    tablespace: tablespaceName('c.reltablespace'),
    ...ownedAndGranted,
  },
  from: `${ownIn('pg_class', 'c', 'relnamespace', toast)} AND c.relkind IN ('v', 'm')`,
}

/** Of a sequence that belongs to a column: the column, and whether it is the column's identity. */
const ownedBy = `(SELECT pg_catalog.format('%s.%I%s', d.refobjid::regclass, a.attname,
      CASE d.deptype WHEN 'i' THEN ' as identity' ELSE '' END)
  FROM pg_catalog.pg_depend d
  JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
 WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
   AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i'))`

const sequences: ObjectQuery = {
  kind: "'sequence'",
  name,
  identity: identityOf('pg_class', 'c.oid'),
  properties: {
    type: typeName('q.seqtypid'),
    start: 'q.seqstart::text',
    increment: 'q.seqincrement::text',
    minimum: 'q.seqmin::text',
    maximum: 'q.seqmax::text',
    cache: 'q.seqcache::text',
    cycle: 'q.seqcycle',
    'owned by': ownedBy,
    persistence,
    ...ownedAndGranted,
    privileges: privileges('c.relacl', 's', 'c.relowner'),
    readable: "pg_catalog.has_sequence_privilege(c.oid, 'SELECT')",
  },
  from: ownIn('pg_class', 'c', 'relnamespace', 'JOIN pg_catalog.pg_sequence q ON q.seqrelid = c.oid'),
}

/** Tables, foreign tables, views, materialized views and sequences. */
export function relationQueries(): ObjectQuery[] {
  return [tables, views, sequences]
}
