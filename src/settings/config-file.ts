import { basename } from 'node:path'
import type { Acceptance } from '../domain/acceptance.js'
import { SettingsError } from '../domain/errors.js'
import type { EngineName } from '../domain/plan.js'
import { givenValue } from './given-value.js'
import { findNearMisses } from './near-misses.js'

/**
 * What `migrate-guard.config.ts` may say. Every key is optional, an option on the command line wins over it, and paths
 * are relative to the file. Keys that are not listed here are errors.
 */
export interface GuardConfig {
  /** Connection URL of the target; it must not contradict the one that Prisma would migrate. Better kept out of files. */
  readonly databaseUrl?: string
  /** The Prisma schema, a file or a folder. Default: where Prisma looks. */
  readonly schema?: string
  /** The folder of the migrations. Default: where Prisma looks. */
  readonly migrations?: string
  /** The folder for run folders, each with its backup. Default: `backups` in the project. */
  readonly backups?: string
  /** Which schema engine runs the migrations: `hosted` (default), or `native`, Prisma's own binary. */
  readonly engine?: EngineName
  /** How long a statement may wait for a lock before it gives way, e.g. `500ms`. Default: `1s`; `0` waits forever. */
  readonly lockTimeout?: string
  /** How long others may wait for the deploy before it gives way, e.g. `2s`. Default: `5s`; `0` is no limit. */
  readonly maxBlocking?: string
  /** How long to wait for another run that holds the deploy lock, e.g. `60s`. Default: `0`, not at all. */
  readonly wait?: string
  /** How long a statement may run, e.g. `5m`. Default: `0`, no limit. */
  readonly statementTimeout?: string
  readonly questionTimeout?: string
  /** Where the rehearsal database is: `local` (default), `same-server`, or the URL of a PostgreSQL server. */
  readonly rehearsal?: string
  /** Where the schema twin is made: `local` (default), `off`, or the URL of a PostgreSQL server. */
  readonly twin?: string
  /** Number of connections that dump and count side by side, 1 to 32. Default: 2. */
  readonly jobs?: number
  /** How often a file is tried again after a lock time-out or a deadlock, 0 to 10. Default: 5. */
  readonly retries?: number
  /** Findings that are known and accepted, added to those of `--accept`. */
  readonly accept?: readonly Acceptance[]
  /** Files with SQL that must find no rows: before the deploy, after it. */
  readonly checks?: { readonly before?: readonly string[]; readonly after?: readonly string[] }
}

/** Types the default export of `migrate-guard.config.ts`; returns it as it is. */
export function defineConfig(config: GuardConfig): GuardConfig {
  return config
}

/** A configuration file that was loaded: the absolute path and its default export. */
export interface ConfigFile {
  readonly path: string
  readonly value: unknown
}

type Kind = 'a string' | 'a number' | 'an object' | 'a list of strings' | 'a list of objects'

const settingKinds: Readonly<Record<keyof GuardConfig, Kind>> = {
  databaseUrl: 'a string',
  schema: 'a string',
  migrations: 'a string',
  backups: 'a string',
  engine: 'a string',
  lockTimeout: 'a string',
  maxBlocking: 'a string',
  wait: 'a string',
  statementTimeout: 'a string',
  questionTimeout: 'a string',
  rehearsal: 'a string',
  twin: 'a string',
  jobs: 'a number',
  retries: 'a number',
  accept: 'a list of objects',
  checks: 'an object',
}

const acceptanceKinds: Readonly<Record<keyof Acceptance, Kind>> = {
  code: 'a string',
  object: 'a string',
  migration: 'a string',
  reason: 'a string',
}

const checkKinds = { before: 'a list of strings', after: 'a list of strings' } as const

/**
 * The settings in a configuration file whose keys and types are right, and an error for each that is not. Values, such
 * as the engine's name, are for the caller to judge. No message holds a value: it may be a password.
 */
export function readGuardConfig(file: ConfigFile): { config: GuardConfig; errors: SettingsError[] } {
  const { path, value } = file
  const place = basename(path)
  const errors: SettingsError[] = []
  if (!isKind(value, 'an object')) {
    const hint = 'Write it as export default defineConfig({ … }).'
    errors.push(new SettingsError('invalid-setting', `${place} does not export an object`, { hint }))
    return { config: {}, errors }
  }
  const config = readFields(value, settingKinds, place, errors)
  if (config.accept) {
    config.accept = (config.accept as object[]).map((entry, index) =>
      readFields(entry, acceptanceKinds, `accept[${index}] in ${place}`, errors),
    )
  }
  if (config.checks) config.checks = readFields(config.checks, checkKinds, `checks in ${place}`, errors)
  return { config: config as GuardConfig, errors }
}

function readFields(
  fields: object,
  kinds: Readonly<Record<string, Kind>>,
  place: string,
  errors: SettingsError[],
): Record<string, unknown> {
  const right: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields)) {
    const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined
    if (kind === undefined) {
      errors.push(unknownKey(key, Object.keys(kinds), place))
    } else if (isKind(value, kind)) {
      right[key] = value
    } else if (value !== undefined) {
      const hint = `Give ${kind}, or leave ${key} out.`
      errors.push(new SettingsError('invalid-setting', `${key} in ${place} is not ${kind}`, { hint }))
    }
  }
  return right
}

function isKind(value: unknown, kind: 'an object'): value is object
function isKind(value: unknown, kind: Kind): boolean
function isKind(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'a string':
      return typeof value === 'string'
    case 'a number':
      return typeof value === 'number'
    case 'an object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'a list of strings':
      return Array.isArray(value) && value.every((entry) => isKind(entry, 'a string'))
    case 'a list of objects':
      return Array.isArray(value) && value.every((entry) => isKind(entry, 'an object'))
  }
}

function unknownKey(key: string, known: readonly string[], place: string): SettingsError {
  const [nearest] = findNearMisses(key, known)
  const hint = nearest ? `Did you mean ${nearest}?` : `The settings there are ${known.join(', ')}.`
  return new SettingsError('unknown-setting', `${givenValue('unknown setting', key)} in ${place}`, { hint })
}
