import { effect } from '../../effects/effect.js'
import { quoteIdentifier } from '../../sql/names.js'
import type { Client } from '../connection.js'

/**
 * Drops the subscriptions of a rehearsal database. They are restored switched off, and without its slot a subscription
 * can be dropped without a word to the publisher. As long as there is one, the database cannot be dropped.
 * @returns in words what was done.
 */
export async function dropSubscriptions(client: Client): Promise<string[]> {
  const { rows } = await client.query(`
    SELECT subname::text AS name FROM pg_catalog.pg_subscription
     WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`)
  for (const { name } of rows) {
    const subscription = `SUBSCRIPTION ${quoteIdentifier(name)}`
    await effect('rehearsal.disarm', async () => {
      await client.query(`ALTER ${subscription} DISABLE`)
      await client.query(`ALTER ${subscription} SET (slot_name = NONE)`)
      await client.query(`DROP ${subscription}`)
    })
  }
  return rows.map(({ name }) => `the subscription "${name}" was dropped without a word to its publisher`)
}
