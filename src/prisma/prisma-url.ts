import { existsSync, statSync } from 'node:fs'
import { basename, dirname, relative } from 'node:path'
import type { PrismaConfig } from './prisma-config.js'
import { readSchemaFiles } from './project.js'

/** The URL on which Prisma itself would migrate. */
export interface PrismaUrl {
  /** Empty where Prisma names a variable that is not set. */
  readonly url: string
  /** Where it stands, e.g. `datasource.url in prisma.config.ts` or `directUrl (env DB_DIRECT) in schema.prisma`. */
  readonly source: string
  /** The variable that it comes from, where a schema of Prisma 6 names one. */
  readonly variable?: string
  /** Variables that Prisma's files name too, for another purpose: the pooled URL of the application. */
  readonly otherVariables: readonly string[]
}

/**
 * Finds it as Prisma does: `datasource` of `prisma.config.ts`, else the `datasource` block of a schema of Prisma 6, in which
 * `directUrl` comes before `url` and both may be `env("ANY_NAME")`.
 * https://www.prisma.io/docs/orm/reference/prisma-config-reference and
 * https://www.prisma.io/docs/orm/reference/prisma-schema-reference#datasource
 */
export async function findPrismaUrl(
  config: PrismaConfig | undefined,
  schemaPath: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<PrismaUrl | undefined> {
  if (config?.databaseUrl) {
    const name = config.databaseUrlName ?? 'datasource.url'
    return { url: config.databaseUrl, source: `${name} in ${basename(config.path)}`, otherVariables: [] }
  }
  const text = existsSync(schemaPath) ? await readSchemaText(schemaPath) : ''
  const entries = urlsIn(text)
  const chosen = entries.get('directUrl') ?? entries.get('url')
  if (chosen === undefined) return undefined
  const isDirect = chosen === entries.get('directUrl')
  const variables = [...entries.values()].flatMap(({ variable }) => variable ?? [])
  return {
    url: chosen.literal ?? environment[chosen.variable ?? ''] ?? '',
    source: `${isDirect ? 'directUrl' : 'url'}${chosen.variable ? ` (env ${chosen.variable})` : ''} in ${shown(schemaPath)}`,
    ...(chosen.variable ? { variable: chosen.variable } : {}),
    otherVariables: variables.filter((name) => name !== chosen.variable),
  }
}

/** Folders from which a Prisma without a configuration file reads a `.env`, beside the one where it runs. */
export function dotEnvFolderOf(schemaPath: string): string {
  const isFolder = statSync(schemaPath, { throwIfNoEntry: false })?.isDirectory()
  return isFolder ? schemaPath : dirname(schemaPath)
}

async function readSchemaText(path: string): Promise<string> {
  return (await readSchemaFiles(path)).map(({ content }) => content).join('\n')
}

function shown(path: string): string {
  const near = relative(process.cwd(), path)
  return near.startsWith('..') ? path : near
}

interface Entry {
  readonly variable?: string
  readonly literal?: string
}

const block = /^[ \t]*datasource\s+\w+\s*\{([^}]*)\}/gm
const entry = /^[ \t]*(url|directUrl)[ \t]*=[ \t]*(?:env\("([^"]+)"\)|"([^"]*)")/gm

function urlsIn(schema: string): Map<string, Entry> {
  const bodies = [...schema.matchAll(block)].map(([, body = '']) => body)
  return new Map(
    bodies.flatMap((body) =>
      [...body.matchAll(entry)].map(([, name = '', variable, literal]): [string, Entry] => [
        name,
        variable === undefined ? { literal: literal ?? '' } : { variable },
      ]),
    ),
  )
}
