import { comment, identityOf, type ObjectQuery, ownIn, type ServerVersion, words } from './fragments.js'

/** A constraint's text without what its other properties say. */
const constraintDefinition = `pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(o.oid),
  '( DEFERRABLE| INITIALLY DEFERRED| NOT VALID| NOT ENFORCED)+$', '')`

/** Of a foreign key: the tables on which ALTER TABLE … DISABLE TRIGGER ALL has switched it off. */
const triggersSwitched = `(SELECT pg_catalog.jsonb_agg(DISTINCT ${words('g.tgenabled', {
  D: 'disabled',
  R: 'replica',
  A: 'always',
})} || ' on ' || g.tgrelid::regclass) FROM pg_catalog.pg_trigger g WHERE g.tgconstraint = o.oid AND g.tgenabled <> 'O')`

const validityOf = (version: ServerVersion) => ({
  definition: constraintDefinition,
  deferrable: 'o.condeferrable',
  'initially deferred': 'o.condeferred',
  validated: 'o.convalidated',
  ...(version >= 180000 ? { enforced: 'o.conenforced' } : {}),
  comment: comment('pg_constraint', 'o.oid'),
})

/** NOT NULL is a property of the column; a constraint trigger is a trigger. */
const isConstraint = "o.contype NOT IN ('n', 't')"

/** Postgres makes one more row for each partition of the table that a foreign key points to. */
const isWritten = `NOT (o.contype = 'f' AND o.conparentid <> 0 AND EXISTS (SELECT FROM pg_catalog.pg_constraint p
  WHERE p.oid = o.conparentid AND p.conrelid = o.conrelid))`

const tableConstraints = (version: ServerVersion): ObjectQuery => ({
  kind: "'constraint'",
  name: `pg_catalog.format('%I on %I.%I', o.conname, n.nspname, t.relname)`,
  identity: identityOf('pg_constraint', 'o.oid'),
  properties: {
    ...validityOf(version),
    inherited: 'o.coninhcount > 0',
    local: 'CASE WHEN o.coninhcount > 0 THEN o.conislocal END',
    triggers: `CASE WHEN o.contype = 'f' THEN ${triggersSwitched} END`,
  },
  from: `${ownIn('pg_class', 't', 'relnamespace', 'JOIN pg_catalog.pg_constraint o ON o.conrelid = t.oid')}
    AND ${isConstraint} AND ${isWritten}`,
})

const domainConstraints = (version: ServerVersion): ObjectQuery => ({
  kind: "'constraint'",
  name: `pg_catalog.format('%I on domain %I.%I', o.conname, n.nspname, t.typname)`,
  identity: identityOf('pg_constraint', 'o.oid'),
  properties: validityOf(version),
  from: `${ownIn('pg_type', 't', 'typnamespace', 'JOIN pg_catalog.pg_constraint o ON o.contypid = t.oid')} AND ${isConstraint}`,
})

/** Constraints of tables and of domains. */
export function constraintQueries(version: ServerVersion): ObjectQuery[] {
  return [tableConstraints(version), domainConstraints(version)]
}
