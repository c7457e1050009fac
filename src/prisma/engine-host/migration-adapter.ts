import { PrismaPg } from '@prisma/adapter-pg'
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  DriverAdapterError,
} from '@prisma/driver-adapter-utils'
import { effect } from '../../effects/effect.js'
import { withServerNames } from '../../forecast/server-names.js'
import type { SingleConnectionConfig } from '../../postgres/connection.js'
import { loadParser } from '../../sql/parser.js'
import { cancelled } from './attempts.js'
import { RefusedScript } from './run-script.js'
import type { ScriptClient } from './script-client.js'

/** Runs one migration file on the engine's own connection. */
export type ScriptRunner = (client: ScriptClient, script: string) => Promise<void>

/** Looks at the server before the engine writes for the first time; it then holds Prisma's own lock. */
export type FirstWriteGuard = (client: ScriptClient) => Promise<void>

/** Types of the catalog that Prisma's adapter refuses, by OID, and the type to present them as. */
const presentedTypes = new Map([
  [18, 25], // "char" as text; its column type is corrected below
  [19, 25], // name as text
  [1002, 1009], // "char"[] as text[]
  [1003, 1009], // name[] as text[]
  [22, 1005], // int2vector as int2[]
  [30, 1028], // oidvector as oid[]
])

const charOid = 18

/** What looks on while the engine writes. */
export interface AdapterWatch {
  readonly beforeFirstWrite?: FirstWriteGuard
  /** Told the id of each row of `_prisma_migrations`; what it throws keeps the row from being inserted. */
  readonly beforeHistoryRow?: (rowId: string) => void
}

export interface MigrationAdapter {
  /** What the schema engine is given. */
  readonly factory: object
  /** Lends the one connection that the engine has made and writes on. */
  withClient<T>(work: (client: ScriptClient) => Promise<T>): Promise<T>
  /** Ends the connections that the engine has made. */
  dispose(): Promise<void>
}

/**
 * Prisma's adapter for node-postgres as the schema engine needs it, with three repairs: it understands the types of the
 * catalog, without which introspection fails; a migration file is run by `runScript`, because the adapter's own
 * executeScript splits at every `;` and so breaks dollar quotes and atomicity; and the engine's own queries, which run in
 * the search_path of the migrations, use the operators of the server and nobody else's.
 * @param schema the one that the URL names: the engine looks there, and not in `public`, for its history and the tables
 */
