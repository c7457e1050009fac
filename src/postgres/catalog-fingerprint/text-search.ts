import { comment, functionName, type ObjectQuery, ownIn, roleName } from './fragments.js'

const textSearchName = (name: string) => `pg_catalog.format('%I.%I', n.nspname, ${name})`

const configurations: ObjectQuery = {
  kind: "'text search configuration'",
  name: textSearchName('s.cfgname'),
  properties: {
    parser: `(SELECT pg_catalog.format('%I.%I', pn.nspname, p.prsname) FROM pg_catalog.pg_ts_parser p
      JOIN pg_catalog.pg_namespace pn ON pn.oid = p.prsnamespace WHERE p.oid = s.cfgparser)`,
    mappings: `(SELECT pg_catalog.jsonb_agg(tokens.alias || ': ' || m.mapdict::regdictionary
        ORDER BY tokens.alias COLLATE "C", m.mapseqno)
      FROM pg_catalog.pg_ts_config_map m JOIN pg_catalog.ts_token_type(s.cfgparser) tokens ON tokens.tokid = m.maptokentype
      WHERE m.mapcfg = s.oid)`,
    owner: roleName('s.cfgowner'),
    comment: comment('pg_ts_config', 's.oid'),
  },
  from: ownIn('pg_ts_config', 's', 'cfgnamespace'),
}

const dictionaries: ObjectQuery = {
  kind: "'text search dictionary'",
  name: textSearchName('s.dictname'),
  properties: {
    template: `(SELECT pg_catalog.format('%I.%I', tn.nspname, t.tmplname) FROM pg_catalog.pg_ts_template t
      JOIN pg_catalog.pg_namespace tn ON tn.oid = t.tmplnamespace WHERE t.oid = s.dicttemplate)`,
    options: 's.dictinitoption',
    owner: roleName('s.dictowner'),
    comment: comment('pg_ts_dict', 's.oid'),
  },
  from: ownIn('pg_ts_dict', 's', 'dictnamespace'),
}

const parsers: ObjectQuery = {
  kind: "'text search parser'",
  name: textSearchName('s.prsname'),
  properties: {
    start: functionName('s.prsstart'),
    token: functionName('s.prstoken'),
    end: functionName('s.prsend'),
    headline: functionName('s.prsheadline'),
    'token types': functionName('s.prslextype'),
    comment: comment('pg_ts_parser', 's.oid'),
  },
  from: ownIn('pg_ts_parser', 's', 'prsnamespace'),
}

const templates: ObjectQuery = {
  kind: "'text search template'",
  name: textSearchName('s.tmplname'),
  properties: {
    init: functionName('s.tmplinit'),
    lexize: functionName('s.tmpllexize'),
    comment: comment('pg_ts_template', 's.oid'),
  },
  from: ownIn('pg_ts_template', 's', 'tmplnamespace'),
}

/** Configurations, dictionaries, parsers and templates of text search. */
export function textSearchQueries(): ObjectQuery[] {
  return [configurations, dictionaries, parsers, templates]
}
