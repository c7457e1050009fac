import type { TargetAddress } from '../domain/target.js'
import { openConnection, type Session } from './connection.js'

/**
 * Probes whether a transaction pooler stands between us and the server: then one connection is served by whichever
 * backend is free, and advisory locks and settings of the session get lost. The second connection takes the backend
 * that the first one had, if it can.
 */
export async function isPooledConnection(address: TargetAddress, session: Session): Promise<boolean> {
  const first = await openConnection(address, session)
  try {
    const before = await backendOf(first)
    const second = await openConnection(address, session)
    try {
      await second.query('BEGIN')
      await backendOf(second)
      await first.query('BEGIN')
      return (await backendOf(first)) !== before
    } finally {
      await second.end().catch(() => undefined)
    }
  } finally {
    await first.end().catch(() => undefined)
  }
}

async function backendOf(client: Awaited<ReturnType<typeof openConnection>>): Promise<number> {
  const { rows } = await client.query('SELECT pg_catalog.pg_backend_pid() AS pid')
  return rows[0].pid
}
