import { writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { CatalogObject } from '../../domain/catalog-object.js'
import type { CatalogPoint } from '../../domain/catalog-timeline.js'
import type { TargetAddress } from '../../domain/target.js'
import { readCatalog } from '../../postgres/catalog.js'
import { catalogStep } from '../../postgres/catalog-fingerprint/step.js'
import { type Client, openConnection } from '../../postgres/connection.js'

/** Reads the catalog between the steps of the migrations; for rehearsals. */
export interface CatalogWatch {
  /** What has come about since the last look; nothing is written inside an open transaction. */
  look(point: CatalogPoint): Promise<void>
  close(): Promise<void>
}

/**
 * Opens a session of its own beside the engine's, so that only what is committed is seen, and reads the catalog as it is
 * now. Each look then adds one line to the file.
 * @param engineName application_name of the engine's session
 */
export async function openCatalogWatch(
  path: string,
  address: TargetAddress,
  engineName: string,
): Promise<CatalogWatch> {
  const file = await open(path, 'a', 0o600)
  const client = await openConnection(address, {
    applicationName: `${engineName.slice(0, 55)} watch`,
    readOnly: true,
    parameters: { statement_timeout: '0' },
  })
  let last: readonly CatalogObject[] = (await readCatalog(client)).objects
  return {
    look: async (point) => {
      // Its locks would let our questions wait for a transaction that waits for our answer.
      if (await isInTransaction(client, engineName)) return
      const { objects } = await readCatalog(client)
      writeSync(file.fd, `${JSON.stringify(catalogStep(point, last, objects))}\n`)
      last = objects
    },
    close: async () => {
      await client.end().catch(() => undefined)
      await file.close()
    },
  }
}

async function isInTransaction(client: Client, applicationName: string): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity
        WHERE application_name = $1 AND datname = pg_catalog.current_database() AND state LIKE 'idle in transaction%') AS is_open`,
    [applicationName],
  )
  return rows[0].is_open
}
