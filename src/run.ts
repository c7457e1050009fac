import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DatabaseState } from './domain/deployment.js'
import { BackupError, GuardError } from './domain/errors.js'
import { exitCode } from './domain/exit-code.js'
import type { OfflinePlan } from './domain/plan.js'
import { type RunRecord, type StepName, type StepRecord, stepNames } from './domain/run-record.js'
import { withoutPasswords } from './domain/secrets.js'
import { claimPrivateFolder, writePrivateFile } from './effects/private-files.js'
import { readStartedBy } from './effects/started-by.js'
import { readVersion } from './effects/version.js'
import { planWithoutSecrets } from './sql/without-secrets.js'

/** The record of one execution, saved to disk before and after every step. */
export class Run {
  #record: RunRecord
  #current: StepName | null = null
  /** The last failure to save the record after the deploy began. */
  #unsaved: BackupError | undefined

  private constructor(
    record: RunRecord,
    /** Absolute path of the run folder; undefined for a run that leaves nothing behind. */
    readonly folder: string | undefined,
    private readonly onStep: (name: StepName, step: StepRecord) => void,
  ) {
    this.#record = record
  }

  /**
   * Opens a run: makes its folder, readable for its owner only, and saves a first record.
   * @throws BackupError when the folder cannot be made.
   */
  static async open(options: RunOptions): Promise<Run> {
    const { backupsPath } = options
    const startedAt = new Date()
    const runIds = runIdsOf(startedAt, options.database)
    let runId = runIds.next().value
    try {
      if (backupsPath !== undefined) {
        // Of two runs that begin in the same second, only one makes the folder.
        while (!(await claimPrivateFolder(join(backupsPath, runId)))) runId = runIds.next().value
        await keepOutOfGit(backupsPath)
      }
      const folder = backupsPath === undefined ? undefined : join(backupsPath, runId)
      const run = new Run(emptyRecord(options, runId, startedAt), folder, options.onStep)
      await run.save()
      return run
    } catch (error) {
      throw error instanceof GuardError ? error : notWritable(backupsPath ?? '', error)
    }
  }

  get record(): RunRecord {
    return this.#record
  }

  /** Does one step of the line and records its outcome; a failure of the step is recorded and thrown on. */
  async step<T>(
    name: StepName,
    work: () => Promise<T>,
    describe: (value: T) => Partial<StepOutcome>,
  ): Promise<T> {
    const startedAt = new Date()
    this.#current = name
    await this.#setStep(name, { outcome: 'running', startedAt: startedAt.toISOString() })
    const timing = () => ({
      startedAt: startedAt.toISOString(),
      durationMs: Date.now() - startedAt.getTime(),
    })
    try {
      const value = await work()
      const { record, outcome = 'passed', summary } = describe(value)
      if (record) this.#record = { ...this.#record, ...record }
      await this.#setStep(name, { outcome, ...timing(), ...(summary ? { summary } : {}) })
      this.#current = null
      return value
    } catch (error) {
      const failed: StepRecord = {
        outcome: 'failed',
        ...timing(),
        summary: withoutPasswords((error as Error).message),
      }
      // Why the step failed says more than why that cannot be written down.
      await this.#setStep(name, failed).catch(() => undefined)
      throw error
    }
  }

  /** Says that a step is left out, and why. */
  async skip(name: StepName, outcome: 'not-run' | 'skipped', summary: string): Promise<void> {
    await this.#setStep(name, { outcome, summary })
  }

  /**
   * From now on the target may be changed: until its end is proven, the record says unknown.
   * @throws BackupError when that cannot be written; then nothing may be changed.
   */
  async expectChange(): Promise<void> {
    const before = this.#record
    this.#record = { ...before, databaseState: 'unknown' }
    try {
      await this.#write()
    } catch (error) {
      this.#record = before
      throw error
    }
  }

  /** What was expected did not happen, which was seen on the target. */
  proveUnchanged(): void {
    this.#record = { ...this.#record, databaseState: 'unchanged' }
  }

  /** Turns an error into what the record says of it and closes the record. */
  async end(error?: unknown): Promise<RunRecord> {
    this.#record = { ...this.#record, finishedAt: new Date().toISOString() }
    this.#close(error)
    await this.save().catch((cause) => {
      this.#unsaved = cause
    })
    if (error === undefined && this.#unsaved) this.#close(this.#unsaved)
    return this.#record
  }

  #close(error: unknown): void {
    const failure = error === undefined ? undefined : describeFailure(error, this.#current)
    this.#record = {
      ...this.#record,
      exitCode: error === undefined ? exitCode.passed : exitCodeOf(error, this.#record.databaseState),
      ...(failure ? { failure } : {}),
    }
  }

  /** Writes the reports, which are of the run as it ended. A run that cannot be reported has not ended well. */
  async report(write: (record: RunRecord, folder: string) => Promise<string>): Promise<string | undefined> {
    if (this.folder === undefined) return undefined
    try {
      await this.#setStep('report', { outcome: 'running' })
      const path = await write(this.#record, this.folder)
      await this.#setStep('report', { outcome: 'passed' })
      return path
    } catch (error) {
      if (this.#record.failure === undefined) {
        this.#current = 'report'
        this.#close(error instanceof GuardError ? error : notWritable(dirname(this.folder), error))
      }
      return undefined
    }
  }

  /**
   * Writes the record to disk. Once the target may be changed, a disk that is full must not keep the run from finding
   * out what state it leaves: then the failure is kept for the end.
   */
  async save(): Promise<void> {
    try {
      await this.#write()
      this.#unsaved = undefined
    } catch (error) {
      if (!this.#isUnderWay()) throw error
      this.#unsaved = error as BackupError
    }
  }

  async #write(): Promise<void> {
    if (this.folder === undefined) return
    const text = `${JSON.stringify(this.#record, null, 2)}\n`
    await writePrivateFile(join(this.folder, 'run.json'), text).catch((cause) => {
      throw notWritable(dirname(this.folder ?? ''), cause)
    })
  }

  #isUnderWay(): boolean {
    const { databaseState, steps } = this.#record
    return databaseState !== 'unchanged' || steps.deploy.outcome !== 'not-run'
  }

  async #setStep(name: StepName, step: StepRecord): Promise<void> {
    this.#record = { ...this.#record, steps: { ...this.#record.steps, [name]: step } }
    await this.save()
    this.onStep(name, step)
  }
}

