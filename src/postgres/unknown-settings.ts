import type { Client } from './connection.js'

/**
 * Those of the names that are no run-time parameter of the server. One that this role may not read is there:
 * https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-SET
 * @param client outside a transaction, which a refusal would end
 */
export async function findUnknownSettings(client: Client, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return []
  // It shows neither all of them nor to everybody, so it only spares most questions.
  const { rows } = await client.query(
    'SELECT n FROM pg_catalog.unnest($1::pg_catalog.text[]) n WHERE pg_catalog.lower(n) NOT IN (SELECT pg_catalog.lower(name) FROM pg_catalog.pg_settings)',
    [names],
  )
  const unknown: string[] = []
  for (const { n } of rows) if (await isUnknown(client, n)) unknown.push(n)
  return unknown
}

async function isUnknown(client: Client, name: string): Promise<boolean> {
  try {
    const { rows } = await client.query('SELECT pg_catalog.current_setting($1, true) IS NULL AS unknown', [
      name,
    ])
    return rows[0]?.unknown === true
  } catch (error) {
    if ((error as { code?: string }).code === '42501') return false
    throw error
  }
}
