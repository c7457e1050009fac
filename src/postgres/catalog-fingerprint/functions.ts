import {
  comment,
  functionName,
  identityOf,
  type ObjectQuery,
  options,
  ownIn,
  privileges,
  roleName,
  typeName,
  words,
} from './fragments.js'

/** The constructors that come with a range type are part of the type. */
const isWritten = `NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')`

const operatorName = (oid: string) => `nullif(${oid}, 0)::regoperator::text`

const functions: ObjectQuery = {
  kind: `${words('p.prokind', { a: 'aggregate', p: 'procedure', f: 'function', w: 'function' })}`,
  name: 'p.oid::regprocedure',
  identity: identityOf('pg_proc', 'p.oid'),
  properties: {
    arguments: 'pg_catalog.pg_get_function_arguments(p.oid)',
    returns: 'pg_catalog.pg_get_function_result(p.oid)',
    language: '(SELECT lanname FROM pg_catalog.pg_language WHERE oid = p.prolang)',
    definition:
      "CASE WHEN p.prokind <> 'a' THEN coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) END",
    library: 'p.probin',
    window: "nullif(p.prokind = 'w', false)",
    volatility: words('p.provolatile', { i: 'immutable', s: 'stable', v: 'volatile' }),
    'on null input': "CASE WHEN p.proisstrict THEN 'returns null' ELSE 'called' END",
    'security definer': 'p.prosecdef',
    leakproof: 'p.proleakproof',
    parallel: words('p.proparallel', { s: 'safe', r: 'restricted', u: 'unsafe' }),
    cost: 'p.procost::text',
    rows: "nullif(p.prorows::text, '0')",
    support: functionName('p.prosupport'),
    settings: options('p.proconfig'),
    'transforms for': `(SELECT pg_catalog.jsonb_agg(${typeName('t')}) FROM pg_catalog.unnest(p.protrftypes) t)`,
    'aggregate kind': words('g.aggkind', { n: 'normal', o: 'ordered-set', h: 'hypothetical-set' }),
    'state function': functionName('g.aggtransfn'),
    'state type': typeName('g.aggtranstype'),
    'state size': 'nullif(g.aggtransspace, 0)',
    'initial state': 'g.agginitval',
    'final function': functionName('g.aggfinalfn'),
    'final function extra arguments': 'nullif(g.aggfinalextra, false)',
    'final function modifies': words('g.aggfinalmodify', { r: 'nothing', s: 'shareable', w: 'state' }),
    'combine function': functionName('g.aggcombinefn'),
    'serial function': functionName('g.aggserialfn'),
    'deserial function': functionName('g.aggdeserialfn'),
    'moving state function': functionName('g.aggmtransfn'),
    'moving inverse function': functionName('g.aggminvtransfn'),
    'moving state type': typeName('g.aggmtranstype'),
    'moving state size': 'nullif(g.aggmtransspace, 0)',
    'moving initial state': 'g.aggminitval',
    'moving final function': functionName('g.aggmfinalfn'),
    'sort operator': operatorName('g.aggsortop'),
    owner: roleName('p.proowner'),
    privileges: privileges('p.proacl', 'f', 'p.proowner'),
    comment: comment('pg_proc', 'p.oid'),
  },
  from: `${ownIn('pg_proc', 'p', 'pronamespace', 'LEFT JOIN pg_catalog.pg_aggregate g ON g.aggfnoid = p.oid')} AND ${isWritten}`,
}

const operators: ObjectQuery = {
  kind: "'operator'",
  name: 'o.oid::regoperator',
  identity: identityOf('pg_operator', 'o.oid'),
  properties: {
    function: functionName('o.oprcode'),
    result: typeName('o.oprresult'),
    commutator: operatorName('o.oprcom'),
    negator: operatorName('o.oprnegate'),
    'restriction estimator': functionName('o.oprrest'),
    'join estimator': functionName('o.oprjoin'),
    hashes: 'o.oprcanhash',
    merges: 'o.oprcanmerge',
    owner: roleName('o.oprowner'),
    comment: comment('pg_operator', 'o.oid'),
  },
  from: ownIn('pg_operator', 'o', 'oprnamespace'),
}

/** Functions, procedures, aggregates and operators. */
export function functionQueries(): ObjectQuery[] {
  return [functions, operators]
}
