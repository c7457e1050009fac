import type { CodePage } from '../domain/code-page.js'

/** Pages of what makes a statement fail whatever the data. */
export const refusalPages: readonly CodePage[] = [
  {
    code: 'newer-syntax',
    kind: 'failure',
    title: "the target's server cannot read a statement",
    why: 'The statement is written for another version of PostgreSQL than the one that the target runs, mostly a newer one: a clause, a literal, an option or a word that it does not know. The server itself was asked, and nothing was run: it answered with the SQLSTATE that is shown (42601 for syntax, 22023 for an unknown parameter of a table or a view, 42704 for an unknown setting, 42883, 42703 or 42P01 for a word that it takes for a name). The bodies of functions and DO blocks count, because the server reads them too.',
    remedy:
      'Write the statement in words that the server knows, or upgrade the server first. Development and production should run the same major version.',
    example: {
      sql: 'ALTER TABLE "Order" ADD COLUMN "total" integer GENERATED ALWAYS AS ("net" + "tax") VIRTUAL',
      instead: 'ALTER TABLE "Order" ADD COLUMN "total" integer GENERATED ALWAYS AS ("net" + "tax") STORED',
    },
  },
  {
    code: 'missing-object',
    kind: 'failure',
    title: 'a statement names something that does not exist at that point',
    why: 'The server refuses the statement (42P01, 42703, 42704, 42883, 3F000, 22023) and the migration stops there. The usual causes are a database that has drifted from the migrations and a file edited by hand.',
    remedy:
      'Compare the database with the migrations (prisma migrate diff), then correct the name in a file that is not yet applied, or make the object in a migration before it.',
    example: {
      sql: 'ALTER TABLE "Order" DROP COLUMN "note"',
      instead: 'ALTER TABLE "Order" DROP COLUMN IF EXISTS "note"',
    },
  },
  {
    code: 'object-exists',
    kind: 'failure',
    title: 'a statement makes something that exists already',
    why: 'The server refuses the statement (42P07, 42701, 42710, 42P06, 42723) and the migration stops there. Often the same change has been made by hand before. Tables, views, indexes and sequences share one space of names; a table and a type of the same name also collide.',
    remedy:
      'If it is the very object that the migration wants, mark the migration as applied (prisma migrate resolve --applied); otherwise choose another name or drop the old one first.',
    example: {
      sql: 'CREATE INDEX "Order_status_idx" ON "Order"("status")',
      instead: 'CREATE INDEX IF NOT EXISTS "Order_status_idx" ON "Order"("status")',
    },
  },
  {
    code: 'dependent-object',
    kind: 'failure',
    title: 'other objects rest on what a statement drops or changes',
    why: 'Without CASCADE the server refuses to drop what a view, a foreign key, a default or a trigger needs (2BP01), and it never changes the type of a column that a view, a policy or a trigger reads (0A000).',
    remedy:
      'Drop what depends on it first and make it again afterwards, in the same migration. CASCADE drops it too, but does not make it again.',
    example: {
      sql: 'ALTER TABLE "Order" ALTER COLUMN "total" TYPE numeric',
      instead:
        'DROP VIEW "OrderTotals"; ALTER TABLE "Order" ALTER COLUMN "total" TYPE numeric; CREATE VIEW "OrderTotals" AS SELECT "id", "total" FROM "Order"',
    },
  },
  {
    code: 'type-mismatch',
    kind: 'failure',
    title: 'types that the server neither compares nor casts meet in a statement',
    why: 'The server reads types before it looks at any row (42804, 42883, 42846, 22P02), so the statement fails on an empty table too. A default is cast together with its column and USING does not help it.',
    remedy:
      'Write the cast, and when a column changes its type, drop its default before and set it again after.',
    example: {
      sql: 'ALTER TABLE "User" ALTER COLUMN "role" TYPE "Role" USING "role"::"Role"',
      instead:
        'ALTER TABLE "User" ALTER COLUMN "role" DROP DEFAULT, ALTER COLUMN "role" TYPE "Role" USING "role"::"Role", ALTER COLUMN "role" SET DEFAULT \'USER\'',
    },
  },
  {
    code: 'enum-value-not-usable',
    kind: 'failure',
    title: 'a statement uses an enum value that is not there, or not yet',
    why: 'A value that is no label of the enum is refused (22P02). One that ALTER TYPE … ADD VALUE adds exists, but cannot be used before the transaction that adds it has ended (55P04).',
    remedy: 'Add the value in a migration of its own, and use it in the next one.',
    example: {
      sql: 'ALTER TYPE "Status" ADD VALUE \'PAID\'; UPDATE "Order" SET "status" = \'PAID\'',
      instead: 'ALTER TYPE "Status" ADD VALUE \'PAID\'',
    },
  },
  {
    code: 'foreign-key-target',
    kind: 'failure',
    title: 'a foreign key points at columns that it cannot reference',
    why: 'The referenced columns need a primary key or a unique index on exactly them, without condition or expression and not deferrable (42830, 55000), and both sides need types that the index can compare (42804).',
    remedy: 'Make the unique constraint first, or give both sides the same type.',
    example: {
      sql: 'ALTER TABLE "Order" ADD FOREIGN KEY ("email") REFERENCES "User"("email")',
      instead:
        'CREATE UNIQUE INDEX "User_email_key" ON "User"("email"); ALTER TABLE "Order" ADD FOREIGN KEY ("email") REFERENCES "User"("email")',
    },
  },
  {
    code: 'invalid-statement',
    kind: 'failure',
    title: 'the server refuses a statement of this form for this object',
    why: 'For example a second primary key (42P16), an index on a view (42809), a value for a generated column (428C9), ON CONFLICT without a unique index (42P10). No row could make it succeed.',
    remedy: 'Change the statement as its message says.',
    example: {
      sql: 'INSERT INTO "Tag" ("name") VALUES (\'new\') ON CONFLICT ("name") DO NOTHING',
      instead:
        'CREATE UNIQUE INDEX "Tag_name_key" ON "Tag"("name"); INSERT INTO "Tag" ("name") VALUES (\'new\') ON CONFLICT ("name") DO NOTHING',
    },
  },
  {
    code: 'missing-privilege',
    kind: 'failure',
    title: 'the role that deploys may not run a statement',
    why: 'The server refuses it (42501). Only the owner of a table may change its structure, a foreign key needs REFERENCES on its parent, and since PostgreSQL 15 not everybody may create in the schema public.',
    remedy: 'Deploy as the owner of the objects, or grant the role what it lacks.',
    example: {
      sql: 'ALTER TABLE "Order" ADD COLUMN "note" text',
      instead: 'ALTER TABLE "Order" OWNER TO "deployer"',
    },
  },
  {
    code: 'missing-extension',
    kind: 'failure',
    title: 'a migration installs an extension that the server does not have',
    why: 'CREATE EXTENSION only installs what is on the server’s disk (0A000, before PostgreSQL 15 58P01). IF NOT EXISTS does not help.',
    remedy: 'Install the package on the server, or ask the provider whether the extension is offered.',
    example: { sql: 'CREATE EXTENSION IF NOT EXISTS "vector"' },
  },
  {
    code: 'transaction-setting-late',
    kind: 'failure',
    title: 'SET TRANSACTION stands behind the first query of its transaction',
    why: 'The level of isolation, DEFERRABLE and a snapshot can only be set before the first query (SQLSTATE 25001), and a migration file runs in one transaction where it can.',
    remedy: 'Move SET TRANSACTION to the beginning of the file.',
    example: {
      sql: 'UPDATE "items" SET "price" = "price" * 2;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;',
      instead: 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nUPDATE "items" SET "price" = "price" * 2;',
    },
  },
  {
    code: 'read-only-transaction',
    kind: 'failure',
    title: 'a statement writes in a transaction that the file makes READ ONLY',
    why: 'The server refuses it (SQLSTATE 25006), and the whole file is rolled back.',
    remedy: 'Leave READ ONLY out.',
    example: { sql: 'SET TRANSACTION READ ONLY;\nUPDATE "items" SET "price" = 0;' },
  },
]
