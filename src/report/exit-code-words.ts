import { type ExitCode, exitCode } from '../domain/exit-code.js'

/** What each exit code means; the one table for the report, the command's help and the README. */
export const exitCodeWords: Readonly<Record<ExitCode, string>> = {
  [exitCode.passed]: 'verified; or nothing pending; or the dry run passed',
  [exitCode.bug]: 'a bug in migrate-guard',
  [exitCode.usage]: 'usage or settings, or a target that cannot be opened as the settings name it',
  [exitCode.blocked]: 'a check found a blocker, or could not tell',
  [exitCode.backupFailed]: 'the backup failed or could not be proven',
  [exitCode.rehearsalFailed]: 'the rehearsal failed',
  [exitCode.notApproved]:
    'not approved: declined, Ctrl-C before the deploy, or no terminal and no approval given',
  [exitCode.locked]: 'another run holds the lock',
  [exitCode.deployFailedUnchanged]: 'the deploy failed; the target is proven unchanged',
  [exitCode.deployFailedChanged]: 'the deploy failed; the target is changed in part, or its state is unknown',
  [exitCode.verificationFailed]: 'the verification failed, after a deploy or in an audit',
}

/** The exit code of a run record with its meaning: `3: a check found a blocker, or could not tell`. */
export function formatExitCode(code: number | undefined): string {
  if (code === undefined) return 'none is recorded: the run has not ended'
  return `${code}: ${exitCodeWords[code as ExitCode] ?? 'not an exit code that this version knows'}`
}
