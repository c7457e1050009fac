import type { CodePage } from '../../domain/code-page.js'

/** Of every code of a loss. */
export const lossPages: readonly CodePage[] = [
  {
    code: 'drop-column',
    kind: 'loss',
    title: 'a column that holds values is dropped',
    why: 'The values are gone for good; only a backup has them. A running application that still reads the column fails.',
    remedy:
      'Copy the values to where they are needed, or keep them aside, before the column goes. Where an earlier statement has copied every value to another column of the row, this is only a warning.',
    example: {
      sql: 'ALTER TABLE "customers" DROP COLUMN "fax";',
      instead:
        'CREATE TABLE "customers_fax_kept" AS SELECT "id", "fax" FROM "customers" WHERE "fax" IS NOT NULL;\nALTER TABLE "customers" DROP COLUMN "fax";',
    },
  },
  {
    code: 'drop-and-re-add-column',
    kind: 'loss',
    title: 'a column that holds values is dropped and added again under its name',
    why: 'The new column is empty, and nothing fails. Prisma writes a change of type that way when it knows no cast.',
    remedy: 'Change the type in place.',
    example: {
      sql: 'ALTER TABLE "customers" DROP COLUMN "age", ADD COLUMN "age" TEXT;',
      instead: 'ALTER TABLE "customers" ALTER COLUMN "age" TYPE TEXT USING "age"::TEXT;',
    },
  },
  {
    code: 'probable-rename-column',
    kind: 'loss',
    title: 'a column that holds values is dropped, and one of the same type added: probably a rename',
    why: 'Prisma cannot tell a renamed field from a removed and a new one. The values do not go along, and nothing fails.',
    remedy: 'Write RENAME COLUMN in the place of the two. If it is no rename, accept the loss.',
    example: {
      sql: 'ALTER TABLE "customers" DROP COLUMN "fax", ADD COLUMN "phone" TEXT;',
      instead: 'ALTER TABLE "customers" RENAME COLUMN "fax" TO "phone";',
    },
  },
  {
    code: 'drop-table',
    kind: 'loss',
    title: 'a table that holds rows is dropped',
    why: 'The rows are gone for good; only a backup has them.',
    remedy: 'Set the table aside under another name, and drop it when nobody has missed it for a while.',
    example: {
      sql: 'DROP TABLE "items";',
      instead: 'ALTER TABLE "items" RENAME TO "items_kept";',
    },
  },
  {
    code: 'probable-rename-table',
    kind: 'loss',
    title:
      'a table that holds rows is dropped, and one with mostly the same columns created: probably a rename',
    why: 'Prisma cannot tell a renamed model from a removed and a new one. The rows do not go along, and nothing fails.',
    remedy: 'Write RENAME TO in the place of the two. If it is no rename, accept the loss.',
    example: {
      sql: 'DROP TABLE "items";\nCREATE TABLE "products" ("id" INTEGER PRIMARY KEY, "name" TEXT);',
      instead: 'ALTER TABLE "items" RENAME TO "products";',
    },
  },
  {
    code: 'drop-schema',
    kind: 'loss',
    title: 'a schema is dropped with tables that hold rows',
    why: 'Every table in it goes, and every column elsewhere whose type is in it.',
    remedy: 'Drop the tables by name, so that none goes that nobody has thought of.',
    example: {
      sql: 'DROP SCHEMA "billing" CASCADE;',
      instead: 'ALTER SCHEMA "billing" RENAME TO "billing_kept";',
    },
  },
  {
    code: 'drop-type',
    kind: 'loss',
    title: 'a type is dropped with the columns of it',
    why: 'CASCADE drops every column of the type, with its values. Without it the server would refuse.',
    remedy: 'Give the columns another type first, and leave CASCADE out.',
    example: {
      sql: 'DROP TYPE "Mood" CASCADE;',
      instead: 'ALTER TABLE "customers" ALTER COLUMN "mood" TYPE TEXT;\nDROP TYPE "Mood";',
    },
  },
  {
    code: 'drop-extension',
    kind: 'loss',
    title: 'an extension is dropped with the columns of its types',
    why: 'CASCADE drops every column of a type that the extension has brought, with its values.',
    remedy: 'Give the columns another type first, and leave CASCADE out.',
    example: {
      sql: 'DROP EXTENSION "citext" CASCADE;',
      instead: 'ALTER TABLE "customers" ALTER COLUMN "email" TYPE TEXT;\nDROP EXTENSION "citext";',
    },
  },
  {
    code: 'drop-sequence',
    kind: 'loss',
    title: 'a sequence that has given numbers is dropped',
    why: 'Where it stands is lost. A new sequence starts at 1 and gives numbers that are in use.',
    remedy: 'Start the sequence that takes its place after the last value of this one.',
    example: { sql: 'DROP SEQUENCE "invoice_numbers";' },
  },
  {
    code: 'truncate',
    kind: 'loss',
    title: 'a table that holds rows is truncated',
    why: 'All rows go, whatever the triggers and conditions for a DELETE are.',
    remedy: 'Keep the rows that are still needed, or accept the loss.',
    example: { sql: 'TRUNCATE "items";' },
  },
  {
    code: 'delete',
    kind: 'loss',
    title: 'rows are deleted by a condition',
    why: 'They are counted for you to compare with what you expect. The run stops when more than half of the rows of the table would go, or when the condition cannot be followed.',
    remedy: 'Look at the rows that it finds.',
    example: { sql: 'DELETE FROM "orders" WHERE "state" = \'draft\';' },
  },
  {
    code: 'delete-without-where',
    kind: 'loss',
    title: 'all rows of a table are deleted',
    why: 'A DELETE without WHERE empties the table.',
    remedy: 'Add the condition that is missing, or accept the loss.',
    example: { sql: 'DELETE FROM "orders";' },
  },
  {
    code: 'update',
    kind: 'loss',
    title: 'values are overwritten by a condition',
    why: 'The values before are gone. They are counted for you to compare with what you expect; it is a warning when more than half of the values of the column change.',
    remedy: 'Look at the rows that the condition finds.',
    example: { sql: 'UPDATE "orders" SET "state" = \'done\' WHERE "state" = \'paid\';' },
  },
  {
    code: 'update-without-where',
    kind: 'loss',
    title: 'values of all rows are overwritten',
    why: 'An UPDATE without WHERE replaces every value of the column. Values that stay the same and rows without one are not counted.',
    remedy: 'Add the condition that is missing, or write the new values to a new column, or accept the loss.',
    example: {
      sql: 'UPDATE "customers" SET "email" = \'\';',
      instead: 'UPDATE "customers" SET "email" = \'\' WHERE "email" IS NULL;',
    },
  },
  {
    code: 'narrowing',
    kind: 'loss',
    title: 'a change of type cuts, rounds or merges values',
    why: 'The statement succeeds, and the values cannot be read back: digits, microseconds, the end of a text, or the difference between two values is gone.',
    remedy:
      'Keep the values as they are in another column or table, choose a type with room for them, or accept the loss.',
    example: {
      sql: 'ALTER TABLE "customers" ALTER COLUMN "balance" TYPE DECIMAL(10,2);',
      instead: 'ALTER TABLE "customers" ALTER COLUMN "balance" TYPE DECIMAL(12,4);',
    },
  },
  {
    code: 'lost-time-zone',
    kind: 'loss',
    title: 'moments in time become wall-clock times',
    why: 'Which clock is meant depends on the TimeZone of the session that runs the migration, and afterwards nothing tells it any more.',
    remedy: 'Say the time zone with AT TIME ZONE, or stay with timestamptz.',
    example: {
      sql: 'ALTER TABLE "orders" ALTER COLUMN "placed" TYPE TIMESTAMP(3);',
      instead:
        'ALTER TABLE "orders" ALTER COLUMN "placed" TYPE TIMESTAMP(3) USING "placed" AT TIME ZONE \'UTC\';',
    },
  },
  {
    code: 'not-looked-at',
    kind: 'loss',
    title: 'what a statement does to the data that is there was not looked at',
    why: 'The file cannot be read, or the statement runs a text that it makes itself, or code in a language that is not followed. It may take away anything, so nothing is said to be safe.',
    remedy: 'Read what it does to rows, or rehearse it on a copy; then accept the finding by name.',
    example: {
      sql: "DO $$ DECLARE t text; BEGIN FOR t IN SELECT table_name FROM information_schema.tables LOOP EXECUTE format('DELETE FROM %I', t); END LOOP; END $$;",
    },
  },
  {
    code: 'cascade',
    kind: 'loss',
    title: 'a statement takes along what it does not name',
    why: 'Rows that refer to a deleted or truncated row go too, or lose their reference; DROP … CASCADE drops foreign keys and views that somebody may miss.',
    remedy: 'Delete or drop by name what is meant to go.',
    example: {
      sql: 'DROP TABLE "customers" CASCADE;',
      instead: 'ALTER TABLE "orders" DROP CONSTRAINT "orders_customer_id_fkey";\nDROP TABLE "customers";',
    },
  },
]
