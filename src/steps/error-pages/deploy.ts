import type { ErrorPage } from '../../domain/error-page.js'

/** Of the approval: exit code 6. Nothing was changed. */
export const approvalErrors: readonly ErrorPage[] = [
  {
    code: 'declined',
    title: 'the question was answered with no, or with another name',
    remedy: 'Nothing was changed. Run the command again when you are ready.',
  },
  {
    code: 'interrupted',
    title: 'the run was cancelled before anything was changed',
    remedy: 'Run the command again when you are ready.',
  },
  {
    code: 'no-terminal',
    title: 'there is no terminal to ask on, and no approval was given',
    remedy: 'Approve exactly this plan with --confirm <plan-hash>, or any plan with --yes.',
  },
  {
    code: 'plan-changed',
    title: '--confirm approves another plan than the present one',
    remedy:
      'The database or a migration changed after the review. Review the new plan, then confirm its hash.',
  },
]

/** Of locks: exit code 7. This run changed nothing. */
export const lockErrors: readonly ErrorPage[] = [
  {
    code: 'deployed-by-other',
    title: 'another deploy has applied the pending migrations meanwhile',
    remedy: 'Nothing is left to deploy. Audit the target: npx migrate-guard verify.',
  },
  {
    code: 'lock-lost',
    title: 'the session that held the deploy lock has ended',
    remedy: 'Run npx migrate-guard status before anything else: another run may have begun.',
  },
  {
    code: 'lock-not-released',
    title: 'a session that holds the lock could not be ended',
    remedy: 'End it as its own user or as a superuser; the message names it.',
  },
  {
    code: 'locked',
    title: 'another run holds the deploy lock',
    remedy: 'Wait for it (--wait 10m), or see who it is: npx migrate-guard lock.',
  },
  {
    code: 'prisma-locked',
    title: "another session holds Prisma's migration lock",
    remedy: 'Wait for that deploy to end; npx migrate-guard lock shows who it is.',
  },
  {
    code: 'still-at-work',
    title: 'a session of an earlier run is still at work',
    remedy: 'Wait for it to end, then run the command again.',
  },
]

/** Of the deploy and of what follows it: exit codes 20, 21 and 22. */
export const deployErrors: readonly ErrorPage[] = [
  {
    code: 'cannot-tell',
    title: 'how much of a failed migration is in the database cannot be told',
    remedy:
      'Compare the file with the database by hand, then mark it: npx prisma migrate resolve --applied or --rolled-back.',
  },
  {
    code: 'deploy-failed',
    title: 'the deploy failed, and the target is proven unchanged',
    remedy: 'Fix what the message names, then run npx migrate-guard resolve and deploy again.',
  },
  {
    code: 'deploy-incomplete',
    title: 'the deploy failed, and the target is changed in part, or its state is unknown',
    remedy:
      'Run npx migrate-guard status, then npx migrate-guard resolve: it finds out what is there and does the one right thing.',
  },
  {
    code: 'not-marked',
    title: 'a migration could not be marked as applied or rolled back',
    remedy: 'Run the command again; npx migrate-guard status shows the history.',
  },
  {
    code: 'not-resolved',
    title: 'the migration is still unfinished in the history',
    remedy: 'Run npx migrate-guard resolve again, and read what Prisma says in the message.',
  },
  {
    code: 'not-verified',
    title: 'the verification found a problem',
    remedy: 'Read each one in the report. The backup in the run folder is from before the deploy.',
  },
  {
    code: 'rollback-differs',
    title: 'migrations were taken back, and the catalog changed otherwise than on the copy',
    remedy: 'Somebody else changed the schema meanwhile: npx migrate-guard drift names every difference.',
  },
  {
    code: 'rollback-unknown',
    title: 'the connection was lost while a rollback ran, and how it ended cannot be seen yet',
    remedy:
      'Run npx migrate-guard status: the history lists what is applied, and catalog and history change together.',
  },
  {
    code: 'rollback-failed',
    title: 'a rollback failed on the target; its one transaction left nothing',
    remedy: 'Correct the cause that is named, then run the command again.',
  },
]
