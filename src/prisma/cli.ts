import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ProjectError } from '../domain/errors.js'
import type { EngineName } from '../domain/plan.js'
import { maskText } from '../domain/quoted-values.js'
import { withoutPasswords } from '../domain/secrets.js'
import type { TargetAddress } from '../domain/target.js'
import { packagePath } from '../effects/package-path.js'
import { writePrivateFile } from '../effects/private-files.js'
import { type ProcessResult, runProcess } from '../effects/run-process.js'
import { showsValues } from '../effects/shown-values.js'
import { dropsOptions } from '../postgres/session-settings.js'
import { urlWithoutPassword, urlWithPassword } from '../settings/database-url.js'
import { type HostOptions, hostOptionsVariable } from './engine-host/host-options.js'
import { type PrismaProject, readSchemaFiles } from './project.js'

export interface PrismaCall {
  /** Name of the effect, e.g. `deploy.prisma`. */
  readonly effect: string
  readonly arguments: readonly string[]
  readonly applicationName: string
  readonly readOnly: boolean
  readonly lockTimeoutMs?: number
  readonly statementTimeoutMs?: number
  readonly retries?: number
  /** Where the guard says that a cancel was its own, for the sake of others. */
  readonly gaveWayFile?: string
  /** There as soon as the run was cancelled; the hosted engine begins nothing more then. */
  readonly stopFile?: string
  readonly eventsFile?: string
  /** Which locks the hosted engine takes up front, by migration. */
  readonly lockFirstFile?: string
  /** Which texts were planned; the hosted engine runs no other. */
  readonly plannedFile?: string
  /** Where the migrations are read instead of the project's own folder; for an engine that cannot be told the texts. */
  readonly migrationsPath?: string
  /** Look at locks, files and sizes between the statements; for rehearsals with the hosted engine. */
  readonly observes?: boolean
  /** The session that holds the deploy lock; the hosted engine writes nothing without it. */
  readonly deployLockPid?: number
  /** Where the hosted engine writes how each step changed the catalog; for rehearsals. */
  readonly catalogStepsFile?: string
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** The project's own Prisma CLI, run against the target. */
export interface PrismaCli {
  run(call: PrismaCall): Promise<ProcessResult>
}

export interface PrismaCliOptions {
  readonly project: PrismaProject
  readonly address: TargetAddress
  readonly engine: EngineName
  /** A private folder for the files that hold the password and the configuration given to Prisma. */
  readonly scratchFolder: string
}

const hostPath = packagePath('dist/prisma/engine-host/main.js')
const urlVariable = 'MIGRATE_GUARD_PRISMA_URL'

/** Prepares the CLI: writes the private files and finds the engine. */
export async function makePrismaCli(options: PrismaCliOptions): Promise<PrismaCli> {
  const { project, address, engine, scratchFolder } = options
  const native = engine === 'native' ? findNativeEngine(project) : undefined
  const passwordFile = address.password ? join(scratchFolder, 'password') : undefined
  if (passwordFile && address.password) await writePrivateFile(passwordFile, address.password.reveal())
  const writeConfig = async (name: string, migrationsPath: string) => {
    const path = join(scratchFolder, name)
    await writePrivateFile(path, prismaConfigText({ ...project, migrationsPath }))
    return path
  }
  const ownConfig = await writeConfig('prisma.config.mjs', project.migrationsPath)
  const environment = await prismaEnvironment(project, address)

  return {
    run: async (call) => {
      if (native) assertTakesOptions(address)
      const configFile = call.migrationsPath
        ? await writeConfig('planned.config.mjs', call.migrationsPath)
        : ownConfig
      const host = hostOptionsFor(call, address, passwordFile)
      // Prisma puts the URL on its engine's command line; only the native engine must have the password in it.
      const url = native ? urlForNativeEngine(address, call) : urlWithoutPassword(address)
      const result = await runProcess({
        effect: call.effect,
        file: process.execPath,
        arguments: [project.cliPath, ...call.arguments, '--config', configFile],
        directory: project.directory,
        environment: {
          ...environment.withUrl(url),
          PRISMA_SCHEMA_ENGINE_BINARY: native ?? hostPath,
          // 6.19 wants this file to exist, though nothing here loads it.
          PRISMA_QUERY_ENGINE_LIBRARY: hostPath,
          ...(native ? {} : { [hostOptionsVariable]: JSON.stringify(host) }),
        },
        ownGroup: true,
        ...(call.timeoutMs === undefined ? {} : { timeoutMs: call.timeoutMs }),
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      })
      // SQL that is asked for stays as it is.
      return call.arguments.includes('diff') ? result : { ...result, stdout: shownWords(result.stdout) }
    },
  }
}

/** Prisma's own engine quotes what the server says. */
function shownWords(text: string): string {
  return withoutPasswords(showsValues() ? text : maskText(text))
}

function hostOptionsFor(
  call: PrismaCall,
  address: TargetAddress,
  passwordFile: string | undefined,
): HostOptions {
  const { password: _, keyPassword: __, ...addressWithoutPassword } = address
  return {
    address: addressWithoutPassword,
    ...(passwordFile ? { passwordFile } : {}),
    applicationName: call.applicationName,
    readOnly: call.readOnly,
    ...(showsValues() ? { showsValues: true } : {}),
    lockTimeoutMs: call.lockTimeoutMs ?? 0,
    statementTimeoutMs: call.statementTimeoutMs ?? 0,
    retries: call.retries ?? 0,
    ...(call.gaveWayFile ? { gaveWayFile: call.gaveWayFile } : {}),
    ...(call.stopFile ? { stopFile: call.stopFile } : {}),
    ...(call.eventsFile ? { eventsFile: call.eventsFile } : {}),
    ...(call.lockFirstFile ? { lockFirstFile: call.lockFirstFile } : {}),
    ...(call.plannedFile ? { plannedFile: call.plannedFile } : {}),
    ...(call.observes ? { observes: true } : {}),
    ...(call.deployLockPid === undefined ? {} : { deployLockPid: call.deployLockPid }),
    ...(call.catalogStepsFile ? { catalogStepsFile: call.catalogStepsFile } : {}),
    guardProcessId: process.pid,
  }
}

/**
 * Prisma's own engine sets nothing by hand: behind such a pooler it would run without time-outs, and would not be read-only.
 * @throws ProjectError
 */
function assertTakesOptions(address: TargetAddress): void {
  if (!dropsOptions(address)) return
  throw new ProjectError(
    'session-refused',
    `a connection pooler at ${address.host}:${address.port} drops the settings of the session, which the engine of --engine native needs`,
    { hint: 'Give the direct URL of the database, or leave --engine native out.' },
  )
}

/** The settings of the session, for an engine that only takes a URL. */
function urlForNativeEngine(address: TargetAddress, call: PrismaCall): string {
  const parameters = {
    lock_timeout: call.lockTimeoutMs ?? 0,
    statement_timeout: call.statementTimeoutMs ?? 0,
    client_connection_check_interval: 500,
    ...(call.readOnly ? { default_transaction_read_only: 'on' } : {}),
  }
  const options = Object.entries(parameters).map(([name, value]) => `-c ${name}=${value}`)
  return urlWithPassword({
    ...address,
    parameters: {
      ...address.parameters,
      application_name: call.applicationName,
      options: [address.parameters.options, ...options].filter(Boolean).join(' '),
    },
  })
}

/**
 * Prisma's configuration with our paths and URL laid over the project's own, so that no `.env` and no variable of
 * another name brings the password back in.
 */
function prismaConfigText({ configPath, schemaPath, migrationsPath, major }: PrismaProject): string {
  return [
    configPath ? `import project from ${JSON.stringify(configPath)}` : 'const project = {}',
    // The configuration of 6.19 may name a driver, which does not go with an engine that is a program.
    'const { adapter, ...kept } = project',
    'export default {',
    '  ...kept,',
    `  schema: ${JSON.stringify(schemaPath)},`,
    `  migrations: { ...project.migrations, path: ${JSON.stringify(migrationsPath)} },`,
    `  datasource: { url: process.env.${urlVariable} },`,
    // 6.19 takes a URL from here only for an engine that is a program.
    ...(major < 7 ? ["  engine: 'classic',"] : []),
    '}',
    '',
  ].join('\n')
}

/**
 * What Prisma may see of our environment: nothing that changes how Node or Prisma runs, no other database, and of passwords
 * only one that the engine has to find for itself. The rest stays, for the project's configuration may ask for any of it.
 */
async function prismaEnvironment(project: PrismaProject, address: TargetAddress) {
  const dropped =
    /^(NODE_(?!ENV$|EXTRA_CA_CERTS$).*|DEBUG|JITI_.*|PG.*|SHADOW_DATABASE_URL|PRISMA_.*|RUST_LOG|MIGRATE_GUARD_(?!EFFECT_OBSERVER$).*)$/
  const { PGPASSWORD, PGPASSFILE } = process.env
  const inherited = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !dropped.test(name))),
    ...(address.password === undefined ? { PGPASSWORD, PGPASSFILE } : {}),
  }
  // The variables from which a schema of Prisma 6, or the project's configuration, takes a URL.
  const files = await readSchemaFiles(project.schemaPath)
  const named = files.flatMap(({ content }) =>
    [...content.matchAll(/\benv\("([^"]+)"\)/g)].map((match) => match[1] ?? ''),
  )
  // One that is not set ends the configuration with an error, though the URL that it would give is not asked for.
  const config = project.configPath === undefined ? '' : await readFile(project.configPath, 'utf8')
  const missing = [...config.matchAll(/\benv\(\s*(['"`])(\w+)\1\s*\)/g)]
    .map(([, , name = '']) => name)
    .filter((name) => process.env[name] === undefined)
  return {
    withUrl: (url: string): Record<string, string | undefined> => ({
      ...Object.fromEntries(missing.map((name) => [name, url])),
      ...inherited,
      ...Object.fromEntries([...named, 'DATABASE_URL', 'DIRECT_URL', urlVariable].map((name) => [name, url])),
      CHECKPOINT_DISABLE: '1',
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      NO_COLOR: '1',
      // Prisma's loader would leave a copy of the configuration in the temporary folder that everybody can read, and run the
      // copy that somebody else has put there first: https://github.com/unjs/jiti#fscache
      JITI_FS_CACHE: 'false',
    }),
  }
}

/**
 * Prisma's own engine binary: the one that PRISMA_SCHEMA_ENGINE_BINARY names, else where Prisma's install script has
 * put it.
 * @throws ProjectError when it is not there.
 */
export function findNativeEngine(project: PrismaProject): string {
  const given = process.env.PRISMA_SCHEMA_ENGINE_BINARY
  // Ours is there for the other commands of Prisma; it is no native engine.
  if (given && !(existsSync(given) && realpathSync(given) === realpathSync(hostPath))) {
    if (existsSync(given)) return given
    throw nativeEngineMissing(`PRISMA_SCHEMA_ENGINE_BINARY names ${given}, which is not there`)
  }
  const folder = enginesFolder(project)
  if (folder === undefined)
    throw nativeEngineMissing(`Prisma's own schema engine is not installed in ${project.directory}`)
  const name = readdirSync(folder).find(
    (file) => /^schema-engine-/.test(file) && !/\.(sha256|gz)$/.test(file),
  )
  if (name) return join(folder, name)
  throw nativeEngineMissing(`Prisma's own schema engine is not installed in ${folder}`)
}

function enginesFolder({ cliPath }: PrismaProject): string | undefined {
  try {
    return dirname(createRequire(cliPath).resolve('@prisma/engines/package.json'))
  } catch {
    return undefined
  }
}

function nativeEngineMissing(message: string): ProjectError {
  return new ProjectError('native-engine-missing', message, {
    hint: 'Leave --engine native out to use the engine that ships with migrate-guard, or let Prisma download its own.',
  })
}
