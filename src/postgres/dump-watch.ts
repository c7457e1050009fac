import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { TargetAddress } from '../domain/target.js'
import { poll } from '../effects/poll.js'
import { withConnection } from './connection.js'

const lookMs = 5_000
/** So many looks in a row at which nothing has moved: not a byte on the disk, nothing in any session. */
const looksUntilStalled = 12

/** Whose progress is watched. */
export interface WatchedDump {
  readonly address: TargetAddress
  /** The application_name of its sessions. */
  readonly applicationName: string
  /** The folder that it fills. */
  readonly folder: string
}

/**
 * Watches a pg_dump from outside: when its sessions on the server wait for it, and it writes nothing, for a minute, its
 * wire was cut without a word and it would wait for ever.
 * @param onStalled called once
 * @returns the function that ends the watch
 */
export function watchDump(dump: WatchedDump, onStalled: () => void): () => void {
  let last = ''
  let still = 0
  const look = async () => {
    const [sessions, sizeBytes] = await Promise.all([waitingSessions(dump), sizeOf(dump.folder)])
    const now = `${sessions} ${sizeBytes}`
    still = sessions !== undefined && now === last ? still + 1 : 0
    last = now
    if (still >= looksUntilStalled) {
      stop()
      onStalled()
    }
  }
  const stop = poll(lookMs, look)
  return stop
}

/** What each session did last; undefined while one of them is at work, or when there is none. */
async function waitingSessions({ address, applicationName }: WatchedDump): Promise<string | undefined> {
  return withConnection(
    address,
    { applicationName: 'migrate-guard watch', readOnly: true },
    async (client) => {
      const { rows } = await client.query(
        `SELECT pg_catalog.string_agg(pid || ' ' || state_change, ',' ORDER BY pid) AS sessions,
              pg_catalog.bool_or(state = 'active' AND wait_event IS DISTINCT FROM 'ClientWrite') AS busy
         FROM pg_catalog.pg_stat_activity WHERE application_name = $1 AND datname = pg_catalog.current_database()`,
        [applicationName],
      )
      return rows[0].busy ? undefined : (rows[0].sessions ?? undefined)
    },
  )
}

async function sizeOf(folder: string): Promise<number> {
  const sizes = await Promise.all(
    (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
