import { identityOf } from '../catalog-fingerprint/fragments.js'
import { type DefinitionQuery, fromOwn, onRelation, partName } from './definition.js'

const ofTable = (join: string) => fromOwn('pg_class', 'c', 'relnamespace', join)
const parent = identityOf('pg_class', 'c.oid')
const on = onRelation
const quoted = pg('quote_ident')
const definitionOf = (text: string) => `pg_catalog.rtrim(${text}, ';')`

function pg(name: string) {
  return (argument: string) => `pg_catalog.${name}(${argument})`
}

/** What a partition has from its parent comes with it. */
const isLocal = 'o.coninhcount = 0 AND o.conparentid = 0'

const constraints: DefinitionQuery = {
  identity: identityOf('pg_constraint', 'o.oid'),
  fields: {
    name: partName('o.conname'),
    own: 'o.conname',
    parent,
    on,
    create: `CASE WHEN ${isLocal} THEN 'ALTER TABLE ' || c.oid::regclass || ' ADD CONSTRAINT ' || ${quoted('o.conname')}
      || ' ' || pg_catalog.pg_get_constraintdef(o.oid, true) END`,
  },
  from: `${ofTable('JOIN pg_catalog.pg_constraint o ON o.conrelid = c.oid')} AND o.contype NOT IN ('n', 't')`,
}

const domainConstraints: DefinitionQuery = {
  identity: identityOf('pg_constraint', 'o.oid'),
  fields: {
    name: `${quoted('o.conname')} || ' ON DOMAIN ' || y.oid::regtype`,
    own: 'o.conname',
    parent: identityOf('pg_type', 'y.oid'),
    on: "'DOMAIN ' || y.oid::regtype",
    create: `'ALTER DOMAIN ' || y.oid::regtype || ' ADD CONSTRAINT ' || ${quoted('o.conname')}
      || ' ' || pg_catalog.pg_get_constraintdef(o.oid, true)`,
  },
  from: `${fromOwn('pg_type', 'y', 'typnamespace', 'JOIN pg_catalog.pg_constraint o ON o.contypid = y.oid')}
    AND o.contype NOT IN ('n', 't')`,
}

const triggers: DefinitionQuery = {
  identity: identityOf('pg_trigger', 'g.oid'),
  fields: {
    name: partName('g.tgname'),
    own: 'g.tgname',
    parent,
    on,
    create: `CASE WHEN g.tgparentid = 0 THEN pg_catalog.pg_get_triggerdef(g.oid, true) END`,
  },
  from: `${ofTable('JOIN pg_catalog.pg_trigger g ON g.tgrelid = c.oid')} AND NOT g.tgisinternal`,
}

const rules: DefinitionQuery = {
  identity: identityOf('pg_rewrite', 'r.oid'),
  fields: {
    name: partName('r.rulename'),
    own: 'r.rulename',
    parent,
    on,
    create: definitionOf('pg_catalog.pg_get_ruledef(r.oid, true)'),
  },
  from: `${ofTable('JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid')} AND r.rulename <> '_RETURN'`,
}

const policyCommand = `CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
  ELSE 'ALL' END`
const policyRoles = `(SELECT pg_catalog.string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE ${quoted(
  pg('pg_get_userbyid')('role'),
)} END, ', ') FROM pg_catalog.unnest(p.polroles) role)`

const policies: DefinitionQuery = {
  identity: identityOf('pg_policy', 'p.oid'),
  fields: {
    name: partName('p.polname'),
    own: 'p.polname',
    parent,
    on,
    create: `'CREATE POLICY ' || ${quoted('p.polname')} || ' ON ' || c.oid::regclass
      || CASE WHEN p.polpermissive THEN '' ELSE ' AS RESTRICTIVE' END || ' FOR ' || ${policyCommand} || ' TO ' || ${policyRoles}
      || coalesce(' USING (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid, true) || ')', '')
      || coalesce(' WITH CHECK (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid, true) || ')', '')`,
  },
  from: ofTable('JOIN pg_catalog.pg_policy p ON p.polrelid = c.oid'),
}

/** What belongs to a table or a domain, but for columns. */
export const partDefinitions: readonly DefinitionQuery[] = [
  constraints,
  domainConstraints,
  triggers,
  rules,
  policies,
]
