import { readFileSync } from 'node:fs'
import type pg from 'pg'
import connectionString from 'pg-connection-string'
import { TargetError } from '../domain/errors.js'
import type { Secret, TargetAddress } from '../domain/target.js'

/** What turned out to hold for each login, so that later connections need no second try. */
const settledModes = new Map<string, 'require' | 'disable'>()

/**
 * Opens with `sslmode=prefer`, the default of libpq and of Prisma, which the driver does not know: with TLS where the server
 * has it and lets us in by it, else without. Any other mode is taken as it is.
 * https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-SSLMODE-STATEMENTS
 * @throws what `open` throws; where both ways fail, what the way with TLS says.
 */
export async function preferringTls<T>(
  address: TargetAddress,
  open: (address: TargetAddress) => Promise<T>,
): Promise<T> {
  const { host, port, database, user, parameters } = address
  if ((parameters.sslmode ?? 'prefer') !== 'prefer') return open(address)
  // libpq does not use TLS on a Unix socket.
  if (host.startsWith('/')) return open(withSslMode(address, 'disable'))
  // pg_hba.conf may allow TLS for one database and not for another.
  const login = JSON.stringify([host, port, database, user])
  const settled = settledModes.get(login)
  if (settled !== undefined) return open(withSslMode(address, settled))
  const attempt = async (sslmode: 'require' | 'disable') => {
    const opened = await open(withSslMode(address, sslmode))
    settledModes.set(login, sslmode)
    return opened
  }
  try {
    return await attempt('require')
  } catch (error) {
    if (!(error instanceof TargetError) || !isAboutTls(error)) throw error
    return attempt('disable').catch((second: unknown) => {
      throw error.code === 'tls-missing' ? second : error
    })
  }
}

/** The server has no TLS, or its pg_hba.conf refuses this login by it. */
function isAboutTls({ code, message }: TargetError): boolean {
  return code === 'tls-missing' || /no pg_hba\.conf entry|pg_hba\.conf rejects/.test(message)
}

function withSslMode(address: TargetAddress, sslmode: string): TargetAddress {
  return { ...address, parameters: { ...address.parameters, sslmode } }
}

/**
 * The driver's options for the TLS parameters of a URL, with the meaning that libpq and pg_dump give them, and for Prisma's
 * `sslidentity`, a PKCS#12 file with certificate and key of the client.
 * @param keyPassword opens the key
 */
export function tlsOptions(
  { sslidentity, ...parameters }: Readonly<Record<string, string>>,
  keyPassword?: Secret,
): pg.ClientConfig['ssl'] {
  const ssl = pemOptions(parameters)
  if (ssl === false || (sslidentity === undefined && keyPassword === undefined)) return ssl
  return {
    ...(typeof ssl === 'object' ? ssl : {}),
    ...(sslidentity === undefined ? {} : { pfx: readFileSync(sslidentity) }),
    ...(keyPassword === undefined ? {} : { passphrase: keyPassword.reveal() }),
  }
}

function pemOptions(parameters: Readonly<Record<string, string>>): pg.ClientConfig['ssl'] {
  const tls = Object.entries(parameters).filter(
    ([name]) => name.startsWith('ssl') && name !== 'sslnegotiation',
  )
  if (tls.length === 0) return undefined
  const query = new URLSearchParams([...tls, ['uselibpqcompat', 'true']])
  return connectionString.parse(`postgresql://host/database?${query}`).ssl as pg.ClientConfig['ssl']
}
