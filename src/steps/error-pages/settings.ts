import type { ErrorPage } from '../../domain/error-page.js'

/** Of the command line, the configuration and the project: exit code 2. */
export const settingsErrors: readonly ErrorPage[] = [
  {
    code: 'backups-not-private',
    title: 'other accounts of this machine can read or write the backups folder',
    remedy: 'Take the rights of group and others away (chmod 700), or give another folder by --backups.',
  },
  {
    code: 'backups-not-readable',
    title: 'the run folders cannot be read',
    remedy: 'Correct the rights of the backups folder, or name the right one by --backups.',
  },
  {
    code: 'certificate-missing',
    title: 'the URL names a certificate file that does not exist',
    remedy:
      'Correct the path in the database URL; a relative path starts at the folder of the Prisma schema.',
  },
  {
    code: 'config-missing',
    title: 'the settings file that --config names does not exist',
    remedy: 'Correct the path, or leave the option out to use migrate-guard.config.ts.',
  },
  {
    code: 'config-not-readable',
    title: 'a configuration file cannot be loaded',
    remedy: 'Fix the error that the message quotes. Run the file with node to see its whole trace.',
  },
  {
    code: 'contradicting-settings',
    title: 'two options exclude each other',
    remedy: 'Give one of them.',
  },
  {
    code: 'database-url-missing',
    title: 'no database URL was given',
    remedy:
      'Give it by --database-url, in prisma.config.ts, in the environment as DIRECT_URL or DATABASE_URL, or in .env.',
  },
  {
    code: 'database-urls-disagree',
    title: 'two sources name different databases, so none was opened',
    remedy: 'Give the database that you mean by --database-url, or make the sources agree.',
  },
  {
    code: 'down-exists',
    title: 'the migration has a down.sql already',
    remedy: 'Look at it, and replace it with --force, or print the generated one with --print.',
  },
  {
    code: 'down-in-parts',
    title: 'a down.sql holds a statement that cannot run in a transaction',
    remedy:
      'Write it without that statement, such as DROP INDEX without CONCURRENTLY, or run the file by hand with psql.',
  },
  {
    code: 'git-failed',
    title: 'git could not tell which migrations are new',
    remedy: 'Fix what git says in the message; --since needs a repository whose history has the commit.',
  },
  {
    code: 'git-missing',
    title: 'git is not installed, and --since needs it',
    remedy: 'Install git, or leave --since out to plan every migration.',
  },
  {
    code: 'invalid-database-url',
    title: 'the database URL cannot be read',
    remedy:
      'Correct it: postgresql://user:password@host:port/database?schema=public, with special characters percent-encoded.',
  },
  {
    code: 'invalid-setting',
    title: 'an option or a setting has a value that it cannot have',
    remedy: 'The message names the option and what it takes; npx migrate-guard <command> --help lists all.',
  },
  {
    code: 'invalid-acceptance',
    title: 'an acceptance does not name a code and a reason',
    remedy: 'Write --accept <code>="why it is safe", or <code>:<object> for one object only.',
  },
  {
    code: 'migration-ambiguous',
    title: 'several migrations have the name that was given',
    remedy: 'Give the whole name of the folder, with its timestamp.',
  },
  {
    code: 'migration-not-pending',
    title: 'an option names a migration that is not pending',
    remedy: 'npx migrate-guard status lists the pending ones.',
  },
  {
    code: 'migration-not-readable',
    title: 'a migration.sql is missing or is not SQL',
    remedy: 'Restore or correct the file that is named, then run the command again.',
  },
  {
    code: 'migration-unknown',
    title: 'the migrations folder has no migration of this name',
    remedy: 'Correct the name, or the folder by --migrations.',
  },
  {
    code: 'migrations-empty',
    title: 'the migrations folder holds no migration',
    remedy: 'Give the right folder by --migrations. Prisma itself would report success here.',
  },
  {
    code: 'migrations-missing',
    title: 'the migrations folder does not exist',
    remedy: 'Run the command in the folder of the project, or give the path by --migrations.',
  },
  {
    code: 'name-needed',
    title: 'the name for a new migration has no letter and no digit',
    remedy: 'Give a name such as add_phone_to_customers.',
  },
  {
    code: 'no-way-back',
    title: 'a migration that is to be taken back has no down.sql, or no folder',
    remedy:
      'Write the file with npx migrate-guard down <migration> and read it, or restore the backup: npx migrate-guard resolve --back.',
  },
  {
    code: 'native-engine-missing',
    title: '--engine native is given, and Prisma has not downloaded its engine',
    remedy: 'Leave --engine native out to use the engine that ships with migrate-guard.',
  },
  {
    code: 'prisma-config-missing',
    title: 'the Prisma configuration that --prisma-config names does not exist',
    remedy: 'Correct the path, or leave the option out to use prisma.config.ts.',
  },
  {
    code: 'prisma-missing',
    title: 'Prisma is not installed in the project',
    remedy: 'Install it: npm install --save-dev prisma. plan and check work without it.',
  },
  {
    code: 'prisma-too-new',
    title: 'this major version of Prisma is newer than those that migrate-guard supports',
    remedy: 'Use Prisma 6.19 to 7, or a newer migrate-guard.',
  },
  {
    code: 'prisma-too-old',
    title: 'this version of Prisma is older than those that migrate-guard supports',
    remedy: 'Update Prisma to 6.19 or newer.',
  },
  {
    code: 'rehearsal-is-target',
    title: '--rehearsal names the target itself',
    remedy: 'Give another server, or --rehearsal local for one of our own.',
  },
  {
    code: 'schema-missing',
    title: 'the Prisma schema does not exist',
    remedy: 'Run the command in the folder of the project, or give the path by --schema.',
  },
  {
    code: 'schema-not-valid',
    title: 'the Prisma schema has an error',
    remedy: 'Fix what the message quotes; npx prisma validate shows all of it.',
  },
  {
    code: 'several-settings-wrong',
    title: 'several options or settings are wrong',
    remedy: 'The message lists all of them, so that one correction is enough.',
  },
  {
    code: 'twin-needed',
    title: 'the command must run migrations on a server of its own, and --twin off forbids it',
    remedy: 'Leave --twin off out, or give the URL of an empty server by --twin.',
  },
  {
    code: 'unknown-code',
    title: 'there is no finding and no error of this code',
    remedy: 'npx migrate-guard explain lists all codes.',
  },
  {
    code: 'unknown-git-ref',
    title: '--since names no commit of the repository',
    remedy: 'Fetch the branch or tag first; CI often clones one commit only (fetch-depth: 0 fetches all).',
  },
  {
    code: 'unknown-setting',
    title: 'the settings file has a key that migrate-guard does not know',
    remedy: 'Correct the name; the README lists every setting.',
  },
]
