// What a CLI of Prisma 6 sends, as the engine of Prisma 7 wants it. Prisma 7 took the URLs out of the schema.
import type { TargetAddress } from '../../domain/target.js'
import { parseDatabaseUrl } from '../../settings/database-url.js'
import { schemaForEngine } from '../schema-text.js'

/** The URL on which Prisma 6 migrates: `directUrl`, else `url`, literal or from the environment. */
export function urlInSchema(schema: string, environment: NodeJS.ProcessEnv): string | undefined {
  const values = new Map(
    [...schema.matchAll(/^[ \t]*(url|directUrl)[ \t]*=[ \t]*(?:env\("([^"]+)"\)|"([^"]+)")/gm)].map(
      ([, name, variable, literal]) => [name, literal ?? environment[variable ?? '']],
    ),
  )
  return values.get('directUrl') || values.get('url') || undefined
}

type Json = string | number | boolean | null | undefined | Json[] | { [name: string]: Json }

/**
 * The parameters of a request without what the engine of 7 refuses: URLs in schema files, and a URL as one side of a
 * diff. That one may only be the database on which the engine is connected.
 * @throws Error when it is another one.
 */
export function inWordsOfSeven(params: unknown, address: Omit<TargetAddress, 'password'>): unknown {
  return translate(params as Json, address)
}

/**
 * The same for `db execute`, which takes a URL also from the engine of 7, and nothing else in its place. That one may only be the
 * database on which the engine is connected, too.
 */
export function scriptInWordsOfSeven(params: unknown, address: Omit<TargetAddress, 'password'>): unknown {
  const translated = inWordsOfSeven(params, address)
  const { datasourceType } = params as { datasourceType?: { tag?: string } }
  return datasourceType?.tag === 'url' ? { ...(translated as object), datasourceType } : translated
}

function translate(value: Json, address: Omit<TargetAddress, 'password'>): Json {
  if (Array.isArray(value)) return value.map((entry) => translate(entry, address))
  if (value === null || typeof value !== 'object') return value
  if (value.tag === 'url' && typeof value.url === 'string') return connectedDatabase(value.url, address)
  const translated = Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, translate(entry, address)]),
  )
  const isSchemaFile = typeof value.path === 'string' && typeof value.content === 'string'
  return isSchemaFile && (value.path as string).endsWith('.prisma')
    ? { ...translated, content: schemaForEngine(value.content as string) }
    : translated
}

function connectedDatabase(url: string, address: Omit<TargetAddress, 'password'>): Json {
  const { host, port, database, schema } = parseDatabaseUrl(url, 'the URL to compare with')
  const same =
    host === address.host &&
    port === address.port &&
    database === address.database &&
    schema === address.schema
  if (!same) {
    throw new Error(
      `the engine is connected to ${address.database} on ${address.host}:${address.port} and cannot compare with ${database} on ${host}:${port} as well; set DATABASE_URL to that one`,
    )
  }
  const content = 'datasource db {\n  provider = "postgresql"\n}\n'
  return { tag: 'schemaDatasource', files: [{ path: 'schema.prisma', content }], configDir: '.' }
}
