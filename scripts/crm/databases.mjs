import pg from 'pg'

/** Makes a database on the server of `url`, empty or as a copy of another one, and gives its URL. */
export async function createDatabase(url, name, { template } = {}) {
  await withClient(url, async (client) => {
    // Copying the files is quicker than writing each page to the log; before version 15 it was the only way.
    const strategy = (await versionOf(client)) >= 150_000 ? ' STRATEGY file_copy' : ''
    await client.query(`CREATE DATABASE "${name}"${template ? ` TEMPLATE "${template}"${strategy}` : ''}`)
  })
  return Object.assign(new URL(url), { pathname: `/${name}` }).href
}

/** Drops a database, whoever is connected to it. */
export async function dropDatabase(url, name) {
  await withClient(url, (client) => client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`))
}

/** Writes everything in memory to the disk, so that it does not disturb what is measured next. */
export async function checkpoint(url) {
  await withClient(url, (client) => client.query('CHECKPOINT'))
}

async function versionOf(client) {
  const { rows } = await client.query('SHOW server_version_num')
  return Number(rows[0].server_version_num)
}

async function withClient(url, work) {
  const client = new pg.Client(url)
  // The server may be stopped under it.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
