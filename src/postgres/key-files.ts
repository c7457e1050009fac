import { createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TargetError } from '../domain/errors.js'
import type { TargetAddress } from '../domain/target.js'
import { makePrivateFolder, writePrivateFile } from '../effects/private-files.js'
import { runProcess } from '../effects/run-process.js'

/**
 * The address with certificate and key of the client in plain PEM files, which every program can read: pg_dump takes a passphrase
 * only on its command line or by a file of services, and PKCS#12 (Prisma's `sslidentity`) not at all. Node reads PKCS#12 and cannot
 * write what is in it, so `openssl` does that, with the passphrase in a private file.
 * @param folder a private folder that is gone after the run; the files are readable for their owner only
 * @throws TargetError `certificate-not-readable`
 */
export async function withPlainKeyFiles(address: TargetAddress, folder: string): Promise<TargetAddress> {
  const { keyPassword, ...rest } = address
  const { sslidentity, ...parameters } = address.parameters
  const passphrase = keyPassword?.reveal() ?? ''
  if (sslidentity === undefined && (keyPassword === undefined || parameters.sslkey === undefined))
    return address
  await makePrivateFolder(folder)
  if (sslidentity !== undefined) {
    const path = join(folder, 'client.pem')
    await writePrivateFile(path, await pemOf(sslidentity, passphrase, folder, address))
    return {
      ...address,
      identityPath: sslidentity,
      parameters: { ...parameters, sslcert: path, sslkey: path },
    }
  }
  const path = join(folder, 'client.key')
  await writePrivateFile(path, await plainKeyOf(String(parameters.sslkey), passphrase, address))
  return { ...rest, parameters: { ...parameters, sslkey: path } }
}

async function plainKeyOf(path: string, passphrase: string, address: TargetAddress): Promise<string> {
  try {
    const key = createPrivateKey({ key: await readFile(path), passphrase })
    return key.export({ type: 'pkcs8', format: 'pem' }) as string
  } catch (error) {
    throw notReadable(address, `sslkey=${path} does not open with the passphrase of sslpassword`, error)
  }
}

async function pemOf(
  path: string,
  passphrase: string,
  folder: string,
  address: TargetAddress,
): Promise<string> {
  const secret = join(folder, 'passphrase')
  await writePrivateFile(secret, `${passphrase}\n`)
  const read = (...more: string[]) =>
    runProcess({
      effect: 'tls.openssl',
      file: 'openssl',
      arguments: ['pkcs12', '-in', path, '-passin', `file:${secret}`, '-nodes', ...more],
      timeoutMs: 20_000,
    })
  const first = await read()
  // Older programs write it with ciphers that OpenSSL 3 takes only when it is told to.
  const result = first.exitCode === 0 || first.notStarted ? first : await read('-legacy')
  if (result.exitCode === 0 && /BEGIN CERTIFICATE/.test(result.stdout) && /PRIVATE KEY/.test(result.stdout))
    return result.stdout
  if (result.notStarted) {
    throw new TargetError(
      'certificate-not-readable',
      `sslidentity=${path} is a PKCS#12 file, which pg_dump cannot read, and openssl is not installed to turn it into PEM`,
      {
        hint: 'Install openssl, or give certificate and key in PEM form: sslcert=/path/client.crt&sslkey=/path/client.key.',
      },
    )
  }
  throw notReadable(address, `sslidentity=${path} does not open with the passphrase of sslpassword`)
}

function notReadable({ host, port }: TargetAddress, what: string, cause?: unknown): TargetError {
  return new TargetError('certificate-not-readable', `${host}:${port} cannot be asked: ${what}`, {
    hint: 'Correct sslpassword in the database URL, percent-encoded, or give a key without a passphrase.',
    cause,
  })
}
