import { readFileSync } from 'node:fs'
import { Secret, type TargetAddress } from '../../domain/target.js'

/** The variable through which the guard tells its engine host what to do; a JSON text without any secret. */
export const hostOptionsVariable = 'MIGRATE_GUARD_ENGINE_OPTIONS'

export interface HostOptions {
  readonly address: Omit<TargetAddress, 'password'>
  /** A 0600 file that holds the password and nothing else; absent when the address needs none. */
  readonly passwordFile?: string
  readonly applicationName: string
  /** What the server says may quote the values of rows. */
  readonly showsValues?: boolean
  /** The server refuses every write of this engine. */
  readonly readOnly: boolean
  readonly lockTimeoutMs: number
  readonly statementTimeoutMs: number
  /** How often a file is tried again after a lock time-out or a deadlock, or when it gave way to others. */
  readonly retries: number
  /** Where the guard says that a cancel was its own, for the sake of others. */
  readonly gaveWayFile?: string
  /** There as soon as the run was cancelled: nothing more is begun then. */
  readonly stopFile?: string
  readonly eventsFile?: string
  /** Where the guard tells which locks to take up front, by migration. */
  readonly lockFirstFile?: string
  /** Where the guard tells which texts were planned: nothing else is run. */
  readonly plannedFile?: string
  /** Look at locks, files and sizes between the statements; for rehearsals. */
  readonly observes?: boolean
  /** The session that holds the guard's deploy lock. Nothing is written when it is gone before the first write. */
  readonly deployLockPid?: number
  /** Read the catalog after each step and write here what it changed; for rehearsals. */
  readonly catalogStepsFile?: string
  /** The engine ends itself when this process is gone: nobody would read its answer. */
  readonly guardProcessId?: number
}

/** The options from the environment, or undefined when the engine was not started by the guard. */
export function readHostOptions(environment: NodeJS.ProcessEnv): HostOptions | undefined {
  const text = environment[hostOptionsVariable]
  return text === undefined ? undefined : (JSON.parse(text) as HostOptions)
}

/** The address with the password from its file. */
export function addressOf(options: HostOptions): TargetAddress {
  const { address, passwordFile } = options
  return passwordFile ? { ...address, password: new Secret(readFileSync(passwordFile, 'utf8')) } : address
}
