import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import type { TableFingerprint } from '../../src/domain/fingerprint.js'
import { readFingerprintRequests } from '../../src/postgres/fingerprint/read-requests.js'
import { fingerprintTables } from '../../src/postgres/fingerprint/tables.js'
import { connectTo } from './address.js'
import { createTestDatabase, type TestDatabase } from './test-database.js'

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

/** Dumps a database with the real pg_dump and restores it with the real pg_restore into another one. */
export async function restoreCopy(database: TestDatabase): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'guard-test-dump-'))
  const copy = await createTestDatabase()
  try {
    const dump = join(folder, 'dump')
    await execa('pg_dump', ['--format=custom', `--file=${dump}`, `--dbname=${database.url}`])
    await execa('pg_restore', ['--exit-on-error', `--dbname=${copy.url}`, dump])
    return copy
  } finally {
    await rm(folder, { recursive: true })
  }
}
