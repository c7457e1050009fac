import { existsSync } from 'node:fs'
import { dirname, isAbsolute, resolve } from 'node:path'
import { SettingsError } from '../domain/errors.js'
import type { TargetAddress } from '../domain/target.js'

const fileParameters = ['sslrootcert', 'sslcert', 'sslkey', 'sslcrl', 'sslidentity'] as const

/**
 * Where systems keep the authorities that they trust, in one file. `sslrootcert=system` means them, and pg_dump before 16 does
 * not know that word: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-SSLROOTCERT
 */
const systemAuthorities = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
  '/opt/homebrew/etc/ca-certificates/cert.pem',
]

/**
 * The address with absolute paths of certificate files, so that every connection and every child reads the same ones.
 * Prisma takes a relative path from the folder of its schema, libpq from where the command runs: what is there counts, the
 * schema's folder first. A certificate that is to be verified without an authority is verified by those of the system.
 * @param source names the URL in error messages
 * @throws SettingsError `certificate-missing` naming the file that is not there
 */
export function withCertificateFiles(
  address: TargetAddress,
  { source, directory, schemaPath }: { source: string; directory: string; schemaPath?: string | undefined },
): TargetAddress {
  const parameters: Record<string, string> = { ...address.parameters }
  if (parameters.sslmode === 'verify-full') parameters.sslrootcert ??= 'system'
  if (parameters.sslrootcert === 'system') {
    parameters.sslmode = 'verify-full'
    parameters.sslrootcert = systemFile()
  }
  const schemaFolder = dirname(schemaPath ?? resolve(directory, 'prisma/schema.prisma'))
  for (const name of fileParameters) {
    const path = parameters[name]
    if (path === undefined || path === '') continue
    const places = isAbsolute(path) ? [path] : [resolve(schemaFolder, path), resolve(directory, path)]
    const found = places.find(existsSync)
    if (found === undefined) {
      throw new SettingsError('certificate-missing', `${source} names ${name}=${path}, which is not there`, {
        hint: `Correct the path; it was searched for as ${places.join(' and ')}.`,
      })
    }
    parameters[name] = found
  }
  return Object.freeze({ ...address, parameters: Object.freeze(parameters) })
}

function systemFile(): string {
  const found = [process.env.SSL_CERT_FILE, ...systemAuthorities].find((path) => path && existsSync(path))
  if (found) return found
  throw new SettingsError('certificate-missing', 'this system has no file of authorities that it trusts', {
    hint: 'Install the package ca-certificates, or name the authority of the server: sslrootcert=/path/ca.pem.',
  })
}
