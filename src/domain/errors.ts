import { type ExitCode, exitCode } from './exit-code.js'

export interface GuardErrorDetails {
  /** One sentence: what to do next. */
  readonly hint: string
  readonly cause?: unknown
}

/**
 * Base of every failure this tool expects. Anything else that reaches the command line is a bug in the tool.
 * The message is lower-case without a full stop and says what was found; the hint says what to do next.
 */
export abstract class GuardError extends Error {
  /** Stable, kebab-case, documented in the README, never reused. */
  readonly code: string
  abstract readonly exitCode: ExitCode
  readonly hint: string

  constructor(code: string, message: string, { hint, cause }: GuardErrorDetails) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.code = code
    this.hint = hint
  }
}

/** The command line, the configuration file or the environment asks for something that cannot be. */
export class SettingsError extends GuardError {
  readonly exitCode = exitCode.usage
}

/** The target cannot be opened as the settings name it: unreachable, missing, wrong password, too old. */
export class TargetError extends GuardError {
  readonly exitCode = exitCode.usage
}

/** The Prisma project is not one that can be deployed: no CLI, no migrations folder, a version not supported. */
export class ProjectError extends GuardError {
  readonly exitCode = exitCode.usage
}

/** A question to the live database could not be answered. */
export class CheckError extends GuardError {
  readonly exitCode = exitCode.blocked
}

export class BackupError extends GuardError {
  readonly exitCode = exitCode.backupFailed
}

/** The copy could not be made, or the rehearsal on it did not end well. */
export class RehearsalError extends GuardError {
  readonly exitCode = exitCode.rehearsalFailed
}

export class NotApprovedError extends GuardError {
  readonly exitCode = exitCode.notApproved
}

export class LockedError extends GuardError {
  readonly exitCode = exitCode.locked
}

/** The run was cancelled by Ctrl-C or a signal before anything was changed. */
export class InterruptedError extends GuardError {
  readonly exitCode = exitCode.notApproved
}

/** The target was audited and is not as it should be. */
export class VerificationError extends GuardError {
  readonly exitCode = exitCode.verificationFailed
}

/** The deploy did not end as planned. Which exit code it is depends on what the database was found to be. */
export class DeployError extends GuardError {
  readonly exitCode: ExitCode

  constructor(code: string, message: string, details: GuardErrorDetails & { databaseUnchanged: boolean }) {
    super(code, message, details)
    this.exitCode = details.databaseUnchanged ? exitCode.deployFailedUnchanged : exitCode.deployFailedChanged
  }
}
