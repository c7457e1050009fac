import { basename, dirname, resolve } from 'node:path'
import type { Acceptance } from '../domain/acceptance.js'
import { SettingsError } from '../domain/errors.js'
import { approvableDigits, type EngineName } from '../domain/plan.js'
import type { RehearsalPlace } from '../domain/rehearsal.js'
import type { TargetAddress } from '../domain/target.js'
import { makeAcceptance, parseAcceptance } from './accept.js'
import { chooseTarget, type SourcedUrl } from './choose-target.js'
import { type ConfigFile, type GuardConfig, readGuardConfig } from './config-file.js'
import { parseDatabaseUrl } from './database-url.js'
import { parseDuration } from './duration.js'
import { givenValue } from './given-value.js'

export type CommandName =
  | 'deploy'
  | 'rehearse'
  | 'plan'
  | 'check'
  | 'verify'
  | 'status'
  | 'resolve'
  | 'baseline'
  | 'drift'
  | 'down'
  | 'rollback'
  | 'create'
  | 'lock'
  | 'doctor'
  | 'history'
export type Format = 'text' | 'json' | 'markdown'

const engines: readonly EngineName[] = ['hosted', 'native']
const verdictsToFailOn = ['block', 'warn'] as const
const formats: readonly Format[] = ['text', 'json', 'markdown']

/** More would take connections that a busy server needs for its own work. */
const mostJobs = 32

/** Nobody has more migrations. */
const mostSteps = 100_000

/** With pauses that double, more would take hours. */
const mostRetries = 10

/** Everything a run was asked to do, checked once and deeply frozen. Paths are absolute. */
export interface Settings {
  readonly command: CommandName
  readonly target: TargetAddress
  /** Where the URL came from, e.g. `--database-url` or `DATABASE_URL (.env)`. */
  readonly databaseUrlSource: string
  readonly projectDirectory: string
  /** Absent: where Prisma looks by itself. */
  readonly schemaPath?: string
  /** Absent: where Prisma looks by itself. */
  readonly migrationsPath?: string
  readonly prismaConfigPath?: string
  readonly backupsPath: string
  readonly engine: EngineName
  /** 0: wait forever. */
  readonly lockTimeoutMs: number
  /** How long others may wait for the deploy before it gives way. 0: no limit. */
  readonly maxBlockingMs: number
  /** Idle transactions that the deploy waits for are ended when they are older; absent: never. */
  readonly terminateBlockersMs?: number
  /** How long a run waits for another one that holds the deploy lock. 0: not at all. */
  readonly waitMs: number
  /** 0: no limit. */
  readonly statementTimeoutMs: number
  /** How long one question of a check may take; what takes longer is unknown. 0: no limit. */
  readonly questionTimeoutMs: number
  readonly jobs: number
  /** How often a file that runs in one transaction is tried again after a lock time-out or a deadlock. */
  readonly retries: number
  /** Wins over `yes` and `confirmHash`: a dry run asks nothing and deploys nothing, so an approval does no harm. */
  readonly dryRun: boolean
  readonly skipBackup: boolean
  readonly skipRehearsal: boolean
  /** Where the copy is made that the migrations are rehearsed on. */
  readonly rehearsal: { readonly place: RehearsalPlace; readonly url?: TargetAddress }
  /** Where the schema twin is made on which the forecast runs statements. */
  readonly twin: { readonly place: 'off' | 'local' | 'url'; readonly url?: TargetAddress }
  /** The run that has rehearsed this very plan. */
  readonly rehearsedRunId?: string
  /** The beginning of the hash of its evidence, as it came another way than through the run folder. */
  readonly rehearsedEvidence?: string
  readonly yes: boolean
  /** The approved plan's hash or the beginning of it: 32 to 64 hexadecimal digits, lower-case. */
  readonly confirmHash?: string
  /** The last migration that a baseline marks as applied; absent: the last one of the folder. */
  readonly lastToMark?: string
  /** The last migration to deploy; absent: all that are pending. */
  readonly upTo?: string
  /** How many pending migrations to deploy at most; absent: all. */
  readonly mostMigrations?: number
  /** How many earlier runs `history` shows at most. */
  readonly mostRuns: number
  /** Plan only migrations that are new since this git ref. */
  readonly since?: string
  /** A plan ends with exit code 3 from this verdict on. */
  readonly failOn: 'block' | 'warn'
  readonly accept: readonly Acceptance[]
  /** Check files named in the configuration file, beside those in the migrations. */
  readonly checks: { readonly before: readonly string[]; readonly after: readonly string[] }
  readonly format: Format
  /** Show the values in sample rows, which are masked otherwise. */
  readonly showValues: boolean
  readonly quiet: boolean
  /** Every finding whole on the screen, as in the report. */
  readonly verbose: boolean
  /** No colour, and no line that is written over: for who has the screen read aloud. */
  readonly plain: boolean
  readonly debug: boolean
}

