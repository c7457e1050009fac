/**
 * The exit codes, frozen. Below 20 the guard has changed nothing on the target; 20 and up, look now.
 */
export const exitCode = {
  /** Verified; or nothing pending; or the dry run passed. */
  passed: 0,
  /** A bug in migrate-guard. */
  bug: 1,
  /** Usage or settings, or a target that cannot be opened as the settings name it. */
  usage: 2,
  /** A check found a blocker, or could not tell. */
  blocked: 3,
  backupFailed: 4,
  rehearsalFailed: 5,
  /** Declined, Ctrl-C before the deploy, or no terminal and no approval given. */
  notApproved: 6,
  /** Another run holds the lock. */
  locked: 7,
  /** Deploy failed; the target is proven unchanged. */
  deployFailedUnchanged: 20,
  /** Deploy failed; the target is changed in part, or its state is unknown. */
  deployFailedChanged: 21,
  /** Deployed, but the verification failed. */
  verificationFailed: 22,
} as const

export type ExitCode = (typeof exitCode)[keyof typeof exitCode]
