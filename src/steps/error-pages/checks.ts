import type { ErrorPage } from '../../domain/error-page.js'

/** Of plan and check: exit code 3. Nothing was changed. */
export const checkErrors: readonly ErrorPage[] = [
  {
    code: 'baseline-differs',
    title: 'the database is not what the migrations to mark would make',
    remedy: 'Fix the differences, mark fewer migrations with --to, or accept a difference by name.',
  },
  {
    code: 'blocked',
    title: 'a finding blocks the deploy, or a check could not tell',
    remedy: 'Fix what was found, or accept a finding by name: --accept <code>="reason".',
  },
  {
    code: 'drift-unknown',
    title: 'whether the database is what its migrations make could not be found out',
    remedy: 'Fix what the message names, then run the command again.',
  },
  {
    code: 'large-objects-not-readable',
    title: 'the role may not read all large objects',
    remedy: 'Give the role pg_read_all_data, or run as the owner of the large objects.',
  },
  {
    code: 'machine-trouble',
    title: 'this machine refused what the run needs, such as disk space or open files',
    remedy: 'Free what the message names, then run the command again.',
  },
  {
    code: 'nothing-to-roll-back',
    title: 'no applied migration is left to take back',
    remedy: 'Run npx migrate-guard status to see the history of the database.',
  },
  {
    code: 'plan-out-of-date',
    title: 'the database or the migrations changed after the plan was made',
    remedy:
      'Run the command again: it plans, checks and backs up what is there now. Find out who changed it.',
  },
  {
    code: 'privilege-missing',
    title: 'the role may not read what the checks need',
    remedy: 'Give the role what the message names, or run as the role that deploys.',
  },
  {
    code: 'snapshot-failed',
    title: 'no snapshot of the target could be taken',
    remedy: 'Look at the message of the server; a standby or a pooler cannot export one.',
  },
  {
    code: 'table-not-readable',
    title: 'the role cannot read all rows of a table',
    remedy: 'Give the role SELECT on it, and BYPASSRLS where row level security hides rows.',
  },
  {
    code: 'target-lost',
    title: 'the target stopped answering during a check',
    remedy: 'Nothing was changed. Run the command again when the server answers.',
  },
]
