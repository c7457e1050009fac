/**
 * A statement on the fixture with every kind of object, and the lines by which a comparison of the catalogs must show it: no
 * more and no fewer. On PostgreSQL 15; what other versions say otherwise, the test knows.
 */
export const mutations: readonly (readonly [statement: string, ...lines: string[]])[] = [
  ['CREATE SCHEMA more', 'schema more is new'],
  [
    'DROP SCHEMA "odd.Schema" CASCADE',
    'column "odd.Schema"."from"."a.b" is missing',
    'column "odd.Schema"."from"."line break" is missing',
    'schema "odd.Schema" is missing',
    'table "odd.Schema"."from" is missing',
  ],
  [
    'ALTER SCHEMA sales OWNER TO reader',
    'schema sales: owner app → reader; privileges without app=CREATE, USAGE/app, without reader=USAGE*/app, with reader=CREATE, USAGE*/reader',
  ],
  ['COMMENT ON SCHEMA sales IS NULL', 'schema sales: comment what is sold → none'],
  ['GRANT CREATE ON SCHEMA sales TO clerk', 'schema sales: privileges with clerk=CREATE/app'],
  ['CREATE TABLE more (id int)', 'column public.more.id is new', 'table public.more is new'],
  [
    'DROP TABLE children',
    'column public.children.extra is missing',
    'column public.children.id is missing',
    'constraint parents_id_check on public.children is missing',
    'table public.children is missing',
  ],
  [
    'ALTER TABLE customers OWNER TO postgres',
    'column public.customers.name: privileges without clerk=UPDATE/app, with clerk=UPDATE/postgres',
    'sequence public.customers_id_seq: owner app → postgres; privileges without app=SELECT, UPDATE, USAGE/app, with postgres=SELECT, UPDATE, USAGE/postgres',
    'table public.customers: owner app → postgres; privileges without app=DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE/app, without reader=SELECT/app, with postgres=DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE/postgres, with reader=SELECT/postgres',
  ],
  ['ALTER TABLE children SET UNLOGGED', 'table public.children: persistence permanent → unlogged'],
  ['ALTER TABLE customers ENABLE ROW LEVEL SECURITY', 'table public.customers: row security no → yes'],
  [
    'ALTER TABLE customers FORCE ROW LEVEL SECURITY',
    'table public.customers: row security for the owner no → yes',
  ],
  [
    'ALTER TABLE customers REPLICA IDENTITY FULL',
    'table public.customers: replica identity primary key → full',
  ],
  [
    'ALTER TABLE scratch_logged REPLICA IDENTITY USING INDEX scratch_logged_key',
    'table public.scratch_logged: replica identity primary key → index public.scratch_logged_key',
  ],
  ['ALTER TABLE customers SET (fillfactor = 60)', 'table public.customers: options with fillfactor=60'],
  [
    'ALTER TABLE scratch SET (toast.autovacuum_enabled = true)',
    'table public.scratch: options of the toast table without toast.autovacuum_enabled=false, with toast.autovacuum_enabled=true',
  ],
  [
    'ALTER TABLE children NO INHERIT parents',
    'column public.children.id: inherited yes → none; local no → none',
    'constraint parents_id_check on public.children: inherited yes → no; local no → none',
    'table public.children: inherits without public.parents',
  ],
  ['ALTER TABLE homes NOT OF', 'table public.homes: of type public.address → none'],
  [
    'ALTER TABLE events DETACH PARTITION events_2026',
    'column public.events_2026.at: inherited yes → none; local no → none',
    'column public.events_2026.customer: inherited yes → none; local no → none',
    'column public.events_2026.note: inherited yes → none; local no → none',
    'constraint events_customer_fkey on public.events_2026: inherited yes → no; local no → none',
    'index public.events_2026_customer_idx: attached to without public.events_customer',
    "table public.events_2026: inherits without public.events; partition bounds FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') → none",
  ],
  [
    "CREATE TABLE events_2027 PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
    'column public.events_2027.at is new',
    'column public.events_2027.customer is new',
    'column public.events_2027.note is new',
    'constraint events_customer_fkey on public.events_2027 is new',
    'index public.events_2027_customer_idx is new',
    'table public.events_2027 is new',
  ],
  ["COMMENT ON TABLE customers IS 'who pays'", 'table public.customers: comment who buys → who pays'],
  [
    'GRANT INSERT ON customers TO reader',
    'table public.customers: privileges without reader=SELECT/app, with reader=INSERT, SELECT/app',
  ],
  ['REVOKE SELECT ON customers FROM reader', 'table public.customers: privileges without reader=SELECT/app'],
  [
    'GRANT SELECT ON customers TO reader WITH GRANT OPTION',
    'table public.customers: privileges without reader=SELECT/app, with reader=SELECT*/app',
  ],
  ['GRANT SELECT ON scratch TO PUBLIC', 'table public.scratch: privileges with PUBLIC=SELECT/postgres'],
  [
    'REVOKE TRUNCATE ON scratch FROM postgres',
    'table public.scratch: privileges without postgres=DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE/postgres, with postgres=DELETE, INSERT, REFERENCES, SELECT, TRIGGER, UPDATE/postgres',
  ],
  ['ALTER TABLE scratch ADD COLUMN more int', 'column public.scratch.more is new'],
  ['ALTER TABLE customers DROP COLUMN ratio', 'column public.customers.ratio is missing'],
  [
    'ALTER TABLE customers RENAME COLUMN ratio TO quota',
    'column public.customers.quota is new',
    'column public.customers.ratio is missing',
  ],
  [
    'ALTER TABLE customers ALTER COLUMN credit TYPE numeric(12, 2)',
    'column public.customers.credit: type numeric(10,2) → numeric(12,2)',
  ],
  [
    'ALTER TABLE customers ALTER COLUMN born TYPE timestamp',
    'column public.customers.born: type date → timestamp without time zone',
  ],
  [
    'ALTER TABLE customers ALTER COLUMN email TYPE citext COLLATE "C"',
    'column public.customers.email: collation none → "C"',
  ],
  [
    'ALTER TABLE customers ALTER COLUMN name DROP NOT NULL',
    'column public.customers.name: not null yes → no',
  ],
  ['ALTER TABLE customers ALTER COLUMN mood SET NOT NULL', 'column public.customers.mood: not null no → yes'],
  [
    "ALTER TABLE customers ALTER COLUMN seen SET DEFAULT '2026-03-04 12:00:00+03'",
    "column public.customers.seen: default '2026-03-04 10:00:00+00'::timestamp with time zone → '2026-03-04 09:00:00+00'::timestamp with time zone",
  ],
  [
    'ALTER TABLE customers ALTER COLUMN ratio DROP DEFAULT',
    'column public.customers.ratio: default 0.1 → none',
  ],
  [
    'ALTER TABLE customers ALTER COLUMN name_length DROP EXPRESSION',
    'column public.customers.name_length: generated length(name) stored → none',
  ],
  [
    'ALTER TABLE sales.orders ALTER COLUMN id SET GENERATED BY DEFAULT',
    'column sales.orders.id: identity always → by default',
  ],
  [
    'ALTER TABLE sales.orders ALTER COLUMN id SET INCREMENT BY 3',
    'sequence sales.orders_id_seq: increment 2 → 3',
  ],
  [
    'ALTER TABLE customers ALTER COLUMN name SET STORAGE EXTERNAL',
    'column public.customers.name: storage extended → external',
  ],
  [
    'ALTER TABLE customers ALTER COLUMN name SET COMPRESSION pglz',
    'column public.customers.name: compression none → pglz',
  ],
  [
    'ALTER TABLE customers ALTER COLUMN name SET STATISTICS 500',
    'column public.customers.name: statistics target none → 500',
  ],
  [
    'ALTER TABLE customers ALTER COLUMN name SET (n_distinct = 5)',
    'column public.customers.name: options with n_distinct=5',
  ],
  [
    "COMMENT ON COLUMN customers.credit IS 'in euros'",
    'column public.customers.credit: comment none → in euros',
  ],
  [
    'GRANT UPDATE (name) ON customers TO reader',
    'column public.customers.name: privileges with reader=UPDATE/app',
  ],
  [
    'REVOKE UPDATE (name) ON customers FROM clerk',
    'column public.customers.name: privileges without clerk=UPDATE/app',
  ],
  [
    'ALTER TYPE address ADD ATTRIBUTE zip text CASCADE',
    'column public.address.zip is new',
    'column public.homes.zip is new',
  ],
  [
    'ALTER TYPE address RENAME ATTRIBUTE town TO city CASCADE',
    'column public.address.city is new',
    'column public.address.town is missing',
    'column public.homes.city is new',
    'column public.homes.town is missing',
  ],
  [
    'ALTER TABLE customers ADD CHECK (credit < 1000)',
    'constraint customers_credit_check on public.customers is new',
  ],
  [
    'ALTER TABLE customers ADD CONSTRAINT short CHECK (length(name) < 9) NOT VALID',
    'constraint short on public.customers is new',
  ],
  [
    'ALTER TABLE customers DROP CONSTRAINT credit_check',
    'constraint credit_check on public.customers is missing',
  ],
  [
    'ALTER TABLE sales.orders VALIDATE CONSTRAINT size_check',
    'constraint size_check on sales.orders: validated no → yes',
  ],
  [
    'ALTER TABLE sales.orders ALTER CONSTRAINT orders_customer_fkey NOT DEFERRABLE',
    'constraint orders_customer_fkey on sales.orders: deferrable yes → no',
  ],
  [
    'ALTER TABLE sales.orders ALTER CONSTRAINT orders_customer_fkey INITIALLY DEFERRED',
    'constraint orders_customer_fkey on sales.orders: initially deferred no → yes',
  ],
  [
    'ALTER TABLE sales.orders DISABLE TRIGGER ALL',
    'constraint orders_customer_fkey on sales.orders: triggers with disabled on sales.orders',
  ],
  [
    'ALTER TABLE customers RENAME CONSTRAINT credit_check TO no_debt',
    'constraint credit_check on public.customers is missing',
    'constraint no_debt on public.customers is new',
  ],
  [
    'COMMENT ON CONSTRAINT credit_check ON customers IS NULL',
    'constraint credit_check on public.customers: comment no debt → none',
  ],
  [
    'ALTER TABLE customers DROP CONSTRAINT customers_email_key',
    'constraint customers_email_key on public.customers is missing',
    'index public.customers_email_key is missing',
  ],
  [
    'ALTER TABLE parents DROP CONSTRAINT parents_id_check',
    'constraint parents_id_check on public.children is missing',
    'constraint parents_id_check on public.parents is missing',
  ],
  [
    'ALTER TABLE scratch_logged ADD FOREIGN KEY (id) REFERENCES customers',
    'constraint scratch_logged_id_fkey on public.scratch_logged is new',
  ],
  ['DROP INDEX customers_name', 'index public.customers_name is missing'],
  ['CREATE INDEX more ON customers (born)', 'index public.more is new'],
  [
    'ALTER INDEX customers_mood RENAME TO moody',
    'index public.customers_mood is missing',
    'index public.moody is new',
  ],
  ['ALTER TABLE customers CLUSTER ON customers_mood', 'index public.customers_mood: clustered no → yes'],
  [
    'ALTER INDEX customers_mood SET (fillfactor = 60)',
    "index public.customers_mood: definition CREATE INDEX customers_mood ON public.customers USING btree (mood) → …s USING btree (mood) WITH (fillfactor='60')",
  ],
  [
    'ALTER INDEX customers_name ALTER COLUMN 1 SET STATISTICS 300',
    'index public.customers_name: statistics targets with 1=300',
  ],
  ['COMMENT ON INDEX customers_mood IS NULL', 'index public.customers_mood: comment for the list → none'],
  [
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'customers_mood'::regclass",
    'index public.customers_mood: valid yes → no',
  ],
  [
    "UPDATE pg_index SET indisready = false WHERE indexrelid = 'customers_mood'::regclass",
    'index public.customers_mood: ready yes → no',
  ],
  [
    "UPDATE pg_index SET indislive = false WHERE indexrelid = 'customers_mood'::regclass",
    'index public.customers_mood: live yes → no',
  ],
  ['ALTER VIEW happy RESET (security_barrier)', 'view public.happy: options without security_barrier=true'],
  [
    'ALTER VIEW happy OWNER TO app',
    'view public.happy: owner postgres → app; privileges without postgres=DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE/postgres, with app=DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE/app',
  ],
  [
    'DROP VIEW happy',
    'column public.happy.id is missing',
    'column public.happy.name is missing',
    'view public.happy is missing',
  ],
  ['REFRESH MATERIALIZED VIEW sums WITH NO DATA', 'materialized view public.sums: populated yes → no'],
  [
    'CREATE MATERIALIZED VIEW more AS SELECT 1 AS one',
    'column public.more.one is new',
    'materialized view public.more is new',
  ],
  ['ALTER FUNCTION add_one(int) COST 5', 'function public.add_one(integer): cost 100 → 5'],
  ['ALTER FUNCTION add_one(int) STABLE', 'function public.add_one(integer): volatility immutable → stable'],
  [
    'ALTER FUNCTION add_one(int) SECURITY DEFINER',
    'function public.add_one(integer): security definer no → yes',
  ],
  [
    'ALTER FUNCTION add_one(int) STRICT',
    'function public.add_one(integer): on null input called → returns null',
  ],
  ['ALTER FUNCTION add_one(int) PARALLEL SAFE', 'function public.add_one(integer): parallel unsafe → safe'],
  [
    'ALTER FUNCTION add_one(int) SET search_path = public',
    'function public.add_one(integer): settings with search_path=public',
  ],
  [
    'ALTER FUNCTION add_one(int) OWNER TO app',
    'function public.add_one(integer): owner postgres → app; privileges without PUBLIC=EXECUTE/postgres, without postgres=EXECUTE/postgres, without reader=EXECUTE/postgres, with PUBLIC=EXECUTE/app, with app=EXECUTE/app, with reader=EXECUTE/app',
  ],
  [
    "CREATE OR REPLACE FUNCTION add_one(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n + 2'",
    'function public.add_one(integer): definition SELECT n + 1 → SELECT n + 2',
  ],
  [
    'CREATE OR REPLACE FUNCTION modern(n int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT n * 3; END',
    'function public.modern(integer): definition BEGIN ATOMIC SELECT (n * 2); END → BEGIN ATOMIC SELECT (n * 3); END',
  ],
  [
    "CREATE OR REPLACE FUNCTION add_one(n bigint, by bigint DEFAULT 2) RETURNS bigint LANGUAGE sql AS 'SELECT n + by'",
    'function public.add_one(bigint,bigint): arguments n bigint, by bigint DEFAULT 1 → n bigint, by bigint DEFAULT 2',
  ],
  ['DROP FUNCTION add_one(int)', 'function public.add_one(integer) is missing'],
  [
    'GRANT EXECUTE ON FUNCTION touch() TO PUBLIC',
    'function public.touch(): privileges with PUBLIC=EXECUTE/postgres',
  ],
  [
    'REVOKE EXECUTE ON FUNCTION add_one(int) FROM PUBLIC',
    'function public.add_one(integer): privileges without PUBLIC=EXECUTE/postgres',
  ],
  [
    'GRANT EXECUTE ON PROCEDURE tidy(int) TO reader',
    'procedure public.tidy(integer): privileges with reader=EXECUTE/postgres',
  ],
  [
    "COMMENT ON FUNCTION add_one(int) IS 'one more'",
    'function public.add_one(integer): comment none → one more',
  ],
  [
    "CREATE OR REPLACE AGGREGATE total_of(int) (SFUNC = int4pl, STYPE = int, INITCOND = '1')",
    'aggregate public.total_of(integer): initial state 0 → 1',
  ],
  [
    'ALTER OPERATOR ~~~ (int, int) OWNER TO app',
    'operator public.~~~(integer,integer): owner postgres → app',
  ],
  [
    'ALTER OPERATOR ~~~ (int, int) SET (RESTRICT = eqsel)',
    'operator public.~~~(integer,integer): restriction estimator none → eqsel(internal,oid,internal,integer)',
  ],
  [
    'ALTER OPERATOR FAMILY near_family USING btree ADD FUNCTION 2 (int, int) btint4sortsupport(internal)',
    'operator family public.near_family using btree: functions with 2 (integer, integer) btint4sortsupport(internal)',
  ],
  [
    'ALTER OPERATOR CLASS near_class USING btree OWNER TO app',
    'operator class public.near_class using btree: owner postgres → app',
  ],
  ['DROP CAST (int AS mood)', 'cast (integer AS public.mood) is missing'],
  [
    "COMMENT ON CAST (int AS mood) IS 'always sad'",
    'cast (integer AS public.mood): comment none → always sad',
  ],
  [
    'ALTER CONVERSION to_utf8 RENAME TO from_latin',
    'conversion public.from_latin is new',
    'conversion public.to_utf8 is missing',
  ],
  [
    'ALTER LANGUAGE plmine OWNER TO app',
    'language plmine: owner postgres → app; privileges without PUBLIC=USAGE/postgres, without postgres=USAGE/postgres, without reader=USAGE/postgres, with PUBLIC=USAGE/app, with app=USAGE/app, with reader=USAGE/app',
  ],
  [
    'REVOKE USAGE ON LANGUAGE plmine FROM PUBLIC',
    'language plmine: privileges without PUBLIC=USAGE/postgres',
  ],
  ['GRANT USAGE ON LANGUAGE sql TO reader', 'language sql with changed privileges is new'],
  ['DROP ACCESS METHOD mine', 'access method mine is missing'],
  [
    'CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal))',
    'transform for integer language sql is new',
  ],
  [
    'ALTER TEXT SEARCH CONFIGURATION search ALTER MAPPING FOR word WITH simple',
    'text search configuration public.search: mappings without word: english_stem, with word: simple',
  ],
  [
    'ALTER TEXT SEARCH DICTIONARY words (ACCEPT = true)',
    "text search dictionary public.words: options accept = 'false' → accept = 'true'",
  ],
  [
    "COMMENT ON TEXT SEARCH PARSER plain IS 'as usual'",
    'text search parser public.plain: comment none → as usual',
  ],
  ['DROP TEXT SEARCH TEMPLATE bare', 'text search template public.bare is missing'],
  [
    'ALTER TABLE customers DISABLE TRIGGER touch',
    'trigger touch on public.customers: enabled origin → disabled',
  ],
  [
    'ALTER TABLE customers ENABLE REPLICA TRIGGER touch',
    'trigger touch on public.customers: enabled origin → replica',
  ],
  [
    'ALTER TABLE events_2026 DISABLE TRIGGER touch',
    'trigger touch on public.events_2026, other than on the parent is new',
  ],
  ['DROP TRIGGER later ON customers', 'trigger later on public.customers is missing'],
  [
    "COMMENT ON TRIGGER touch ON customers IS 'stamps'",
    'trigger touch on public.customers: comment none → stamps',
  ],
  [
    'CREATE TRIGGER more AFTER INSERT ON scratch EXECUTE FUNCTION touch()',
    'trigger more on public.scratch is new',
  ],
  ['ALTER TABLE customers DISABLE RULE quiet', 'rule quiet on public.customers: enabled origin → disabled'],
  ['CREATE RULE loud AS ON DELETE TO scratch DO ALSO NOTIFY gone', 'rule loud on public.scratch is new'],
  ['ALTER POLICY own ON customers TO reader', 'policy own on public.customers: roles without clerk'],
  [
    'ALTER POLICY own ON customers USING (id > 1)',
    'policy own on public.customers: using (id > 0) → (id > 1)',
  ],
  [
    'ALTER POLICY add_own ON customers WITH CHECK (id > 2)',
    'policy add_own on public.customers: check (id > 0) → (id > 2)',
  ],
  ['DROP POLICY own ON customers', 'policy own on public.customers is missing'],
  ["ALTER TYPE mood ADD VALUE 'angry'", 'type public.mood: labels with angry'],
  ["ALTER TYPE mood ADD VALUE 'angry' BEFORE 'happy'", 'type public.mood: labels with angry'],
  ["ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'", 'type public.mood: labels without sad, with blue'],
  [
    'ALTER TYPE mood OWNER TO app',
    'type public.mood: owner postgres → app; privileges without PUBLIC=USAGE/postgres, without postgres=USAGE/postgres, without reader=USAGE/postgres, with PUBLIC=USAGE/app, with app=USAGE/app, with reader=USAGE/app',
  ],
  ['REVOKE USAGE ON TYPE mood FROM reader', 'type public.mood: privileges without reader=USAGE/postgres'],
  [
    'REVOKE USAGE ON TYPE address FROM PUBLIC',
    'type public.address: privileges without PUBLIC=USAGE/postgres',
  ],
  ['DROP TYPE span', 'type public.span is missing'],
  ['DROP TYPE shell', 'type public.shell is missing'],
  ['ALTER DOMAIN positive SET DEFAULT 2', 'domain public.positive: default 1 → 2'],
  ['ALTER DOMAIN positive SET NOT NULL', 'domain public.positive: not null no → yes'],
  [
    'ALTER DOMAIN positive DROP CONSTRAINT positive_check',
    'constraint positive_check on domain public.positive is missing',
  ],
  [
    'ALTER DOMAIN positive ADD CONSTRAINT small CHECK (VALUE < 9) NOT VALID',
    'constraint small on domain public.positive is new',
  ],
  ['ALTER COLLATION german OWNER TO app', 'collation public.german: owner postgres → app'],
  ['DROP STATISTICS customers_related', 'statistics public.customers_related is missing'],
  [
    'ALTER STATISTICS customers_related SET STATISTICS 20',
    'statistics public.customers_related: statistics target none → 20',
  ],
  ['ALTER SEQUENCE numbers INCREMENT BY 2', 'sequence public.numbers: increment 1 → 2'],
  ['ALTER SEQUENCE numbers MAXVALUE 600', 'sequence public.numbers: maximum 500 → 600'],
  ['ALTER SEQUENCE numbers START 6', 'sequence public.numbers: start 5 → 6'],
  ['ALTER SEQUENCE numbers NO CYCLE', 'sequence public.numbers: cycle yes → no'],
  ['ALTER SEQUENCE numbers CACHE 1', 'sequence public.numbers: cache 3 → 1'],
  ['ALTER SEQUENCE numbers AS bigint', 'sequence public.numbers: type integer → bigint'],
  [
    'ALTER SEQUENCE numbers OWNED BY scratch.id',
    'sequence public.numbers: owned by none → public.scratch.id',
  ],
  [
    'ALTER SEQUENCE customers_id_seq OWNED BY NONE',
    'sequence public.customers_id_seq: owned by public.customers.id → none',
  ],
  [
    'ALTER SEQUENCE numbers RESTART WITH 99',
    'sequence public.numbers: is called yes → no; last value 7 → 99',
  ],
  [
    'GRANT UPDATE ON SEQUENCE numbers TO reader',
    'sequence public.numbers: privileges without reader=USAGE/postgres, with reader=UPDATE, USAGE/postgres',
  ],
  ['COMMENT ON SEQUENCE numbers IS NULL', 'sequence public.numbers: comment of invoices → none'],
  ['CREATE EXTENSION pg_trgm', 'extension pg_trgm is new'],
  [
    "COMMENT ON EXTENSION citext IS 'no case'",
    'extension citext: comment data type for case-insensitive character strings → no case',
  ],
  [
    'GRANT EXECUTE ON FUNCTION pg_catalog.pg_sleep(float8) TO PUBLIC',
    'function pg_catalog.pg_sleep(double precision) with changed privileges is missing',
  ],
  [
    'GRANT SELECT ON pg_catalog.pg_authid TO reader',
    'table pg_catalog.pg_authid with changed privileges is new',
  ],
  [
    'REVOKE EXECUTE ON FUNCTION citext_ne(citext, citext) FROM PUBLIC',
    'function public.citext_ne(public.citext,public.citext) with changed privileges is new',
  ],
  [
    'ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA sales GRANT INSERT ON TABLES TO reader',
    'default privileges of app in schema sales on tables: privileges without reader=SELECT/app, with reader=INSERT, SELECT/app',
  ],
  [
    'ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES TO clerk',
    'default privileges of app on tables is new',
  ],
  [
    "ALTER SERVER elsewhere OPTIONS (SET host 'otherhost')",
    'server elsewhere: options without host=localhost, with host=otherhost',
  ],
  ['ALTER SERVER elsewhere OPTIONS (DROP password)', 'server elsewhere: options without password=<hidden>'],
  ["ALTER SERVER elsewhere VERSION '2'", 'server elsewhere: version 1 → 2'],
  [
    'REVOKE USAGE ON FOREIGN SERVER elsewhere FROM reader',
    'server elsewhere: privileges without reader=USAGE/postgres',
  ],
  [
    "ALTER FOREIGN DATA WRAPPER dummy OPTIONS (SET debug 'false')",
    'foreign-data wrapper dummy: options without debug=true, with debug=false',
  ],
  [
    'GRANT USAGE ON FOREIGN DATA WRAPPER dummy TO clerk',
    'foreign-data wrapper dummy: privileges with clerk=USAGE/postgres',
  ],
  [
    "ALTER USER MAPPING FOR reader SERVER elsewhere OPTIONS (SET user 'v')",
    'user mapping for reader server elsewhere: options without user=u, with user=v',
  ],
  ['CREATE USER MAPPING FOR PUBLIC SERVER elsewhere', 'user mapping for PUBLIC server elsewhere is new'],
  [
    "ALTER FOREIGN TABLE remote OPTIONS (SET table_name 'elsewhere')",
    'foreign table public.remote: foreign options without table_name=there, with table_name=elsewhere',
  ],
  [
    "ALTER FOREIGN TABLE remote ALTER COLUMN id OPTIONS (SET name 'id')",
    'column public.remote.id: foreign options without name=key, with name=id',
  ],
  ['ALTER PUBLICATION feed ADD TABLE scratch_logged', 'publication feed: tables with public.scratch_logged'],
  ['ALTER PUBLICATION feed DROP TABLE customers', 'publication feed: tables without public.customers'],
  ["ALTER PUBLICATION feed SET (publish = 'insert')", 'publication feed: update yes → no'],
  ["ALTER SUBSCRIPTION inflow SET (slot_name = 'other')", 'subscription inflow: slot inflow → other'],
  [
    'ALTER SUBSCRIPTION inflow SET (synchronous_commit = on)',
    'subscription inflow: synchronous commit off → on',
  ],
  ['ALTER EVENT TRIGGER watching ENABLE', 'event trigger watching: enabled disabled → origin'],
  ["COMMENT ON EVENT TRIGGER watching IS 'on guard'", 'event trigger watching: comment none → on guard'],
  [
    'ALTER LARGE OBJECT 4711 OWNER TO app',
    'large object 4711: owner postgres → app; privileges without postgres=SELECT, UPDATE/postgres, without reader=SELECT/postgres, with app=SELECT, UPDATE/app, with reader=SELECT/app',
  ],
  [
    'GRANT UPDATE ON LARGE OBJECT 4711 TO reader',
    'large object 4711: privileges without reader=SELECT/postgres, with reader=SELECT, UPDATE/postgres',
  ],
  ['COMMENT ON LARGE OBJECT 4711 IS NULL', 'large object 4711: comment a scan → none'],
  ['SELECT lo_create(4712)', 'large object 4712 is new'],
  ['SELECT lo_unlink(4711)', 'large object 4711 is missing'],
  [
    "DO 'BEGIN EXECUTE format(''ALTER DATABASE %I SET work_mem = %L'', current_database(), ''8MB''); END'",
    'the database: settings with work_mem=8MB',
  ],
  [
    "DO 'BEGIN EXECUTE format(''ALTER ROLE reader IN DATABASE %I SET app.api_key = %L'', current_database(), ''secret''); END'",
    'the database: settings with reader: app.api_key=<hidden>',
  ],
  [
    "DO 'BEGIN EXECUTE format(''GRANT CREATE ON DATABASE %I TO reader'', current_database()); END'",
    'the database: privileges with reader=CREATE/postgres',
  ],
  [
    "DO 'BEGIN EXECUTE format(''COMMENT ON DATABASE %I IS %L'', current_database(), ''the shop''); END'",
    'the database: comment none → the shop',
  ],
  [
    "DO 'BEGIN EXECUTE format(''ALTER DATABASE %I OWNER TO app'', current_database()); END'",
    'the database: owner postgres → app; privileges without PUBLIC=CONNECT, TEMPORARY/postgres, without postgres=CONNECT, CREATE, TEMPORARY/postgres, with PUBLIC=CONNECT, TEMPORARY/app, with app=CONNECT, CREATE, TEMPORARY/app',
  ],
  [
    'CREATE TABLE scratch_logged_child () INHERITS (parents)',
    'column public.scratch_logged_child.id is new',
    'constraint parents_id_check on public.scratch_logged_child is new',
    'table public.scratch_logged_child is new',
  ],
  ['CREATE OPERATOR !!! (RIGHTARG = int, FUNCTION = add_one)', 'operator public.!!!(NONE,integer) is new'],
  [
    "COMMENT ON DOMAIN positive IS 'more than nothing'",
    'domain public.positive: comment none → more than nothing',
  ],
  [
    'DROP TABLE scratch; CREATE UNLOGGED TABLE scratch (note text, id int) WITH (fillfactor = 70, toast.autovacuum_enabled = false)',
    'column public.scratch.id: position 1 → 2',
    'column public.scratch.note: position 2 → 1',
  ],
  [
    'DROP TABLE scratch; CREATE UNLOGGED TABLE scratch (id int, note text) USING mine WITH (fillfactor = 70, toast.autovacuum_enabled = false)',
    'table public.scratch: access method heap → mine',
  ],
  [
    "DROP INDEX customers_mood; CREATE INDEX customers_mood ON scratch (id); COMMENT ON INDEX customers_mood IS 'for the list'",
    'index public.customers_mood: definition CREATE INDEX customers_mood ON public.customers USING btree (mood) → CREATE INDEX customers_mood ON public.scratch USING btree (id); table public.customers → public.scratch',
  ],
  [
    "ALTER TABLE customers DROP CONSTRAINT credit_check; ALTER TABLE customers ADD CONSTRAINT credit_check CHECK (credit > -1); COMMENT ON CONSTRAINT credit_check ON customers IS 'no debt'",
    "constraint credit_check on public.customers: definition CHECK ((credit >= (0)::numeric)) → CHECK ((credit > ('-1'::integer)::numeric))",
  ],
  [
    'DROP TRIGGER touch ON customers; CREATE TRIGGER touch BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION touch()',
    'trigger touch on public.customers: definition …RIGGER touch BEFORE UPDATE ON public.customers FOR EACH ROW EXECUTE FUNCTION pub… → …RIGGER touch BEFORE INSERT ON public.customers FOR EACH ROW EXECUTE FUNCTION pub…',
  ],
  [
    'CREATE OR REPLACE RULE quiet AS ON DELETE TO customers WHERE OLD.id = 1 DO INSTEAD NOTHING',
    'rule quiet on public.customers: definition CREATE RULE quiet AS ON DELETE TO public.customers DO INSTEAD NOTHING; → …TO public.customers WHERE (old.id = 1) DO INSTEAD NOTHING;',
  ],
  [
    'DROP POLICY own ON customers; CREATE POLICY own ON customers AS RESTRICTIVE FOR SELECT TO reader, clerk USING (id > 0)',
    'policy own on public.customers: permissive yes → no',
  ],
  [
    'DROP POLICY own ON customers; CREATE POLICY own ON customers FOR DELETE TO reader, clerk USING (id > 0)',
    'policy own on public.customers: for select → delete',
  ],
  [
    'DROP STATISTICS customers_related; CREATE STATISTICS customers_related (ndistinct) ON name, mood FROM customers',
    'statistics public.customers_related: definition ….customers_related (dependencies) ON name, mood FROM public.customers → ….customers_related (ndistinct) ON name, mood FROM public.customers',
  ],
  ['ALTER FUNCTION add_one(int) LEAKPROOF', 'function public.add_one(integer): leakproof no → yes'],
  ['ALTER PROCEDURE tidy(int) SECURITY DEFINER', 'procedure public.tidy(integer): security definer no → yes'],
  [
    'ALTER AGGREGATE total_of(int) OWNER TO app',
    'aggregate public.total_of(integer): owner postgres → app; privileges without PUBLIC=EXECUTE/postgres, without postgres=EXECUTE/postgres, with PUBLIC=EXECUTE/app, with app=EXECUTE/app',
  ],
  [
    'DROP CAST (int AS mood); CREATE CAST (int AS mood) WITH FUNCTION mood_of(int) AS IMPLICIT',
    'cast (integer AS public.mood): context assignment → implicit',
  ],
  [
    'DROP OPERATOR CLASS near_class USING btree; CREATE OPERATOR CLASS near_class FOR TYPE int2 USING btree FAMILY near_family AS OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 btint2cmp(int2, int2)',
    'operator class public.near_class using btree: type integer → smallint',
    'operator family public.near_family using btree: functions without 1 (integer, integer) public.compare(integer,integer), with 1 (smallint, smallint) btint2cmp(smallint,smallint); operators without 1 <(integer,integer), without 3 =(integer,integer), with 1 <(smallint,smallint), with 3 =(smallint,smallint)',
  ],
  [
    'DROP TYPE span; CREATE TYPE span AS RANGE (subtype = float4)',
    'type public.span: subtype double precision → real; subtype difference float8mi(double precision,double precision) → none; subtype operator class pg_catalog.float8_ops → pg_catalog.float4_ops',
  ],
  [
    "DROP CONVERSION to_utf8; CREATE DEFAULT CONVERSION to_utf8 FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
    'conversion public.to_utf8: default no → yes',
  ],
  [
    "DROP COLLATION german; CREATE COLLATION german (provider = icu, locale = 'de-AT')",
    'collation public.german: deterministic no → yes; locale de-DE → de-AT',
  ],
  [
    'DROP TEXT SEARCH TEMPLATE bare; CREATE TEXT SEARCH TEMPLATE bare (INIT = dsimple_init, LEXIZE = dsimple_lexize)',
    'text search template public.bare: init none → dsimple_init(internal)',
  ],
  ['ALTER SEQUENCE numbers MINVALUE 0', 'sequence public.numbers: minimum 1 → 0'],
  [
    'ALTER SERVER elsewhere OWNER TO app',
    'server elsewhere: owner postgres → app; privileges without postgres=USAGE/postgres, without reader=USAGE/postgres, with app=USAGE/app, with reader=USAGE/app',
  ],
  [
    'ALTER FOREIGN TABLE remote OWNER TO app',
    'foreign table public.remote: owner postgres → app; privileges without postgres=DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE/postgres, with app=DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE/app',
  ],
  [
    'ALTER DOMAIN positive OWNER TO app',
    'domain public.positive: owner postgres → app; privileges without PUBLIC=USAGE/postgres, without postgres=USAGE/postgres, with PUBLIC=USAGE/app, with app=USAGE/app',
  ],
  [
    'REVOKE USAGE ON TYPE positive FROM PUBLIC',
    'domain public.positive: privileges without PUBLIC=USAGE/postgres',
  ],
  [
    'ALTER EXTENSION citext SET SCHEMA sales',
    'column public.customers.email: type public.citext → sales.citext',
    'extension citext: schema public → sales',
    'function public.citext_eq(public.citext,public.citext) with changed privileges is missing',
    'function sales.citext_eq(sales.citext,sales.citext) with changed privileges is new',
  ],
  ['ALTER PUBLICATION feed OWNER TO app', 'publication feed: owner postgres → app'],
  [
    "ALTER PUBLICATION feed SET (publish = 'insert, update, delete, truncate', publish_via_partition_root)",
    'publication feed: delete no → yes; truncate no → yes; via partition root no → yes',
  ],
  ['ALTER SUBSCRIPTION inflow SET (binary = true)', 'subscription inflow: binary no → yes'],
  [
    "DROP EVENT TRIGGER watching; CREATE EVENT TRIGGER watching ON ddl_command_end WHEN TAG IN ('DROP VIEW') EXECUTE FUNCTION watch()",
    'event trigger watching: enabled disabled → origin; event ddl_command_start → ddl_command_end; tags without DROP TABLE, with DROP VIEW',
  ],
  [
    'ALTER TABLE scratch_logged ADD FOREIGN KEY (id) REFERENCES parted',
    'constraint scratch_logged_id_fkey on public.scratch_logged is new',
  ],
]
