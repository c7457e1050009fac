import { SettingsError } from '../domain/errors.js'
import { Secret, type TargetAddress } from '../domain/target.js'
import { inWordsOfLibpq, inWordsOfPrisma } from './tls-parameters.js'

const defaultPort = 5432

const shape = 'Write it as postgresql://user:password@host:5432/database'
const encodeHint = `${shape} and percent-encode special characters: @ as %40, / as %2F, ? as %3F, # as %23, % as %25.`
const directHint = "Give the database's own URL by --database-url or DIRECT_URL."

/** Mean something to Prisma only; Postgres's own tools refuse a URL that has them. */
const prismaParameters = new Set([
  'schema',
  'pgbouncer',
  'connection_limit',
  'pool_timeout',
  'statement_cache_size',
  'socket_timeout',
])

/** Would be printed with the other parameters, or contradict what stands before the `?`. */
const refusedParameters = ['user', 'password', 'dbname']

/**
 * Reads a connection URL. User, password and database are percent-decoded once; a password that was pasted without
 * encoding is read too, as long as the URL can be read in one way only. `source` names the setting in error messages.
 *
 * In parameters `+` is a space, as for Prisma. What Prisma calls by words of its own for TLS is given in those of libpq.
 * The result is frozen.
 *
 * @throws SettingsError `invalid-database-url`, or `pooled-connection` for `pgbouncer=true`. Beyond a well-known
 *   scheme no message or hint holds any part of the URL: whatever could not be read may be the password.
 */
export function parseDatabaseUrl(text: string, source: string): TargetAddress {
  const reading = readOneWay(withoutScheme(text.trim(), source), source)
  // Of a parameter that is given twice the last one counts, as in libpq.
  const parameters = new Map(new URLSearchParams(reading.query))
  refuseParameters(parameters, source)
  const separator = reading.userInfo.indexOf(':')
  const user = decode(separator < 0 ? reading.userInfo : reading.userInfo.slice(0, separator), source)
  const password = separator < 0 ? '' : decode(reading.userInfo.slice(separator + 1), source)
  if (user === '') throw invalid(source, 'names no user', `${shape}.`)
  return Object.freeze({
    ...readServer(reading.server, parameters, source),
    database: decode(reading.database, source),
    user,
    ...(password === '' ? {} : { password: new Secret(password) }),
    // Kept apart from the other parameters, which are printed.
    ...(parameters.get('sslpassword')
      ? { keyPassword: new Secret(parameters.get('sslpassword') ?? '') }
      : {}),
    schema: parameters.get('schema') || 'public',
    parameters: keptParameters(parameters),
  })
}

/** The target in words, e.g. `shop on db1.example.com:5432 as deployer`; never the password. */
export function formatTarget(address: TargetAddress): string {
  return `${address.database} on ${bracketed(address.host)}:${address.port} as ${address.user}`
}

/** A URL for Prisma that may stand on a command line: everything but the password, with TLS in Prisma's words. */
export function urlWithoutPassword(address: TargetAddress): string {
  return formatUrl(address, encode(address.user))
}

/** The same with the password; for the engine of Prisma in a child process, never to be printed. */
export function urlWithPassword(address: TargetAddress): string {
  const password = address.password === undefined ? '' : `:${encode(address.password.reveal())}`
  return formatUrl(withIdentity(address), encode(address.user) + password)
}

/** Prisma's own engine takes the certificate of the client from a PKCS#12 file only. */
function withIdentity(address: TargetAddress): TargetAddress {
  const { identityPath, keyPassword, parameters } = address
  if (identityPath === undefined) return address
  const { sslcert: _, sslkey: __, ...others } = parameters
  const sslpassword = keyPassword?.reveal()
  return {
    ...address,
    parameters: {
      ...others,
      sslidentity: identityPath,
      ...(sslpassword === undefined ? {} : { sslpassword }),
    },
  }
}

function formatUrl(address: TargetAddress, userInfo: string): string {
  const socket = address.host.startsWith('/')
  // URL parsers want a host before the path; with a socket it is not used.
  const server = `${socket ? 'localhost' : bracketed(address.host)}:${address.port}`
  const parameters = Object.entries({
    schema: address.schema,
    ...(socket ? { host: address.host } : {}),
    ...inWordsOfPrisma(address.parameters),
  })
  const query = parameters.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
  return `postgresql://${userInfo}@${server}/${encode(address.database)}?${query}`
}

function withoutScheme(text: string, source: string): string {
  if (text === '') throw invalid(source, 'is empty', `${shape}.`)
  const scheme = /^postgres(?:ql)?:\/\//i.exec(text)
  if (scheme) return text.slice(scheme[0].length)
  if (/^prisma(?:\+postgres)?:/i.test(text)) {
    throw invalid(source, 'is a Prisma Accelerate URL, through which migrations cannot run', directHint)
  }
  const other = /^(mysql|sqlserver|mongodb|sqlite|file):/i.exec(text)?.[1]
  if (other) throw invalid(source, `is a ${other.toLowerCase()} URL, not one of PostgreSQL`, `${shape}.`)
  throw invalid(source, 'does not begin with postgresql://', `${shape}.`)
}

