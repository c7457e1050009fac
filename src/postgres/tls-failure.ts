import type { TargetAddress } from '../domain/target.js'

/** What is wrong with TLS, and what to do. */
export interface TlsFailure {
  readonly errorCode: string
  readonly what: string
  readonly hint: string
}

/**
 * The reason why a connection failed, when TLS is the reason: the codes of Node (https://nodejs.org/api/tls.html#x509-certificate-error-codes)
 * and what Postgres says at the login (https://www.postgresql.org/docs/current/auth-pg-hba-conf.html).
 */
export function tlsFailure(
  error: NodeJS.ErrnoException,
  { host, parameters }: TargetAddress,
): TlsFailure | undefined {
  const { code = '', message } = error
  const authority = parameters.sslrootcert
  if (/does not support SSL/.test(message)) {
    return {
      errorCode: 'tls-missing',
      what: 'has no TLS, and the URL asks for it',
      hint: `Turn on ssl on the server, or write sslmode=prefer in place of sslmode=${parameters.sslmode}.`,
    }
  }
  if (/UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT/.test(code)) {
    return {
      errorCode: 'certificate-not-trusted',
      what: 'shows a certificate that no known authority has signed',
      hint: authority
        ? `Check that ${authority} holds the authority of this server.`
        : 'Name the file with the authority of the server: sslrootcert=/path/ca.pem.',
    }
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return {
      errorCode: 'certificate-not-valid',
      what: `shows a certificate that is not valid today: ${message}`,
      hint: 'Renew the certificate of the server, and check the clock of this machine.',
    }
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      errorCode: 'certificate-of-another-host',
      what: `shows a certificate that is not for "${host}"`,
      hint: 'Write the host as the certificate names it; sslmode=verify-ca with an sslrootcert of your own does not compare the name.',
    }
  }
  if (
    /certificate required|requires a valid client certificate|handshake failure|bad certificate|unknown ca|certificate unknown/i.test(
      message,
    )
  ) {
    return {
      errorCode: 'client-certificate-refused',
      what: `asks for a certificate of the client and does not take ${parameters.sslcert ? 'that of sslcert' : 'a login without one'}`,
      hint: 'Give certificate and key that the server accepts: sslcert=/path/client.crt&sslkey=/path/client.key, or sslidentity=/path/client.p12&sslpassword=….',
    }
  }
  if (/no pg_hba\.conf entry.*no encryption/.test(message)) {
    return {
      errorCode: 'tls-required',
      what: 'does not let this login in without TLS',
      hint: 'Write sslmode=require in the database URL.',
    }
  }
  // What has a severity was said by the server, or by a pooler before it: neither knows the files.
  if ('severity' in error) return undefined
  if (/mac verify failure/.test(message)) {
    return {
      errorCode: 'certificate-not-readable',
      what: 'cannot be asked: the file of sslidentity does not open with the passphrase of sslpassword',
      hint: 'Correct sslpassword in the database URL, percent-encoded.',
    }
  }
  if (
    /^ERR_OSSL|^ERR_CRYPTO/.test(code) ||
    /PEM routines|key values mismatch|PKCS12|unsupported/i.test(message)
  ) {
    return {
      errorCode: 'certificate-not-readable',
      what: `cannot be asked with the certificate files of the URL: ${message}`,
      hint: 'Give files in PEM form: sslcert and sslkey of one pair, sslrootcert of the authority; or sslidentity in PKCS#12; sslpassword is the passphrase of the key.',
    }
  }
  return undefined
}
