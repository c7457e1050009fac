import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach } from '@jest/globals'
import type { TargetAddress } from '../../src/domain/target.js'
import { clientEnvironment } from '../../src/postgres/client-environment.js'
import { findClientTool } from '../../src/postgres/client-tools.js'
import { type Client, openConnection, withConnection } from '../../src/postgres/connection.js'
import { dumpDatabase } from '../../src/postgres/dump.js'
import { readTargetIdentity } from '../../src/postgres/identity.js'
import { openRehearsalDatabase } from '../../src/postgres/rehearsal-database/open.js'
import type {
  RehearsalDatabase,
  RehearsalPlace,
  RehearsalRequest,
} from '../../src/postgres/rehearsal-database/request.js'
import { restoreDump } from '../../src/postgres/restore.js'
import type { Restore, RestoreRequest } from '../../src/postgres/restore-run.js'
import { takeSnapshot } from '../../src/postgres/snapshot.js'
import { addressOf } from './address.js'

const opened: (() => Promise<unknown>)[] = []
let folder: Promise<string> | undefined
let dumps = 0

/** A private folder for this test file, gone after it. */
export function scratchFolder(): Promise<string> {
  folder ??= mkdtemp(join(tmpdir(), `migrate-guard-test-${process.pid}-`))
  return folder
}

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})
afterAll(async () => {
  if (folder) await rm(await folder, { recursive: true, force: true })
})

export interface Asked extends Partial<RehearsalRequest> {
  readonly place: RehearsalPlace
}

/** The request for a rehearsal of this database. */
export async function requestFor(
  target: TargetAddress | { url: string },
  asked: Asked,
): Promise<RehearsalRequest> {
  const address = 'url' in target ? addressOf(target) : target
  const targetClient = await openConnection(address, { applicationName: 'test target', readOnly: true })
  opened.push(() => targetClient.end().catch(() => undefined))
  return {
    target: address,
    targetIdentity: await readTargetIdentity(targetClient, address),
    targetClient,
    runId: '20261120T043400Z-shop',
    signal: new AbortController().signal,
    ...asked,
  }
}

/** Opens a rehearsal database; it is removed after the test at the latest. */
export async function openFor(
  target: TargetAddress | { url: string },
  asked: Asked,
): Promise<RehearsalDatabase> {
  const database = await openRehearsalDatabase(await requestFor(target, asked))
  opened.push(() => database.remove().catch(() => undefined))
  return database
}

/** Opens one for a whole test file with a server of its own. */
export async function openForFile(
  target: TargetAddress | { url: string },
  asked: Asked,
): Promise<RehearsalDatabase> {
  const request = await requestFor(target, asked)
  const database = await openRehearsalDatabase(request)
  await request.targetClient.end()
  return database
}

/** Dumps a database as the step backup does; returns the folder of the dump. */
export async function dump(target: TargetAddress | { url: string }): Promise<string> {
  const address = 'url' in target ? addressOf(target) : target
  dumps += 1
  const path = join(await scratchFolder(), `dump-${dumps}`)
  const snapshot = await takeSnapshot(address, { applicationName: 'test dump' })
  try {
    await dumpDatabase({
      tool: await findClientTool('pg_dump', 0),
      address,
      applicationName: 'test dump',
      environment: await clientEnvironment(address, await scratchFolder()),
      snapshotId: snapshot.id,
      folder: path,
      jobs: 2,
      signal: new AbortController().signal,
    })
  } finally {
    await snapshot.release()
  }
  return path
}

export async function restore(
  database: RehearsalDatabase,
  path: string,
  asked: Partial<RestoreRequest> = {},
): Promise<Restore> {
  return restoreDump({
    tool: await findClientTool('pg_restore', 0),
    database,
    runId: '20261120T043400Z-shop',
    folder: path,
    jobs: 2,
    scratchFolder: await scratchFolder(),
    signal: new AbortController().signal,
    ...asked,
  })
}

/** Dumps, opens and restores. */
export async function rehearsalCopy(
  target: TargetAddress | { url: string },
  asked: Asked,
): Promise<{ database: RehearsalDatabase; restored: Restore }> {
  const path = await dump(target)
  const database = await openFor(target, asked)
  return { database, restored: await restore(database, path) }
}

/** Asks on the copy; the first column of the rows as text. */
export function askAs(address: TargetAddress, sql: string): Promise<string[]> {
  return withConnection(address, { applicationName: 'test copy', runsUserSql: true }, (client) =>
    texts(client, sql),
  )
}

export async function texts(client: Client, sql: string): Promise<string[]> {
  const { rows } = await client.query(sql)
  return rows.map((row) => String(Object.values(row)[0]))
}