/** The record of a plan that was made without a database, of which nothing is kept. */
export function makeOfflineRecord(offlinePlan: OfflinePlan, startedAt: Date, error?: unknown): RunRecord {
  const finishedAt = new Date()
  const planned: StepRecord = {
    outcome: 'passed',
    startedAt: startedAt.toISOString(),
    durationMs: finishedAt.getTime() - startedAt.getTime(),
  }
  return {
    ...emptyRecord(
      { version: readVersion(), command: 'plan --offline' },
      `${formatTime(startedAt)}-offline`,
      startedAt,
    ),
    steps: { ...stepsNotRun(), plan: planned },
    offlinePlan: planWithoutSecrets(offlinePlan),
    finishedAt: finishedAt.toISOString(),
    exitCode: error === undefined ? exitCode.passed : exitCodeOf(error),
    ...(error === undefined ? {} : { failure: describeFailure(error, 'plan') }),
  }
}

function emptyRecord(
  { version, command }: Pick<RunOptions, 'version' | 'command'>,
  runId: string,
  startedAt: Date,
): RunRecord {
  return {
    tool: 'migrate-guard',
    version,
    command,
    runId,
    startedAt: startedAt.toISOString(),
    by: readStartedBy(),
    steps: stepsNotRun(),
    databaseState: 'unchanged',
  }
}

function stepsNotRun(): RunRecord['steps'] {
  return Object.fromEntries(stepNames.map((name) => [name, { outcome: 'not-run' }])) as RunRecord['steps']
}

/** A backup holds all data of the target; nobody shall commit it by accident. */
async function keepOutOfGit(backupsPath: string): Promise<void> {
  const path = join(backupsPath, '.gitignore')
  if (!existsSync(path)) await writePrivateFile(path, '*\n')
}

interface RunOptions {
  /** Absent: the run leaves nothing behind. */
  readonly backupsPath?: string
  readonly command: string
  readonly version: string
  readonly database: string
  /** Called when the outcome of a step has been saved. */
  readonly onStep: (name: StepName, step: StepRecord) => void
}

/** What a step says of its value once it has it. */
export interface StepOutcome {
  readonly outcome: StepRecord['outcome']
  /** One line for the screen and the report. */
  readonly summary: string
  /** The part of the run record that the value becomes. */
  readonly record: Partial<RunRecord>
}

/**
 * The exit code of an error; anything that is not expected is a bug. Below 20 promises that the target is unchanged, so
 * whatever goes wrong after the deploy has begun is 20 or more.
 */
export function exitCodeOf(error: unknown, databaseState: DatabaseState = 'unchanged'): number {
  const code = error instanceof GuardError ? error.exitCode : exitCode.bug
  if (code >= exitCode.deployFailedUnchanged || databaseState === 'unchanged') return code
  return databaseState === 'changed' ? exitCode.verificationFailed : exitCode.deployFailedChanged
}

function describeFailure(error: unknown, step: StepName | null): NonNullable<RunRecord['failure']> {
  if (error instanceof GuardError) {
    const [message, hint] = [withoutPasswords(error.message), withoutPasswords(error.hint)]
    return { code: error.code, message, hint, step }
  }
  return {
    code: 'bug',
    message: withoutPasswords((error as Error)?.message ?? String(error)),
    hint: 'This is a bug in migrate-guard; please report it with the run record.',
    step,
  }
}

function notWritable(folder: string, cause: unknown): BackupError {
  return new BackupError('backups-not-writable', `nothing can be written to ${folder}: ${reasonOf(cause)}`, {
    hint: 'Make the folder writable and free space on its disk, or give another one by --backups.',
    cause,
  })
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  const words: Record<string, string> = {
    EACCES: 'permission denied',
    ENOSPC: 'the disk is full',
    ENOTDIR: 'a part of the path is not a folder',
    EROFS: 'the file system is read-only',
  }
  return words[code ?? ''] ?? message
}

/** `20261120T043400Z-shop`; a second run in the same second gets a number. */
function* runIdsOf(at: Date, database: string): Generator<string, never> {
  const base = `${formatTime(at)}-${database.replace(/[^\w.-]/g, '_').slice(0, 40)}`
  yield base
  for (let number = 2; ; number += 1) yield `${base}-${number}`
}

/** `20261120T043400Z` */
function formatTime(at: Date): string {
  return at.toISOString().replace(/[-:]|\.\d+/g, '')
}
