/** One value is no number, and one of the rules no list. */
export const setup = `
  CREATE TABLE settings (id serial PRIMARY KEY, kind text NOT NULL, value text NOT NULL, level int NOT NULL DEFAULT 0);
  INSERT INTO settings (kind, value) VALUES ('number', '7'), ('number', '3'), ('text', 'blue');
  CREATE TABLE alarms (id serial PRIMARY KEY, rules jsonb, n int);
  INSERT INTO alarms (rules, n) VALUES ('[{"on": "a"}]', 1), ('{"on": "b"}', 0), ('[]', 2), ('7', 0), (NULL, 3);
  CREATE TABLE owners (setting int PRIMARY KEY, name text); INSERT INTO owners VALUES (1, 'ann'), (2, 'bob');
  CREATE FUNCTION cheap(t text) RETURNS bool LANGUAGE plpgsql IMMUTABLE COST 1 AS $$ BEGIN RETURN t::int > 5; END $$;
  CREATE FUNCTION dear(t text) RETURNS bool LANGUAGE plpgsql IMMUTABLE COST 1000 AS $$ BEGIN RETURN t = 'number'; END $$;`

export interface Case {
  readonly more?: string
  readonly migration: string
  /** What comes; that it does is checked by running it. */
  readonly state?: string
  readonly doubts?: number
}

export const set = 'UPDATE settings SET level = 1 WHERE'