/** Without a backup there is nothing to rehearse on. */
export function willRehearse({ command, skipRehearsal, skipBackup }: Settings): boolean {
  return ['deploy', 'rehearse', 'rollback'].includes(command) && !skipRehearsal && !skipBackup
}

/** The settings of a command that opens no database. What the twin is for it depends on what else is asked for. */
export type OfflineSettings = Omit<Settings, 'target' | 'databaseUrlSource' | 'twin'> &
  Partial<Pick<Settings, 'twin'>>

/** What came in, read by the caller. */
export interface SettingsInput {
  readonly command: CommandName
  /** As commander gives them, camelCase; an option that was not given must be absent, without a default. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The variables in `.env`. */
  readonly dotEnv: Readonly<Record<string, string>>
  readonly configFile?: ConfigFile
  /** What Prisma's own configuration file says; its paths are relative to it. */
  readonly prismaConfig?: {
    readonly path: string
    readonly databaseUrl?: string
    readonly schema?: string
    readonly migrations?: string
  }
  /** The URL on which Prisma itself would migrate; its `url` is empty where the variable that it names is not set. */
  readonly prismaUrl?: {
    readonly url: string
    readonly source: string
    /** The variable that it comes from, where a schema names one. */
    readonly variable?: string
    /** Variables that Prisma's own files name for another purpose. */
    readonly otherVariables: readonly string[]
  }
  /** The project's folder, absolute: that of Prisma's configuration file, else where the command runs. */
  readonly directory: string
  /** Where the command runs, absolute: paths of options are relative to it. By default the project's folder. */
  readonly workingDirectory?: string
}

/** One or more settings are wrong; each has its own error. With a single one, code, message and hint are its own. */
export class WrongSettingsError extends SettingsError {
  readonly errors: readonly SettingsError[]

  constructor(errors: readonly [SettingsError, ...SettingsError[]]) {
    const [first] = errors
    if (errors.length === 1) super(first.code, first.message, { hint: first.hint })
    else {
      const messages = errors.map((error) => error.message).join('; ')
      const hint = [...new Set(errors.map((error) => error.hint))].join(' ')
      super('several-settings-wrong', `${errors.length} settings are wrong: ${messages}`, { hint })
    }
    this.errors = Object.freeze([...errors])
  }
}

/**
 * Settings from what came in: options win over the configuration file, the file over defaults; the acceptances of both
 * count. The database URL is `--database-url`, else the one on which Prisma itself would migrate, with which every other source
 * must agree. Where Prisma names none it is the first of: the configuration file, `DIRECT_URL` and `DATABASE_URL` in the
 * environment, the same in `.env`.
 *
 * @throws WrongSettingsError with everything that is wrong, at once
 */
export function makeSettings(input: SettingsInput): Settings {
  let target: Pick<Settings, 'target' | 'databaseUrlSource'> | undefined
  const settings = readSettings(input, (attempt, given) => {
    const database = attempt(() => findDatabaseUrl(input, given('databaseUrl')))
    const address = database && attempt(() => parseDatabaseUrl(database.url, database.source))
    if (database && address) target = { target: address, databaseUrlSource: database.source }
  })
  if (!target) throw new Error('no error was noted for the database URL')
  return Object.freeze({ twin: { place: 'local' as const }, ...settings, ...target })
}

/**
 * The same without a database: no URL is looked for, and none may be given as an option.
 *
 * @throws WrongSettingsError with everything that is wrong, at once
 */
export function makeOfflineSettings(input: SettingsInput): OfflineSettings {
  return readSettings(input, (attempt) => {
    attempt(() => refuseBoth(input.flags.databaseUrl !== undefined, '--offline', '--database-url'))
    attempt(() => refuseBoth(input.flags.upTo !== undefined, '--offline', '--up-to'))
    attempt(() => refuseBoth(input.flags.steps !== undefined, '--offline', '--steps'))
  })
}

/** Notes what is wrong and goes on, so that one run of the command shows all of it. */
type Attempt = <T>(work: () => T) => T | undefined

