import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { openConnection } from '../../src/postgres/connection.js'
import { parseDatabaseUrl } from '../../src/settings/database-url.js'
import { makeCertificates } from '../support/certificates.js'
import { useOwnServer } from '../support/own-server.js'
import { makeProject } from '../support/project.js'
import { runCli } from '../support/run-cli.js'

const files = makeCertificates()
const phrase = encodeURIComponent(files.passphrase)
const hba = join(files.folder, 'pg_hba.conf')
writeFileSync(
  hba,
  [
    'local all all trust',
    'host postgres all 127.0.0.1/32 trust',
    'hostssl tls_only all 127.0.0.1/32 trust',
    'hostnossl plain_only all 127.0.0.1/32 trust',
    'hostssl certificate_only all 127.0.0.1/32 cert',
  ].join('\n'),
)
const server = useOwnServer({
  ssl: 'on',
  ssl_cert_file: files.serverCertificate,
  ssl_key_file: files.serverKey,
  ssl_ca_file: files.authority,
  hba_file: hba,
})
const plainServer = process.env.MIGRATE_GUARD_TEST_URL ?? ''

beforeAll(async () => {
  const client = await openConnection(parseDatabaseUrl(server().url, 'the URL'), { applicationName: 'test' })
  for (const name of ['tls_only', 'plain_only', 'certificate_only'])
    await client.query(`CREATE DATABASE ${name}`)
  await client.end()
})
afterAll(() => rmSync(files.folder, { recursive: true }))

/** Whether the connection is encrypted, or why there is none. */
async function connect(url: string): Promise<string> {
  try {
    const client = await openConnection(parseDatabaseUrl(url, 'the URL'), { applicationName: 'test' })
    const { rows } = await client.query(
      'SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()',
    )
    await client.end()
    return rows[0].ssl ? 'encrypted' : 'plain'
  } catch (error) {
    return (error as { code: string }).code
  }
}

const urlOf = (database: string, query: string, host = '127.0.0.1') =>
  `postgresql://postgres@${host}:${server().port}/${database}?${query}`

test.each([
  ['tls_only', '', 'encrypted'],
  ['tls_only', 'sslmode=prefer', 'encrypted'],
  ['plain_only', '', 'plain'],
  ['plain_only', 'sslmode=require', 'authentication-failed'],
  ['tls_only', 'sslmode=disable', 'tls-required'],
  ['tls_only', 'sslmode=no-verify', 'encrypted'],
  ['tls_only', `sslcert=${files.authority}&sslaccept=strict`, 'encrypted'],
  ['tls_only', `sslmode=verify-full&sslrootcert=${files.authority}`, 'encrypted'],
  ['tls_only', `sslmode=require&sslcert=${files.otherAuthority}`, 'certificate-not-trusted'],
  ['tls_only', `sslmode=require&sslcert=${files.otherAuthority}&sslaccept=accept_invalid_certs`, 'encrypted'],
  ['tls_only', 'sslaccept=strict', 'certificate-not-trusted'],
  ['certificate_only', 'sslmode=require', 'client-certificate-refused'],
  [
    'certificate_only',
    `sslmode=require&sslcert=${files.clientCertificate}&sslkey=${files.clientKey}`,
    'encrypted',
  ],
  ['certificate_only', `sslmode=require&sslidentity=${files.identity}&sslpassword=${phrase}`, 'encrypted'],
  [
    'certificate_only',
    `sslidentity=${files.identity}&sslpassword=${phrase}&sslcert=${files.authority}&sslaccept=strict`,
    'encrypted',
  ],
  [
    'certificate_only',
    `sslmode=require&sslidentity=${files.identity}&sslpassword=wrong`,
    'certificate-not-readable',
  ],
  [
    'certificate_only',
    `sslmode=require&sslcert=${files.clientCertificate}&sslkey=${files.protectedKey}&sslpassword=${phrase}`,
    'encrypted',
  ],
  [
    'certificate_only',
    `sslmode=require&sslcert=${files.clientCertificate}&sslkey=${files.protectedKey}&sslpassword=wrong`,
    'certificate-not-readable',
  ],
  [
    'tls_only',
    `sslmode=require&sslcert=${files.clientCertificate}&sslkey=${files.serverCertificate}`,
    'certificate-not-readable',
  ],
])('%s with "%s": %s', async (database, query, expected) => {
  expect(await connect(urlOf(database, query))).toBe(expected)
})

test('a certificate for another host is told from one of an unknown authority', async () => {
  const named = `sslrootcert=${files.authority}`
  expect(await connect(urlOf('tls_only', `sslmode=verify-full&${named}`, 'localhost'))).toBe(
    'certificate-of-another-host',
  )
  expect(await connect(urlOf('tls_only', `sslmode=verify-ca&${named}`, 'localhost'))).toBe('encrypted')
})

test('a server without TLS is reached without, unless the URL asks for it', async () => {
  expect(await connect(plainServer)).toBe('plain')
  expect(await connect(`${plainServer}${plainServer.includes('?') ? '&' : '?'}sslmode=require`)).toBe(
    'tls-missing',
  )
})

test.each([
  ['a PKCS#12 file', `sslidentity=${files.identity}`],
  ['a key under a passphrase', `sslcert=${files.clientCertificate}&sslkey=${files.protectedKey}`],
])('with %s the whole line runs: our questions, pg_dump, and the engine', async (_, query) => {
  const url = urlOf('certificate_only', `sslmode=require&${query}&sslpassword=${phrase}`)
  const project = await makeProject({
    migrations: { '20260101000000_init': 'CREATE TABLE IF NOT EXISTS rows_there (id int PRIMARY KEY);\n' },
  })
  try {
    const options = { cwd: project.directory, env: { DATABASE_URL: url }, timeoutMs: 100_000 }
    const args = ['deploy', '--yes', '--skip-rehearsal', '--accept', 'schema-difference=no schema here']
    const { exitCode, stderr, stdout } = await runCli(args, options)
    expect([stderr, exitCode]).toEqual(['', 0])
    const doctor = await runCli(['doctor'], options)
    expect([doctor.stderr, doctor.exitCode]).toEqual(['', 0])
    const wrong = await runCli(['plan'], {
      ...options,
      env: { DATABASE_URL: urlOf('certificate_only', `sslmode=require&${query}&sslpassword=wr0ng`) },
    })
    expect([wrong.exitCode, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(
        /^error: .* does not open with the passphrase of sslpassword\nhint: Correct sslpassword/,
      ),
    ])
    // Neither the passphrase nor the key in plain text is left or told.
    const left = await execa(
      'grep',
      ['-rlE', 'PRIVATE KEY|a phrase with', join(project.directory, 'backups')],
      {
        reject: false,
      },
    )
    expect([left.stdout, stdout.includes(files.passphrase), wrong.stderr.includes('wr0ng')]).toEqual([
      '',
      false,
      false,
    ])
    const client = await openConnection(parseDatabaseUrl(url, 'the URL'), { applicationName: 'test' })
    await client.query('DROP TABLE public.rows_there, public._prisma_migrations')
    await client.end()
  } finally {
    await project.remove()
  }
})
