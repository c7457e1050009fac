import type { TargetAddress } from '../domain/target.js'
import { type Session, singleConnectionPoolConfig } from '../postgres/connection.js'
import { makeMigrationAdapter } from './engine-host/migration-adapter.js'
import { type SchemaEngine, startSchemaEngine, watchPanics } from './engine-host/wasm-engine.js'

/**
 * Lends Prisma's own schema engine, in this process, on a connection that the server holds read-only: the answers of the
 * Prisma CLI without its start-up. One at a time: a panic is told to whoever watches last.
 */
export async function withReadOnlyEngine<T>(
  address: TargetAddress,
  session: Session,
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  const config = await singleConnectionPoolConfig(address, { ...session, readOnly: true, runsUserSql: true })
  const adapter = makeMigrationAdapter(config, address.schema, async () => {
    throw new Error('a read-only engine runs no script')
  })
  const panicText = watchPanics()
  try {
    return await work(await startSchemaEngine({ datamodels: undefined }, adapter.factory, () => undefined))
  } catch (error) {
    const panic = panicText()
    throw panic === undefined ? error : new Error(panic, { cause: error })
  } finally {
    await adapter.dispose()
  }
}
