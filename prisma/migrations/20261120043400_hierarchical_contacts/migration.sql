-- Contacts below companies.
--
-- Before: tenants have customers, and customers have orders. Some customers name
--         a company, some do not, and nothing enforces any of it.
-- After:  a tenant has companies, a company has contacts and addresses, and each
--         order belongs to a contact and to that contact's company. Foreign keys
--         and two triggers enforce it.
--
-- No row is deleted. No e-mail, name or total is changed.
--
-- ONE TRANSACTION. There is no BEGIN or COMMIT in this file, on purpose: Prisma
-- sends the file as one batch, which PostgreSQL runs as one transaction. By hand:
--   psql --single-transaction -v ON_ERROR_STOP=1 -f migration.sql
-- If any statement fails, the database is exactly as it was before. So nothing
-- in here may be something that refuses to run in a transaction, such as
-- CREATE INDEX CONCURRENTLY or VACUUM.
--
-- ORDER OF THE STATEMENTS. First the locks, then new columns and new names, then
-- the data, then NOT NULL, then indexes, then foreign keys, and triggers last.
-- While rows are being changed there is no foreign key and no trigger yet, so
-- PostgreSQL has no queued row checks, and a later ALTER TABLE cannot stop with
-- "cannot ALTER TABLE because it has pending trigger events". It is also the
-- fastest order: one scan per rule at the end in place of one look-up per row.
--
-- SCHEMA. Tables are found through the connection's search_path, as in every
-- Prisma migration. Only the trigger functions (section 10) name a schema:
-- public. If your tables live elsewhere, change it there.


-- 1. Locks ---------------------------------------------------------------------
-- Take every lock now. The statements below need these locks anyway; taking them
-- one by one, while the application takes them in another order, is how a deadlock
-- starts. From here until the end the application waits. A lock_timeout is not set
-- here: whoever runs the migration decides how long it may queue behind others.

LOCK TABLE "tenants" IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE "companies", "customers", "orders" IN ACCESS EXCLUSIVE MODE;


-- 2. Addresses -----------------------------------------------------------------
-- A new, empty table. Its foreign key comes with the others in section 9.

CREATE TABLE "addresses" (
    "id" SERIAL NOT NULL,
    "company_id" INTEGER NOT NULL,
    "street" TEXT NOT NULL,
    "city" TEXT NOT NULL,
    "postal_code" TEXT NOT NULL,
    "country" CHAR(2) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "addresses_pkey" PRIMARY KEY ("id")
);


-- 3. Companies: new columns ----------------------------------------------------
-- Columns without a default: only the catalogue changes, no row is rewritten.
--
-- default_for_tenant_id marks the company that collects a tenant's contacts
-- without a company. The mark is a column and not the company's name, because
-- names are not unique: a tenant may already have a company of the same name,
-- or rename the default one tomorrow. The unique index allows one default company
-- per tenant, and the check makes it impossible to mark another tenant's company.
-- (Tenant ids are not expected to change. To change one, clear the mark first.)

ALTER TABLE "companies"
    ADD COLUMN "fax" TEXT,
    ADD COLUMN "default_address_id" INTEGER,
    ADD COLUMN "default_for_tenant_id" INTEGER,
    ADD CONSTRAINT "companies_default_for_tenant_id_check"
        CHECK ("default_for_tenant_id" IS NULL OR "default_for_tenant_id" = "tenant_id");

CREATE UNIQUE INDEX "companies_default_for_tenant_id_key" ON "companies"("default_for_tenant_id");


-- 4. Customers become contacts -------------------------------------------------
-- Names only, in the catalogue; no row is touched. The key, the sequence and the
-- index are renamed too: Prisma derives their names from the table's name, and
-- leftover old names would show up as differences in `prisma migrate diff`.

ALTER TABLE "customers" RENAME TO "contacts";
ALTER TABLE "contacts" RENAME CONSTRAINT "customers_pkey" TO "contacts_pkey";
ALTER SEQUENCE "customers_id_seq" RENAME TO "contacts_id_seq";
ALTER INDEX "customers_tenant_id_name_idx" RENAME TO "contacts_tenant_id_name_idx";


-- 5. A default company for contacts without a company ---------------------------
-- One company for each tenant that needs one, none for the others. ORDER BY gives
-- the new companies the same ids in every run on the same data.

INSERT INTO "companies" ("tenant_id", "name", "default_for_tenant_id")
SELECT "tenant_id", 'Contacts without a company', "tenant_id"
FROM "contacts"
WHERE "company_id" IS NULL
GROUP BY "tenant_id"
ORDER BY "tenant_id";

UPDATE "contacts"
SET "company_id" = "companies"."id"
FROM "companies"
WHERE "companies"."default_for_tenant_id" = "contacts"."tenant_id"
  AND "contacts"."company_id" IS NULL;

-- Stops here, and undoes everything, if a contact is still without a company.
ALTER TABLE "contacts" ALTER COLUMN "company_id" SET NOT NULL;


-- 6. Orders: the company, and the new name of the contact column ----------------
-- Every order gets a value, so every row has to be written; it is written ONCE:
--   - ADD COLUMN without a default changes the catalogue only;
--   - one UPDATE fills the column;
--   - SET NOT NULL reads the table but does not write it.
-- (ADD COLUMN ... NOT NULL DEFAULT 0 and a later UPDATE would save nothing and
-- leave a default behind that hides mistakes.)
--
-- The two indexes of orders are dropped first and built again in section 8. With
-- them in place, the UPDATE would also add an entry to each of them for each order,
-- one at a time; on 500,000 orders that made the whole migration half as long again.
-- Nobody misses them meanwhile: the table is locked.

DROP INDEX "orders_customer_id_idx";
DROP INDEX "orders_tenant_id_placed_at_idx";

