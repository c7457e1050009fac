import type { ErrorPage } from '../../domain/error-page.js'

/** Of opening the target: exit code 2. */
export const targetErrors: readonly ErrorPage[] = [
  {
    code: 'authentication-failed',
    title: 'the server refused the login',
    remedy:
      'Correct user and password in the database URL; percent-encode special characters in the password.',
  },
  {
    code: 'certificate-not-readable',
    title: 'a certificate or key file cannot be used',
    remedy: 'Correct the file, its format or its passphrase, as the message says.',
  },
  {
    code: 'certificate-not-trusted',
    title: "the server's certificate is signed by an authority that is not trusted",
    remedy: 'Give the certificate of the authority by sslcert or sslrootcert in the URL.',
  },
  {
    code: 'certificate-not-valid',
    title: "the server's certificate is expired or not yet valid",
    remedy: 'Renew the certificate of the server, or correct the clock of this machine.',
  },
  {
    code: 'certificate-of-another-host',
    title: "the server's certificate is for another host name",
    remedy: 'Use the host name that the certificate has.',
  },
  {
    code: 'client-certificate-refused',
    title: 'the server refused the certificate of the client',
    remedy: 'Give the certificate and key that the server expects, by sslidentity, or by sslcert and sslkey.',
  },
  {
    code: 'database-missing',
    title: 'the database does not exist',
    remedy:
      'Correct the name in the URL, or create the database; migrate-guard never creates one on the target.',
  },
  {
    code: 'history-not-readable',
    title: 'the table _prisma_migrations is not a history of Prisma',
    remedy: 'Rename that table, or give another schema by ?schema= in the URL.',
  },
  {
    code: 'server-too-old',
    title: 'the server is older than PostgreSQL 14',
    remedy: 'Upgrade the server; 14 is the oldest supported.',
  },
  {
    code: 'session-refused',
    title: 'the settings that keep a session safe were refused',
    remedy: 'Give the direct URL of the database, not that of a pooler.',
  },
  {
    code: 'target-schema-missing',
    title: 'the database has no schema of the name in the URL',
    remedy: 'Correct ?schema= in the URL, or create the schema.',
  },
  {
    code: 'target-unreachable',
    title: 'no server answers at host and port of the URL',
    remedy: 'Correct host and port, start the server, or open the firewall for this machine.',
  },
  {
    code: 'tls-missing',
    title: 'the URL demands TLS and the server offers none',
    remedy: 'Turn TLS on at the server, or change sslmode in the URL.',
  },
  {
    code: 'tls-required',
    title: 'the server accepts only connections with TLS',
    remedy: 'Set sslmode=require in the URL.',
  },
  {
    code: 'too-many-connections',
    title: 'the server has no connection left',
    remedy: 'Close some, raise max_connections, or run the command again later. A run needs two to four.',
  },
]
