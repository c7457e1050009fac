import { chownSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execaSync } from 'execa'

/** Files of a server and a client whose certificates are signed by one authority, and an authority that signed nothing. */
export interface Certificates {
  readonly authority: string
  readonly otherAuthority: string
  readonly serverCertificate: string
  readonly serverKey: string
  readonly clientCertificate: string
  readonly clientKey: string
  /** The same key, under a passphrase. */
  readonly protectedKey: string
  /** Certificate and key of the client in PKCS#12, under the same passphrase. */
  readonly identity: string
  readonly passphrase: string
  /** The folder of all of them; the server's account may read it. */
  readonly folder: string
}

/** Makes them with openssl: for a server at 127.0.0.1 and a client that logs in as `postgres`. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'guard-certificates-'))
  const at = (name: string) => join(folder, name)
  const openssl = (...words: string[]) => execaSync('openssl', words, { cwd: folder, stdio: 'ignore' })
  const authority = (name: string) =>
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
    )
  const signed = (name: string, subject: string) => {
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      `/CN=${subject}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    )
    writeFileSync(at('extensions'), 'subjectAltName=IP:127.0.0.1\n')
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'authority.pem',
      '-CAkey',
      'authority.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      'extensions',
      '-out',
      `${name}.pem`,
    )
  }
  authority('authority')
  authority('other')
  signed('server', '127.0.0.1')
  signed('client', 'postgres')
  const passphrase = 'a phrase with & and %'
  openssl('rsa', '-aes256', '-in', 'client.key', '-out', 'protected.key', '-passout', `pass:${passphrase}`)
  openssl(
    'pkcs12',
    '-export',
    '-in',
    'client.pem',
    '-inkey',
    'client.key',
    '-out',
    'client.p12',
    '-passout',
    `pass:${passphrase}`,
  )
  giveToServer(folder)
  giveToServer(at('server.key'))
  return {
    authority: at('authority.pem'),
    otherAuthority: at('other.pem'),
    serverCertificate: at('server.pem'),
    serverKey: at('server.key'),
    clientCertificate: at('client.pem'),
    clientKey: at('client.key'),
    protectedKey: at('protected.key'),
    identity: at('client.p12'),
    passphrase,
    folder,
  }
}

/** A server that root starts runs under the account of Postgres, which must be the only one that can read its key. */
function giveToServer(path: string): void {
  if (process.getuid?.() !== 0 || !existsSync('/etc/passwd')) return
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n')
  const account =
    accounts.find((line) => line.startsWith('postgres:')) ??
    accounts.find((line) => line.startsWith('nobody:'))
  const [, , user, group] = account?.split(':') ?? []
  chownSync(path, Number(user), Number(group))
}
