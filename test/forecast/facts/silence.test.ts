import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import type { Reader } from '../../../src/domain/reader.js'
import { readLiveCatalog } from '../../../src/forecast/live-catalog.js'
import type { CatalogModel } from '../../../src/forecast/model.js'
import { asGuard } from '../../support/as-guard.js'
import { asMadeByMigrations, readerOf, tryStatement } from '../../support/static-facts.js'
import { createTestDatabase } from '../../support/test-database.js'

// A failure that is foretold and does not come stops a good deploy: so the server does all of these, and nothing is said.

const schema = `
  CREATE TYPE "Status" AS ENUM ('OPEN', 'PAID');
  CREATE TYPE "Status2" AS ENUM ('OPEN');
  CREATE TYPE comp AS (a int, b text);
  CREATE DOMAIN dom AS int;
  CREATE TABLE "User" (id serial PRIMARY KEY, name text, note text, tags text[] DEFAULT '{}', tags2 text[], meta jsonb, age int, big bigint, price numeric(10,2), uid uuid, created timestamptz DEFAULT now(), updated timestamp, day date, ok boolean, vc varchar(5), ch char(3), dom dom);
  CREATE INDEX "User_name_idx" ON "User" (name);
  CREATE UNIQUE INDEX "User_uniq" ON "User" (name, age);
  CREATE TABLE "Order" (id serial PRIMARY KEY, "userId" int REFERENCES "User", total int DEFAULT 0, status "Status" DEFAULT 'OPEN', statuses "Status"[]);
  CREATE TABLE "Part" (a int, b int, c int, d text, UNIQUE (b, c));
  CREATE UNIQUE INDEX ON "Part" (a) WHERE b > 0;
  CREATE UNIQUE INDEX ON "Part" (lower(d));
  CREATE TABLE "Gen" (id int GENERATED ALWAYS AS IDENTITY, b int, g int GENERATED ALWAYS AS (b + 1) STORED);
  CREATE TABLE "Text" (t text UNIQUE, v varchar UNIQUE);
  CREATE TABLE "Comp" (id int, c comp);
  CREATE TABLE "LongNamedTable" (id int);
  CREATE TABLE "Parted" (a int, b int) PARTITION BY LIST (a);
  CREATE TABLE "Parted1" PARTITION OF "Parted" FOR VALUES IN (1);
  CREATE VIEW v AS SELECT id AS vid, name AS vname FROM "User";
  CREATE MATERIALIZED VIEW mv AS SELECT 1 AS a;
  CREATE SCHEMA s2;
  CREATE TABLE s2.t (a int);
  CREATE FUNCTION fn_default(a int, b text DEFAULT 'x') RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION fn_variadic(VARIADIC a int[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION fn_any(anyelement) RETURNS anyelement LANGUAGE sql AS 'SELECT $1';
  CREATE FUNCTION fn_row("User") RETURNS text LANGUAGE sql AS 'SELECT $1.name';
  CREATE FUNCTION fn_table(int) RETURNS TABLE (x int, y int) LANGUAGE sql AS 'SELECT 1, 2';
  CREATE FUNCTION fn_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';`

