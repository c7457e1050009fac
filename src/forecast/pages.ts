import type { CodePage } from '../domain/code-page.js'

/** What is found when pending statements are held against the rows that are there. */
export const forecastPages: readonly CodePage[] = [
  {
    code: 'not-null-violation',
    kind: 'failure',
    title: 'rows hold NULL in a column that must not be NULL',
    why: 'The statement fails with SQLSTATE 23502, and the deploy with it. The statements before it in the pending files are taken into account.',
    remedy: 'Fill the column first, in a statement before this one, or give it a default.',
    example: {
      sql: 'ALTER TABLE "customers" ALTER COLUMN "email" SET NOT NULL;',
      instead:
        'UPDATE "customers" SET "email" = \'\' WHERE "email" IS NULL;\nALTER TABLE "customers" ALTER COLUMN "email" SET NOT NULL;',
    },
  },
  {
    code: 'unique-violation',
    kind: 'failure',
    title: 'rows share a key that must be unique',
    why: 'The statement fails with SQLSTATE 23505 (or 21000, where one statement meets a row twice). Partial, expression and collated indexes are asked as the server will build them.',
    remedy: 'Merge the rows, or change the key of all but one of each, before this statement.',
    example: { sql: 'CREATE UNIQUE INDEX "users_email_key" ON "users" ("email");' },
  },
  {
    code: 'foreign-key-violation',
    kind: 'failure',
    title: 'rows refer to rows that are missing',
    why: 'The statement fails with SQLSTATE 23503.',
    remedy: 'Restore the missing rows, or remove or correct the references, before this statement.',
    example: {
      sql: 'ALTER TABLE "orders" ADD FOREIGN KEY ("customerId") REFERENCES "customers" ("id");',
      instead:
        'DELETE FROM "orders" o WHERE NOT EXISTS (SELECT FROM "customers" c WHERE c."id" = o."customerId");\nALTER TABLE "orders" ADD FOREIGN KEY ("customerId") REFERENCES "customers" ("id");',
    },
  },
  {
    code: 'check-violation',
    kind: 'failure',
    title: 'rows break a CHECK',
    why: 'The statement fails with SQLSTATE 23514.',
    remedy: 'Correct the rows before this statement, or add the constraint NOT VALID and validate it later.',
    example: { sql: 'ALTER TABLE "items" ADD CHECK ("price" > 0);' },
  },
  {
    code: 'exclusion-violation',
    kind: 'failure',
    title: 'rows exclude one another',
    why: 'The statement fails with SQLSTATE 23P01: two rows, for instance two bookings of one room, are in conflict by the operators of an exclusion constraint.',
    remedy: 'Move or remove one row of each conflict before this statement.',
    example: {
      sql: 'ALTER TABLE "bookings" ADD EXCLUDE USING gist ("room" WITH =, tsrange("from", "to") WITH &&);',
    },
  },
  {
    code: 'pending-trigger-events',
    kind: 'failure',
    title: 'a table is altered while rows of it wait for a deferred check',
    why: 'Rows that were put in, changed or deleted earlier in the same transaction are looked at again when it ends, because a foreign key is DEFERRABLE INITIALLY DEFERRED or SET CONSTRAINTS says so. Until then the statement fails with SQLSTATE 55006: "cannot ALTER TABLE because it has pending trigger events". It passes where no row is touched, as in an empty test database.',
    remedy:
      'Have the rows checked first with SET CONSTRAINTS ALL IMMEDIATE, or put what changes the rows and what alters the table into migrations of their own.',
    example: {
      sql: 'UPDATE "orders" SET "customerId" = 1 WHERE "customerId" = 2;\nALTER TABLE "orders" ADD COLUMN "note" TEXT;',
      instead:
        'UPDATE "orders" SET "customerId" = 1 WHERE "customerId" = 2;\nSET CONSTRAINTS ALL IMMEDIATE;\nALTER TABLE "orders" ADD COLUMN "note" TEXT;',
    },
  },
  {
    code: 'no-replica-identity',
    kind: 'failure',
    title: 'rows of a published table change, and nothing tells its subscribers which',
    why: 'A table whose updates or deletes are published needs a replica identity: a primary key, or what REPLICA IDENTITY names. Without one the server refuses every UPDATE and DELETE (55000), also where no row is hit; and where the publication chooses rows by other columns or leaves out columns of the identity (42P10).',
    remedy:
      'Give the table a primary key or a REPLICA IDENTITY before the statement, or take it out of the publication.',
    example: {
      sql: 'ALTER TABLE "events" DROP CONSTRAINT "events_pkey";\nUPDATE "events" SET "kind" = \'old\';',
      instead:
        'ALTER TABLE "events" DROP CONSTRAINT "events_pkey";\nALTER TABLE "events" REPLICA IDENTITY FULL;\nUPDATE "events" SET "kind" = \'old\';',
    },
  },
  {
    code: 'invalid-value',
    kind: 'failure',
    title: 'a value cannot be computed, cast or stored',
    why: 'The statement fails with an SQLSTATE of class 22, for instance 22P02 where a row still holds an enum value that the new type lacks, or 22001 where a string is too long.',
    remedy: 'Change the values that do not fit before this statement, or map them in the USING clause.',
    example: {
      sql: 'ALTER TABLE "users" ALTER COLUMN "role" TYPE "Role_new" USING ("role"::text::"Role_new");',
      instead:
        'UPDATE "users" SET "role" = \'USER\' WHERE "role" = \'GUEST\';\nALTER TABLE "users" ALTER COLUMN "role" TYPE "Role_new" USING ("role"::text::"Role_new");',
    },
  },
  {
    code: 'raised-exception',
    kind: 'failure',
    title: 'a DO block or a trigger raises an exception on the rows that are there',
    why: 'The migration stops itself, as its author wanted: a guard in it found what it looks for.',
    remedy: 'Fix what its message names, then run the command again.',
    example: {
      sql: 'DO $$ BEGIN IF EXISTS (SELECT FROM "users" WHERE "email" IS NULL) THEN RAISE EXCEPTION \'users without email\'; END IF; END $$;',
    },
  },
  {
    code: 'decided-by-rehearsal',
    kind: 'failure',
    title: 'whether a statement succeeds cannot be told from the rows',
    why: 'The statement depends on something that cannot be read without running it, for instance a trigger that writes, a random condition, or a function that the migrations make. Unknown is never green: it stops the run.',
    remedy:
      'Rehearse the migration on a copy, then accept the finding by name with what the rehearsal showed.',
  },
]
