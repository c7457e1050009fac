// TLS in the two vocabularies that a database URL may use. Inside the guard there is only that of libpq:
// https://www.postgresql.org/docs/current/libpq-ssl.html and
// https://www.prisma.io/docs/orm/overview/databases/postgresql#configuring-an-ssl-connection

type Parameters = Readonly<Record<string, string>>

/** Modes in which libpq verifies the certificate, and the one without TLS: Prisma has no stronger word for them. */
const settledModes = ['disable', 'verify-ca', 'verify-full']

/**
 * The parameters of a URL with TLS in the words of libpq. `sslaccept=strict` becomes `sslmode=verify-full`: to drop it would
 * weaken the connection. Prisma calls the authority of the server `sslcert`, which for libpq is the certificate of the client
 * and then comes with an `sslkey`. `sslmode=no-verify` is the word of the Node driver for a certificate that is not verified.
 */
export function inWordsOfLibpq({ sslaccept, ...given }: Parameters): Record<string, string> {
  const { sslcert, ...others } = given
  const isAuthority = sslcert !== undefined && given.sslkey === undefined && given.sslrootcert === undefined
  const parameters: Record<string, string> = isAuthority ? { ...others, sslrootcert: sslcert } : { ...given }
  const isSettled = settledModes.includes(parameters.sslmode ?? '')
  if (sslaccept === 'strict' && !isSettled) parameters.sslmode = 'verify-full'
  const acceptsAny =
    parameters.sslmode === 'no-verify' || (sslaccept === 'accept_invalid_certs' && !isSettled)
  if (parameters.sslmode === 'no-verify') parameters.sslmode = 'require'
  // With an authority at hand, libpq's require would verify the certificate.
  if (acceptsAny) delete parameters.sslrootcert
  return parameters
}

/**
 * The same parameters as Prisma's own engine reads them. It knows no mode that verifies, and takes an unknown one for `prefer`;
 * `strict` verifies the name of the host too, which is more than `verify-ca` asks for, and not less.
 */
export function inWordsOfPrisma({ sslmode, sslrootcert, ...others }: Parameters): Record<string, string> {
  const verifies = sslmode === 'verify-full' || sslmode === 'verify-ca'
  return {
    ...others,
    ...(sslmode === undefined ? {} : { sslmode: verifies ? 'require' : sslmode }),
    ...(sslrootcert === undefined || sslrootcert === 'system' ? {} : { sslcert: sslrootcert }),
    ...(verifies ? { sslaccept: 'strict' } : {}),
  }
}
