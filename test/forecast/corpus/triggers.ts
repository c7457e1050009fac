export const shop = `
  CREATE TABLE parents (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, total numeric(10,2) DEFAULT 0, touched bool);
  INSERT INTO parents VALUES (1, 1, 5), (2, 2, 13), (3, 0, 0);
  CREATE TABLE t (id int PRIMARY KEY, parent int REFERENCES parents ON DELETE CASCADE, "fullName" text, slug text,
                  email varchar(12), amount int, state text, changed text);
  INSERT INTO t VALUES (1, 1, 'Ann Lee', 'ann', 'A@x.org', 5, 'open', 'never'), (2, 2, 'Bob', 'bob', NULL, 6, 'closed', 'never'),
                       (3, 2, 'Cy Dee', NULL, 'c@X.org', -7, 'open', 'never');
  CREATE TABLE log (id serial PRIMARY KEY, what text, row_id int, before jsonb, after jsonb);
  CREATE TABLE stats (kind text PRIMARY KEY, n int);
  INSERT INTO stats VALUES ('open', 2), ('closed', 1);`

export function trigger(when: string, body: string, declare = ''): string {
  return `${shop}
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $f$ DECLARE ${declare} BEGIN ${body} END $f$;
    CREATE TRIGGER tr ${when} EXECUTE FUNCTION f('-x');`
}

export interface Case {
  readonly setup: string
  readonly migration: string
  readonly unknown?: readonly string[]
  readonly doubts?: number
  readonly state?: string
}

export const write = 'BEFORE INSERT OR UPDATE ON t FOR EACH ROW'

export const after = 'AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW'

