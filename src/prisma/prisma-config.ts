import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { types } from 'node:util'
import { ProjectError } from '../domain/errors.js'
import { packagePath } from '../effects/package-path.js'

/** What the guard needs to know from the project's own `prisma.config.ts`. Paths are absolute. */
export interface PrismaConfig {
  readonly path: string
  /** The one on which Prisma migrates. */
  readonly databaseUrl?: string
  /** `datasource.url`, or `datasource.directUrl` of Prisma 6. */
  readonly databaseUrlName?: string
  readonly schema?: string
  readonly migrations?: string
  /** Tables and enums that Prisma is told to leave alone. */
  readonly externalTables?: readonly string[]
  readonly externalEnums?: readonly string[]
}

const endings = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs']
/** Where Prisma looks: https://www.prisma.io/docs/orm/reference/prisma-config-reference */
const places = ['prisma.config', 'prisma7.config', join('.config', 'prisma')]

/**
 * Reads the project's Prisma configuration, or gives undefined when there is none. `offline`: variables that it asks for
 * by env() need not be set.
 */
export async function readPrismaConfig(
  directory: string,
  explicit?: string,
  { offline = false }: { offline?: boolean } = {},
): Promise<PrismaConfig | undefined> {
  const path = explicit ?? findFile(directory)
  if (path === undefined) return undefined
  if (!existsSync(path)) {
    throw new ProjectError('prisma-config-missing', `there is no Prisma configuration at ${path}`, {
      hint: 'Correct the path given by --prisma-config.',
    })
  }
  const config = await importConfig<RawConfig>(path, offline ? offlineStandIn : standIn)
  const absolute = (value: string | undefined) => (value ? resolve(dirname(path), value) : undefined)
  const schema = absolute(config.schema)
  const migrations = absolute(config.migrations?.path)
  return {
    path,
    ...urlOf(config),
    ...(schema ? { schema } : {}),
    ...(migrations ? { migrations } : {}),
    ...(config.tables?.external ? { externalTables: config.tables.external } : {}),
    ...(config.enums?.external ? { externalEnums: config.enums.external } : {}),
  }
}

interface RawConfig {
  schema?: string
  migrations?: { path?: string }
  datasource?: { url?: string; directUrl?: string }
  tables?: { external?: string[] }
  enums?: { external?: string[] }
}

function urlOf({ datasource }: RawConfig): Pick<PrismaConfig, 'databaseUrl' | 'databaseUrlName'> {
  if (datasource?.directUrl)
    return { databaseUrl: datasource.directUrl, databaseUrlName: 'datasource.directUrl' }
  return datasource?.url ? { databaseUrl: datasource.url, databaseUrlName: 'datasource.url' } : {}
}

function findFile(directory: string): string | undefined {
  return places
    .flatMap((place) => endings.map((ending) => join(directory, `${place}.${ending}`)))
    .find(existsSync)
}

const standIn = packagePath('dist/prisma/config-stand-in.js')
const offlineStandIn = packagePath('dist/prisma/config-stand-in-offline.js')

let beingRead: string | undefined

/** The configuration file that is being read right now: its code may end the process. */
export function configBeingRead(): string | undefined {
  return beingRead
}

/** By path. The loader gives what a file in CommonJS exports a second time without the `default` around it. */
const imported = new Map<string, unknown>()

/**
 * Imports a configuration file once a process, TypeScript or JavaScript, and gives its default export.
 * @throws ProjectError with the reason when the file cannot be read as code, or exports no default.
 */
export async function importConfig<T>(path: string, prismaConfigModule = standIn): Promise<T> {
  if (imported.has(path)) return imported.get(path) as T
  let module: { default?: T }
  try {
    const alias = { 'prisma/config': prismaConfigModule, '@prisma/config': prismaConfigModule }
    // Loaded only when there is a file to read: it takes longer than to read a folder of migrations.
    const { createJiti } = await import('jiti')
    beingRead = path
    module = await createJiti(import.meta.url, { fsCache: false, alias }).import<{ default?: T }>(path)
  } catch (error) {
    throw new ProjectError('config-not-readable', `${path} cannot be read: ${reasonOf(error)}`, {
      hint: 'Correct the file; if it asks for an environment variable, set that variable.',
      cause: error,
    })
  } finally {
    beingRead = undefined
  }
  // Without one, the loader gives the other exports in its place, and settings would be skipped silently.
  if ('default' in module) {
    imported.set(path, module.default)
    return module.default as T
  }
  throw new ProjectError('config-not-readable', `${path} has no default export`, {
    hint: 'Write it as export default defineConfig({ … }).',
  })
}

/** In one line; of a syntax error, the second line names the place. A file may also throw what is no error. */
function reasonOf(error: unknown): string {
  if (!types.isNativeError(error)) return `it throws ${String(error)}`
  const [reason = '', place = ''] = error.message.split('\n')
  const line = /:(\d+):\d+$/.exec(place.trim())?.[1]
  return line === undefined ? reason : `${reason.trim()} (line ${line})`
}
