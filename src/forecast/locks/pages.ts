import type { CodePage } from '../../domain/code-page.js'

/** Of every code about locks. */
export const lockPages: readonly CodePage[] = [
  {
    code: 'table-rewrite',
    kind: 'lock',
    title: 'a large table is written anew while nobody can use it',
    why: 'Every row goes into a new file and every index is built again, under ACCESS EXCLUSIVE: queries wait from the first to the last row. The disk holds both copies for that long.',
    remedy:
      'Add a column of the new type beside the old one, keep it in step with a trigger, fill it in batches, and change over when all rows have it. A new column with a random or counted default is added empty first.',
    example: {
      sql: 'ALTER TABLE "orders" ADD COLUMN "token" UUID NOT NULL DEFAULT gen_random_uuid();',
      instead:
        'ALTER TABLE "orders" ADD COLUMN "token" UUID, ALTER COLUMN "token" SET DEFAULT gen_random_uuid();\n-- then, in migrations of their own: fill the rows in batches, and SET NOT NULL with the help of a CHECK',
    },
  },
  {
    code: 'table-scan-under-lock',
    kind: 'lock',
    title: 'a large table is read from end to end while writers, or readers too, wait',
    why: 'SET NOT NULL, a new CHECK and the like look at every row that is there, under the lock of the ALTER TABLE.',
    remedy:
      'Add the constraint NOT VALID, which is quick, and VALIDATE it in a later migration, which lets others read and write. SET NOT NULL reads nothing when a valid CHECK proves it, and that is not dropped by the same ALTER TABLE.',
    example: {
      sql: 'ALTER TABLE "orders" ALTER COLUMN "total" SET NOT NULL;',
      instead:
        'ALTER TABLE "orders" ADD CONSTRAINT "orders_total_not_null" CHECK ("total" IS NOT NULL) NOT VALID;\n-- in the next migration\nALTER TABLE "orders" VALIDATE CONSTRAINT "orders_total_not_null";\n-- in the one after it\nALTER TABLE "orders" ALTER COLUMN "total" SET NOT NULL;\nALTER TABLE "orders" DROP CONSTRAINT "orders_total_not_null";',
    },
  },
  {
    code: 'foreign-key-locks-parent',
    kind: 'lock',
    title: 'a new foreign key is checked row by row while writers of both tables wait',
    why: 'The lock is taken on the referenced table too, which the statement only mentions: nothing is written there until the last row of the referencing table has been looked up.',
    remedy: 'Add the foreign key NOT VALID, and VALIDATE it in a later migration, which lets others write.',
    example: {
      sql: 'ALTER TABLE "orders" ADD CONSTRAINT "orders_customerId_fkey" FOREIGN KEY ("customerId") REFERENCES "customers" ("id");',
      instead:
        'ALTER TABLE "orders" ADD CONSTRAINT "orders_customerId_fkey" FOREIGN KEY ("customerId") REFERENCES "customers" ("id") NOT VALID;\n-- in the next migration\nALTER TABLE "orders" VALIDATE CONSTRAINT "orders_customerId_fkey";',
    },
  },
  {
    code: 'index-blocks-writes',
    kind: 'lock',
    title: 'an index of a large table is built while writers, or readers too, wait',
    why: 'CREATE INDEX keeps writers out until it is built. A new key (PRIMARY KEY, UNIQUE) and REINDEX keep readers out as well.',
    remedy:
      'Build the index CONCURRENTLY, in a migration that holds nothing else, since it may not run in a transaction. A key can then be made of the index with USING INDEX.',
    example: {
      sql: 'CREATE INDEX "orders_placed_idx" ON "orders" ("placed");',
      instead: 'CREATE INDEX CONCURRENTLY "orders_placed_idx" ON "orders" ("placed");',
    },
  },
  {
    code: 'refresh-blocks-readers',
    kind: 'lock',
    title: 'a large materialized view is filled anew while its readers wait',
    why: 'REFRESH runs the query of the view under ACCESS EXCLUSIVE on the view.',
    remedy: 'Give the view a unique index on plain columns without a condition, and refresh it CONCURRENTLY.',
    example: {
      sql: 'REFRESH MATERIALIZED VIEW "totals";',
      instead: 'REFRESH MATERIALIZED VIEW CONCURRENTLY "totals";',
    },
  },
  {
    code: 'rows-locked',
    kind: 'lock',
    title: 'one statement changes very many rows',
    why: 'Each row stays locked until the transaction ends, and its old version stays in the table: other writers of these rows wait, replicas fall behind, and the table grows by what was changed. `check` counts the rows that the condition finds; `plan` reads no rows and tells the most that they can be.',
    remedy: 'Change the rows in batches, and commit each.',
    example: {
      sql: 'UPDATE "orders" SET "state" = \'new\';',
      instead:
        'DO $$\nDECLARE batch record;\nBEGIN\n  FOR batch IN SELECT array_agg("id") AS ids FROM (SELECT "id", (row_number() OVER (ORDER BY "id") - 1) / 10000 AS n FROM "orders") o GROUP BY n ORDER BY n\n  LOOP\n    UPDATE "orders" SET "state" = \'new\' WHERE "id" = ANY (batch.ids);\n    COMMIT;\n  END LOOP;\nEND $$;',
    },
  },
  {
    code: 'lock-held-through-file',
    kind: 'lock',
    title: 'a lock that is taken early is kept while a later statement of the file works for long',
    why: 'A lock lasts until its transaction ends, and a migration file is one transaction wherever it can be. A change of the catalog that is over in a moment keeps everybody out for as long as the slowest statement after it takes.',
    remedy: 'Put the slow statement into a migration of its own.',
    example: {
      sql: 'ALTER TABLE "orders" ADD COLUMN "state" TEXT;\nUPDATE "orders" SET "state" = \'new\';',
      instead:
        'ALTER TABLE "orders" ADD COLUMN "state" TEXT;\n-- in the next migration, in batches\nUPDATE "orders" SET "state" = \'new\';',
    },
  },
]
