import type { Client } from '../connection.js'
import { countOwnObjects } from './facts.js'

// A database cannot be made and marked at once: CREATE DATABASE runs in no transaction. What a run leaves that is killed
// in between has no marker, only our name, and nothing in it.

/** Two 32-bit keys ("mg", "rhmk"). */
const makingKeys = [0x6d67, 0x72686d6b] as const

/** `mg_rehearsal_` and a run id, which begins with the time. */
const ourName = '^mg_rehearsal_[0-9]{8}T[0-9]{6}Z-'

/**
 * Says, until the session ends, that a database is being made on this server and is not marked yet. Others may make one at the
 * same time.
 */
export async function announceMaking(maker: Client): Promise<void> {
  await maker.query('SELECT pg_catalog.pg_advisory_lock_shared($1, $2)', [...makingKeys])
}

/** Databases with our name and without any comment, while nobody on the server is making one. */
export async function findUnmarked(client: Client): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT d.datname::text AS name FROM pg_catalog.pg_database d
      WHERE d.datname ~ $3 AND pg_catalog.shobj_description(d.oid, 'pg_database') IS NULL
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks l
                         WHERE l.locktype = 'advisory' AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 2)`,
    [...makingKeys, ourName],
  )
  return rows.map(({ name }) => name)
}

/** Looks again, in the database itself: it may have been marked just after the server was asked for those that are not. */
export async function isUnmarkedAndEmpty(client: Client): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT pg_catalog.shobj_description(oid, 'pg_database') AS comment
       FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()`,
  )
  return rows[0].comment === null && (await countOwnObjects(client)) === 0
}
