import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DeployError } from '../domain/errors.js'
import type { MigrationFolder } from '../domain/migration.js'
import type { TargetAddress } from '../domain/target.js'
import { effect } from '../effects/effect.js'
import { type Session, singleConnectionPoolConfig } from '../postgres/connection.js'
import { assertLockedBy } from './engine-host/locked-by.js'
import { makeMigrationAdapter } from './engine-host/migration-adapter.js'
import { type SchemaEngine, startSchemaEngine, watchPanics } from './engine-host/wasm-engine.js'

/** What to mark, and which session of ours must still hold the deploy lock then. */
export interface Marking {
  readonly folders: readonly MigrationFolder[]
  readonly migrationsPath: string
  /** Absent: nobody asks for the lock. */
  readonly deployLockPid?: number
  readonly signal: AbortSignal
}

/**
 * Marks migrations as applied and runs nothing of them: Prisma's own engine writes the rows, and makes the history where there
 * is none, as `prisma migrate resolve --applied` does for one migration. All of it is one transaction: of a history that has only
 * the first rows, the next deploy would run the others on tables that are there already.
 * @throws the engine's error; nothing is marked then.
 */
export async function markAllApplied(
  address: TargetAddress,
  session: Session,
  { folders, migrationsPath, deployLockPid, signal }: Marking,
): Promise<void> {
  const config = await singleConnectionPoolConfig(address, { ...session, runsUserSql: true })
  // What the engine sends as a script is the CREATE TABLE of the history.
  const adapter = makeMigrationAdapter(
    config,
    address.schema,
    (client, script) => client.query(script).then(() => {}),
    {
      beforeFirstWrite: async (client) => {
        if (deployLockPid !== undefined) await assertLockedBy(client, deployLockPid)
        await client.query('BEGIN')
      },
    },
  )
  const panicText = watchPanics()
  try {
    const lockfile = await readLockfile(migrationsPath)
    const engine = await startSchemaEngine({ datamodels: undefined }, adapter.factory, () => undefined)
    for (const folder of folders) {
      assertNotStopped(signal)
      await effect('baseline.mark', () => markOne(engine, folder, migrationsPath, lockfile))
    }
    assertNotStopped(signal)
    await effect('baseline.commit', () => adapter.withClient((client) => client.query('COMMIT')))
  } catch (error) {
    const panic = panicText()
    throw panic === undefined ? error : new Error(panic, { cause: error })
  } finally {
    // Without a COMMIT the server rolls back.
    await adapter.dispose()
  }
}

function assertNotStopped({ aborted }: AbortSignal): void {
  if (!aborted) return
  throw new DeployError('not-marked', 'the run was cancelled; no migration was marked', {
    databaseUnchanged: true,
    hint: 'Run the command again when you are ready.',
  })
}

async function markOne(
  engine: SchemaEngine,
  { name, bytes = new Uint8Array() }: MigrationFolder,
  migrationsPath: string,
  lockfile: string | null,
): Promise<void> {
  const content = { tag: 'ok', value: Buffer.from(bytes).toString('utf8') }
  await engine.markMigrationApplied({
    migrationName: name,
    migrationsList: {
      baseDir: migrationsPath,
      lockfile: { path: 'migration_lock.toml', content: lockfile },
      shadowDbInitScript: '',
      migrationDirectories: [{ path: name, migrationFile: { path: 'migration.sql', content } }],
    },
  })
}

async function readLockfile(migrationsPath: string): Promise<string | null> {
  return readFile(join(migrationsPath, 'migration_lock.toml'), 'utf8').catch(() => null)
}
