import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { TargetError } from '../domain/errors.js'
import type { TargetAddress } from '../domain/target.js'
import { readSessionOptions } from '../settings/session-options.js'
import { findPooling, type Pooling, poolingWords } from './pooling.js'

/**
 * Only a server that has read the options of the startup packet knows it. A parameter with a dot in its name may be set by
 * anybody: https://www.postgresql.org/docs/current/runtime-config-custom.html
 */
const markName = 'migrate_guard.session'
const mark = randomBytes(8).toString('hex')

/** The option by which a session shows that the options of its startup packet have come to the server. */
export const markOption = `-c ${markName}=${mark}`

/** What is true of a session that was just opened. */
export interface AssuredSession {
  /** The process of the server; behind a pooler it is not the one that was told at the login. */
  readonly backendPid: number
  /** Set by SET, because a pooler dropped them from the startup packet; empty when the server has read them there. */
  readonly setByHand: ReadonlyMap<string, string>
}

/** By login: how the pooler in front of it lends its connections, found once a process. */
const known = new Map<string, Promise<Pooling>>()

/**
 * Makes sure, before the first statement of a session, that its settings are in force: which schema, which time-outs, read-only or
 * not. A pooler may drop the options of the startup packet (`ignore_startup_parameters = options` of PgBouncer,
 * https://www.pgbouncer.org/config.html#ignore_startup_parameters). Where it lends a connection for a whole session they are
 * set by SET and read back; where it does not, a SET would stay on a connection that others are lent, so nothing is set.
 * @throws TargetError `pooled-connection` or `session-refused`
 */
export async function assureSession(client: pg.Client, config: pg.ClientConfig): Promise<AssuredSession> {
  const { rows } = await client.query(
    `SELECT pg_catalog.pg_backend_pid() AS pid, pg_catalog.current_setting('${markName}', true) AS mark`,
  )
  const backendPid = rows[0].pid as number
  const asked = readSessionOptions(config.options)
  if (rows[0].mark === asked.get(markName)) return { backendPid, setByHand: new Map() }
  const where = `${config.host}:${config.port}`
  const login = keyOf(config)
  const probing = known.get(login) ?? findPooling(client, () => openBeside(config))
  known.set(login, probing)
  const pooling = await probing.catch((error: unknown) => {
    known.delete(login)
    throw error
  })
  if (pooling !== 'session') throw pooledConnection(where, pooling)
  const setByHand = new Map([...asked].filter(([name]) => name !== markName))
  await setAndReadBack(client, setByHand, where)
  return { backendPid, setByHand }
}

/** Sets them again, all of them or one, after a RESET. */
export async function setByHandAgain(
  client: pg.ClientBase,
  { setByHand }: AssuredSession,
  name?: string,
): Promise<void> {
  const wanted = [...setByHand].filter(([one]) => name === undefined || one === name.toLowerCase())
  if (wanted.length > 0) await client.query(setText(wanted))
}

/** True where a pooler in front of this login drops the options of the startup packet. */
export function dropsOptions(login: Pick<TargetAddress, 'host' | 'port' | 'database' | 'user'>): boolean {
  return known.has(keyOf(login))
}

function keyOf({
  host,
  port,
  database,
  user,
}: Pick<pg.ClientConfig, 'host' | 'port' | 'database' | 'user'>): string {
  return JSON.stringify([host, port, database, user])
}

async function setAndReadBack(
  client: pg.Client,
  wanted: ReadonlyMap<string, string>,
  where: string,
): Promise<void> {
  const names = [...wanted.keys()]
  try {
    const { rows: set } = await client.query({ text: setText([...wanted]), rowMode: 'array' })
    const { rows: read } = await client.query({
      text: `SELECT ${names.map((name) => `pg_catalog.current_setting(${pg.escapeLiteral(name)})`).join(', ')}`,
      rowMode: 'array',
    })
    const lost = names.filter((_, at) => set[0]?.[at] !== read[0]?.[at])
    if (lost.length > 0) throw new Error(`${lost.join(', ')} did not hold`)
  } catch (error) {
    throw new TargetError(
      'session-refused',
      `a connection pooler at ${where} drops the settings of the session, and they cannot be set by hand: ${(error as Error).message}`,
      { hint: directHint, cause: error },
    )
  }
}

function setText(wanted: readonly (readonly [string, string])[]): string {
  const calls = wanted.map(
    ([name, value]) => `pg_catalog.set_config(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(value)}, false)`,
  )
  return `SELECT ${calls.join(', ')}`
}

const directHint = 'Give the direct URL of the database by --database-url.'

function pooledConnection(where: string, pooling: Exclude<Pooling, 'session'>): TargetError {
  return new TargetError(
    'pooled-connection',
    `a connection pooler at ${where} ${poolingWords[pooling]}, and it drops the settings of the session; nothing was read or changed`,
    { hint: directHint },
  )
}

async function openBeside(config: pg.ClientConfig): Promise<pg.Client> {
  const other = new pg.Client({
    ...config,
    password: config.password,
    application_name: 'migrate-guard probe',
  })
  other.on('error', () => undefined)
  await other.connect()
  return other
}