const good = [
  'SELECT * FROM "User" u JOIN "Order" o ON o."userId" = u.id',
  'SELECT u.*, o.total FROM "User" u LEFT JOIN "Order" o ON o."userId" = u.id WHERE o.id IS NULL ORDER BY u.name DESC NULLS LAST LIMIT 10',
  'SELECT name AS n, count(*) AS c FROM "User" GROUP BY n HAVING count(*) > 1 ORDER BY c',
  'SELECT name FROM "User" ORDER BY lower(name), id',
  'SELECT DISTINCT ON (name) id, name FROM "User" ORDER BY name, created DESC',
  'SELECT row_number() OVER (PARTITION BY name ORDER BY created) AS rn FROM "User"',
  'SELECT * FROM (SELECT id, row_number() OVER w AS rn FROM "User" WINDOW w AS (PARTITION BY name)) q WHERE rn > 1',
  'WITH d AS (SELECT id, row_number() OVER (PARTITION BY name) AS rn FROM "User") DELETE FROM "User" USING d WHERE "User".id = d.id AND d.rn > 1',
  'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 10) SELECT sum(n) FROM t',
  'WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT * FROM a, b WHERE a.x < b.y',
  'WITH moved AS (DELETE FROM "Order" WHERE total = 0 RETURNING *) INSERT INTO "Order" (id, "userId", total, status) SELECT id + 1000, "userId", total, status FROM moved',
  `WITH x AS (INSERT INTO "User" (name) VALUES ('a') RETURNING id) INSERT INTO "Order" ("userId", total) SELECT id, 1 FROM x`,
  'SELECT * FROM "User" u, LATERAL (SELECT count(*) AS n FROM "Order" o WHERE o."userId" = u.id) q WHERE q.n > 0',
  `SELECT * FROM "User" u CROSS JOIN LATERAL unnest(u.tags) AS t(tag) WHERE tag = 'x'`,
  'SELECT t.tag, t.ord FROM "User" u, unnest(u.tags) WITH ORDINALITY AS t(tag, ord)',
  'SELECT * FROM generate_series(1, 3) AS n WHERE n > 1',
  'SELECT n FROM generate_series(1, 3) n',
  "SELECT g.d::date FROM generate_series(now(), now() + interval '1 day', '1 hour') AS g(d)",
  "SELECT v.a, v.b FROM (VALUES (1, 'x'), (2, 'y')) AS v(a, b) WHERE v.a = 1",
  'SELECT column1 FROM (VALUES (1), (2)) v',
  `UPDATE "Order" SET status = v.s::"Status" FROM (VALUES (1, 'OPEN'), (2, 'PAID')) AS v(id, s) WHERE "Order".id = v.id`,
  `UPDATE "Order" o SET total = o.total + 1, status = 'PAID' FROM "User" u WHERE u.id = o."userId" AND u.name LIKE 'a%'`,
  `UPDATE "Order" SET (total, status) = (1, 'PAID')`,
  `UPDATE "Order" SET (total, status) = (SELECT 2, 'PAID'::"Status")`,
  'UPDATE "Order" SET (total, status) = ROW(1, DEFAULT)',
  'UPDATE "Order" AS o SET total = (SELECT max(x.total) FROM "Order" x WHERE x."userId" = o."userId")',
  `UPDATE "User" SET meta = jsonb_set(meta, '{a}', '1'::jsonb), tags = array_append(tags, 'x'), tags2 = ARRAY[]::text[]`,
  `UPDATE "User" SET meta = meta || '{"a": 1}' WHERE meta->>'b' = 'x' AND meta ? 'c' AND meta @> '{"d": 1}'`,
  `UPDATE "User" SET meta = '{}', tags = '{}', tags2 = '{"a b", c}'`,
  'UPDATE "User" SET uid = gen_random_uuid(), created = now(), updated = CURRENT_TIMESTAMP, day = CURRENT_DATE',
  `UPDATE "User" SET created = '2020-01-01', day = '2020-01-01', age = '5', price = '1.5', ok = 't'`,
  'UPDATE "User" SET name = age, note = price, age = age::text::int',
  'UPDATE "User" SET age = NULL, name = NULL, meta = NULL',
  `UPDATE "User" SET name = CASE WHEN age > 5 THEN 'old' WHEN ok THEN name ELSE NULL END`,
  `UPDATE "Order" SET status = CASE WHEN total > 5 THEN 'PAID'::"Status" ELSE 'OPEN' END`,
  `UPDATE "Order" SET status = CASE status WHEN 'OPEN' THEN 'PAID'::"Status" ELSE status END`,
  `UPDATE "Order" SET status = COALESCE(status, 'OPEN'), statuses = ARRAY['OPEN', 'PAID']::"Status"[]`,
  `UPDATE "Order" SET statuses = ARRAY['OPEN'::"Status"]`,
  `UPDATE "Order" SET status = 'OPEN' WHERE status IN ('OPEN', 'PAID') OR status = ANY(ARRAY['OPEN']::"Status"[]) OR status = ANY('{OPEN}') OR 'OPEN' = ANY(statuses)`,
  `UPDATE "Order" SET status = upper('open')::"Status" WHERE status::text = 'nonsense' OR status::text IN ('x') OR status::text LIKE 'x%'`,
  'UPDATE "Order" SET status = DEFAULT, total = DEFAULT',
  'DELETE FROM "Order" o USING "User" u WHERE o."userId" = u.id AND u.age BETWEEN 1 AND 5 RETURNING o.id, u.name',
  'DELETE FROM "Order" WHERE ctid NOT IN (SELECT min(ctid) FROM "Order" GROUP BY "userId")',
  'DELETE FROM "Order" a USING "Order" b WHERE a.ctid < b.ctid AND a."userId" = b."userId"',
  `INSERT INTO "User" (name, tags, meta) VALUES ('a', '{}', '{}'), ('b', DEFAULT, NULL), ('c', ARRAY['x'], '[1]'::jsonb)`,
  'INSERT INTO "User" (name) SELECT DISTINCT note FROM "User" WHERE note IS NOT NULL',
  `INSERT INTO "User" (name) SELECT 'x' UNION SELECT 'y'`,
  `INSERT INTO "Order" ("userId", status) SELECT id, 'OPEN' FROM "User"`,
  `INSERT INTO "Order" ("userId", status) SELECT id, 'OPEN' FROM "User" UNION ALL SELECT id, 'PAID'::"Status" FROM "User"`,
  `INSERT INTO "Order" ("userId", status) SELECT id, s::"Status" FROM "User", unnest(ARRAY['OPEN', 'PAID']) s`,
  'INSERT INTO "Order" DEFAULT VALUES',
  'INSERT INTO "Order" (id, total) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET total = EXCLUDED.total + "Order".total WHERE "Order".total < EXCLUDED.total',
  'INSERT INTO "Order" AS o (id, total) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET total = o.total + excluded.total',
  'INSERT INTO "Order" (id) VALUES (1) ON CONFLICT ON CONSTRAINT "Order_pkey" DO NOTHING',
  'INSERT INTO "Order" (id) VALUES (1) ON CONFLICT DO NOTHING RETURNING *',
  'INSERT INTO "Part" (a, b) VALUES (1, 2) ON CONFLICT (a) WHERE b > 0 DO NOTHING',
  'INSERT INTO "Part" (a, b) VALUES (1, 2) ON CONFLICT (b, c) DO NOTHING',
  'INSERT INTO "Part" (a, b) VALUES (1, 2) ON CONFLICT (lower(d)) DO NOTHING',
  'INSERT INTO "Part" VALUES (1, 2)',
  'INSERT INTO "Gen" (b) VALUES (1)',
  'INSERT INTO "Gen" (id, b, g) VALUES (DEFAULT, 1, DEFAULT)',
  'INSERT INTO "Gen" (id, b) OVERRIDING SYSTEM VALUE VALUES (1, 1)',
  `MERGE INTO "Order" o USING "User" u ON o."userId" = u.id WHEN MATCHED AND o.total > 5 THEN UPDATE SET total = u.age WHEN NOT MATCHED THEN INSERT ("userId", status) VALUES (u.id, 'OPEN')`,
  `SELECT EXTRACT(epoch FROM created), date_trunc('day', created), created AT TIME ZONE 'UTC', age(created), to_char(created, 'YYYY') FROM "User"`,
  `SELECT created + interval '1 day', created - '1 day'::interval, created > '2020-01-01', created::date = day, day - 1 FROM "User"`,
  `SELECT name || ' ' || age, concat(name, age), format('%s', name), substring(name from 1 for 2), position('a' in name), trim(name), overlay(name placing 'x' from 1) FROM "User"`,
  `SELECT count(*) FILTER (WHERE ok), array_agg(name ORDER BY id), string_agg(name, ','), jsonb_agg(to_jsonb("User")), percentile_cont(0.5) WITHIN GROUP (ORDER BY age) FROM "User"`,
  'SELECT to_jsonb(u), row_to_json(u), u FROM "User" u',
  `SELECT (u).name, ("User".meta->'a')::text FROM "User" u, "User"`,
  `SELECT jsonb_build_object('a', name), json_build_array(1, 'x'), jsonb_array_elements(meta) FROM "User"`,
  `SELECT e.value->>'x' FROM "User" u, jsonb_array_elements(u.meta) e WHERE e.value->>'y' = 'z'`,
  `SELECT e->>'x' FROM "User" u, jsonb_array_elements(u.meta) AS e`,
  'SELECT k, v FROM "User", jsonb_each_text(meta) AS j(k, v)',
  `SELECT x.a FROM jsonb_to_recordset('[{"a":1}]') AS x(a int)`,
  'SELECT md5(random()::text || clock_timestamp()::text)::uuid',
  `SELECT nextval('"Order_id_seq"'), currval(pg_get_serial_sequence('"Order"', 'id')), setval('"Order_id_seq"'::regclass, 5)`,
  `SELECT setval(pg_get_serial_sequence('"Order"', 'id'), coalesce(max(id) + 1, 1), false) FROM "Order"`,
  "SELECT set_config('search_path', '', false)",
  "SELECT * FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'x'",
  "SELECT * FROM information_schema.columns WHERE table_name = 'x'",
  "SELECT 1 FROM pg_type WHERE typname = 'x'",
  "SELECT to_regclass('public.nosuch'), 'x'::name, 5::oid",
  'SELECT id FROM "User" WHERE id IN (SELECT "userId" FROM "Order") AND EXISTS (SELECT 1 FROM "Order" WHERE "userId" = "User".id AND total > age)',
  'SELECT (SELECT name FROM "User" LIMIT 1), ARRAY(SELECT id FROM "User"), (SELECT count(*) FROM "Order") > 5',
  'SELECT * FROM "User" WHERE (id, name) IN (SELECT id, name FROM "User") AND (id, age) = (1, 2) AND ROW(id, age) < (1, 2)',
  'SELECT * FROM "User" NATURAL JOIN (SELECT id FROM "Order") o',
  'SELECT id FROM "User" JOIN (SELECT id FROM "Order") o USING (id)',
  'SELECT * FROM ("User" u JOIN "Order" o ON u.id = o."userId") AS j(a, b)',
  'SELECT "User".id, public."User".name FROM public."User"',
  `SELECT * FROM "User" u FULL JOIN "Order" o ON o."userId" = u.id AND o.status <> 'PAID'`,
  "SELECT * FROM v WHERE vname = 'x'",
  "UPDATE v SET vname = 'x' WHERE vid = 1",
  'SELECT a FROM s2.t',
  'SELECT id FROM "User" UNION SELECT id FROM "Order" ORDER BY id',
  'SELECT id AS q FROM "User" UNION ALL (SELECT total FROM "Order" ORDER BY "userId" LIMIT 1) ORDER BY q',
  `SELECT name COLLATE "C" FROM "User" WHERE name ILIKE '%a' AND name ~ '^a' AND name NOT LIKE 'b%' AND name SIMILAR TO 'x'`,
  `SELECT * FROM "User" WHERE age = 5.5 AND price = 5 AND big = age AND age = '5' AND price > '5' AND uid = '00000000-0000-0000-0000-000000000000'`,
  `SELECT * FROM "User" WHERE name = note AND vc = name AND vc IN (name, 'x') AND ch = 'x' AND dom = 5 AND dom = age`,
  `SELECT * FROM "User" WHERE tags = ARRAY['x'] AND tags && ARRAY['x'] AND 'x' = ANY(tags) AND tags <> '{}' AND cardinality(tags) > 0 AND tags @> '{x}'`,
  `SELECT * FROM "User" WHERE ok AND NOT ok AND ok IS TRUE AND ok = 'true' AND (ok OR age > 5) AND ok IS NOT DISTINCT FROM NULL`,
  `SELECT NULLIF(name, ''), GREATEST(age, big), LEAST(created, now()), COALESCE(age, 0), COALESCE(price, 0), COALESCE(name, vc, 'x') FROM "User"`,
  "SELECT fn_default(1), fn_default(1, 'x'), fn_default(b => 'x', a => 1), fn_variadic(1, 2, 3), fn_variadic(VARIADIC ARRAY[1])",
  'SELECT fn_any(name), fn_row(u), u.fn_row FROM "User" u',
  'SELECT * FROM fn_table(1) WHERE x > 1',
  'SELECT q.x FROM fn_table(1) AS q',
  'SELECT date(created), text(age), int4(big), name(note) FROM "User"',
  'SELECT ln.id FROM "LongNamedTable" ln',
  'SELECT 1 FROM "User" FOR UPDATE',
  `SELECT DISTINCT status FROM "Order" WHERE status >= 'OPEN' ORDER BY status`,
  'SELECT xmin, tableoid::regclass FROM "User"',
  'SELECT * FROM "User" TABLESAMPLE BERNOULLI (10)',
  `SELECT to_tsvector('english', name) @@ to_tsquery('a') FROM "User"`,
  "SELECT int4range(1, 2) && int4range(3, 4), '[1,2)'::int4range @> 1",
  `CREATE TABLE n1 (id serial PRIMARY KEY, a text DEFAULT 'x', b int DEFAULT 5, c "Status" DEFAULT 'OPEN', d "Status"[] DEFAULT '{}', e jsonb DEFAULT '{}', f uuid DEFAULT gen_random_uuid(), g timestamptz(3) DEFAULT now(), h boolean DEFAULT false, i numeric(10,2) DEFAULT 0, j text[] DEFAULT ARRAY[]::text[], k bytea, l date DEFAULT CURRENT_DATE, m timestamp(3) DEFAULT CURRENT_TIMESTAMP, n double precision DEFAULT 1, o "Status"[] DEFAULT ARRAY['OPEN']::"Status"[], p bigint DEFAULT 1, q text DEFAULT 5, r varchar(3) DEFAULT 'abc'::text, s int DEFAULT '5', u text DEFAULT gen_random_uuid(), w char(3) DEFAULT 'x', x int[] DEFAULT '{1,2}', y interval DEFAULT '1 day', z int DEFAULT NULL)`,
  `CREATE TABLE n1 (a int CHECK (a > 0), b int, CONSTRAINT c CHECK (a < b AND n1.b > 1), d "Status" CHECK (d IN ('OPEN')), e text CHECK (length(e) > 1 AND e ~ 'x'))`,
  'CREATE TABLE n1 (a int REFERENCES "User", b int REFERENCES "User" (id) ON DELETE CASCADE, c int REFERENCES n1 (d), d int UNIQUE, FOREIGN KEY (b, c) REFERENCES "Part" (c, b))',
  "CREATE TABLE n1 (id int GENERATED ALWAYS AS IDENTITY, a int, g int GENERATED ALWAYS AS (a * 2) STORED, h text GENERATED ALWAYS AS (lower('X' || a::text)) STORED)",
  'CREATE TABLE n1 (LIKE "User" INCLUDING ALL)',
  `CREATE TABLE n1 (x int, CHECK (name <> '')) INHERITS ("User")`,
  'CREATE TABLE n1 (id bigint REFERENCES "User", x varchar REFERENCES "Text" (t), y text REFERENCES "Text" (v))',
  'CREATE TABLE IF NOT EXISTS "User" (nosuch nosuch)',
  'CREATE TABLE n1 (a int, EXCLUDE USING gist (int4range(a, a) WITH &&))',
  'CREATE TEMP TABLE "User" (a int)',
  'CREATE TABLE s2."User" (a int REFERENCES public."User")',
  'CREATE TABLE n1 PARTITION OF "Parted" FOR VALUES IN (5)',
  'CREATE TABLE n1 PARTITION OF "Parted" DEFAULT',
  'CREATE TABLE n1 PARTITION OF "Parted" (b DEFAULT 5, a WITH OPTIONS NOT NULL, CHECK (b > 0)) FOR VALUES IN (5)',
  'CREATE TABLE n1 OF comp (a WITH OPTIONS PRIMARY KEY, b DEFAULT 1)',
  'CREATE TABLE n1 (a int) PARTITION BY RANGE (a)',
  'CREATE TABLE n1 AS SELECT * FROM "User"',
  'CREATE TABLE n1 AS SELECT id, name AS n FROM "User" WITH NO DATA',
  'SELECT * INTO n1 FROM "User"',
  'CREATE VIEW n1 AS SELECT u.id, o.total FROM "User" u JOIN "Order" o ON o."userId" = u.id',
  'CREATE OR REPLACE VIEW v AS SELECT id AS vid, name AS vname, age FROM "User"',
  'CREATE MATERIALIZED VIEW n1 AS SELECT 1 AS a',
  'CREATE INDEX ON "User" (name)',
  'CREATE INDEX n1 ON "User" (lower(name), age DESC) INCLUDE (note) WHERE age > 5 AND ok',
  'CREATE INDEX n1 ON "User" USING gin (tags)',
  'CREATE INDEX n1 ON "User" USING gin (meta jsonb_path_ops)',
  'CREATE INDEX n1 ON "User" USING hash (name)',
  'CREATE INDEX n1 ON "User" USING brin (created)',
  `CREATE INDEX n1 ON "User" USING gin (to_tsvector('english', name))`,
  `CREATE INDEX n1 ON "User" (name text_pattern_ops, (meta->>'a'), ((age + 1)), date_trunc('day', updated))`,
  'CREATE INDEX IF NOT EXISTS "User_name_idx" ON "User" (age)',
  `CREATE UNIQUE INDEX n1 ON "Order" (status) WHERE status = 'OPEN'`,
  'CREATE INDEX n1 ON "Order" (statuses, status)',
  'CREATE INDEX n1 ON mv (a)',
  'CREATE INDEX n1 ON ONLY "Parted" (a)',
  'ALTER TABLE "User" ADD COLUMN IF NOT EXISTS name nosuch',
  'ALTER TABLE "User" ADD n1 int NOT NULL DEFAULT 5, ADD CONSTRAINT n2 UNIQUE (n1), ADD FOREIGN KEY (n1) REFERENCES "User" (n1), ADD CHECK (n1 > 0)',
  `ALTER TABLE "User" ADD COLUMN n1 int REFERENCES "Order" (id) ON DELETE SET NULL, ADD COLUMN n2 text UNIQUE DEFAULT 'x'`,
  'ALTER TABLE "User" DROP COLUMN note, ADD COLUMN note int',
  'ALTER TABLE "User" DROP COLUMN IF EXISTS nosuch, DROP CONSTRAINT IF EXISTS nosuch',
  'ALTER TABLE "Order" DROP CONSTRAINT "Order_pkey", ADD CONSTRAINT "Order_pkey" PRIMARY KEY (id, "userId")',
  'ALTER TABLE "Order" DROP CONSTRAINT "Order_pkey", ADD PRIMARY KEY (total)',
  'ALTER TABLE "Order" DROP CONSTRAINT "Order_userId_fkey", ADD CONSTRAINT "Order_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" (id) ON DELETE CASCADE',
  `ALTER TABLE "Order" ALTER status DROP DEFAULT, ALTER status TYPE text USING status::text, ALTER status SET DEFAULT 'x'`,
  'ALTER TABLE "Order" ALTER status TYPE text',
  `ALTER TABLE "Order" ALTER status DROP DEFAULT, ALTER status TYPE "Status2" USING status::text::"Status2", ALTER status SET DEFAULT 'OPEN'`,
  `ALTER TABLE "Order" ALTER status DROP DEFAULT, ALTER status TYPE "Status2" USING (CASE WHEN status = 'OPEN' THEN 'OPEN' ELSE NULL END)::"Status2"`,
  'ALTER TABLE "Order" ALTER status DROP DEFAULT, ALTER status TYPE int USING 5',
  'ALTER TABLE "Order" ALTER statuses TYPE "Status2"[] USING statuses::text[]::"Status2"[]',
  'ALTER TABLE "Order" ALTER statuses TYPE text[] USING statuses::text[]',
  'ALTER TABLE "User" ALTER age TYPE bigint, ALTER age SET DEFAULT 5, ALTER price TYPE int, ALTER vc TYPE text, ALTER note TYPE varchar(5), ALTER big TYPE int',
  'ALTER TABLE "User" ALTER age TYPE text, ALTER created TYPE timestamp, ALTER day TYPE timestamptz, ALTER uid TYPE text, ALTER ok TYPE text',
  'ALTER TABLE "User" ALTER note TYPE int USING note::int, ALTER ok TYPE int USING CASE WHEN ok THEN 1 ELSE 0 END',
  'ALTER TABLE "User" ALTER age SET NOT NULL, ALTER age DROP NOT NULL, ALTER name SET STATISTICS 100, ALTER name SET STORAGE external',
  'ALTER TABLE "User" ADD CONSTRAINT n1 UNIQUE USING INDEX "User_uniq"',
  'ALTER TABLE "User" ADD CONSTRAINT "User_uniq" UNIQUE USING INDEX "User_uniq", ALTER age SET DEFAULT 3',
  'ALTER TABLE "User" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, OWNER TO CURRENT_USER, SET (fillfactor = 50), REPLICA IDENTITY FULL',
  'ALTER TABLE "User" RENAME TO "Users"',
  'ALTER TABLE "User" RENAME name TO n1',
  'ALTER TABLE "Order" RENAME CONSTRAINT "Order_pkey" TO n1',
  'ALTER TABLE IF EXISTS nosuch RENAME TO n1',
  'ALTER TABLE v RENAME TO n1',
  'ALTER VIEW v RENAME COLUMN vid TO n1',
  'ALTER VIEW v ALTER COLUMN vid SET DEFAULT 5',
  'ALTER INDEX "User_name_idx" RENAME TO n1',
  'ALTER INDEX IF EXISTS nosuch RENAME TO n1',
  'ALTER SEQUENCE "Order_id_seq" RENAME TO n1',
  'ALTER SEQUENCE "Order_id_seq" OWNED BY "Order".total',
  'ALTER SEQUENCE "Order_id_seq" AS bigint',
  'ALTER TABLE "Order_id_seq" RENAME TO n1',
  'ALTER TYPE "Status" RENAME TO "Status_old"',
  `ALTER TYPE "Status" ADD VALUE IF NOT EXISTS 'OPEN'`,
  `ALTER TYPE "Status" ADD VALUE 'NEW' AFTER 'OPEN'`,
  `ALTER TYPE "Status" RENAME VALUE 'OPEN' TO 'OPENED'`,
  'ALTER TABLE "User" SET SCHEMA s2',
  'DROP TABLE "Order"',
  'DROP TABLE "Order", "User" CASCADE',
  'DROP TABLE IF EXISTS nosuch, "Order"',
  'DROP TABLE "User" CASCADE',
  'DROP VIEW IF EXISTS nosuch, v',
  'DROP TYPE "Status2"',
  'DROP TYPE IF EXISTS nosuch',
  'DROP TYPE "Status" CASCADE',
  'DROP INDEX "User_name_idx"',
  'DROP INDEX IF EXISTS nosuch',
  'DROP INDEX "User_uniq"',
  'DROP SEQUENCE IF EXISTS nosuch',
  'DROP FUNCTION fn_any',
  'DROP FUNCTION IF EXISTS nosuch(int)',
  'DROP TRIGGER IF EXISTS nosuch ON "User"',
  'DROP SCHEMA s2 CASCADE',
  'DROP SCHEMA IF EXISTS nosuch',
  'ALTER TABLE "User" DROP COLUMN age',
  'ALTER TABLE "User" DROP COLUMN uid',
  `CREATE FUNCTION n1(a int, b text DEFAULT 'x') RETURNS TABLE (x int, y "Status") LANGUAGE sql AS $$ SELECT a, 'OPEN'::"Status" FROM "User" WHERE name = b AND n1.a = id $$`,
  'CREATE FUNCTION n1() RETURNS "User" LANGUAGE sql AS $$ SELECT * FROM "User" LIMIT 1 $$',
  'CREATE FUNCTION n1(u "User") RETURNS text LANGUAGE sql AS $$ SELECT u.name || $1.note $$',
  'CREATE FUNCTION n1() RETURNS SETOF "User" LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT * FROM nosuch; END $$',
  `CREATE FUNCTION n1() RETURNS void LANGUAGE sql SET search_path = '' AS $$ SELECT 1 FROM public."User" $$`,
  'CREATE FUNCTION n1(n int) RETURNS int LANGUAGE sql AS $$ SELECT CASE WHEN n < 1 THEN 0 ELSE n1(n - 1) END $$',
  "CREATE FUNCTION fn_any(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
  'CREATE OR REPLACE FUNCTION fn_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
  'CREATE TRIGGER n1 BEFORE INSERT OR UPDATE OF name, age ON "User" FOR EACH ROW WHEN (NEW.age > 5 AND NEW.name IS NOT NULL) EXECUTE FUNCTION fn_trigger()',
  'CREATE TRIGGER n1 AFTER UPDATE ON "User" FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE PROCEDURE fn_trigger()',
  'CREATE TRIGGER n1 INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION fn_trigger()',
  'CREATE CONSTRAINT TRIGGER n1 AFTER INSERT ON "User" DEFERRABLE FOR EACH ROW EXECUTE FUNCTION fn_trigger()',
  'CREATE POLICY n1 ON "User" FOR SELECT TO public USING (name = current_user AND EXISTS (SELECT 1 FROM "Order" WHERE "Order"."userId" = "User".id))',
  "CREATE TYPE n1 AS ENUM ('a', 'b')",
  'CREATE TYPE n1 AS (a int, b "User", c text[])',
  "CREATE DOMAIN n1 AS text CHECK (VALUE ~ 'x') DEFAULT 'x'",
  'CREATE SEQUENCE n1 OWNED BY "User".age',
  'CREATE SEQUENCE IF NOT EXISTS "Order_id_seq"',
  'CREATE SCHEMA n1',
  'CREATE SCHEMA IF NOT EXISTS s2',
  'CREATE EXTENSION IF NOT EXISTS plpgsql',
  'CREATE EXTENSION IF NOT EXISTS "uuid-ossp"',
  'CREATE EXTENSION citext WITH SCHEMA s2',
  'GRANT USAGE ON SCHEMA public, s2 TO postgres',
  'GRANT ALL ON ALL TABLES IN SCHEMA public TO CURRENT_USER',
  'GRANT USAGE ON SEQUENCE "Order_id_seq" TO postgres',
  'GRANT EXECUTE ON FUNCTION fn_any(anyelement) TO postgres',
  'GRANT USAGE ON TYPE "Status" TO postgres',
  'REVOKE ALL ON "User" FROM PUBLIC',
  'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO postgres',
  `COMMENT ON TABLE "User" IS 'x'`,
  `COMMENT ON COLUMN "User".name IS 'x'`,
  "COMMENT ON COLUMN v.vname IS 'x'",
  `COMMENT ON CONSTRAINT "Order_pkey" ON "Order" IS 'x'`,
  `COMMENT ON TYPE "Status" IS 'x'`,
  'TRUNCATE "Order"',
  'TRUNCATE "User" CASCADE',
  'TRUNCATE "User", "Order"',
  'LOCK TABLE "User" IN SHARE MODE',
  'ANALYZE "User" (name)',
  'REINDEX TABLE "User"',
  'CLUSTER "User" USING "User_name_idx"',
  'REFRESH MATERIALIZED VIEW mv',
  'COPY "User" (id, name) TO STDOUT',
  'CREATE STATISTICS n1 ON name, age FROM "User"',
  'CREATE RULE n1 AS ON INSERT TO v DO INSTEAD NOTHING',
  'CREATE PUBLICATION n1 FOR TABLE "User", "Order"',
  'SET search_path = s2',
  'DO $$ BEGIN PERFORM nosuch(); EXCEPTION WHEN OTHERS THEN NULL; END $$',
  "CREATE AGGREGATE n1 (int) (SFUNC = int4pl, STYPE = int, INITCOND = '0')",
  'ALTER FUNCTION fn_any(anyelement) RENAME TO n1',
  'ALTER TABLE "Parted" ADD COLUMN x int',
  'ALTER TABLE "Parted1" ADD CHECK (a > 0)',
  'ALTER TABLE "Parted" DETACH PARTITION "Parted1"',
  "CREATE COLLATION n1 (provider = libc, locale = 'C')",
  'ALTER DOMAIN dom ADD CHECK (VALUE > 0)',
  `INSERT INTO "Comp" VALUES (1, ROW(1, 'x')), (2, '(1,x)')`,
  'UPDATE "Comp" SET c.a = 5 WHERE (c).a = 1',
  'SELECT (c).a, (c).* FROM "Comp"',
  'SELECT c.a FROM (SELECT 1 AS a) c',
  "VALUES (1, 'a'), (2, NULL)",
  'TABLE "User"',
  'GRANT SELECT (id, name), INSERT ON "User" TO PUBLIC',
  'GRANT SELECT ON "User", "Order" TO PUBLIC',
  'ALTER TABLE "User" ALTER tags DROP DEFAULT, ALTER tags TYPE jsonb USING array_to_json(tags)',
  'CREATE TABLE n1 (a "User", b "User"[], c comp, d dom, e information_schema.sql_identifier, f regclass, g pg_catalog.int4, h _text)',
  "SELECT x FROM XMLTABLE('/a' PASSING xmlparse(document '<a/>') COLUMNS x int PATH 'b') t",
  `UPDATE "Order" SET statuses[1] = 'PAID'`,
]

