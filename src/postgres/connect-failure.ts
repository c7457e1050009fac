import { TargetError } from '../domain/errors.js'
import type { TargetAddress } from '../domain/target.js'
import { tlsFailure } from './tls-failure.js'

type MakeError = (code: string, message: string, hint: string) => TargetError

function refusedSession(make: MakeError, where: string, { message }: Error): TargetError {
  return make(
    'session-refused',
    `${where} refused the settings of the session: ${message}`,
    'Give the direct URL of the database, not that of a connection pooler. A PgBouncer in session mode will do when its ignore_startup_parameters names options.',
  )
}

/** A connection that could not be opened, as one sentence with a hint for each kind of reason. */
export function asTargetError(error: NodeJS.ErrnoException, address: TargetAddress): TargetError {
  const where = `${address.host}:${address.port}`
  const make: MakeError = (code, message, hint) => new TargetError(code, message, { hint, cause: error })
  const tls = tlsFailure(error, address)
  if (tls) return make(tls.errorCode, `${where} ${tls.what}`, tls.hint)
  switch (error.code) {
    case '3D000':
      return make(
        'database-missing',
        `database "${address.database}" does not exist on ${where}`,
        'Correct the database name in the URL, or create the database; migrate-guard never creates one.',
      )
    case '28P01':
    case '28000':
      return make(
        'authentication-failed',
        `${where} refused the login of "${address.user}": ${error.message}`,
        'Correct user and password in the database URL; percent-encode special characters in the password.',
      )
    case '42704':
      // The one parameter of ours that an older server does not know.
      if (error.message.includes('client_connection_check_interval')) {
        return make(
          'server-too-old',
          `the server at ${where} is older than PostgreSQL 14, the oldest that is supported`,
          'Upgrade the server; PostgreSQL 13 and older are no longer maintained.',
        )
      }
      return refusedSession(make, where, error)
    case '42501':
    case '08P01':
      return refusedSession(make, where, error)
    case '53300':
      return make(
        'too-many-connections',
        `${where} has no connection left: ${error.message}`,
        'Free a connection, or raise max_connections, and run the command again.',
      )
    default:
      if (/password must be a string|no password/i.test(error.message)) {
        return make(
          'authentication-failed',
          `${where} asks for a password and none is given for "${address.user}"`,
          'Put the password into the database URL, or into a pgpass file.',
        )
      }
      return make(
        'target-unreachable',
        `the server at ${where} cannot be reached: ${reasonOf(error)}`,
        'Start the server, or correct host and port in the database URL.',
      )
  }
}

function reasonOf(error: NodeJS.ErrnoException & { errors?: Error[] }): string {
  if (error.code === 'ECONNREFUSED') return 'connection refused'
  if (error.code === 'ENOTFOUND') return 'the host name is unknown'
  if (error.code === 'ENOENT') return 'the Unix socket does not exist'
  // Node tries every address of a name and reports the failures together, with an empty message.
  return error.message || error.errors?.[0]?.message || error.code || 'unknown reason'
}
