import {
  comment,
  identityOf,
  type ObjectQuery,
  ownIn,
  roleName,
  tablespaceName,
  whenThere,
} from './fragments.js'
import { splitIndexDefinition } from './option-names.js'
import { parents } from './relations.js'

/** The statistics targets of an index's expressions, as `column number=target`. */
const statisticsTargets = `(SELECT pg_catalog.jsonb_agg(a.attnum || '=' || a.attstattarget ORDER BY a.attnum)
  FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attstattarget >= 0)`

const indexes: ObjectQuery = {
  kind: "'index'",
  name: "pg_catalog.format('%I.%I', n.nspname, c.relname)",
  identity: identityOf('pg_class', 'c.oid'),
  properties: {
    table: "pg_catalog.format('%I.%I', n.nspname, t.relname)",
    ...splitIndexDefinition('c'),
    valid: 'i.indisvalid',
    ready: 'i.indisready',
    live: 'i.indislive',
    clustered: 'i.indisclustered',
    tablespace: tablespaceName('c.reltablespace'),
    'statistics targets': whenThere('i.indexprs', statisticsTargets),
    'attached to': `CASE WHEN c.relispartition THEN ${parents} END`,
    comment: comment('pg_class', 'c.oid'),
  },
  from: ownIn(
    'pg_class',
    't',
    'relnamespace',
    'JOIN pg_catalog.pg_index i ON i.indrelid = t.oid JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid',
  ),
}

const statistics: ObjectQuery = {
  kind: "'statistics'",
  name: "pg_catalog.format('%I.%I', n.nspname, s.stxname)",
  identity: identityOf('pg_statistic_ext', 's.oid'),
  properties: {
    table: 's.stxrelid::regclass::text',
    definition: 'pg_catalog.pg_get_statisticsobjdef(s.oid)',
    'statistics target': 'nullif(s.stxstattarget, -1)',
    owner: roleName('s.stxowner'),
    comment: comment('pg_statistic_ext', 's.oid'),
  },
  from: ownIn('pg_statistic_ext', 's', 'stxnamespace'),
}

/** Indexes, and the statistics that CREATE STATISTICS makes. */
export function indexQueries(): ObjectQuery[] {
  return [indexes, statistics]
}
