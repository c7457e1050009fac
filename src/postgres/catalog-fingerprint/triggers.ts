import {
  comment,
  enabledState,
  functionName,
  identityOf,
  type ObjectQuery,
  ownIn,
  ownWithoutSchema,
  roleName,
  words,
} from './fragments.js'

/** A part of a table: `name on schema.table`. */
const onTable = (name: string) => `pg_catalog.format('%I on %I.%I', ${name}, n.nspname, c.relname)`
const ofTable = (joins: string) => ownIn('pg_class', 'c', 'relnamespace', joins)

/** A partition's copy of its parent's trigger says something only when it is switched otherwise than that one. */
const isOwnTrigger = `CASE WHEN g.tgparentid = 0 THEN NOT g.tgisinternal
  ELSE g.tgenabled <> (SELECT p.tgenabled FROM pg_catalog.pg_trigger p WHERE p.oid = g.tgparentid)
    AND g.tgname = (SELECT p.tgname FROM pg_catalog.pg_trigger p WHERE p.oid = g.tgparentid) END`

const triggers: ObjectQuery = {
  kind: "'trigger'",
  name: `${onTable('g.tgname')} || CASE WHEN g.tgparentid = 0 THEN '' ELSE ', other than on the parent' END`,
  identity: identityOf('pg_trigger', 'g.oid'),
  properties: {
    definition: 'pg_catalog.pg_get_triggerdef(g.oid)',
    enabled: enabledState('g.tgenabled'),
    comment: comment('pg_trigger', 'g.oid'),
  },
  from: `${ofTable('JOIN pg_catalog.pg_trigger g ON g.tgrelid = c.oid')} AND ${isOwnTrigger}`,
}

const rules: ObjectQuery = {
  kind: "'rule'",
  name: onTable('r.rulename'),
  identity: identityOf('pg_rewrite', 'r.oid'),
  properties: {
    definition: 'pg_catalog.pg_get_ruledef(r.oid)',
    enabled: enabledState('r.ev_enabled'),
    comment: comment('pg_rewrite', 'r.oid'),
  },
  // A view's query is a rule of that name.
  from: `${ofTable('JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid')} AND r.rulename <> '_RETURN'`,
}

const policies: ObjectQuery = {
  kind: "'policy'",
  name: onTable('p.polname'),
  identity: identityOf('pg_policy', 'p.oid'),
  properties: {
    for: words('p.polcmd', { r: 'select', a: 'insert', w: 'update', d: 'delete', '*': 'all' }),
    permissive: 'p.polpermissive',
    roles: `(SELECT pg_catalog.jsonb_agg(role ORDER BY role COLLATE "C") FROM (
      SELECT CASE r WHEN 0 THEN 'PUBLIC' ELSE ${roleName('r')} END AS role FROM pg_catalog.unnest(p.polroles) r) named)`,
    using: 'pg_catalog.pg_get_expr(p.polqual, p.polrelid)',
    check: 'pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)',
    comment: comment('pg_policy', 'p.oid'),
  },
  from: ofTable('JOIN pg_catalog.pg_policy p ON p.polrelid = c.oid'),
}

const eventTriggers: ObjectQuery = {
  kind: "'event trigger'",
  name: 'pg_catalog.quote_ident(e.evtname)',
  identity: identityOf('pg_event_trigger', 'e.oid'),
  properties: {
    event: 'e.evtevent',
    tags: 'pg_catalog.to_jsonb(e.evttags)',
    function: functionName('e.evtfoid'),
    enabled: enabledState('e.evtenabled'),
    owner: roleName('e.evtowner'),
    comment: comment('pg_event_trigger', 'e.oid'),
  },
  from: ownWithoutSchema('pg_event_trigger', 'e'),
}

/** What acts by itself: triggers, rules, policies, event triggers. */
export function triggerQueries(): ObjectQuery[] {
  return [triggers, rules, policies, eventTriggers]
}
