import { setTimeout as sleep } from 'node:timers/promises'
import { effect } from '../effects/effect.js'
import type { Client } from './connection.js'

const pollMs = 100

/** Other sessions on this database with this application_name that are still alive on the server. */
export async function countSessions(client: Client, applicationName: string): Promise<number> {
  const { rows } = await client.query(
    `SELECT pg_catalog.count(*)::int AS alive FROM pg_catalog.pg_stat_activity
      WHERE application_name = $1 AND datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()`,
    [applicationName],
  )
  return rows[0].alive
}

/**
 * Waits until the server has no session left with this application_name: a child that is dead may have left a
 * statement running there, which would still commit.
 * @returns false when some are still alive after `timeoutMs`.
 */
export async function waitUntilGone(
  client: Client,
  applicationName: string,
  timeoutMs: number,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while ((await countSessions(client, applicationName)) > 0) {
    if (Date.now() > deadline) return false
    await sleep(pollMs)
  }
  return true
}

/** How long a session whose client is gone has to end by itself: the server looks for its client twice a second. */
const graceMs = 3_000
const cancelEveryMs = 1_000

/** So often what runs is cancelled before the sessions themselves are ended. */
const cancels = 5

/**
 * Waits until these sessions are gone, whose client has ended, and cancels what still runs: an engine that was left
 * behind by the program that started it would go on alone, unseen. A session that stays although nothing runs in it does
 * not know that its client is gone, because the wire was cut without a word; it is ended.
 * @returns false when some are still alive after `timeoutMs`.
 */
export async function endSessions(
  client: Client,
  applicationName: string,
  timeoutMs: number,
): Promise<boolean> {
  if (await waitUntilGone(client, applicationName, graceMs)) return true
  for (let [tries, deadline] = [1, Date.now() + timeoutMs]; Date.now() < deadline; tries += 1) {
    if (tries > cancels) await terminateSessions(client, applicationName)
    else await cancelSessions(client, applicationName)
    if (await waitUntilGone(client, applicationName, cancelEveryMs)) return true
  }
  return false
}

/** Asks the server to cancel what these sessions are doing. Works for one's own role without special privileges. */
export async function cancelSessions(client: Client, applicationName: string): Promise<void> {
  await effect('deploy.cancel', () =>
    client.query(
      `SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity
        WHERE application_name = $1 AND datname = pg_catalog.current_database()`,
      [applicationName],
    ),
  )
}

async function terminateSessions(client: Client, applicationName: string): Promise<void> {
  await effect('deploy.terminate', () =>
    client.query(
      `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
        WHERE application_name = $1 AND datname = pg_catalog.current_database() AND state <> 'active'`,
      [applicationName],
    ),
  )
}

/**
 * What became of a transaction, from the server's own commit log: the proof that outlives connections and processes.
 * `forgotten`: a crash came before anything of it was on the disk. Then the server gives its id again, and from then on what is
 * said is said of another transaction: `committed` is a proof only while the server runs on (server-start.ts).
 * https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
 */
export async function readTransactionStatus(
  client: Client,
  transactionId: string,
): Promise<'committed' | 'aborted' | 'in progress' | 'too old' | 'forgotten'> {
  try {
    const { rows } = await client.query('SELECT pg_catalog.pg_xact_status($1::xid8) AS status', [
      transactionId,
    ])
    return rows[0].status ?? 'too old'
  } catch (error) {
    // "transaction ID … is in the future"
    if ((error as { code?: string }).code === invalidParameterValue) return 'forgotten'
    throw error
  }
}

/** SQLSTATE invalid_parameter_value. */
const invalidParameterValue = '22023'