function readSettings(
  input: SettingsInput,
  readTarget: (attempt: Attempt, given: (key: keyof GuardConfig) => Given | undefined) => void,
): OfflineSettings {
  const { flags, directory, workingDirectory = directory, configFile, prismaConfig } = input
  const { config, errors } = configFile ? readGuardConfig(configFile) : { config: {}, errors: [] }

  const attempt: Attempt = (work) => {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error
      errors.push(error)
      return undefined
    }
  }
  const flag = (key: string) => option(flags, key, workingDirectory)
  const given = (key: keyof GuardConfig) => flag(key) ?? setting(config, key, configFile)

  readTarget(attempt, given)
  const schemaPath = attempt(() => readPath(given('schema') ?? fromPrisma(prismaConfig, 'schema')))
  const migrations = given('migrations') ?? fromPrisma(prismaConfig, 'migrations')
  const migrationsPath = attempt(() => readPath(migrations))
  const backupsPath = attempt(() => readPath(given('backups')))
  const engine = attempt(() => readOneOf(given('engine'), engines))
  const lockTimeoutMs = attempt(() => readDuration(given('lockTimeout')))
  const maxBlockingMs = attempt(() => readDuration(given('maxBlocking')))
  const terminateBlockersMs = attempt(() => readAge(flag('terminateBlockers')))
  const waitMs = attempt(() => readDuration(given('wait')))
  const statementTimeoutMs = attempt(() => readDuration(given('statementTimeout')))
  const questionTimeoutMs = attempt(() => readDuration(given('questionTimeout')))
  const jobs = attempt(() => readWholeNumber(given('jobs'), 1, mostJobs))
  const retries = attempt(() => readWholeNumber(given('retries'), 0, mostRetries))
  const confirmHash = attempt(() => readHash(flag('confirm')))
  const rehearsal = attempt(() => readRehearsal(given('rehearsal')))
  const twin = attempt(() => readTwin(given('twin')))
  const rehearsed = attempt(() => readRehearsed(flag('rehearsed')))
  const since = attempt(() => readOptionalText(flag('since')))
  const lastToMark = attempt(() => readOptionalText(flag('to')))
  const lastToDeploy = attempt(() => readOptionalText(flag('upTo')))
  const mostMigrations = attempt(() => readWholeNumber(flag('steps'), 1, mostSteps))
  const mostRuns = attempt(() => readWholeNumber(flag('limit'), 1, 100_000))
  const failOn = attempt(() => readOneOf(flag('failOn'), verdictsToFailOn))
  const format = attempt(() => readFormat(flags))
  attempt(() => refuseBoth(flags.yes === true && flags.confirm !== undefined, '--yes', '--confirm'))
  attempt(() => refuseBoth(flags.upTo !== undefined && flags.steps !== undefined, '--up-to', '--steps'))
  attempt(() =>
    refuseBoth(
      flags.skipRehearsal === true && flags.rehearsed !== undefined,
      '--skip-rehearsal',
      '--rehearsed',
    ),
  )
  const accept = [
    ...texts(flags.accept).map((text) => attempt(() => parseAcceptance(text))),
    ...(config.accept ?? []).map((entry, index) =>
      attempt(() => makeAcceptance(entry, `accept[${index}] in ${basename(configFile?.path ?? '')}`)),
    ),
  ].filter((acceptance) => acceptance !== undefined)

  const [firstError, ...otherErrors] = errors
  if (firstError) throw new WrongSettingsError([firstError, ...otherErrors])

  const fromConfig = (path: string) => resolve(dirname(configFile?.path ?? directory), path)
  return Object.freeze({
    command: input.command,
    projectDirectory: directory,
    ...(schemaPath === undefined ? {} : { schemaPath }),
    ...(migrationsPath === undefined ? {} : { migrationsPath }),
    ...(prismaConfig === undefined ? {} : { prismaConfigPath: prismaConfig.path }),
    backupsPath: backupsPath ?? resolve(directory, 'backups'),
    engine: engine ?? 'hosted',
    lockTimeoutMs: lockTimeoutMs ?? 1_000,
    maxBlockingMs: maxBlockingMs ?? 5_000,
    ...(terminateBlockersMs === undefined ? {} : { terminateBlockersMs }),
    waitMs: waitMs ?? 0,
    statementTimeoutMs: statementTimeoutMs ?? 0,
    questionTimeoutMs: questionTimeoutMs ?? 600_000,
    jobs: jobs ?? 2,
    retries: retries ?? 5,
    dryRun: flags.dryRun === true,
    skipBackup: flags.skipBackup === true,
    skipRehearsal: flags.skipRehearsal === true,
    rehearsal: rehearsal ?? { place: 'local' as const },
    ...(twin === undefined ? {} : { twin }),
    ...(rehearsed ?? {}),
    yes: flags.yes === true,
    ...(confirmHash === undefined ? {} : { confirmHash }),
    ...(since === undefined ? {} : { since }),
    ...(lastToMark === undefined ? {} : { lastToMark }),
    ...(lastToDeploy === undefined ? {} : { upTo: lastToDeploy }),
    ...(mostMigrations === undefined ? {} : { mostMigrations }),
    mostRuns: mostRuns ?? 20,
    failOn: failOn ?? 'block',
    accept: Object.freeze(accept),
    checks: Object.freeze({
      before: Object.freeze((config.checks?.before ?? []).map(fromConfig)),
      after: Object.freeze((config.checks?.after ?? []).map(fromConfig)),
    }),
    format: format ?? 'text',
    showValues: flags.showValues === true,
    quiet: flags.quiet === true,
    verbose: flags.verbose === true,
    plain: flags.plain === true,
    debug: flags.debug === true,
  })
}

