import { setTimeout as sleep } from 'node:timers/promises'
import { GuardError, SettingsError } from './domain/errors.js'
import type { Prompter, Screen } from './domain/screen.js'
import type { RunResult } from './in-run.js'
import { type Flags, loadSettings } from './load-settings.js'
import { runDeploy } from './pipeline.js'

/** What an application says when it deploys its own migrations before it serves. */
export interface StartupOptions {
  /** How long to wait in all for other replicas, and for a `prisma` command at work. Default: 5 minutes. */
  readonly timeoutMs?: number
  /** The Prisma project. Default: the working directory. */
  readonly directory?: string
  /** Default: the one that Prisma would migrate, as on the command line. */
  readonly databaseUrl?: string
  /** Deploy without a backup, and so without a rehearsal; the report says so, loudly. */
  readonly skipBackup?: boolean
  readonly skipRehearsal?: boolean
  /** Findings that are known and accepted: `code="reason"` or `code:object="reason"`. */
  readonly accept?: readonly string[]
  /** Gets one line at a time. Default: nothing is shown. */
  readonly log?: (line: string) => void
  /** Where MIGRATE_ON_START and the database URL are looked for. Default: `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Stops the run: before the deploy nothing is changed, during it the statement is cancelled and rolled back. */
  readonly signal?: AbortSignal
}

/** What the start has found or done. */
export interface StartupResult {
  /**
   * `off`: MIGRATE_ON_START is not set, nothing was opened. `deployed-by-other`: another one was waited for, and then
   * nothing was pending any more.
   */
  readonly outcome: 'off' | 'nothing-pending' | 'deployed' | 'deployed-by-other'
  /** Absent when the hook is off. */
  readonly runId?: string
  /** How long others were waited for. */
  readonly waitedMs?: number
  /** The report of the run, an absolute path. */
  readonly reportPath?: string
}

const gateVariable = 'MIGRATE_ON_START'
const defaultTimeoutMs = 300_000

/** Another one had the turn, or has changed what was planned: worth another look while there is time. */
const overtaken = new Set(['locked', 'prisma-locked', 'lock-lost', 'deployed-by-other', 'plan-out-of-date'])
const pauseMs = 200

/**
 * Runs the guarded deploy when an application starts, if MIGRATE_ON_START is `true`. Of many replicas one deploys, the
 * others wait for it and then look at what is pending; when it dies, one of them takes over. Nobody is asked: what no
 * check blocks is approved.
 *
 * @throws GuardError when a check blocks, when the deploy fails, or when the others take longer than `timeoutMs`: then the
 * application must not start
 */
export async function deployOnStartup(options: StartupOptions = {}): Promise<StartupResult> {
  const { environment = process.env, timeoutMs = defaultTimeoutMs } = options
  if (!isOn(environment[gateVariable])) return { outcome: 'off' }
  assertTimeout(timeoutMs)
  const lent = new Set<string>()
  try {
    return await deployInTurn(options, timeoutMs, (name) => lent.add(name))
  } finally {
    // They were for Prisma's configuration, not for the application.
    for (const name of lent) delete process.env[name]
  }
}

async function deployInTurn(
  options: StartupOptions,
  timeoutMs: number,
  onLend: OnLend,
): Promise<StartupResult> {
  const startedAt = Date.now()
  for (let wasOvertaken = false; ; wasOvertaken = true) {
    const leftMs = Math.max(0, timeoutMs - (Date.now() - startedAt))
    const result = await runOnce(options, leftMs, onLend)
    if (result.error === undefined) return asStartupResult(result, Date.now() - startedAt, wasOvertaken)
    if (!isOvertaken(result.error) || Date.now() - startedAt >= timeoutMs) throw result.error
    await sleep(pauseMs)
  }
}

type OnLend = (name: string) => void

async function runOnce(options: StartupOptions, waitMs: number, onLend: OnLend): Promise<RunResult> {
  const { directory, environment, databaseUrl, skipBackup, skipRehearsal, accept } = options
  const flags: Flags = {
    yes: true,
    wait: `${Math.round(waitMs)}ms`,
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    ...(skipBackup ? { skipBackup } : {}),
    ...(skipRehearsal ? { skipRehearsal } : {}),
    ...(accept ? { accept: [...accept] } : {}),
  }
  const settings = await loadSettings('deploy', flags, {
    ...(directory === undefined ? {} : { directory }),
    ...(environment === undefined ? {} : { environment }),
    onLend,
  })
  const signal = options.signal ?? new AbortController().signal
  return runDeploy(settings, { screen: screenOf(options.log), prompter: nobody, signal })
}

function asStartupResult(
  { record, reportPath, waitedMs }: RunResult,
  tookMs: number,
  wasOvertaken: boolean,
): StartupResult {
  const waited = wasOvertaken ? tookMs : waitedMs
  const outcome = record.deployment
    ? 'deployed'
    : waited === undefined
      ? 'nothing-pending'
      : 'deployed-by-other'
  return {
    outcome,
    runId: record.runId,
    ...(waited === undefined ? {} : { waitedMs: waited }),
    ...(reportPath === undefined ? {} : { reportPath }),
  }
}

function isOn(value: string | undefined): boolean {
  if (value === 'true') return true
  if (value === undefined || ['', '0', 'false'].includes(value)) return false
  throw new SettingsError(
    'invalid-setting',
    `${gateVariable} is "${value}", which is neither true nor false`,
    {
      hint: `Set ${gateVariable}=true to deploy on startup, or leave it out.`,
    },
  )
}

function assertTimeout(timeoutMs: number): void {
  // Postgres and Node keep such numbers in 32 bits.
  if (timeoutMs >= 0 && timeoutMs <= 2_147_483_647) return
  throw new SettingsError('invalid-setting', `timeoutMs is ${timeoutMs}, which is no time in milliseconds`, {
    hint: 'Write a number of milliseconds, such as 300_000.',
  })
}

function isOvertaken(error: unknown): boolean {
  return error instanceof GuardError && overtaken.has(error.code)
}

const nobody: Prompter = {
  interactive: false,
  show: () => undefined,
  confirm: async () => false,
  type: async () => '',
}

function screenOf(log: StartupOptions['log']): Screen {
  return { print: (line) => log?.(line), progress: () => undefined, clearProgress: () => undefined }
}
