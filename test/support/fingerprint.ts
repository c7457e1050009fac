import type { TableFingerprint } from '../../src/domain/fingerprint.js'
import { readFingerprintRequests } from '../../src/postgres/fingerprint/read-requests.js'
import { fingerprintTables } from '../../src/postgres/fingerprint/tables.js'
import { connectTo } from './address.js'

/** The fingerprints of all tables of a database, by the name of the table. */
export async function fingerprint(database: {
  readonly url: string
}): Promise<Record<string, TableFingerprint>> {
  const client = await connectTo(database)
  try {
    const tables = await fingerprintTables([client], await readFingerprintRequests(client))
    return Object.fromEntries(tables.map((table) => [table.table, table]))
  } finally {
    await client.end()
  }
}

/** What is left of a fingerprint when names do not count: columns come in an order of their own. */
export function nameless({ rows, columns, rowSum }: TableFingerprint): unknown {
  return { rows, columns: columns.map(({ values, sum }) => `${values} ${sum}`).sort(), rowSum }
}