/** With what they need, which the schema above does not have. */
const others: readonly (readonly [before: string, statement: string])[] = [
  [
    'CREATE TABLE t(a int, b int, unique (a,b))',
    'CREATE TABLE u(a int, foreign key (a,a) references t(a,b))',
  ],
  ['CREATE VIEW v AS SELECT 1 a', 'ALTER TABLE v RENAME TO w'],
  ['CREATE VIEW v AS SELECT 1 a', 'ALTER TABLE v RENAME COLUMN a TO b'],
  ['CREATE TABLE t(a int)', 'ALTER INDEX t RENAME TO u'],
  ['CREATE TABLE t(a int); CREATE INDEX i ON t(a)', 'ALTER TABLE i RENAME TO j'],
  ['CREATE TABLE t(a int unique); CREATE TABLE u(a int references t(a))', 'DROP TABLE t, u'],
  ['CREATE TABLE t(a int, b int, check (a < b))', 'ALTER TABLE t DROP COLUMN a'],
  ['CREATE TABLE t(a int, b int); CREATE VIEW v AS SELECT a FROM t', 'ALTER TABLE t DROP COLUMN b'],
  ['CREATE TABLE t(a int, b int); CREATE VIEW v AS SELECT a FROM t', 'ALTER TABLE t ALTER b TYPE text'],
  ['CREATE TABLE t(a int, b int); CREATE VIEW v AS SELECT t FROM t', 'ALTER TABLE t ALTER b TYPE text'],
  ['CREATE TABLE t(a int, b int); CREATE VIEW v AS SELECT t FROM t', 'ALTER TABLE t DROP COLUMN b'],
  ['CREATE TABLE t(a int)', 'ALTER TABLE t ADD b text DEFAULT 0'],
  ['', 'DROP TABLE IF EXISTS nos.t'],
  ['', 'DROP TRIGGER IF EXISTS x ON nosuch'],
  ['', 'DROP POLICY IF EXISTS x ON nosuch'],
  ['', 'DROP FUNCTION IF EXISTS f(nosuch)'],
  ['', 'ALTER TABLE IF EXISTS nos.t ADD a int'],
  [
    "CREATE TABLE t(a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()",
    'CREATE OR REPLACE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()',
  ],
  ['CREATE TABLE t(a int)', 'ALTER TABLE t ENABLE TRIGGER ALL'],
  ['', "CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS 'BEGIN SELECT a FROM nosuch; END'"],
  ['', 'ALTER SEQUENCE IF EXISTS s RESTART'],
  ['CREATE TABLE t(a int primary key); CREATE TABLE u(a int references t)', 'TRUNCATE t, u'],
  ['CREATE TABLE t(a int primary key); CREATE TABLE u(a int references t)', 'TRUNCATE t CASCADE'],
  ['CREATE TABLE t(a int generated always as identity, b int)', 'INSERT INTO t(a,b) VALUES (DEFAULT,2)'],
  [
    'CREATE TABLE t(a int generated always as identity, b int)',
    'INSERT INTO t(a,b) OVERRIDING SYSTEM VALUE VALUES (1,2)',
  ],
  [
    'CREATE TABLE t(a int generated always as identity, b int)',
    'INSERT INTO t(a,b) OVERRIDING USER VALUE VALUES (1,2)',
  ],
  ['CREATE TABLE t(a int generated always as identity, b int)', 'UPDATE t SET a = DEFAULT'],
  ['CREATE TABLE t(a int, b int)', 'INSERT INTO t VALUES (1)'],
  [
    'CREATE TABLE t(a int, b int, UNIQUE(a,b))',
    'INSERT INTO t(a) VALUES (1) ON CONFLICT (b,a) DO UPDATE SET a = 1',
  ],
  ['CREATE TABLE t(a int, b int)', 'INSERT INTO t(a) VALUES (1) ON CONFLICT DO NOTHING'],
  ['CREATE TABLE t(a int, b bigint)', 'SELECT * FROM t WHERE a = b'],
  ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e, b text)", 'UPDATE t SET b = a'],
  ['CREATE TABLE t(a int)', 'WITH x AS (SELECT 1 q) UPDATE t SET a = x.q FROM x'],
  ['CREATE TABLE t(a int)', 'SELECT a AS q FROM t GROUP BY q ORDER BY q'],
  ['CREATE TABLE t(a int)', 'SELECT t FROM t'],
  ['CREATE TABLE t(a int)', 'SELECT ctid, tableoid, xmin FROM t'],
  ['CREATE TABLE t(a int, b int)', 'SELECT a FROM t JOIN t u USING (a)'],
  ['', 'ALTER INDEX IF EXISTS nosuch RENAME TO x'],
  ['', 'ALTER TABLE IF EXISTS nosuch RENAME a TO b'],
  ['CREATE TABLE t(a int primary key, b int references t(a))', 'ALTER TABLE t DROP COLUMN b'],
  ['CREATE TABLE t(a int) PARTITION BY LIST(a); CREATE TABLE c PARTITION OF t DEFAULT', 'DROP TABLE t'],
  [
    'CREATE TABLE t(a int); CREATE UNIQUE INDEX i ON t(a)',
    'ALTER TABLE t ADD CONSTRAINT j UNIQUE USING INDEX i',
  ],
  ['', 'CREATE EXTENSION IF NOT EXISTS plpgsql SCHEMA nosuch'],
  ['', 'CREATE SCHEMA IF NOT EXISTS public'],
  ["CREATE TYPE e AS ENUM ('a'); CREATE TABLE t(x e default 'a')", 'ALTER TABLE t ALTER x TYPE text'],
  [
    'CREATE TABLE t(x int primary key); CREATE TABLE u(x int references t)',
    'ALTER TABLE t ALTER x TYPE bigint',
  ],
  ['', 'CREATE EXTENSION earthdistance CASCADE'],
]

