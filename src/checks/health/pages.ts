import type { CodePage } from '../../domain/code-page.js'

/** The pages of the codes in this folder. */
export const healthPages: readonly CodePage[] = [
  {
    code: 'long-transaction',
    kind: 'health',
    title: 'a transaction of this database has been open for more than a minute',
    why: 'It keeps every lock that it has taken, so that ALTER TABLE waits behind it and all later readers and writers wait behind ALTER TABLE. CREATE INDEX CONCURRENTLY waits until it has ended, whatever tables it reads.',
    remedy: 'Wait until it has ended, or end it with pg_cancel_backend(pid) or pg_terminate_backend(pid).',
  },
  {
    code: 'idle-in-transaction',
    kind: 'health',
    title: 'a session has done nothing inside its transaction for more than ten seconds',
    why: 'Most often an application that has forgotten to commit; its locks stay until somebody ends the session, and the deploy waits for them in vain.',
    remedy:
      'Have the application end its transaction, or end the session with pg_terminate_backend(pid). idle_in_transaction_session_timeout keeps it from happening again.',
  },
  {
    code: 'monitoring-not-granted',
    kind: 'health',
    title: 'the role may not see what other roles are doing, so that a question about them has no answer',
    why: 'Long transactions or a standby that is behind would not be noticed before the deploy.',
    remedy: 'Grant pg_monitor to the role of the migrations, or look as a role that has it.',
    example: { sql: 'GRANT pg_monitor TO "deployer";' },
  },
  {
    code: 'prepared-transaction',
    kind: 'health',
    title: 'a transaction of PREPARE TRANSACTION waits for COMMIT PREPARED or ROLLBACK PREPARED',
    why: 'It holds its locks without any session, also over a restart of the server, until somebody ends it. It blocks the deploy when a table that the migrations concern is among them.',
    remedy:
      'Ask the transaction manager that prepared it what became of it, then run COMMIT PREPARED or ROLLBACK PREPARED with its name.',
    example: { sql: "PREPARE TRANSACTION 'order-42';", instead: "COMMIT PREPARED 'order-42';" },
  },
  {
    code: 'lock-table-full',
    kind: 'health',
    title:
      'the locks of a backup would fill, or nearly fill, the lock table that all sessions of the server share',
    why: 'pg_dump holds a lock on every table, partitions included, from its beginning to its end. The lock table has room for about max_locks_per_transaction × (max_connections + max_prepared_transactions) objects. Once it is full, pg_dump fails with "out of shared memory", and so may any statement of the application.',
    remedy:
      'Set max_locks_per_transaction higher and restart the server. The message says how much is needed.',
    example: { sql: 'ALTER SYSTEM SET max_locks_per_transaction = 256;' },
  },
  {
    code: 'lock-held',
    kind: 'health',
    title: 'a session holds a lock that conflicts with the one that the migrations take on the same table',
    why: 'The statement waits, and everybody who wants the table after it waits behind it, until --lock-timeout has passed; then the file is rolled back and tried again. A dump or an autovacuum against wraparound may hold its lock for hours.',
    remedy: 'Wait until the session has ended its transaction, or end it; deploy when no dump is running.',
  },
  {
    code: 'cached-plan',
    kind: 'health',
    title: 'the result of statements that running sessions may have prepared will change',
    why: 'A prepared statement keeps the columns that it returned when it was prepared. Where a column comes, goes, or gets another name or type, the server refuses every later run of a statement that returns it (SQLSTATE 0A000, "cached plan must not change result type"), until the session prepares it anew; inside a transaction that ends the transaction. SELECT *, t.* and RETURNING * return every column there is; a statement that lists its columns is concerned only where one of them changes its type. Defaults, NOT NULL, constraints and indexes change no result. What a session has prepared only that session can see, so the finding goes by who is connected and by what was run.',
    remedy:
      'List columns instead of *. Else recycle the connection pools right after the deploy: restart them, or DEALLOCATE ALL (or DISCARD ALL) in each session. DISCARD PLANS does not help.',
    example: {
      sql: 'ALTER TABLE "orders" ADD COLUMN "note" TEXT; -- breaks a prepared SELECT * FROM "orders"',
    },
  },
  {
    code: 'replication-slot',
    kind: 'health',
    title: 'a replication slot is not in use, is far behind, or has lost what its consumer needs',
    why: 'The server keeps all write-ahead log from the position of the slot on. A rewrite adds as much as the table is big, and when the disk is full the server takes no writes.',
    remedy:
      'Start the consumer and let it catch up. Drop the slot with pg_drop_replication_slot() only when nothing will ever read it again.',
  },
  {
    code: 'replication-lag',
    kind: 'health',
    title: 'a standby or subscriber has not replayed what the server has written',
    why: 'Readers there go on seeing the schema of before, and a rewrite puts it further behind. A synchronous standby holds up the commit of the migration itself.',
    remedy: 'Let it catch up before the deploy; look for a long query that holds up the replay.',
  },
  {
    code: 'publication-without-identity',
    kind: 'health',
    title: 'a table is published and has neither primary key nor replica identity',
    why: 'The server refuses every UPDATE and DELETE of it, those of a migration too: subscribers could not tell which row it was.',
    remedy: 'Give the table a primary key, or set its replica identity, before the rows are changed.',
    example: {
      sql: 'CREATE TABLE "events" ("at" timestamptz, "what" text);',
      instead: 'CREATE TABLE "events" ("id" bigint PRIMARY KEY, "at" timestamptz, "what" text);',
    },
  },
  {
    code: 'published-table',
    kind: 'health',
    title: 'the migrations change the schema of a table that is published to subscribers',
    why: 'Logical replication sends rows and not changes of the schema. When the subscriber lacks a column that is sent, replication stops, and write-ahead log piles up in the slot.',
    remedy:
      'Add columns on the subscribers first, and drop them there last. Tell who runs the change data capture.',
  },
  {
    code: 'disk-space',
    kind: 'health',
    title: 'the disk of the server may not take the tables that the migrations rewrite',
    why: 'A rewrite makes a second copy of the table and its indexes and writes it into the write-ahead log as well. When the disk is full, the server takes no writes at all, in any database.',
    remedy: 'Free space or enlarge the disk, or change the migration so that it rewrites nothing.',
    example: {
      sql: 'ALTER TABLE "orders" ALTER COLUMN "id" TYPE bigint;',
      instead: 'ALTER TABLE "orders" ADD COLUMN "id_big" bigint;',
    },
  },
  {
    code: 'wraparound-age',
    kind: 'health',
    title: 'transaction ids are so old that wraparound comes near, or an autovacuum against it is due',
    why: 'Near the limit the server stops taking writes until it has been vacuumed. Before that, autovacuum freezes the table whether anybody waits for it or not, and ALTER TABLE waits until it has finished.',
    remedy:
      'Find what holds vacuum up: old transactions, prepared transactions, replication slots. Then run VACUUM (FREEZE) before the deploy.',
  },
  {
    code: 'sequence-behind',
    kind: 'health',
    title: 'the next value of a sequence is not beyond the values in its column',
    why: 'The next INSERT, of a migration or of the application, gets a key that is taken and fails. It comes from rows that were loaded with their keys, or by logical replication.',
    remedy: 'Set the sequence to the last value of the column.',
    example: {
      sql: 'INSERT INTO "orders" ("id") VALUES (1), (2), (3);',
      instead: `INSERT INTO "orders" ("id") VALUES (1), (2), (3); SELECT setval('"orders_id_seq"', (SELECT max("id") FROM "orders"));`,
    },
  },
  {
    code: 'collation-version',
    kind: 'health',
    title: 'a collation sorts otherwise than when its indexes were built',
    why: 'After an upgrade of the operating system an index over text may be out of order: rows are not found, and a unique index lets duplicates in. They come to light when an index is built anew, as by a migration or pg_restore.',
    remedy:
      'Look for duplicates, build the indexes again with REINDEX, then record the new version with REFRESH COLLATION VERSION.',
  },
  {
    code: 'production-settings',
    kind: 'health',
    title: 'a setting that only this role or this database has gets in the way of the deploy',
    why: 'ALTER ROLE and ALTER DATABASE … SET hold for the sessions of the migrations too, and no other environment has them. With default_transaction_read_only every statement is refused, which blocks.',
    remedy: 'Reset it for the role of the migrations, or deploy as a role without it.',
    example: { sql: 'ALTER ROLE "deployer" SET default_transaction_read_only = on;' },
  },
  {
    code: 'superuser-role',
    kind: 'health',
    title: 'the role of the migrations is a superuser; only written down, never a finding',
    why: 'No privilege and no row policy is asked of a superuser, so that a migration may pass here and be refused where the role is an ordinary one, or the other way round.',
    remedy: 'Deploy as a role that owns the schema and no more.',
  },
  {
    code: 'column-limit',
    kind: 'health',
    title: 'a table has had more than 1,500 columns, dropped ones counted',
    why: 'A table takes 1,600 in its life, and a dropped column keeps its number. ADD COLUMN then fails here and nowhere else: a restored copy has only the columns that are left.',
    remedy: 'Copy the rows into a new table and rename it.',
  },
  {
    code: 'event-trigger',
    kind: 'health',
    title: 'an event trigger acts on the statements of the deploy',
    why: 'It runs at each CREATE, ALTER or DROP and can refuse it, or do more than the migration says. A server of another environment may not have it.',
    remedy: 'Read what its function does; disable it for the deploy if it must not act.',
    example: { sql: 'ALTER EVENT TRIGGER "no_ddl" DISABLE;' },
  },
]
