import type { CodePage } from '../domain/code-page.js'

/** What the checks of the live data find. */
export const checkPages: readonly CodePage[] = [
  {
    code: 'orphan-rows',
    kind: 'health',
    title: 'rows refer to a row that does not exist',
    why: 'A foreign key that is added or validated later fails on them (SQLSTATE 23503), and the application reads a relation that leads nowhere. They come from rows loaded with triggers off, from a NOT VALID foreign key, or from relationMode = "prisma".',
    remedy:
      'Restore the rows that are missing, or correct or remove those that refer to them; the finding brings the SQL that lists every one. Where the database enforces the relation the finding blocks, else it warns.',
  },
  {
    code: 'duplicate-keys',
    kind: 'failure',
    title: 'rows share a key that the Prisma schema declares unique',
    why: 'The unique index that the migrations make, or that is to be rebuilt, fails on them (SQLSTATE 23505). Until then findUnique() gives any one of the rows.',
    remedy:
      'Merge the rows, or change the key of all but one of each; the finding brings the SQL that lists them.',
    example: { sql: 'CREATE UNIQUE INDEX "customers_email_key" ON "customers"("email");' },
  },
  {
    code: 'foreign-key-not-enforced',
    kind: 'health',
    title: 'a foreign key is NOT VALID, or its triggers are disabled',
    why: 'It looks as if it protected the data and does not: rows from before it were never checked, or new ones are not.',
    remedy: 'Enable the triggers or validate the foreign key, once the rows that contradict it are fixed.',
    example: {
      sql: 'ALTER TABLE "orders" DISABLE TRIGGER ALL;',
      instead: 'ALTER TABLE "orders" VALIDATE CONSTRAINT "orders_customer_id_fkey";',
    },
  },
  {
    code: 'invalid-index',
    kind: 'health',
    title: 'an index is invalid',
    why: 'A CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY that failed has left it behind. It costs on every write, serves no query and, when it is unique, lets duplicates in. CREATE INDEX IF NOT EXISTS takes it for a good one.',
    remedy:
      'Build it again with REINDEX INDEX CONCURRENTLY, or drop it; of a unique index, remove the duplicates first.',
    example: {
      sql: 'CREATE INDEX CONCURRENTLY IF NOT EXISTS "orders_placed_at_idx" ON "orders"("placed_at");',
      instead: 'REINDEX INDEX CONCURRENTLY "orders_placed_at_idx";',
    },
  },
  {
    code: 'missing-table',
    kind: 'failure',
    title: 'a table of the Prisma schema does not exist',
    why: 'The application fails as soon as it reads or writes the model. Prisma does not look for it: its history says only which files were applied.',
    remedy:
      'Find out which migration should have made it: compare prisma migrate status and prisma migrate diff.',
  },
  {
    code: 'declared-check',
    kind: 'custom',
    title: 'a check of your own found rows',
    why: 'Whoever wrote the check knows what these rows break; its title says what should be true.',
    remedy:
      'Follow the hint and the fix that stand in the check file. With "-- verdict: warn" it only warns.',
  },
  {
    code: 'check-may-act',
    kind: 'custom',
    title: 'a check of your own may do more than ask',
    why: 'Your checks are asked on the target as you wrote them. The transaction is read-only, but that holds back no function that ends sessions, calls another server or takes a lock, and what a function in C does nobody can read.',
    remedy:
      'Find out what the function that the message names does. Ask without it, or accept the finding by name when it only reads.',
    example: {
      sql: '-- title: Nobody else is connected\n-- verdict: block\nSELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND NOT pg_terminate_backend(pid);',
      instead:
        '-- title: Nobody else is connected\n-- verdict: block\nSELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid();',
    },
  },
  {
    code: 'check-not-answered',
    kind: 'health',
    title: 'a check could not be made',
    why: 'A question without an answer is no good news: what it would have found is not known. So it blocks like a failure.',
    remedy:
      'Fix the cause that the message names, such as a missing privilege or a time-out, and run the command again.',
  },
]