interface Reading {
  readonly userInfo: string
  readonly server: string
  readonly database: string
  readonly query: string
}

const server = String.raw`(?:[\w.-]+|\[[\da-f:.]+\]|%2f[\w.%-]*)?(?::\d+)?`
const parameter = String.raw`[a-z_][\w.]*=[^&#]*`

/** All that may follow the `@`. Strict, so that a piece of a password is not taken for a server. */
const afterUserInfo = new RegExp(
  `^(?<server>${server}(?:,${server})*)(?:/(?<database>[^/?#@]*))?(?:\\?(?<query>(?:${parameter}(?:&${parameter})*&?)?))?$`,
  'i',
)

/**
 * Tries every `@` as the end of the password, and the URL as one that has no user. Only when exactly one of these gives
 * a server and a database is it certain what was meant.
 */
function readOneWay(text: string, source: string): Reading {
  const ends = [-1, ...Array.from(text.matchAll(/@/g), (match) => match.index)]
  const readings = ends.flatMap((end): Reading[] => {
    const groups = afterUserInfo.exec(text.slice(end + 1))?.groups
    if (groups === undefined) return []
    const { server = '', database = '', query = '' } = groups
    return [{ userInfo: text.slice(0, Math.max(end, 0)), server, database, query }]
  })
  const [reading, another] = readings.filter(({ database }) => database !== '')
  if (another) throw invalid(source, 'can be read in more than one way', encodeHint)
  if (reading) return reading
  if (readings.length > 0) throw invalid(source, 'names no database', encodeHint)
  throw invalid(source, 'is not a connection URL that can be read', encodeHint)
}

function refuseParameters(parameters: ReadonlyMap<string, string>, source: string): void {
  if (parameters.get('pgbouncer')?.toLowerCase() === 'true') {
    throw new SettingsError(
      'pooled-connection',
      `${source} leads to a connection pooler, on which session locks and prepared statements do not hold`,
      { hint: directHint },
    )
  }
  const refused = refusedParameters.find((name) => parameters.has(name))
  if (refused) throw invalid(source, `has ${refused} among its parameters`, `${shape}.`)
}

/** As in libpq, `host` and `port` among the parameters win: that is how a socket's folder is given. */
function readServer(
  text: string,
  parameters: ReadonlyMap<string, string>,
  source: string,
): { host: string; port: number } {
  const hostParameter = parameters.get('host')
  if (text.includes(',') || hostParameter?.includes(',')) {
    throw invalid(source, 'names more than one host', 'Give the URL of the primary server alone.')
  }
  const [, hostText = '', portText] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(text) ?? []
  const host = hostParameter ?? decode(hostText, source).replace(/^\[|\]$/g, '')
  if (host === '') {
    throw invalid(
      source,
      'names no host',
      'Write the host before the database, or give a socket folder as ?host=/path.',
    )
  }
  if (!isHost(host)) throw invalid(source, 'is not a connection URL that can be read', encodeHint)
  const port = Number(parameters.get('port') ?? portText ?? defaultPort)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw invalid(source, 'has a port that is not a number from 1 to 65535', `${shape}.`)
  }
  return { host, port }
}

function isHost(text: string): boolean {
  if (text.startsWith('/') || /^[\w.-]+$/.test(text)) return true
  return /^[\da-f:.]+$/i.test(text) && URL.canParse(`postgresql://[${text}]/`)
}

function keptParameters(parameters: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const taken = new Set([...prismaParameters, 'host', 'port', 'sslpassword'])
  return Object.freeze(
    inWordsOfLibpq(Object.fromEntries([...parameters].filter(([name]) => !taken.has(name)))),
  )
}

/** Decodes once. A lone `%` stands for itself, unless something else in the text is encoded: then nobody can tell. */
function decode(text: string, source: string): string {
  const decoded = tryDecode(text)
  if (decoded !== undefined) return decoded
  const encoded = text.match(/(?:%[\da-f]{2})+/gi)?.some((run) => tryDecode(run) !== undefined)
  if (encoded) throw invalid(source, 'has a lone % beside characters that are percent-encoded', encodeHint)
  return text
}

function tryDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function encode(text: string): string {
  const unreserved = /[!'()*]/g
  return encodeURIComponent(text).replace(
    unreserved,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('/') ? `[${host}]` : host
}

function invalid(source: string, what: string, hint: string): SettingsError {
  return new SettingsError('invalid-database-url', `${source} ${what}`, { hint })
}
