import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { SettingsError } from './domain/errors.js'
import type { TargetAddress } from './domain/target.js'
import { asMachineTrouble } from './effects/machine-trouble.js'
import { reasonNotPrivate } from './effects/private-files.js'
import { withCertificateFiles } from './prisma/certificate-files.js'
import { importConfig, type PrismaConfig, readPrismaConfig } from './prisma/prisma-config.js'
import { dotEnvFolderOf, findPrismaUrl } from './prisma/prisma-url.js'
import { findSchema } from './prisma/project.js'
import {
  type CommandName,
  makeOfflineSettings,
  makeSettings,
  type OfflineSettings,
  type Settings,
} from './settings/settings.js'

const configNames = ['ts', 'mts', 'js', 'mjs'].map((ending) => `migrate-guard.config.${ending}`)

/** The options of a command, camelCase as commander gives them; those that were not given are absent. */
export type Flags = Record<string, unknown>

/** Where settings are looked for; by default where the process is, with its variables. */
export interface Whereabouts {
  /** Absolute. */
  readonly directory?: string
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Called with the name of each variable that was put into the environment of the process. */
  readonly onLend?: (name: string) => void
}

/**
 * Gathers flags, environment, `.env` and both configuration files into trusted settings. The variables of `.env` are put
 * into the environment of the process where they are not set, for Prisma's configuration asks for them there.
 * @throws SettingsError, ProjectError
 */
export async function loadSettings(
  command: CommandName,
  flags: Flags,
  { directory = process.cwd(), environment = process.env, onLend }: Whereabouts = {},
): Promise<Settings> {
  const configFile = await readConfigFile(directory, flags)
  const own = { ...environment }
  const isGiven = typeof flags.databaseUrl === 'string'
  const nearby = { ...readDotEnv(packageFolder(directory, flags)), ...readDotEnv(directory) }
  for (const name of lendVariables({
    ...nearby,
    ...own,
    ...(isGiven ? { DATABASE_URL: flags.databaseUrl as string } : {}),
  }))
    onLend?.(name)
  // Whose URL is given need not have the variables from which Prisma would take another one.
  const prismaConfig = await readPrismaConfig(directory, prismaConfigPath(directory, flags), {
    offline: isGiven,
  })
  const schemaPath = await findSchemaPath(directory, flags, configFile, prismaConfig)
  const dotEnv = { ...(prismaConfig ? {} : readDotEnv(dotEnvFolderOf(schemaPath))), ...nearby }
  const prismaUrl = isGiven ? undefined : await findPrismaUrl(prismaConfig, schemaPath, { ...dotEnv, ...own })
  const settings = withFiles(
    makeSettings({
      command,
      flags,
      environment: own,
      dotEnv,
      directory: prismaConfig ? dirname(prismaConfig.path) : directory,
      workingDirectory: directory,
      ...(configFile ? { configFile } : {}),
      ...(prismaConfig ? { prismaConfig } : {}),
      ...(prismaUrl ? { prismaUrl } : {}),
    }),
  )
  await assertBackupsPrivate(settings)
  return settings
}

/** Where the schema is, by the settings that may name it. It need not exist. */
async function findSchemaPath(
  directory: string,
  flags: Flags,
  configFile: { path: string; value: unknown } | undefined,
  prismaConfig: PrismaConfig | undefined,
): Promise<string> {
  if (typeof flags.schema === 'string') return resolve(directory, flags.schema)
  const inFile = (configFile?.value as { schema?: unknown } | undefined)?.schema
  if (configFile && typeof inFile === 'string') return resolve(dirname(configFile.path), inFile)
  return prismaConfig?.schema ?? findSchema(prismaConfig ? dirname(prismaConfig.path) : directory)
}

/** These open no run folder. */
const withoutBackups: readonly CommandName[] = ['plan', 'check', 'drift', 'lock']

