// Who writes rows besides the statements of a migration.
import { quoteRelation } from '../sql/names.js'
import type { Client } from './connection.js'

/** What besides the statements of a migration may write rows: triggers by table, event triggers, and what a table is a part of. */
export interface Writers {
  /** By `"schema"."table"`. */
  readonly triggers: ReadonlyMap<string, string>
  readonly eventTriggers: readonly EventTrigger[]
  /** A partition or child → all tables that it is a part of. */
  readonly ancestors: ReadonlyMap<string, readonly string[]>
  /** The extension that a table belongs to. */
  readonly extensions: ReadonlyMap<string, string>
}

/** One that is enabled, and what it runs. */
export interface EventTrigger {
  readonly name: string
  /** The bodies of its function and of those that it calls, directly or not, as far as they are written in SQL. */
  readonly code: string
}

/** Reads them from the catalog. */
export async function readWriters(client: Client): Promise<Writers> {
  const triggers = await client.query(`
    SELECT n.nspname AS schema, c.relname AS table, pg_catalog.min(t.tgname::text) AS name
      FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' GROUP BY 1, 2`)
  const members = await client.query(`
    SELECT n.nspname AS schema, c.relname AS table, e.extname AS extension
      FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
      JOIN pg_catalog.pg_class c ON c.oid = d.objid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'e'
       AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass`)
  const parts = await client.query(`
    WITH RECURSIVE part AS (
      SELECT inhrelid AS child, inhparent AS ancestor FROM pg_catalog.pg_inherits
      UNION
      SELECT part.child, i.inhparent FROM part JOIN pg_catalog.pg_inherits i ON i.inhrelid = part.ancestor)
    SELECT cn.nspname AS schema, c.relname AS table, an.nspname AS "ancestorSchema", a.relname AS ancestor
      FROM part JOIN pg_catalog.pg_class c ON c.oid = part.child AND c.relkind IN ('r', 'p')
      JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
      JOIN pg_catalog.pg_class a ON a.oid = part.ancestor JOIN pg_catalog.pg_namespace an ON an.oid = a.relnamespace`)
  const ancestors = new Map<string, string[]>()
  for (const { schema, table, ancestorSchema, ancestor } of parts.rows) {
    const key = quoteRelation(schema, table)
    ancestors.set(key, [...(ancestors.get(key) ?? []), quoteRelation(ancestorSchema, ancestor)])
  }
  return {
    triggers: new Map(triggers.rows.map(({ schema, table, name }) => [quoteRelation(schema, table), name])),
    eventTriggers: await readEventTriggers(client),
    ancestors,
    extensions: new Map(
      members.rows.map(({ schema, table, extension }) => [quoteRelation(schema, table), extension]),
    ),
  }
}

async function readEventTriggers(client: Client): Promise<EventTrigger[]> {
  const { rows: triggers } = await client.query(`
    SELECT t.evtname AS name, p.prosrc AS code
      FROM pg_catalog.pg_event_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.evtfoid
     WHERE t.evtenabled <> 'D' ORDER BY 1`)
  if (triggers.length === 0) return []
  const { rows: functions } = await client.query(`
    SELECT p.proname AS name, p.prosrc AS code
      FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      JOIN pg_catalog.pg_language l ON l.oid = p.prolang
     WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND l.lanname NOT IN ('c', 'internal')`)
  return triggers.map(({ name, code }) => ({ name, code: withCalled(code, functions) }))
}

/** A text and the bodies of all functions that it names. */
function withCalled(code: string, functions: readonly { name: string; code: string }[]): string {
  const bodies = new Set([code])
  for (const body of bodies) for (const one of functions) if (names(body, one.name)) bodies.add(one.code)
  return [...bodies].join('\n')
}

function names(text: string, name: string): boolean {
  const words = new Set(text.toLowerCase().match(/[\p{L}_][\p{L}\p{N}_$]*/gu) ?? [])
  return words.has(name.toLowerCase())
}

/**
 * Who, besides the statements of a migration, may have written the rows of a table, in words; undefined where nothing is
 * known of anybody.
 */
export function writerOf(
  { extensions, eventTriggers }: Writers,
  schema: string,
  table: string,
): string | undefined {
  const extension = extensions.get(quoteRelation(schema, table))
  if (extension !== undefined) return `the extension "${extension}", which the table belongs to`
  const trigger = eventTriggers.find(({ code }) => names(code, table))
  return trigger && `the event trigger "${trigger.name}", whose function names the table`
}
