import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { SettingsError } from '../domain/errors.js'
import { importConfig, readPrismaConfig } from '../prisma/prisma-config.js'
import { type CommandName, makeSettings, type Settings } from '../settings/settings.js'
import type { Flags } from './flags.js'

const configNames = ['ts', 'mts', 'js', 'mjs'].map((ending) => `migrate-guard.config.${ending}`)

/** Gathers flags, environment, `.env` and both configuration files into trusted settings. */
export async function loadSettings(command: CommandName, flags: Flags): Promise<Settings> {
  const directory = process.cwd()
  const dotEnv = readDotEnv(directory)
  const configPath = findConfig(directory, flags.config)
  const configFile = configPath
    ? { path: configPath, value: await importConfig<unknown>(configPath) }
    : undefined
  const prismaConfigPath =
    typeof flags.prismaConfig === 'string' ? resolve(directory, flags.prismaConfig) : undefined
  lendVariables({
    ...dotEnv,
    ...(typeof flags.databaseUrl === 'string' ? { DATABASE_URL: flags.databaseUrl } : {}),
  })
  const prismaConfig = await readPrismaConfig(directory, prismaConfigPath)
  return makeSettings({
    command,
    flags,
    environment: { ...process.env },
    dotEnv,
    directory: prismaConfig ? dirname(prismaConfig.path) : directory,
    ...(configFile ? { configFile } : {}),
    ...(prismaConfig ? { prismaConfig } : {}),
  })
}

/** What Prisma's configuration asks for by env() must be there while it is read, though it may come from `.env`. */
function lendVariables(variables: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(variables)) process.env[name] ??= value
}

function readDotEnv(directory: string): Record<string, string> {
  const path = join(directory, '.env')
  // A folder of that name is somebody else's, such as Python's.
  const isThere = statSync(path, { throwIfNoEntry: false })?.isFile()
  return isThere ? (parseEnv(readFileSync(path, 'utf8')) as Record<string, string>) : {}
}

function findConfig(directory: string, given: unknown): string | undefined {
  if (typeof given === 'string') {
    const path = resolve(directory, given)
    if (existsSync(path)) return path
    throw new SettingsError('config-missing', `there is no settings file at ${given}`, {
      hint: 'Correct the path given by --config.',
    })
  }
  return configNames.map((name) => join(directory, name)).find(existsSync)
}