export function makeMigrationAdapter(
  config: SingleConnectionConfig,
  schema: string,
  runScript: ScriptRunner,
  { beforeFirstWrite, beforeHistoryRow }: AdapterWatch = {},
): MigrationAdapter {
  const connected: RepairedAdapter[] = []
  let hasWritten = beforeFirstWrite === undefined
  const factory = new PrismaPg(config, { schema })
  const connect = factory.connect.bind(factory)
  factory.connect = async () => {
    await loadParser()
    const adapter = (await connect()) as unknown as RepairedAdapter
    connected.push(adapter)
    const charColumns = new WeakMap<Query, boolean[]>()
    const performIO = adapter.performIO.bind(adapter)
    const lookOnce = async () => {
      if (hasWritten) return
      const client = await adapter.client.connect()
      try {
        await beforeFirstWrite?.(client)
        hasWritten = true
      } catch (error) {
        throw asAdapterError(error)
      } finally {
        client.release()
      }
    }
    adapter.performIO = async (query) => {
      const write = !/^\s*SELECT\b/i.test(query.sql)
      if (write) await lookOnce()
      const rowId = insertedHistoryRow(query)
      try {
        if (rowId !== undefined) beforeHistoryRow?.(rowId)
      } catch (error) {
        throw asAdapterError(error)
      }
      const sent = { ...query, sql: withServerNames(query.sql) }
      const result = write
        ? await effect('engine.query', () => repeatCancelled(() => performIO(sent)))
        : await performIO(sent)
      charColumns.set(
        query,
        result.fields.map(({ dataTypeID }) => dataTypeID === charOid),
      )
      for (const field of result.fields)
        field.dataTypeID = presentedTypes.get(field.dataTypeID) ?? field.dataTypeID
      return result
    }
    const queryRaw = adapter.queryRaw.bind(adapter)
    adapter.queryRaw = async (query) => {
      const result = await queryRaw(query)
      // The engine panics on CHECK constraints when it is given "char" as anything but a character.
      const isChar = charColumns.get(query) ?? []
      const columnTypes = result.columnTypes.map((type, i) => (isChar[i] ? ColumnTypeEnum.Character : type))
      return { ...result, columnTypes }
    }
    adapter.executeScript = async (script) => {
      await lookOnce()
      const client = await adapter.client.connect()
      try {
        await runScript(client, script)
      } catch (error) {
        throw asAdapterError(error)
      } finally {
        client.release()
      }
    }
    return adapter as unknown as Awaited<ReturnType<typeof connect>>
  }
  // Prisma's adapter would create a database on the target's own server, and leave it there when it cannot drop it.
  factory.connectToShadowDb = async () => {
    throw asAdapterError(
      new RefusedScript(
        'this needs a shadow database, and migrate-guard never creates a database; prisma migrate diff from the database to the schema writes a migration without one',
      ),
    )
  }
  return {
    factory: bindMigrationAwareSqlAdapterFactory(factory),
    withClient: async (work) => {
      const client = await connected.at(-1)?.client.connect()
      if (client === undefined) throw new Error('the engine has made no connection')
      try {
        return await work(client)
      } finally {
        client.release()
      }
    },
    dispose: async () => {
      for (const adapter of connected.splice(0)) await adapter.client.end()
    },
  }
}

interface Query {
  sql: string
  args?: readonly unknown[]
}

/** The id that the engine gives to a new row of Prisma's migration history; undefined for any other query. */
function insertedHistoryRow({ sql, args = [] }: Query): string | undefined {
  const columns = /^\s*INSERT INTO [^(]*"_prisma_migrations"\s*\(([^)]*)\)/i.exec(sql)?.[1]
  const position = columns?.split(',').findIndex((column) => column.trim() === '"id"') ?? -1
  return position < 0 ? undefined : String(args[position])
}

interface RepairedAdapter {
  client: { connect(): Promise<ScriptClient & { release(): void }>; end(): Promise<void> }
  performIO(query: Query): Promise<{ fields: { dataTypeID: number }[] }>
  queryRaw(query: Query): Promise<{ columnTypes: number[] }>
  executeScript(script: string): Promise<void>
}

const bookkeepingAttempts = 4

/**
 * A cancel may come a moment too late and hit the note that Prisma makes in its history. The server has undone it, and
 * without it a migration that is committed would count as failed.
 */
async function repeatCancelled<T>(note: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await note()
    } catch (error) {
      const { originalCode } = (error as { cause?: { originalCode?: string } }).cause ?? {}
      if (originalCode !== cancelled || attempt === bookkeepingAttempts) throw error
    }
  }
}

/** SQLSTATE internal_error. */
const internalError = 'XX000'

/**
 * An error as Prisma prints it; any other it would call "External error". DETAIL is left out: it holds values of rows,
 * and Prisma stores what it gets.
 */
function asAdapterError(error: unknown): DriverAdapterError {
  const { code, severity, message, column, hint } = error as Record<string, string | undefined>
  // Without a severity it is not the server that spoke, it is the connection that broke: connection_failure.
  const sqlstate = severity === undefined ? '08006' : code
  return new DriverAdapterError({
    kind: 'postgres',
    originalCode: sqlstate,
    originalMessage: message,
    // The engine puts a bare sentence of its own in the place of the messages of the codes that it knows.
    code: internalError,
    severity: severity ?? 'ERROR',
    message,
    detail: undefined,
    column,
    hint,
  } as ConstructorParameters<typeof DriverAdapterError>[0])
}
