import {
  comment,
  functionName,
  identityOf,
  type ObjectQuery,
  ownIn,
  privileges,
  roleName,
  type ServerVersion,
  typeName,
  words,
} from './fragments.js'

const owned = {
  owner: roleName('t.typowner'),
  privileges: privileges('t.typacl', 'T', 't.typowner'),
  comment: comment('pg_type', 't.oid'),
}

const name = "pg_catalog.format('%I.%I', n.nspname, t.typname)"
const collation = 'nullif(t.typcollation, 0)::regcollation::text'
/** A reference to a function that an I/O function's catalog column holds. */
const io = (column: string) => functionName(`t.${column}`)
const ofBase = (sql: string) => `CASE WHEN t.typtype = 'b' THEN ${sql} END`

const labels = `(SELECT pg_catalog.jsonb_agg(e.enumlabel ORDER BY e.enumsortorder)
  FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)`

const types: ObjectQuery = {
  kind: "'type'",
  name,
  identity: identityOf('pg_type', 't.oid'),
  properties: {
    form: `CASE WHEN NOT t.typisdefined THEN 'shell' ELSE
      ${words('t.typtype', { e: 'enum', c: 'composite', r: 'range', b: 'base' })} END`,
    labels,
    subtype: typeName('r.rngsubtype'),
    'subtype collation': 'nullif(r.rngcollation, 0)::regcollation::text',
    'subtype operator class': `(SELECT pg_catalog.format('%I.%I', cn.nspname, oc.opcname) FROM pg_catalog.pg_opclass oc
      JOIN pg_catalog.pg_namespace cn ON cn.oid = oc.opcnamespace WHERE oc.oid = r.rngsubopc)`,
    'canonical function': functionName('r.rngcanonical'),
    'subtype difference': functionName('r.rngsubdiff'),
    multirange: typeName('r.rngmultitypid'),
    input: ofBase(io('typinput')),
    output: ofBase(io('typoutput')),
    receive: ofBase(io('typreceive')),
    send: ofBase(io('typsend')),
    'modifier input': ofBase(io('typmodin')),
    'modifier output': ofBase(io('typmodout')),
    analyze: ofBase(io('typanalyze')),
    length: ofBase('t.typlen'),
    'by value': ofBase('t.typbyval'),
    alignment: ofBase('t.typalign'),
    storage: ofBase(words('t.typstorage', { p: 'plain', e: 'external', m: 'main', x: 'extended' })),
    category: ofBase('t.typcategory'),
    preferred: ofBase('t.typispreferred'),
    delimiter: ofBase('t.typdelim'),
    element: ofBase(typeName('t.typelem')),
    collation: ofBase(collation),
    default: ofBase('t.typdefault'),
    ...owned,
  },
  // Without the array that comes with every type, and the row type that comes with every table.
  from: `${ownIn(
    'pg_type',
    't',
    'typnamespace',
    `LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
     LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
     LEFT JOIN pg_catalog.pg_type element ON element.typarray = t.oid`,
  )} AND (t.typtype IN ('e', 'r', 'b', 'p') OR c.relkind = 'c') AND element.oid IS NULL`,
}

/** The domain's default as its author wrote it may depend on the search path; the parse tree does not. */
const domains: ObjectQuery = {
  kind: "'domain'",
  name,
  identity: identityOf('pg_type', 't.oid'),
  properties: {
    type: typeName('t.typbasetype', 't.typtypmod'),
    collation: `CASE WHEN t.typcollation <> base.typcollation THEN ${collation} END`,
    'not null': 't.typnotnull',
    default: 'coalesce(pg_catalog.pg_get_expr(t.typdefaultbin, 0), t.typdefault)',
    ...owned,
  },
  from: `${ownIn(
    'pg_type',
    't',
    'typnamespace',
    'JOIN pg_catalog.pg_type base ON base.oid = t.typbasetype',
  )} AND t.typtype = 'd'`,
}

/** Older servers have fewer columns and other names for them. */
const collations = (version: ServerVersion): ObjectQuery => {
  const locale = version >= 170000 ? 'l.colllocale' : version >= 150000 ? 'l.colliculocale' : 'NULL'
  return {
    kind: "'collation'",
    name: "pg_catalog.format('%I.%I', n.nspname, l.collname)",
    identity: identityOf('pg_collation', 'l.oid'),
    properties: {
      provider: words('l.collprovider', { b: 'builtin', c: 'libc', i: 'icu', d: 'default' }),
      locale: `coalesce(${locale}, l.collcollate)`,
      ctype: 'l.collctype',
      deterministic: 'l.collisdeterministic',
      ...(version >= 160000 ? { rules: 'l.collicurules' } : {}),
      owner: roleName('l.collowner'),
      comment: comment('pg_collation', 'l.oid'),
    },
    from: ownIn('pg_collation', 'l', 'collnamespace'),
  }
}

/** Enums, composite types, ranges, base types, domains and collations. */
export function typeQueries(version: ServerVersion): ObjectQuery[] {
  return [types, domains, collations(version)]
}