let client: pg.Client
let reader: Reader
let catalog: CatalogModel

describe('the schema is there today', () => {
  beforeAll(async () => {
    client = await (await createTestDatabase({ sql: schema })).client()
    reader = readerOf(client)
    catalog = await asGuard(client, () => readLiveCatalog(reader, 'public'))
  })

  test.each(good)('%s', async (statement) => {
    const trial = await tryStatement(client, '', statement, { reader, catalog })
    expect(trial).toEqual({ foretold: undefined, happened: undefined })
  })
})

describe('the migrations make the schema, and today there is nothing', () => {
  beforeAll(async () => {
    client = await (await createTestDatabase({ sql: schema })).client()
    catalog = await asGuard(client, () => readLiveCatalog(readerOf(client), 'public'))
    asMadeByMigrations(catalog)
    reader = readerOf(await (await createTestDatabase()).client())
  })

  test.each(good)('%s', async (statement) => {
    const trial = await tryStatement(client, '', statement, { reader, catalog })
    expect(trial).toEqual({ foretold: undefined, happened: undefined })
  })
})

describe('each with what it needs', () => {
  beforeAll(async () => {
    client = await (await createTestDatabase()).client()
  })

  test.each(others)('%s → %s', async (before, statement) => {
    expect(await tryStatement(client, before, statement)).toEqual({
      foretold: undefined,
      happened: undefined,
    })
  })
})