/** A value, what to call it in an error, and the folder that a relative path in it starts from. */
interface Given {
  readonly name: string
  readonly value: unknown
  readonly directory: string
}

function option(flags: SettingsInput['flags'], key: string, directory: string): Given | undefined {
  const name = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  return flags[key] === undefined ? undefined : { name, value: flags[key], directory }
}

function setting(config: GuardConfig, key: keyof GuardConfig, file?: ConfigFile): Given | undefined {
  if (file === undefined || config[key] === undefined) return undefined
  return { name: `${key} in ${basename(file.path)}`, value: config[key], directory: dirname(file.path) }
}

function fromPrisma(file: SettingsInput['prismaConfig'], key: 'schema' | 'migrations'): Given | undefined {
  if (file?.[key] === undefined) return undefined
  return { name: `${key} in ${basename(file.path)}`, value: file[key], directory: dirname(file.path) }
}

const usualVariables = ['DIRECT_URL', 'DATABASE_URL']

function findDatabaseUrl(input: SettingsInput, given: Given | undefined): SourcedUrl {
  const { flags, environment, dotEnv, prismaUrl, prismaConfig } = input
  // An option that was given but is empty is an error: looking further could find another database.
  const own = given && { url: readText(given), source: given.name }
  if (own && flags.databaseUrl !== undefined) return own
  const variables = [
    ...usualVariables.map((name) => ({ name, url: environment[name] ?? '', source: name })),
    // One of the environment hides the one of that name in `.env`, for Prisma too.
    ...usualVariables.map((name) => ({
      name,
      url: environment[name] ? '' : (dotEnv[name] ?? ''),
      source: `${name} (.env)`,
    })),
  ]
  const others = own ? [own] : []
  const ofPrisma =
    prismaUrl ??
    (prismaConfig?.databaseUrl
      ? { url: prismaConfig.databaseUrl, source: basename(prismaConfig.path), otherVariables: [] }
      : undefined)
  if (ofPrisma?.url) {
    const open = variables.filter(({ name }) => !ofPrisma.otherVariables.includes(name))
    return chooseTarget(ofPrisma, [...others, ...open])
  }
  const usable = variables.filter(({ name }) => mayStandIn(name, prismaUrl))
  for (const { url, source } of [...others, ...usable]) if (url) return { url, source }
  throw noDatabaseUrl(prismaUrl?.source, prismaConfig?.path)
}

/**
 * Prisma itself ends with an error when the variable is not set that it names. The two usual ones are taken for one another; where
 * it names a third one, or this one for the application, a variable of these names is perhaps of another database.
 */
function mayStandIn(name: string, prismaUrl: SettingsInput['prismaUrl']): boolean {
  if (prismaUrl?.variable === undefined) return true
  return usualVariables.includes(prismaUrl.variable) && !prismaUrl.otherVariables.includes(name)
}

/** Where Prisma would take the URL from is what a person must correct. */
function noDatabaseUrl(unset: string | undefined, configPath: string | undefined): SettingsError {
  const error = (why: string, hint: string) =>
    new SettingsError('database-url-missing', `no database URL was given${why}`, { hint })
  if (unset)
    return error(
      `: ${unset} is not set`,
      'Set that variable in the environment or in .env, or give the URL by --database-url.',
    )
  const hint =
    'Give it by --database-url, or set DIRECT_URL or DATABASE_URL in the environment, in .env or in prisma.config.ts.'
  if (configPath) return error(`, and ${basename(configPath)} has no datasource.url`, hint)
  return error(
    ', and there is no prisma.config.ts here',
    `Run the command in the folder of your Prisma project, or name its configuration by --prisma-config. Or give the URL: by --database-url, or as DIRECT_URL or DATABASE_URL in the environment or in .env.`,
  )
}

