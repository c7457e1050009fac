import { RehearsalError } from '../../domain/errors.js'
import { effect } from '../../effects/effect.js'
import type { Client } from '../connection.js'
import { disarmForeignServers } from './foreign-servers.js'
import { assertIsRehearsalDatabase } from './marker.js'
import { backgroundExtensions, outwardExtensions } from './outward-extensions.js'
import { dropSubscriptions } from './subscriptions.js'

/**
 * Makes harmless what could reach the outside world from the copy. Asks for the marker first. May be called again,
 * after more was restored.
 * @param client a superuser's, or else that of the role that owns the copy
 * @param plain that of a role without superuser who owns the foreign servers: a validator that somebody has written is
 * called by what alters them
 * @returns in words what was there and what became of it.
 * @throws RehearsalError `not-harmless` when the role may not take away what it may call.
 */
export async function disarm(client: Client, plain: Client = client): Promise<string[]> {
  await assertIsRehearsalDatabase(client)
  const isSuperuser = await readIsSuperuser(client)
  return [
    ...(await dropSubscriptions(client)),
    ...(await (isSuperuser ? disableOutwardFunctions(client) : assertNoOutwardFunctions(client))),
    ...(await disarmForeignServers(client, plain)),
    ...(await listBackgroundExtensions(client)),
    ...(await listEventTriggers(client)),
  ]
}

async function readIsSuperuser(client: Client): Promise<boolean> {
  const { rows } = await client.query(
    'SELECT rolsuper AS is_superuser FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER',
  )
  return rows[0].is_superuser
}

/**
 * Functions of extensions that reach out, handlers of foreign data wrappers, and handlers of languages that may do
 * anything on the server.
 */
const outwardFunctions = `
  WITH outward AS (
    SELECT p.oid, 'the functions of the extension "' || e.extname || '"' AS what
      FROM pg_catalog.pg_extension e
      JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.refobjid = e.oid
       AND d.deptype = 'e' AND d.classid = 'pg_catalog.pg_proc'::regclass
      JOIN pg_catalog.pg_proc p ON p.oid = d.objid
     WHERE e.extname = ANY ($1)
       -- Asked when options are written, which a migration may do.
       AND p.oid NOT IN (SELECT fdwvalidator FROM pg_catalog.pg_foreign_data_wrapper)
    UNION
    SELECT w.fdwhandler, 'the foreign data wrapper "' || w.fdwname || '"'
      FROM pg_catalog.pg_foreign_data_wrapper w WHERE w.fdwhandler <> 0
    UNION
    SELECT h.oid, 'the language "' || l.lanname || '"'
      FROM pg_catalog.pg_language l, pg_catalog.unnest(ARRAY[l.lanplcallfoid, l.laninline]) AS h(oid)
     WHERE NOT l.lanpltrusted AND l.lanispl AND h.oid <> 0
  )`

/** A library of this name is on no server, so that a call ends with an error that says why. */
const disabledLibrary = '$libdir/disabled-by-migrate-guard-in-the-rehearsal-database'

/**
 * Points them at a library that is not there. No option of a server or user can bring them back, they stay members of
 * their extension, and what depends on them stays. SQL functions have no library; those of these extensions do their
 * work through the others.
 */
async function disableOutwardFunctions(client: Client): Promise<string[]> {
  const { rows } = await effect('rehearsal.disarm', () =>
    client.query(
      `${outwardFunctions}
       , disabled AS (
         UPDATE pg_catalog.pg_proc p SET probin = $2
           FROM (SELECT DISTINCT oid FROM outward) o
          WHERE p.oid = o.oid AND p.probin IS NOT NULL AND p.probin <> $2
         RETURNING p.oid)
       SELECT DISTINCT what FROM outward JOIN disabled USING (oid) ORDER BY 1`,
      [outwardExtensions, disabledLibrary],
    ),
  )
  return rows.map(({ what }) => `${what} cannot be called: a call ends with an error`)
}

/** A function that would reach out and that the role may call but not take away. Foreign servers are the role's own. */
async function assertNoOutwardFunctions(client: Client): Promise<string[]> {
  const { rows } = await client.query(
    `${outwardFunctions} SELECT DISTINCT what FROM outward WHERE what NOT LIKE 'the foreign data wrapper%' ORDER BY 1`,
    [outwardExtensions],
  )
  if (rows.length === 0) return []
  throw new RehearsalError(
    'not-harmless',
    `${rows.map(({ what }) => what).join(', ')} could reach other servers or files from the copy, and only a superuser can prevent it`,
    { hint: 'Rehearse locally (--rehearsal local), where migrate-guard is superuser.' },
  )
}

async function listBackgroundExtensions(client: Client): Promise<string[]> {
  const { rows } = await client.query(
    'SELECT extname::text AS name FROM pg_catalog.pg_extension WHERE extname = ANY ($1) ORDER BY 1',
    [backgroundExtensions],
  )
  return rows.map(
    ({ name }) =>
      `the extension "${name}" works through a process of the server, which no database of ours is given`,
  )
}

/** They run at the statements of the migrations on the target too, so they stay. */
export async function listEventTriggers(client: Client): Promise<string[]> {
  const { rows } = await client.query(`
    SELECT t.evtname::text AS name, t.evtevent::text AS event FROM pg_catalog.pg_event_trigger t
     WHERE t.evtenabled IN ('O', 'A')
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                        WHERE d.classid = 'pg_catalog.pg_event_trigger'::regclass AND d.objid = t.oid AND d.deptype = 'e')
     ORDER BY 1`)
  return rows.map(
    ({ name, event }) =>
      `the event trigger "${name}" stays: it runs at ${event}, here as on the target, and cannot call what was disabled`,
  )
}
