import pg from 'pg'

/** Lends a connection to `work` and closes it. */
export async function withClient(connectionString, work) {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
