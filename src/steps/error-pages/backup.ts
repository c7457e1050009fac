import type { ErrorPage } from '../../domain/error-page.js'

/** Of making, proving and restoring a backup: exit code 4. The target was only read. */
export const backupErrors: readonly ErrorPage[] = [
  {
    code: 'backup-not-exact',
    title: 'the restored backup is not what the database was',
    remedy: 'Read the differences in the report. Fix what causes them, or accept a difference by name.',
  },
  {
    code: 'backup-of-another',
    title: 'the backup is of another database',
    remedy: 'Name the run folder of this database.',
  },
  {
    code: 'backups-not-writable',
    title: 'nothing can be written to the backups folder',
    remedy: 'Make the folder writable and free space on its disk, or give another one by --backups.',
  },
  {
    code: 'catalog-changed',
    title: 'the file that describes the objects of a backup is not the one that was written',
    remedy: 'Do not restore this backup. Make a new one, and find out what changed the run folder.',
  },
  {
    code: 'client-tool-missing',
    title: 'pg_dump or pg_restore is not installed',
    remedy: 'Install the PostgreSQL client tools, of the version of the server or newer.',
  },
  {
    code: 'client-tool-too-old',
    title: 'pg_dump is older than the server and refuses to work with it',
    remedy: 'Install client tools of the version of the server or newer.',
  },
  {
    code: 'database-not-made',
    title: 'the database for the restored backup cannot be made',
    remedy: 'Give the role CREATEDB, or make room on the server, as the message says.',
  },
  {
    code: 'dump-changed',
    title: 'a file of the dump is not the one that was written',
    remedy: 'Do not restore it. Make a new backup, and find out what changed the run folder.',
  },
  {
    code: 'dump-failed',
    title: 'pg_dump failed',
    remedy: 'Fix what it says in the message, then run the command again.',
  },
  {
    code: 'dump-incomplete',
    title: 'the dump has another number of rows than the table had',
    remedy: 'Do not use it. Check whether pg_dump is the real one and whether the role may read all rows.',
  },
  {
    code: 'dump-not-readable',
    title: 'the dump cannot be read back',
    remedy: 'Make a new one; check the disk of the backups folder.',
  },
  {
    code: 'dump-stalled',
    title: 'pg_dump and the server did nothing for a minute',
    remedy: 'Look at the network and the server, then run the command again.',
  },
  {
    code: 'manifest-changed',
    title: 'the manifest of the backup is not the one that the run wrote',
    remedy: 'Do not restore this backup. Make a new one, and find out what changed the run folder.',
  },
  {
    code: 'manifest-missing',
    title: 'the manifest of the backup cannot be read',
    remedy: 'Do not restore this backup: nothing proves it. Make a new one.',
  },
  {
    code: 'no-backup-to-go-back',
    title: 'the last deploy made no backup, so there is nothing to restore',
    remedy: 'Restore a backup of your own. The next deploy keeps one unless --skip-backup is given.',
  },
  {
    code: 'no-run-to-go-back',
    title: 'the backups folder has no deploy of this database',
    remedy: 'Give the folder in which the deploy wrote its run, by --backups.',
  },
  {
    code: 'rows-not-counted',
    title: 'the rows of the snapshot cannot be counted',
    remedy: 'Fix what the server says in the message, then run the command again.',
  },
  {
    code: 'rows-not-readable',
    title: 'the role may not read every row, so a dump would not be whole',
    remedy: 'Use a role that may SELECT from every table and has BYPASSRLS, or a superuser.',
  },
  {
    code: 'run-not-readable',
    title: 'a run folder cannot be read, so the last deploy is not known',
    remedy: 'Repair the folder that the message names, or move it away if it is of no use.',
  },
  {
    code: 'snapshot-lost',
    title: 'the session that held the snapshot ended while the backup was made',
    remedy: 'Check idle timeouts of the server and of proxies between, then run the command again.',
  },
  {
    code: 'table-locked',
    title: 'another session locked a table for so long that it could not be read',
    remedy: 'Wait until that session ends, or end it, then run the command again.',
  },
]