function readText({ name, value }: Given): string {
  if (typeof value !== 'string') throw invalid(`${name} is not a string`, 'Give it a value.')
  if (value.trim() === '') throw invalid(`${name} is empty`, 'Give it a value, or leave it out.')
  return value
}

function readOptionalText(given: Given | undefined): string | undefined {
  return given && readText(given).trim()
}

/** `<run-id>` or `<run-id>@<hash of its evidence>` */
function readRehearsed(
  given: Given | undefined,
): Pick<Settings, 'rehearsedRunId' | 'rehearsedEvidence'> | undefined {
  if (given === undefined) return undefined
  const text = readText(given).trim()
  const at = text.indexOf('@')
  if (at === -1) return { rehearsedRunId: text }
  const evidence = readHash({ ...given, value: text.slice(at + 1) }, rehearsalHash)
  return {
    rehearsedRunId: text.slice(0, at),
    ...(evidence === undefined ? {} : { rehearsedEvidence: evidence }),
  }
}

function readRehearsal(given: Given | undefined): Settings['rehearsal'] | undefined {
  if (given === undefined) return undefined
  const text = readText(given).trim()
  if (text === 'local' || text === 'same-server') return { place: text }
  if (/^postgres(ql)?:/.test(text)) return { place: 'url', url: parseDatabaseUrl(text, given.name) }
  throw invalid(
    `${givenValue(given.name, text)} is unknown`,
    'Write local, same-server, or the URL of a PostgreSQL server.',
  )
}

function readTwin(given: Given | undefined): Settings['twin'] | undefined {
  if (given === undefined) return undefined
  const text = readText(given).trim()
  if (text === 'off' || text === 'local') return { place: text }
  if (/^postgres(ql)?:/.test(text)) return { place: 'url', url: parseDatabaseUrl(text, given.name) }
  throw invalid(
    `${givenValue(given.name, text)} is unknown`,
    'Write off, local, or the URL of a PostgreSQL server.',
  )
}

function readPath(given: Given | undefined): string | undefined {
  return given && resolve(given.directory, readText(given))
}

function readDuration(given: Given | undefined): number | undefined {
  return given && parseDuration(readText(given), given.name)
}

/** An age of nothing would end every idle transaction. */
function readAge(given: Given | undefined): number | undefined {
  const ageMs = readDuration(given)
  if (ageMs !== 0) return ageMs
  throw invalid(
    `${given?.name} takes an age of more than 0`,
    'Write from which age on an idle transaction may be ended, e.g. 1m.',
  )
}

function readWholeNumber(given: Given | undefined, least: number, most: number): number | undefined {
  if (given === undefined) return undefined
  // Commander gives text, the configuration file a number.
  const number = Number(typeof given.value === 'number' ? given.value : readText(given))
  if (Number.isInteger(number) && number >= least && number <= most) return number
  throw invalid(
    `${given.name} is not a whole number from ${least} to ${most}`,
    'Leave it out for the default.',
  )
}

function readOneOf<T extends string>(given: Given | undefined, allowed: readonly T[]): T | undefined {
  if (given === undefined) return undefined
  const text = readText(given)
  const found = allowed.find((name) => name === text)
  if (found !== undefined) return found
  throw invalid(`${givenValue(given.name, text)} is unknown`, `Write one of ${allowed.join(', ')}.`)
}

/** What a hash is of, and where it is to be copied from. */
const planHash = ['a plan', 'Copy the hash that npx migrate-guard plan prints.'] as const
const rehearsalHash = [
  'the evidence of a rehearsal',
  'Copy rehearsal.evidence.sha256 from the report.json of the run that rehearsed.',
] as const

function readHash(
  given: Given | undefined,
  [of, hint]: readonly [string, string] = planHash,
): string | undefined {
  if (given === undefined) return undefined
  const hash = readText(given).trim().toLowerCase()
  if (new RegExp(`^[0-9a-f]{${approvableDigits},64}$`).test(hash)) return hash
  throw invalid(
    `${given.name} is not the hash of ${of}: it takes ${approvableDigits} to 64 hexadecimal digits`,
    hint,
  )
}

function readFormat(flags: SettingsInput['flags']): Format | undefined {
  const format = readOneOf(option(flags, 'format', ''), formats)
  if (flags.json !== true) return format
  refuseBoth(format !== undefined && format !== 'json', '--json', `--format ${format}`)
  return 'json'
}

function refuseBoth(both: boolean, one: string, other: string): void {
  if (!both) return
  throw new SettingsError('contradicting-settings', `${one} and ${other} contradict each other`, {
    hint: 'Give one of them.',
  })
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)]
}

function invalid(message: string, hint: string): SettingsError {
  return new SettingsError('invalid-setting', message, { hint })
}