export const cases: Record<string, Case> = {
  'a cast before a cheap condition': { migration: `${set} value::int > 5 AND kind = 'number'` },
  'a cheap condition before a cast': { migration: `${set} kind = 'number' AND value::int > 5` },
  'a cast alone': { migration: `${set} value::int > 5`, state: '22P02' },
  'a cast before a condition of the same cost': {
    migration: `${set} value::int > 5 AND lower(kind) || 'x' = 'numberx'`,
    state: '22P02',
  },
  'a cast behind a dear condition': {
    migration: `${set} dear(kind) AND value::int > 5`,
    state: '22P02',
  },
  'a dear function behind a cheap one': { migration: `${set} dear(kind) AND cheap(value)`, state: '22P02' },
  'a function that costs as much as the comparison behind it': {
    migration: `${set} cheap(value) AND kind <> 'text'`,
    state: '22P02',
  },
  'a pattern that costs as much as the cast': {
    migration: String.raw`${set} value ~ '^\d+$' AND value::int > 5`,
  },
  'the pattern last': { migration: String.raw`${set} value::int > 5 AND value ~ '^\d+$'` },
  LIKE: { migration: `${set} value::int > 5 AND kind LIKE 'num%'` },
  'a list': { migration: `${set} value::int IN (7, 8) AND kind = 'number'` },
  BETWEEN: { migration: `${set} value::int BETWEEN 5 AND 9 AND kind = 'number'` },
  'NOT over OR': { migration: `${set} NOT (value::int <= 5 OR kind <> 'number')` },
  'OR inside AND': { migration: `${set} (value::int > 5 OR level > 3) AND kind = 'number'` },
  'AND inside OR': { migration: `${set} (value::int > 5 AND kind = 'number') OR level = 9`, state: '22P02' },
  'AND inside OR, guarded': { migration: `${set} (kind = 'number' AND value::int > 5) OR level = 9` },
  'a row compared': { migration: `${set} (value::int, kind) = (7, 'number')` },
  'a division': { migration: `UPDATE alarms SET n = 9 WHERE 10 / n > 4 AND id <> 2 AND id <> 4` },
  'CASE keeps its order': {
    migration: `${set} CASE WHEN kind = 'number' THEN value::int > 5 ELSE false END AND level = 0`,
  },
  'a guard that the server asks last': {
    migration: `UPDATE alarms SET n = 7 WHERE jsonb_typeof(rules) = 'array' AND jsonb_array_length(rules) > 0`,
    state: '22023',
  },
  'a key last': { migration: `${set} value::int > 5 AND id = 1` },
  'a key that names the row which raises': { migration: `${set} value::int > 5 AND id = 3`, state: '22P02' },
  'a condition that an index answers': {
    more: `CREATE INDEX ON settings (lower(kind)); INSERT INTO settings (kind, value) SELECT 'text', 'red' FROM generate_series(1, 3000); ANALYZE settings;`,
    migration: `${set} cheap(value) AND lower(kind) = 'number'`,
  },
  'DELETE with the cast first': {
    migration: `DELETE FROM settings WHERE value::int > 5 AND kind = 'number'`,
  },
  'DELETE of a row with children': {
    more: `ALTER TABLE owners ADD FOREIGN KEY (setting) REFERENCES settings ON DELETE CASCADE;`,
    migration: `DELETE FROM settings WHERE value::int > 5 AND kind = 'number'; ALTER TABLE owners ADD CHECK (setting > 1)`,
  },
  'DELETE that raises': {
    migration: `DELETE FROM settings WHERE value::int > 5 AND level = 0 AND dear(kind)`,
    state: '22P02',
  },
  'a table without a key': {
    more: `CREATE TABLE loose AS SELECT * FROM settings;`,
    migration: `UPDATE loose SET level = 1 WHERE value::int > 5 AND kind = 'number'; DELETE FROM loose WHERE value::int < 5 AND kind = 'number'`,
  },
  'a trigger that fires for the rows hit': {
    more: `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.level := 5; RETURN NEW; END $$;
      CREATE TRIGGER tr BEFORE UPDATE ON settings FOR EACH ROW EXECUTE FUNCTION f();`,
    migration: `${set} value::int > 5 AND kind = 'number'`,
  },
  'rows that a statement before has changed': {
    migration: `UPDATE settings SET level = 3; ${set} value::int > 5 AND kind = 'number'`,
  },
  'rows that a statement before has made fit': {
    migration: `UPDATE settings SET value = '0' WHERE kind = 'text'; ${set} value::int > 5 AND level = 0`,
  },
  'rows that a statement before has put in': {
    migration: `INSERT INTO settings (kind, value) VALUES ('text', 'red'), ('number', '9'); ${set} value::int > 5 AND kind = 'number'`,
  },
  'a renamed column': {
    migration: `ALTER TABLE settings RENAME value TO content; UPDATE settings SET level = 1 WHERE content::int > 5 AND kind = 'number'`,
  },
  'several statements, one after the other': {
    migration: `${set} value::int > 5 AND kind = 'number'; DELETE FROM settings WHERE value::int < 5 AND kind = 'number'; UPDATE settings SET level = 2 WHERE value::int > 1 AND kind = 'number'`,
  },
  'a value taken from a sequence for each row hit': {
    migration: `ALTER TABLE settings ADD no serial; UPDATE settings SET no = DEFAULT WHERE value::int > 5 AND kind = 'number'`,
  },
  'UPDATE … FROM': {
    migration: `UPDATE settings SET level = 4 FROM owners WHERE owners.setting = settings.id AND value::int > 5 AND kind = 'number'`,
  },
  'UPDATE … FROM that casts rows without a partner': {
    migration: `UPDATE settings SET level = 4 FROM (SELECT * FROM owners OFFSET 0) AS o WHERE o.setting = settings.id AND value::int > 5`,
    state: '22P02',
  },
  'DELETE … USING': {
    migration: `DELETE FROM settings USING owners WHERE owners.setting = settings.id AND value::int > 5 AND kind = 'number'`,
  },
  'a subquery that casts': {
    migration: `UPDATE owners SET name = 'x' WHERE EXISTS (SELECT 1 FROM settings WHERE settings.id = owners.setting AND value::int > 5 AND kind = 'number')`,
  },
  'a subquery of one partner': {
    migration: `UPDATE owners SET name = 'x' WHERE setting IN (SELECT id FROM settings WHERE value::int > 5 AND kind = 'number')`,
  },
  'INSERT … SELECT': {
    migration: `INSERT INTO owners SELECT id + 10, 'x' FROM settings WHERE value::int > 5 AND kind = 'number'`,
  },
  'INSERT … SELECT that raises': {
    migration: `INSERT INTO alarms (n) SELECT n FROM alarms WHERE jsonb_typeof(rules) = 'array' AND jsonb_array_length(rules) > 0`,
    state: '22023',
  },
  'CREATE TABLE AS': {
    migration: `CREATE TABLE c AS SELECT id FROM settings WHERE value::int > 5 AND kind = 'number'`,
  },
  'a view over them': {
    migration: `CREATE VIEW v AS SELECT id, value FROM settings WHERE kind = 'number'; CREATE TABLE c AS SELECT id FROM v WHERE value::int > 5`,
  },
  HAVING: {
    migration: `CREATE TABLE c AS SELECT kind FROM settings GROUP BY kind HAVING max(value)::int > 5 AND kind = 'number'`,
  },
  'the condition of a partial unique index, guarded': {
    migration: `CREATE UNIQUE INDEX ON alarms (id) WHERE jsonb_typeof(rules) = 'array' AND jsonb_array_length(rules) > 0`,
  },
  'the condition of a partial unique index, cast first': {
    migration: `CREATE UNIQUE INDEX ON settings (level) WHERE value::int > 5 AND kind = 'number'`,
    state: '22P02',
  },
  'the key of a partial unique index': {
    migration: `CREATE UNIQUE INDEX ON alarms ((jsonb_array_length(rules))) WHERE jsonb_typeof(rules) = 'array'`,
  },
  'a double key of a partial unique index': {
    more: `INSERT INTO alarms (rules) VALUES ('[1]');`,
    migration: `CREATE UNIQUE INDEX ON alarms ((jsonb_array_length(rules))) WHERE jsonb_typeof(rules) = 'array' AND id > 0`,
    state: '23505',
  },
  'a partial unique index that is there already': {
    more: `CREATE UNIQUE INDEX ON alarms ((jsonb_array_length(rules))) WHERE jsonb_typeof(rules) = 'array';`,
    migration: `INSERT INTO alarms (rules) VALUES ('[1, 2]'), ('"x"'); UPDATE alarms SET rules = '{}' WHERE id = 1`,
  },
  'a plain index that cannot compute its key': {
    more: `CREATE INDEX ON alarms ((10 / n)) WHERE n <> 0;`,
    migration: `UPDATE alarms SET n = 0 WHERE id = 1; INSERT INTO alarms (n) VALUES (0), (4)`,
  },
  'a plain index that cannot compute its key, without a condition': {
    more: `CREATE INDEX ON alarms ((10 / (n + 1)));`,
    migration: `UPDATE alarms SET n = -1 WHERE id = 1`,
    state: '22012',
  },
  'a plain index that cannot compute the key of a new row': {
    more: `CREATE INDEX ON alarms ((10 / (n + 1)));`,
    migration: `INSERT INTO alarms (n) VALUES (-1)`,
    state: '22012',
  },
  'ON CONFLICT of a partial index': {
    more: `CREATE UNIQUE INDEX ON alarms (n) WHERE jsonb_typeof(rules) = 'array' AND jsonb_array_length(rules) > 0;`,
    migration: `INSERT INTO alarms (rules, n) VALUES ('[5]', 1), ('{}', 1) ON CONFLICT (n) WHERE jsonb_typeof(rules) = 'array' AND jsonb_array_length(rules) > 0 DO UPDATE SET n = 50`,
  },
  'the condition of ON CONFLICT DO UPDATE': {
    migration: `INSERT INTO settings (id, kind, value) VALUES (3, 'x', 'y') ON CONFLICT (id) DO UPDATE SET level = 1 WHERE settings.value::int > 5 AND settings.kind = 'number'`,
    state: '22P02',
  },
  'an exclusion constraint': {
    migration: `ALTER TABLE alarms ADD EXCLUDE USING btree (n WITH =) WHERE (jsonb_typeof(rules) = 'array' AND jsonb_array_length(rules) > 0)`,
  },
  'a CHECK, guarded': {
    migration: `ALTER TABLE alarms ADD CHECK (jsonb_typeof(rules) <> 'array' OR jsonb_array_length(rules) < 5)`,
  },
  'a CHECK, cast first': {
    migration: `ALTER TABLE settings ADD CHECK (value::int > 0 OR kind <> 'number')`,
    state: '22P02',
  },
  'a generated column': {
    migration: `ALTER TABLE settings ADD g bool GENERATED ALWAYS AS (value::int > 5 AND kind = 'number') STORED`,
    state: '22P02',
  },
  'MERGE with the cast first in ON': {
    migration: `MERGE INTO settings AS s USING (VALUES (1), (3)) AS n (id) ON s.value::int > 5 AND s.kind = 'number' AND s.id = n.id WHEN MATCHED THEN UPDATE SET level = 8`,
  },
  'MERGE whose WHEN is guarded': {
    migration: `MERGE INTO alarms AS a USING (VALUES (1), (2), (3)) AS n (id) ON a.id = n.id WHEN MATCHED AND jsonb_typeof(a.rules) = 'array' AND jsonb_array_length(a.rules) > 0 THEN UPDATE SET n = 0`,
  },
  'MERGE whose WHEN casts first': {
    migration: `MERGE INTO settings AS s USING (VALUES (1), (3)) AS n (id) ON s.id = n.id WHEN MATCHED AND s.value::int > 5 AND s.kind = 'number' THEN DELETE`,
    state: '22P02',
  },
  'the condition of a trigger': {
    more: `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
      CREATE TRIGGER tr BEFORE UPDATE ON settings FOR EACH ROW WHEN (OLD.value::int > 5 AND OLD.kind = 'number') EXECUTE FUNCTION f();`,
    migration: `UPDATE settings SET level = 2`,
    state: '22P02',
  },
  'a partitioned table': {
    more: `CREATE TABLE p (kind text, value text, level int) PARTITION BY LIST (kind); CREATE TABLE p1 PARTITION OF p FOR VALUES IN ('number');
      CREATE TABLE p2 PARTITION OF p FOR VALUES IN ('text'); INSERT INTO p SELECT kind, value, 0 FROM settings;`,
    migration: `UPDATE p SET level = 1 WHERE cheap(value) AND kind = 'number'`,
  },
  'a block': { migration: `DO $$ BEGIN ${set} value::int > 5 AND kind = 'number'; END $$` },
}
