import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import pg from 'pg'

export interface PgBouncer {
  /** The database's URL through the pooler. */
  readonly url: string
  stop(): Promise<void>
}

export interface PgBouncerOptions {
  readonly mode: 'session' | 'transaction' | 'statement'
  readonly poolSize?: number
  /** What of the startup packet it drops; it refuses the rest, and so it is installed. By default what the guard sends. */
  readonly ignores?: string
}

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
const program = folders.map((folder) => join(folder, 'pgbouncer')).find(existsSync)

/** Where PgBouncer is not installed, its tests are skipped and say so. */
export const isPgBouncerInstalled = program !== undefined

/** Starts a real PgBouncer in front of the database; it drops the options of the startup packet, as many are set up to do. */
export async function startPgBouncer(databaseUrl: string, options: PgBouncerOptions): Promise<PgBouncer> {
  const { hostname, port: serverPort, username, password, pathname } = new URL(databaseUrl)
  const folder = mkdtempSync(join(tmpdir(), 'guard-pgbouncer-'))
  const port = await freePort()
  const database = pathname.slice(1)
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]
${database} = host=${hostname} port=${serverPort} dbname=${database} user=${username} password=${decodeURIComponent(password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${options.mode}
default_pool_size = ${options.poolSize ?? 20}
ignore_startup_parameters = ${options.ignores ?? 'options,extra_float_digits'}
`,
  )
  // It refuses to run as root.
  const asNobody = process.getuid?.() === 0 ? ['runuser', '-u', 'nobody', '--'] : []
  if (asNobody.length > 0) {
    chmodSync(folder, 0o755)
    chmodSync(join(folder, 'pgbouncer.ini'), 0o644)
  }
  const [file = '', ...rest] = [...asNobody, String(program), join(folder, 'pgbouncer.ini')]
  const child = execa(file, rest, { reject: false, stdio: 'ignore', cwd: folder })
  const url = Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${port}` }).href
  await untilItAnswers(url)
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM')
      await Promise.race([child, new Promise((resolve) => setTimeout(resolve, 2_000))])
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function untilItAnswers(url: string): Promise<void> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const client = new pg.Client(url)
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.query('SELECT 1')
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    } finally {
      await client.end().catch(() => undefined)
    }
  }
}
