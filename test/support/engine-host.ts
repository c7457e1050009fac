import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll } from '@jest/globals'
import { execa } from 'execa'
import { type EngineEvent, parseEvents } from '../../src/prisma/engine-events.js'
import type { HostOptions } from '../../src/prisma/engine-host/host-options.js'
import { parseDatabaseUrl } from '../../src/settings/database-url.js'

/** The built engine host. */
export const hostPath = fileURLToPath(new URL('../../dist/prisma/engine-host/main.js', import.meta.url))

export interface EngineError {
  readonly code: number
  readonly message: string
  readonly data: { readonly is_panic: boolean; readonly error_code: string | null }
}

export interface Answer<T = unknown> {
  readonly result?: T
  readonly error?: EngineError
}

/** The engine host as the Prisma CLI has it: a child process that is spoken to in JSON lines. */
export interface Host {
  readonly processId: number
  readonly applicationName: string
  /** Undefined when the host ended without an answer. */
  request<T>(method: string, params?: unknown): Promise<Answer<T> | undefined>
  /** Requests `applyMigrations` with these files, by migration name. */
  deploy(migrations: Migrations): Promise<Answer<{ appliedMigrationNames: string[] }> | undefined>
  events(): Promise<EngineEvent[]>
  /** Closes its standard input, as the CLI does at the end. */
  close(): Promise<{ exitCode: number | undefined; signal: string | undefined }>
}

export type Migrations = Readonly<Record<string, string>>

const folders: string[] = []
const open = new Set<Host>()

afterAll(async () => {
  for (const host of open) await host.close()
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

/** A folder of its own, removed after the test file. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'guard-test-engine-'))
  folders.push(folder)
  return folder
}

/** Starts the built host against a database, with the options that the guard gives it. */
export async function startHost(
  databaseUrl: string,
  options: Partial<HostOptions> & { readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Host> {
  const folder = await makeFolder()
  const { env, ...own } = options
  const { password, ...address } = parseDatabaseUrl(databaseUrl, 'the URL')
  const passwordFile = join(folder, 'password')
  if (password) await writeFile(passwordFile, password.reveal(), { mode: 0o600 })
  const hostOptions: HostOptions = {
    address,
    ...(password ? { passwordFile } : {}),
    applicationName: `guard test ${randomBytes(4).toString('hex')}`,
    readOnly: false,
    lockTimeoutMs: 0,
    statementTimeoutMs: 0,
    retries: 0,
    eventsFile: join(folder, 'events.ndjson'),
    ...own,
  }
  const child = execa(process.execPath, [hostPath], {
    reject: false,
    extendEnv: false,
    buffer: false,
    env: { ...env, MIGRATE_GUARD_ENGINE_OPTIONS: JSON.stringify(hostOptions) },
  })
  const waiting = new Map<number, (answer: Answer | undefined) => void>()
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const message = JSON.parse(line)
    // What it asks the CLI to print.
    if (message.method === undefined) waiting.get(message.id)?.(message)
  })
  const ended = child.then((result) => {
    for (const resolve of waiting.values()) resolve(undefined)
    return result
  })
  let id = 0
  const host: Host = {
    processId: child.pid as number,
    applicationName: hostOptions.applicationName,
    request: (method, params) => {
      id += 1
      const own = id
      return new Promise((resolve) => {
        waiting.set(own, resolve as (answer: Answer | undefined) => void)
        child.stdin?.write(`${JSON.stringify({ id: own, jsonrpc: '2.0', method, params })}\n`)
      })
    },
    deploy: (migrations) => host.request('applyMigrations', migrationsList(migrations)),
    events: async () =>
      parseEvents(await readFile(hostOptions.eventsFile as string, 'utf8').catch(() => '')).events,
    close: async () => {
      open.delete(host)
      child.stdin?.end()
      const { exitCode, signal } = await ended
      return { exitCode, signal }
    },
  }
  open.add(host)
  return host
}

/** Starts a host for one deploy and closes it. */
export async function deployOnce(
  databaseUrl: string,
  migrations: Migrations,
  options: Partial<HostOptions> = {},
): Promise<{ applied: string[]; error: string | undefined; events: EngineEvent[] }> {
  const host = await startHost(databaseUrl, options)
  const answer = await host.deploy(migrations)
  await host.close()
  if (answer === undefined) throw new Error('the engine host ended without an answer')
  return {
    applied: answer.result?.appliedMigrationNames ?? [],
    error: answer.error?.message,
    events: await host.events(),
  }
}

function migrationsList(migrations: Migrations): object {
  return {
    migrationsList: {
      baseDir: '/prisma/migrations',
      lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
      migrationDirectories: Object.entries(migrations).map(([path, value]) => ({
        path,
        migrationFile: { path: 'migration.sql', content: { tag: 'ok', value } },
      })),
      shadowDbInitScript: '',
    },
    filters: { externalTables: [], externalEnums: [] },
  }
}
