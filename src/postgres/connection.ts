import type pg from 'pg'
import pgpass from 'pgpass'
import { CheckError, GuardError, TargetError } from '../domain/errors.js'
import type { TargetAddress } from '../domain/target.js'
import { ownSearchPath, userSearchPath } from '../sql/search-path.js'
import { asTargetError } from './connect-failure.js'
import { markOption } from './session-settings.js'
import { preferringTls, tlsOptions } from './tls.js'
import { WatchedClient } from './watched-client.js'

/**
 * How a connection to the target behaves. It is part of the startup packet, so the server itself enforces it; where a pooler drops
 * it from there, it is set and read back before the first statement.
 */
export interface Session {
  /** Seen in pg_stat_activity; at most 63 bytes. */
  readonly applicationName: string
  /** The server refuses every write on this connection. */
  readonly readOnly?: boolean
  /** Run-time parameters set for the session, e.g. `lock_timeout`. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Statements of the user's run on it: a name without a schema then means what it means to Prisma. */
  readonly runsUserSql?: boolean
  readonly connectTimeoutMs?: number
}

/** A connection on which questions are asked. */
export type Client = pg.Client

/** Configuration of a driver's pool that has only one connection. */
export type SingleConnectionConfig = pg.PoolConfig

const defaultConnectTimeoutMs = 10_000

/**
 * Opens a connection. The caller ends it.
 * @throws TargetError in one sentence when the server cannot be reached, refuses the password or has no such database.
 */
export async function openConnection(address: TargetAddress, session: Session): Promise<Client> {
  return preferringTls(address, (settled) => open(settled, session))
}

async function open(address: TargetAddress, session: Session): Promise<Client> {
  const client = new WatchedClient(clientConfig(address, session))
  try {
    await client.connect()
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error instanceof GuardError ? error : asTargetError(error as NodeJS.ErrnoException, address)
  }
  return client
}

/** Closes the socket without a word to the server, for a connection that does not answer: open, it keeps the process alive. */
export function cutConnection(client: Client): void {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } }
  connection?.stream?.destroy()
}

/** Borrows a connection for `work` and always gives it back. */
export async function withConnection<T>(
  address: TargetAddress,
  session: Session,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await openConnection(address, session)
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/**
 * Configuration of a pool of exactly one connection, for the schema engine: its advisory lock and its scripts must
 * share a session. `prefer` is decided here, because a pool cannot try twice.
 */
export async function singleConnectionPoolConfig(
  address: TargetAddress,
  session: Session,
): Promise<SingleConnectionConfig> {
  const settled = await preferringTls(address, async (one) => {
    await (await open(one, session)).end()
    return one
  })
  return {
    ...clientConfig(settled, session),
    max: 1,
    idleTimeoutMillis: 0,
    Client: WatchedClient as unknown as new () => pg.ClientBase,
  }
}

function clientConfig(address: TargetAddress, session: Session): pg.ClientConfig {
  const { options: ownOptions, connect_timeout: timeoutSeconds, ...rest } = address.parameters
  const parameters = {
    ...(session.readOnly ? { default_transaction_read_only: 'on' } : {}),
    search_path: session.runsUserSql ? userSearchPath(address.schema) : ownSearchPath,
    TimeZone: 'UTC',
    // When we are gone, the server ends what it does for us, also a query that would take hours.
    client_connection_check_interval: '500',
    // And when the wire is cut without a word, it notices after a minute, and lets go of our locks.
    tcp_keepalives_idle: '30',
    tcp_keepalives_interval: '10',
    tcp_keepalives_count: '3',
    tcp_user_timeout: '60000',
    ...session.parameters,
  }
  const options = Object.entries(parameters).map(([name, value]) => `-c ${name}=${escapeOption(value)}`)
  const ssl = tlsOptions(rest, address.keyPassword)
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    database: address.database,
    password: () => address.password?.reveal() ?? passwordFromFile(address),
    ...(ssl === undefined ? {} : { ssl }),
    application_name: session.applicationName,
    options: [ownOptions, ...options, markOption].filter(Boolean).join(' '),
    connectionTimeoutMillis: timeoutSeconds
      ? Number(timeoutSeconds) * 1000
      : (session.connectTimeoutMs ?? defaultConnectTimeoutMs),
    keepAlive: true,
    // Node then asks once a second, ten times: https://nodejs.org/api/net.html#socketsetkeepaliveenable-initialdelay
    keepAliveInitialDelayMillis: 30_000,
  } as pg.ClientConfig
}

/** PGPASSWORD, else the pgpass file, as libpq does; undefined when neither has one for this address. */
async function passwordFromFile(address: TargetAddress): Promise<string | undefined> {
  if (process.env.PGPASSWORD) return process.env.PGPASSWORD
  return new Promise((resolve) => pgpass(address, resolve))
}

/** Spaces and backslashes are escaped: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS */
function escapeOption(value: string): string {
  return value.replace(/[\\ ]/g, '\\$&')
}

/** SQLSTATE classes that say nothing of the statement: connection, deadlocks, resources, locks and operators, the system itself. */
const troubleStates = /^(08|40|53|55|57|58|XX)/
const brokenConnection = /Connection terminated|ECONNRESET|EPIPE|ETIMEDOUT|not queryable|timeout expired/

/**
 * An error in the middle of our questions that is the server's trouble and no bug of ours, as one sentence; any other
 * error is given back as it is.
 */
export function asServerTrouble(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  // What we have said ourselves stays said, also where it quotes the server: a failed deploy is no lost question.
  if (error instanceof GuardError && !(error instanceof TargetError)) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  if ('severity' in error && code === '42501') {
    return new CheckError('privilege-missing', `the server refuses what the guard must read: ${message}`, {
      hint: 'Grant it to the role of the database URL, or give the URL of the role that owns the tables.',
      cause: error,
    })
  }
  const fromServer = 'severity' in error && troubleStates.test(code)
  if (!fromServer && !brokenConnection.test(`${code} ${message}`)) return error
  return new CheckError('target-lost', `the target stopped answering: ${message}`, {
    hint: 'Look at the server and its log, then run the command again.',
    cause: error,
  })
}
