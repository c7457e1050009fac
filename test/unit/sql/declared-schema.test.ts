import { expect, test } from '@jest/globals'
import { readDeclaredSchema } from '../../../src/sql/declared-schema.js'
import { parse } from '../../support/parse.js'

test('reads tables, relations and unique keys from the SQL that Prisma makes', () => {
  const statements = parse(`
    -- CreateEnum
    CREATE TYPE "status" AS ENUM ('open');
    CREATE TABLE "orders" ("id" SERIAL NOT NULL, "tenant" INTEGER, "nr" INTEGER, CONSTRAINT "orders_pkey" PRIMARY KEY ("id"));
    CREATE TABLE "crm"."Lines" ("order_tenant" INTEGER, "order_nr" INTEGER);
    CREATE INDEX "orders_nr_idx" ON "orders"("nr");
    CREATE UNIQUE INDEX "orders_tenant_nr_key" ON "orders"("tenant", "nr");
    CREATE UNIQUE INDEX "open_only" ON "orders"("nr") WHERE "tenant" IS NULL;
    ALTER TABLE "crm"."Lines" ADD CONSTRAINT "Lines_fkey" FOREIGN KEY ("order_tenant", "order_nr")
      REFERENCES "orders"("tenant", "nr") ON DELETE CASCADE ON UPDATE CASCADE;`)
  expect(readDeclaredSchema(statements, { enforcesRelations: false })).toEqual({
    tables: [{ name: 'orders' }, { schema: 'crm', name: 'Lines' }],
    relations: [
      {
        name: 'Lines_fkey',
        table: { schema: 'crm', name: 'Lines' },
        columns: ['order_tenant', 'order_nr'],
        referencedTable: { name: 'orders' },
        referencedColumns: ['tenant', 'nr'],
      },
    ],
    uniqueKeys: [{ name: 'orders_tenant_nr_key', table: { name: 'orders' }, columns: ['tenant', 'nr'] }],
    enforcesRelations: false,
  })
})

test('an empty schema declares nothing', () => {
  expect(readDeclaredSchema([], { enforcesRelations: true })).toEqual({
    tables: [],
    relations: [],
    uniqueKeys: [],
    enforcesRelations: true,
  })
})