ALTER TABLE "orders" RENAME COLUMN "customer_id" TO "contact_id";
ALTER TABLE "orders" ADD COLUMN "company_id" INTEGER;

UPDATE "orders"
SET "company_id" = "contacts"."company_id"
FROM "contacts"
WHERE "contacts"."id" = "orders"."contact_id";

-- Stops here, and undoes everything, if an order's contact does not exist.
ALTER TABLE "orders" ALTER COLUMN "company_id" SET NOT NULL;


-- 7. Unique e-mail per tenant ---------------------------------------------------
-- The e-mail stays optional: PostgreSQL allows any number of empty (NULL) ones.
-- The comparison is exact, so Ann@example.com and ann@example.com may both exist.

CREATE UNIQUE INDEX "contacts_tenant_id_email_key" ON "contacts"("tenant_id", "email");


-- 8. Indexes for speed ----------------------------------------------------------
-- Built after the data is in place: building once is faster than keeping an index
-- up to date through half a million changes. They also serve the foreign keys:
-- without them, deleting one company would read all contacts and all orders.

CREATE INDEX "contacts_company_id_idx" ON "contacts"("company_id");
CREATE INDEX "orders_contact_id_idx" ON "orders"("contact_id");
CREATE INDEX "orders_tenant_id_placed_at_idx" ON "orders"("tenant_id", "placed_at");
CREATE INDEX "orders_company_id_placed_at_idx" ON "orders"("company_id", "placed_at");
CREATE INDEX "addresses_company_id_idx" ON "addresses"("company_id");
CREATE UNIQUE INDEX "companies_default_address_id_key" ON "companies"("default_address_id");


-- 9. Foreign keys ---------------------------------------------------------------
-- Each one checks all existing rows with a single join, which is quick.
-- RESTRICT: a tenant, company or contact that is in use cannot be deleted.
-- Exceptions: addresses go with their company, and a company whose default
-- address is deleted simply has no default address any more.

ALTER TABLE "companies"
    ADD CONSTRAINT "companies_tenant_id_fkey"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    ADD CONSTRAINT "companies_default_address_id_fkey"
        FOREIGN KEY ("default_address_id") REFERENCES "addresses"("id") ON DELETE SET NULL ON UPDATE CASCADE;

ALTER TABLE "addresses"
    ADD CONSTRAINT "addresses_company_id_fkey"
        FOREIGN KEY ("company_id") REFERENCES "companies"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "contacts"
    ADD CONSTRAINT "contacts_tenant_id_fkey"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    ADD CONSTRAINT "contacts_company_id_fkey"
        FOREIGN KEY ("company_id") REFERENCES "companies"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "orders"
    ADD CONSTRAINT "orders_tenant_id_fkey"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    ADD CONSTRAINT "orders_contact_id_fkey"
        FOREIGN KEY ("contact_id") REFERENCES "contacts"("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    ADD CONSTRAINT "orders_company_id_fkey"
        FOREIGN KEY ("company_id") REFERENCES "companies"("id") ON DELETE RESTRICT ON UPDATE CASCADE;


-- 10. An order's company is always its contact's company ------------------------
-- orders.company_id is a copy, kept so that a company's orders can be listed from
-- one index. A copy goes wrong unless the database itself keeps it right.
--
-- SET search_path: the functions find the real tables whatever search_path the
-- caller has. pg_temp is named, and last, because otherwise a temporary table
-- called "contacts" would be found first.

-- 10a. When an order is written, its company is taken from the contact.
--      FOR SHARE makes a contact that is just moving to another company wait, or
--      be waited for. Without it, an order entered at that very moment could keep
--      the old company.
CREATE FUNCTION "orders_company_from_contact"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $body$
BEGIN
    SELECT c."company_id" INTO NEW."company_id"
    FROM "contacts" AS c
    WHERE c."id" = NEW."contact_id"
    FOR SHARE;

    IF NOT FOUND THEN
        -- Say what is wrong, under the name of the foreign key that is broken.
        -- Otherwise the message would be about an empty company_id.
        RAISE EXCEPTION 'order refers to contact %, which does not exist', NEW."contact_id"
            USING ERRCODE = 'foreign_key_violation',
                  SCHEMA = TG_TABLE_SCHEMA,
                  TABLE = TG_TABLE_NAME,
                  CONSTRAINT = 'orders_contact_id_fkey';
    END IF;

    RETURN NEW;
END
$body$;

-- Only writes to these two columns matter: changing an order's status stays cheap.
CREATE TRIGGER "orders_company_from_contact"
BEFORE INSERT OR UPDATE OF "contact_id", "company_id" ON "orders"
FOR EACH ROW
EXECUTE FUNCTION "orders_company_from_contact"();

-- 10b. When a contact moves to another company, its orders follow.
CREATE FUNCTION "contacts_move_orders"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $body$
BEGIN
    UPDATE "orders"
    SET "company_id" = NEW."company_id"
    WHERE "contact_id" = NEW."id"
      AND "company_id" <> NEW."company_id";

    RETURN NULL; -- the result of an AFTER trigger is ignored
END
$body$;

CREATE TRIGGER "contacts_move_orders"
AFTER UPDATE ON "contacts"
FOR EACH ROW
WHEN (OLD."company_id" IS DISTINCT FROM NEW."company_id")
EXECUTE FUNCTION "contacts_move_orders"();


-- 11. Statistics ----------------------------------------------------------------
-- Without them the planner knows nothing about the new column until autovacuum
-- comes by, and the first queries after the deploy can be slow. The space of the
-- old row versions (one per order) is reused after the next autovacuum; to have
-- it at once, run VACUUM "orders" after the deploy, it cannot run in here.

ANALYZE "companies";
ANALYZE "contacts";
ANALYZE "orders";
