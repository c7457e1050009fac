import {
  comment,
  functionName,
  type ObjectQuery,
  ownIn,
  ownWithoutSchema,
  privileges,
  roleName,
  typeName,
  words,
} from './fragments.js'

const ofMethod = (schema: string, name: string) =>
  `pg_catalog.format('%I.%I using %I', ${schema}, ${name}, am.amname)`

const classes: ObjectQuery = {
  kind: "'operator class'",
  name: ofMethod('n.nspname', 'k.opcname'),
  properties: {
    type: typeName('k.opcintype'),
    'stored type': typeName('k.opckeytype'),
    default: 'k.opcdefault',
    family: `(SELECT pg_catalog.format('%I.%I', fn.nspname, f.opfname) FROM pg_catalog.pg_opfamily f
      JOIN pg_catalog.pg_namespace fn ON fn.oid = f.opfnamespace WHERE f.oid = k.opcfamily)`,
    owner: roleName('k.opcowner'),
    comment: comment('pg_opclass', 'k.oid'),
  },
  from: ownIn('pg_opclass', 'k', 'opcnamespace', 'JOIN pg_catalog.pg_am am ON am.oid = k.opcmethod'),
}

const families: ObjectQuery = {
  kind: "'operator family'",
  name: ofMethod('n.nspname', 'f.opfname'),
  properties: {
    operators: `(SELECT pg_catalog.jsonb_agg(o.amopstrategy || ' ' || o.amopopr::regoperator
        || CASE o.amoppurpose WHEN 'o' THEN ' for order by' ELSE '' END
        ORDER BY o.amopstrategy, o.amopopr::regoperator::text COLLATE "C")
      FROM pg_catalog.pg_amop o WHERE o.amopfamily = f.oid)`,
    functions: `(SELECT pg_catalog.jsonb_agg(pg_catalog.format('%s (%s, %s) %s', p.amprocnum, ${typeName('p.amproclefttype')},
        ${typeName('p.amprocrighttype')}, p.amproc::regprocedure)
        ORDER BY p.amprocnum, ${typeName('p.amproclefttype')} COLLATE "C", ${typeName('p.amprocrighttype')} COLLATE "C")
      FROM pg_catalog.pg_amproc p WHERE p.amprocfamily = f.oid)`,
    owner: roleName('f.opfowner'),
    comment: comment('pg_opfamily', 'f.oid'),
  },
  from: ownIn('pg_opfamily', 'f', 'opfnamespace', 'JOIN pg_catalog.pg_am am ON am.oid = f.opfmethod'),
}

const casts: ObjectQuery = {
  kind: "'cast'",
  name: `pg_catalog.format('(%s AS %s)', ${typeName('k.castsource')}, ${typeName('k.casttarget')})`,
  properties: {
    function: functionName('k.castfunc'),
    context: words('k.castcontext', { e: 'explicit', a: 'assignment', i: 'implicit' }),
    method: words('k.castmethod', { f: 'function', i: 'in and out', b: 'binary' }),
    comment: comment('pg_cast', 'k.oid'),
  },
  // A range brings its cast to its multirange along.
  from: `${ownWithoutSchema('pg_cast', 'k')} AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_cast'::regclass AND d.objid = k.oid AND d.deptype = 'i')`,
}

const transforms: ObjectQuery = {
  kind: "'transform'",
  name: `pg_catalog.format('for %s language %I', ${typeName('x.trftype')}, l.lanname)`,
  properties: {
    'from SQL': functionName('x.trffromsql'),
    'to SQL': functionName('x.trftosql'),
    comment: comment('pg_transform', 'x.oid'),
  },
  from: ownWithoutSchema('pg_transform', 'x', 'JOIN pg_catalog.pg_language l ON l.oid = x.trflang'),
}

const conversions: ObjectQuery = {
  kind: "'conversion'",
  name: "pg_catalog.format('%I.%I', n.nspname, v.conname)",
  properties: {
    from: 'pg_catalog.pg_encoding_to_char(v.conforencoding)',
    to: 'pg_catalog.pg_encoding_to_char(v.contoencoding)',
    function: functionName('v.conproc'),
    default: 'v.condefault',
    owner: roleName('v.conowner'),
    comment: comment('pg_conversion', 'v.oid'),
  },
  from: ownIn('pg_conversion', 'v', 'connamespace'),
}

const languages: ObjectQuery = {
  kind: "'language'",
  name: 'pg_catalog.quote_ident(l.lanname)',
  properties: {
    trusted: 'l.lanpltrusted',
    handler: functionName('l.lanplcallfoid'),
    'inline handler': functionName('l.laninline'),
    validator: functionName('l.lanvalidator'),
    owner: roleName('l.lanowner'),
    privileges: privileges('l.lanacl', 'l', 'l.lanowner'),
    comment: comment('pg_language', 'l.oid'),
  },
  from: ownWithoutSchema('pg_language', 'l'),
}

const accessMethods: ObjectQuery = {
  kind: "'access method'",
  name: 'pg_catalog.quote_ident(am.amname)',
  properties: {
    for: words('am.amtype', { t: 'tables', i: 'indexes' }),
    handler: functionName('am.amhandler'),
    comment: comment('pg_am', 'am.oid'),
  },
  from: ownWithoutSchema('pg_am', 'am'),
}

/** Operator classes and families, casts, transforms, conversions, languages and access methods. */
export function machineryQueries(): ObjectQuery[] {
  return [classes, families, casts, transforms, conversions, languages, accessMethods]
}
