import { join } from 'node:path'
import type { TargetAddress } from '../domain/target.js'
import { childEnvironment } from '../effects/child-environment.js'
import { writePrivateFile } from '../effects/private-files.js'

/**
 * What libpq reads from the environment of how to reach a server: TLS, Kerberos, time-outs. Not which database it is, nor
 * settings of its session: those of the user's shell must not change what is dumped, or how.
 * https://www.postgresql.org/docs/current/libpq-envars.html
 */
const howToConnect =
  /^(PG(SSL\w+|GSS\w+|KRBSRVNAME|REQUIREAUTH|REQUIREPEER|CHANNELBINDING|CONNECT_TIMEOUT|SYSCONFDIR|LOCALEDIR|GSSLIB)|KRB5\w+|SSL_CERT_(FILE|DIR)|OPENSSL_CONF)$/
const ownPassword = /^PG(PASSWORD|PASSFILE)$/

/**
 * The environment in which a client tool finds the password: in a private pgpass file, never on a command line.
 * Without a password of ours, the user's own PGPASSFILE or PGPASSWORD stay in force.
 */
export async function clientEnvironment(
  address: TargetAddress,
  scratchFolder: string,
): Promise<Record<string, string | undefined>> {
  const inherited = childEnvironment(howToConnect)
  if (address.password === undefined) return { ...inherited, ...childEnvironment(ownPassword) }
  const file = join(scratchFolder, 'pgpass')
  // Colons and backslashes are escaped: https://www.postgresql.org/docs/current/libpq-pgpass.html
  const password = address.password.reveal().replace(/[\\:]/g, '\\$&')
  await writePrivateFile(file, `*:*:*:*:${password}\n`)
  return { ...inherited, PGPASSFILE: file }
}

const libpqParameters =
  /^(ssl(mode|rootcert|cert|key|crl|negotiation|_min_protocol_version|_max_protocol_version|certmode|compression)|options|connect_timeout|channel_binding|gssencmode|krbsrvname|target_session_attrs|keepalives\w*|tcp_user_timeout)$/

/** What libpq understands of the parameters of a URL; Prisma's own are none of it. */
export function libpqParametersOf({ parameters }: TargetAddress): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => libpqParameters.test(name)))
}

/**
 * The connection string for a client tool, without the password. Values are quoted:
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE
 */
export function connectionStringFor(address: TargetAddress, applicationName: string): string {
  const entries = {
    // A wire that is cut without a word would keep pg_dump waiting for hours: ours ends after about a minute.
    connect_timeout: '10',
    keepalives_idle: '30',
    keepalives_interval: '10',
    keepalives_count: '3',
    tcp_user_timeout: '60000',
    // As our own connections have it where the URL says nothing; else PGSSLMODE and the like would decide for these programs
    // alone, also on a server of our own.
    sslmode: 'prefer',
    channel_binding: 'prefer',
    gssencmode: 'prefer',
    host: address.host,
    port: String(address.port),
    dbname: address.database,
    user: address.user,
    application_name: applicationName,
    ...libpqParametersOf(address),
  }
  return Object.entries(entries)
    .map(([name, value]) => `${name}='${value.replace(/[\\']/g, '\\$&')}'`)
    .join(' ')
}