export const followed: Record<string, Case> = {
  'a stamp of each changed row': {
    setup: trigger(write, `NEW.changed := 'now'; RETURN NEW;`),
    migration: `UPDATE t SET amount = 1 WHERE id > 1; INSERT INTO t (id) VALUES (9)`,
  },
  'a stamp of the rows that really change': {
    setup: trigger(
      'BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)',
      `NEW.changed = 'now'; RETURN NEW;`,
    ),
    migration: `UPDATE t SET amount = 5`,
  },
  'values of the new row made of one another': {
    setup: trigger(
      write,
      `NEW.email := lower(NEW.email); s := replace(lower(NEW."fullName"), ' ', '-');
       IF TG_OP = 'INSERT' THEN NEW.slug := s; ELSIF OLD."fullName" IS DISTINCT FROM NEW."fullName" THEN NEW.slug := 'new-' || s;
       ELSE NEW.amount = OLD.amount + 1; END IF; RETURN NEW;`,
      `s text := 'none';`,
    ),
    migration: `UPDATE t SET "fullName" = 'Ann X' WHERE id = 1; UPDATE t SET state = 'x'; INSERT INTO t (id, "fullName", email) VALUES (9, 'Zed Z', 'Z@Z')`,
  },
  'a value that the new row cannot take': {
    setup: trigger(write, `NEW.email := NEW."fullName" || '@example.org'; RETURN NEW;`),
    migration: `UPDATE t SET amount = 1`,
    state: '22001',
  },
  'a value that a constraint refuses': {
    setup: `${trigger(write, `NEW.slug := lower(NEW.state); RETURN NEW;`)} CREATE UNIQUE INDEX ON t (slug);`,
    migration: `UPDATE t SET amount = 1`,
    state: '23505',
  },
  'an exception for no row that is hit': {
    setup: trigger(write, `IF NEW.amount < 0 THEN RAISE EXCEPTION 'negative'; END IF; RETURN NEW;`),
    migration: `UPDATE t SET amount = amount + 1 WHERE id < 3`,
  },
  'an exception for a row that is hit': {
    setup: trigger(
      write,
      `IF NEW.amount < 0 THEN RAISE EXCEPTION 'negative %', NEW.id USING ERRCODE = 'check_violation'; END IF; RETURN NEW;`,
    ),
    migration: `UPDATE t SET amount = amount + 1`,
    state: '23514',
  },
  'a table that is not to be changed': {
    setup: trigger('BEFORE DELETE ON t FOR EACH STATEMENT', `RAISE EXCEPTION 'append only';`),
    migration: `DELETE FROM t WHERE false`,
    state: 'P0001',
  },
  'rows that are left out': {
    setup: trigger(
      'BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH ROW',
      `IF OLD.state = 'closed' THEN RETURN NULL; END IF;
       IF TG_OP = 'INSERT' AND NEW.id = 10 THEN RETURN NULL; END IF; RETURN COALESCE(NEW, OLD);`,
    ),
    migration: `UPDATE t SET amount = 1; INSERT INTO t (id) VALUES (10), (11); DELETE FROM t WHERE id < 3`,
  },
  'a DELETE that returns NEW, which is none': {
    setup: trigger('BEFORE DELETE ON t FOR EACH ROW', `RETURN NEW;`),
    migration: `DELETE FROM t`,
  },
  'an entry in a log for each row': {
    setup: trigger(
      after,
      `INSERT INTO log (what, row_id, before, after)
         VALUES (TG_OP || TG_ARGV[0], COALESCE(NEW.id, OLD.id), to_jsonb(OLD), to_jsonb(NEW)); RETURN NULL;`,
    ),
    migration: `UPDATE t SET amount = 1 WHERE id = 2; INSERT INTO t (id) VALUES (9); DELETE FROM t WHERE id = 1`,
  },
  'counters of a parent': {
    setup: trigger(
      after,
      `IF TG_OP IN ('DELETE', 'UPDATE') THEN UPDATE parents SET n = n - 1, total = total - OLD.amount WHERE id = OLD.parent; END IF;
       IF TG_OP IN ('INSERT') THEN UPDATE parents SET n = n + 1, total = total + NEW.amount WHERE parents.id = NEW.parent; END IF;
       RETURN NULL;`,
    ),
    migration: `INSERT INTO t (id, parent, amount) VALUES (10, 3, 4), (11, 3, 5), (12, 1, 6); DELETE FROM t WHERE parent = 2`,
  },
  'totals computed again from the rows': {
    setup: trigger(
      after,
      `UPDATE parents p SET total = (SELECT sum(amount) FROM t WHERE t.parent = p.id), touched = true WHERE p.id = NEW.parent;
       RETURN NULL;`,
    ),
    migration: `UPDATE t SET amount = amount * 2`,
  },
  'a row put in or counted': {
    setup: trigger(
      after,
      `INSERT INTO stats VALUES (NEW.state, 1) ON CONFLICT (kind) DO UPDATE SET n = stats.n + 1; RETURN NULL;`,
    ),
    migration: `UPDATE t SET amount = 1 WHERE id = 2; UPDATE t SET state = 'x' || id`,
  },
  'a row changed, or else put in': {
    setup: trigger(
      after,
      `UPDATE stats SET n = n + 1 WHERE kind = NEW.state; IF NOT FOUND THEN INSERT INTO stats VALUES (NEW.state, 1); END IF; RETURN NULL;`,
    ),
    migration: `UPDATE t SET state = 'open' WHERE id = 2; UPDATE t SET state = 'new' WHERE id = 3`,
  },
  'what another table says': {
    setup: trigger(
      write,
      `SELECT * INTO s FROM stats WHERE kind = NEW.state; IF FOUND THEN NEW.amount := s.n; ELSE NEW.amount := NULL; END IF;
       SELECT p.total INTO NEW.slug FROM parents p WHERE p.id = NEW.parent; RETURN NEW;`,
      's record;',
    ),
    migration: `UPDATE t SET state = 'gone' WHERE id = 1; UPDATE t SET changed = 'x' WHERE id > 1`,
  },
  'a row that another table must have': {
    setup: trigger(
      write,
      `PERFORM 1 FROM stats WHERE kind = NEW.state; IF NOT FOUND THEN RAISE foreign_key_violation; END IF; RETURN NEW;`,
    ),
    migration: `UPDATE t SET amount = 2; UPDATE t SET state = 'gone' WHERE id = 2`,
    state: '23503',
  },
  'a query that must find one row': {
    setup: trigger(
      write,
      `SELECT n INTO STRICT NEW.amount FROM stats WHERE kind LIKE NEW.state || '%'; RETURN NEW;`,
    ),
    migration: `INSERT INTO t (id, state) VALUES (9, 'open'); INSERT INTO t (id, state) VALUES (10, '')`,
    state: 'P0003',
  },
  'a case by the operation': {
    setup: trigger(
      write,
      `CASE TG_OP WHEN 'INSERT' THEN NEW.slug := 'i'; WHEN 'UPDATE' THEN NEW.slug := 'u'; END CASE;
       CASE WHEN NEW.amount > 0 THEN NEW.changed := 'plus'; ELSE NULL; END CASE; RETURN NEW;`,
    ),
    migration: `UPDATE t SET state = 'x'; INSERT INTO t (id) VALUES (9)`,
  },
  'a trigger for the whole statement, with its rows': {
    setup: `${shop}
      CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $f$ DECLARE c int; BEGIN
        SELECT count(*) INTO c FROM came WHERE amount > 0;
        INSERT INTO log (what, row_id) SELECT 'sum', c FROM came GROUP BY 1, 2;
        INSERT INTO log (what, row_id) SELECT 'was ' || w.amount, c.amount FROM came c JOIN went w USING (id) WHERE c.id = 1; RETURN NULL; END $f$;
      CREATE TRIGGER tr AFTER UPDATE ON t REFERENCING NEW TABLE AS came OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION f();`,
    migration: `UPDATE t SET amount = amount + 1 WHERE id < 3`,
  },
  'triggers in the order of their names, each seeing what the one before has made': {
    setup: `${trigger(write, `NEW.slug := NEW.slug || '-tr'; RETURN NEW;`)}
      CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.slug := NEW.amount || 'first'; RETURN NEW; END $f$;
      CREATE TRIGGER a BEFORE UPDATE OF amount ON t FOR EACH ROW EXECUTE FUNCTION g();`,
    migration: `UPDATE t SET amount = 2 WHERE id = 1; UPDATE t SET state = 'x' WHERE id = 3`,
  },
  'a trigger that fires another': {
    setup: `${trigger(after, `UPDATE parents SET touched = true WHERE id = NEW.parent; RETURN NULL;`)}
      CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
        INSERT INTO log (what, row_id) VALUES ('depth ' || pg_trigger_depth(), NEW.id); RETURN NULL; END $f$;
      CREATE TRIGGER tr AFTER UPDATE ON parents FOR EACH ROW EXECUTE FUNCTION g();`,
    migration: `UPDATE t SET amount = 2 WHERE id = 1; UPDATE parents SET n = 9 WHERE id = 3`,
  },
  'rows that go by CASCADE': {
    setup: trigger(
      'BEFORE DELETE ON t FOR EACH ROW',
      `INSERT INTO log (what, row_id) VALUES ('gone', OLD.id); RETURN OLD;`,
    ),
    migration: `DELETE FROM parents WHERE id = 2`,
  },
  'a generated column made of what a trigger sets': {
    setup: `${trigger(write, `NEW.amount := NEW.amount * 2; RETURN NEW;`)}
      ALTER TABLE t ADD twice int GENERATED ALWAYS AS (amount * 2) STORED;`,
    migration: `UPDATE t SET state = 'x' WHERE id = 1; INSERT INTO t (id, amount) VALUES (9, 5)`,
  },
  'a trigger beside ON CONFLICT': {
    setup: trigger(after, `INSERT INTO log (what, row_id) VALUES (TG_OP, NEW.id); RETURN NULL;`),
    migration: `INSERT INTO t (id, amount) VALUES (1, 50) ON CONFLICT (id) DO UPDATE SET amount = excluded.amount;
                INSERT INTO t (id) VALUES (2) ON CONFLICT DO NOTHING; INSERT INTO t (id) VALUES (20) ON CONFLICT DO NOTHING`,
  },
  'a trigger and function that the migration makes': {
    setup: shop,
    migration: `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.slug := 's' || NEW.id; RETURN NEW; END $f$;
      CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f(); UPDATE t SET amount = 1;
      DROP TRIGGER tr ON t; UPDATE t SET slug = NULL WHERE id = 1`,
  },
  'a disabled trigger': {
    setup: trigger(write, `RAISE EXCEPTION 'no';`),
    migration: `ALTER TABLE t DISABLE TRIGGER tr; UPDATE t SET amount = 1; ALTER TABLE t ENABLE TRIGGER tr`,
  },
  'triggers and foreign keys asleep, and awake again': {
    setup: trigger(write, `RAISE EXCEPTION 'no';`),
    migration: `ALTER TABLE t DISABLE TRIGGER ALL; UPDATE t SET parent = 99 WHERE id = 1; ALTER TABLE t ENABLE TRIGGER ALL; UPDATE t SET amount = 3`,
    state: 'P0001',
  },
  'foreign keys asleep': {
    setup: shop,
    migration: `ALTER TABLE parents DISABLE TRIGGER ALL; DELETE FROM parents WHERE id = 1; ALTER TABLE t DISABLE TRIGGER ALL; UPDATE t SET parent = 99 WHERE id = 2`,
  },
  'triggers and foreign keys asleep in a replica': {
    setup: trigger(write, `RAISE EXCEPTION 'no';`),
    migration: `SET session_replication_role = replica; UPDATE t SET parent = 99; RESET session_replication_role`,
  },
  TRUNCATE: {
    setup: trigger(
      'AFTER TRUNCATE ON t',
      `INSERT INTO log (what) VALUES (TG_OP || TG_LEVEL || TG_TABLE_NAME); RETURN NULL;`,
    ),
    migration: `TRUNCATE t`,
  },
  'a field that the migration renames under the function': {
    setup: trigger(write, `NEW.slug := 's'; RETURN NEW;`),
    migration: `ALTER TABLE t RENAME slug TO path; UPDATE t SET amount = 1`,
    state: '42703',
  },
  'a table that the migration renames under the function': {
    setup: trigger(after, `INSERT INTO log (what) VALUES ('x'); RETURN NULL;`),
    migration: `ALTER TABLE log RENAME TO audit; UPDATE t SET amount = 1`,
    state: '42P01',
  },
  'a part that is not followed, and what it may touch': {
    setup: trigger(
      write,
      `FOR i IN 1..2 LOOP INSERT INTO log (what) VALUES (NEW.slug); NEW.email := i; END LOOP; NEW.slug := 'ok'; RETURN NEW;`,
    ),
    migration: `UPDATE t SET amount = 1; ALTER TABLE t ALTER amount SET NOT NULL`,
    unknown: ['log.id', 'log.what', 'log.row_id', 'log.before', 'log.after', 't.email'],
  },
  'a part that is not followed and may raise': {
    setup: trigger(
      after,
      `FOR i IN 1..2 LOOP IF NEW.amount > 100 THEN RAISE EXCEPTION 'no'; END IF; END LOOP; RETURN NEW;`,
    ),
    migration: `UPDATE t SET amount = 1`,
    doubts: 1,
  },
  'a table that the function makes itself': {
    setup: trigger(
      after,
      `CREATE TEMP TABLE IF NOT EXISTS mine (id int); INSERT INTO mine VALUES (NEW.id); RETURN NULL;`,
    ),
    migration: `UPDATE t SET amount = 1`,
    doubts: 2,
  },
  'a generated column that is not computed yet': {
    setup: `${trigger(write, `NEW.slug := NEW.twice; RETURN NEW;`)} ALTER TABLE t ADD twice int GENERATED ALWAYS AS (amount * 2) STORED;`,
    migration: `UPDATE t SET amount = 1`,
    unknown: ['t.slug'],
  },
  'rows that change one another': {
    setup: trigger(
      after,
      `UPDATE stats SET kind = kind || 'x', n = NEW.amount WHERE kind = NEW.state; RETURN NULL;`,
    ),
    migration: `UPDATE t SET amount = 1`,
    unknown: ['stats.kind', 'stats.n'],
    doubts: 1,
  },
}
