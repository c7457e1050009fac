// twin of nothing: two empty databases on a server of our own or on one that the user names, for a replay of all migrations.
import { randomBytes } from 'node:crypto'
import { Secret, type TargetAddress } from '../domain/target.js'
import { type Client, withConnection } from '../postgres/connection.js'
import { readTargetIdentity } from '../postgres/identity.js'
import { makeMarkedDatabase } from '../postgres/rehearsal-database/make-database.js'
import { ownerSession } from '../postgres/rehearsal-database/owner-session.js'
import { sweepRehearsalDatabases } from '../postgres/rehearsal-database/sweep.js'
import { startThrowAwayCluster } from '../postgres/throw-away-cluster.js'
import { quoteIdentifier } from '../sql/names.js'
import { Twin } from '../twin/twin.js'
import { twinSession } from './schema-twin.js'

export interface EmptyTwinRequest {
  /** Any database of the server on which the databases are made; absent: a server of our own. */
  readonly url?: TargetAddress
  /** Roles that the migrations name. Made on a server of our own; on another they are there or not. */
  readonly roles: readonly string[]
}

/**
 * Lends an empty database to `work` as a twin, and another beside it for questions; removes both.
 * @throws GuardError where there can be none
 */
export async function withEmptyTwin<T>(
  request: EmptyTwinRequest,
  work: (twin: Twin, client: Client) => Promise<T>,
): Promise<T> {
  return withServer(request, (server, isOwnServer) => withDatabases(server, isOwnServer, work))
}

/**
 * Lends the address of one empty database to `work`, and removes it.
 * @throws GuardError where there can be none
 */
export async function withEmptyDatabase<T>(
  request: EmptyTwinRequest,
  work: (database: TargetAddress) => Promise<T>,
): Promise<T> {
  return withServer(request, async (server) => {
    const runId = await newRunId(server)
    return withDatabase(server, `mg_${runId}`, runId, work)
  })
}

async function withServer<T>(
  { url, roles }: EmptyTwinRequest,
  work: (server: TargetAddress, isOwnServer: boolean) => Promise<T>,
): Promise<T> {
  if (url !== undefined) return work(url, false)
  const cluster = await startThrowAwayCluster({ isSmall: true })
  try {
    const { hostname, port, username, password } = new URL(cluster.url)
    const server: TargetAddress = {
      host: hostname,
      port: Number(port),
      database: 'postgres',
      user: username,
      password: new Secret(password),
      schema: 'public',
      parameters: { sslmode: 'disable' },
    }
    await withConnection(server, ownerSession('plan'), async (client) => {
      for (const role of roles) await client.query(`CREATE ROLE ${quoteIdentifier(role)}`)
    })
    return await work(server, true)
  } finally {
    await cluster.stop()
  }
}

/** A name for this run; what dead runs have left on the server is removed. */
async function newRunId(server: TargetAddress): Promise<string> {
  const runId = `plan-${randomBytes(6).toString('hex')}`
  await sweepRehearsalDatabases(server, runId)
  return runId
}

async function withDatabases<T>(
  server: TargetAddress,
  isOwnServer: boolean,
  work: (twin: Twin, client: Client) => Promise<T>,
): Promise<T> {
  const runId = await newRunId(server)
  return withDatabase(server, `mg_${runId}`, runId, (asked) =>
    withDatabase(server, `mg_twin_${runId}`, runId, async (twin) => {
      const session = twinSession(`migrate-guard ${runId}`)
      return withConnection(asked, ownerSession(runId), async (client) => {
        await client.query('BEGIN READ ONLY')
        return withConnection(twin, session, (own) => work(new Twin(own, isOwnServer), client))
      })
    }),
  )
}

async function withDatabase<T>(
  server: TargetAddress,
  name: string,
  runId: string,
  work: (address: TargetAddress) => Promise<T>,
): Promise<T> {
  const targetIdentity = await withConnection(server, ownerSession(runId), (client) =>
    readTargetIdentity(client, server),
  )
  const database = await makeMarkedDatabase({
    server,
    name,
    runId,
    targetIdentity,
    create: (client) =>
      client.query(`CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0`).then(() => {}),
  })
  try {
    return await work(database.ownerAddress)
  } finally {
    await database.drop()
  }
}