/** @throws SettingsError `backups-not-private`: an earlier run is believed, and a backup has every row. */
async function assertBackupsPrivate({ command, backupsPath }: Settings): Promise<void> {
  if (withoutBackups.includes(command)) return
  const reason = await reasonNotPrivate(backupsPath).catch((error) => {
    throw asMachineTrouble(error)
  })
  // What is no folder at all is told by who opens it.
  if (reason === undefined || reason === 'is not a folder') return
  throw new SettingsError('backups-not-private', `the backups folder ${backupsPath} ${reason}`, {
    hint: 'Name a folder by --backups that is yours alone, or make this one so: a folder and no link, chown to the account that runs migrate-guard, chmod 700.',
  })
}

/** Finds the certificate files that the URLs name. */
function withFiles(settings: Settings): Settings {
  const { target, databaseUrlSource, projectDirectory: directory, schemaPath, rehearsal } = settings
  const found = (address: TargetAddress, source: string) =>
    withCertificateFiles(address, { source, directory, schemaPath })
  return Object.freeze({
    ...settings,
    target: found(target, databaseUrlSource),
    ...(rehearsal.url ? { rehearsal: { ...rehearsal, url: found(rehearsal.url, '--rehearsal') } } : {}),
  })
}

/**
 * The same for a command that opens no database. Prisma's configuration is read only when nothing else says where the
 * migrations are.
 */
export async function loadOfflineSettings(command: CommandName, flags: Flags): Promise<OfflineSettings> {
  const directory = process.cwd()
  const configFile = await readConfigFile(directory, flags)
  const prismaConfig =
    flags.migrations === undefined
      ? await readPrismaConfig(directory, prismaConfigPath(directory, flags), { offline: true })
      : undefined
  return makeOfflineSettings({
    command,
    flags,
    environment: {},
    dotEnv: {},
    directory: prismaConfig ? dirname(prismaConfig.path) : directory,
    workingDirectory: directory,
    ...(configFile ? { configFile } : {}),
    ...(prismaConfig ? { prismaConfig } : {}),
  })
}

async function readConfigFile(
  directory: string,
  flags: Flags,
): Promise<{ path: string; value: unknown } | undefined> {
  const path = findConfig(directory, flags)
  return path ? { path, value: await importConfig<unknown>(path) } : undefined
}

function prismaConfigPath(directory: string, flags: Flags): string | undefined {
  return typeof flags.prismaConfig === 'string' ? resolve(directory, flags.prismaConfig) : undefined
}

/** What Prisma's configuration asks for by env() must be there while it is read, though it may come from `.env`. */
function lendVariables(variables: Readonly<Record<string, string | undefined>>): string[] {
  const missing = Object.entries(variables).filter(
    ([name, value]) => process.env[name] === undefined && value !== undefined,
  )
  for (const [name, value] of missing) process.env[name] = value
  return missing.map(([name]) => name)
}

function readDotEnv(directory: string): Record<string, string> {
  const path = join(directory, '.env')
  // A folder of that name is somebody else's, such as Python's.
  const isThere = statSync(path, { throwIfNoEntry: false })?.isFile()
  return isThere ? (parseEnv(readFileSync(path, 'utf8')) as Record<string, string>) : {}
}

/** In a repository of many packages: the folder of the one whose Prisma configuration is named. */
function packageFolder(directory: string, flags: Flags): string {
  const path = prismaConfigPath(directory, flags)
  return path === undefined ? directory : dirname(path)
}

function findConfig(directory: string, flags: Flags): string | undefined {
  const given = flags.config
  if (typeof given === 'string') {
    const path = resolve(directory, given)
    if (existsSync(path)) return path
    throw new SettingsError('config-missing', `there is no settings file at ${given}`, {
      hint: 'Correct the path given by --config.',
    })
  }
  return [directory, packageFolder(directory, flags)]
    .flatMap((folder) => configNames.map((name) => join(folder, name)))
    .find(existsSync)
}
