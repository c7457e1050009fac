/** Forty notes, of which the owner sees ten; no hidden one has a body. */
export const notes = `
  CREATE TABLE teams (id int PRIMARY KEY);
  INSERT INTO teams VALUES (1), (2);
  CREATE TABLE notes (id int PRIMARY KEY, team int NOT NULL REFERENCES teams ON DELETE CASCADE, body text, kind int);
  INSERT INTO notes SELECT g, CASE WHEN g <= 10 THEN 1 ELSE 2 END, CASE WHEN g <= 10 THEN 'b' END, g % 20 FROM generate_series(1, 40) AS g;
  CREATE TABLE copies (id int PRIMARY KEY, body text);
  CREATE VIEW shown AS SELECT * FROM notes;
  CREATE POLICY own ON notes USING (team = 1);
  GRANT ALL ON SCHEMA public TO hidden_owner, hidden_reader, hidden_nothing;
  GRANT ALL ON teams, notes, copies, shown TO hidden_reader, hidden_nothing;
  ALTER TABLE teams OWNER TO hidden_owner; ALTER TABLE notes OWNER TO hidden_owner;
  ALTER TABLE copies OWNER TO hidden_owner; ALTER VIEW shown OWNER TO hidden_owner;`

export const enabled = `${notes} ALTER TABLE notes ENABLE ROW LEVEL SECURITY;`

export const forced = `${enabled} ALTER TABLE notes FORCE ROW LEVEL SECURITY;`

export const asOwner = 'SET ROLE hidden_owner'

/** What depends on rows that are hidden now, or that a statement of the migration does not see. */
export const unknown: Record<string, { setup: string; migration: string }> = {
  'a fill of NULLs': {
    setup: `${forced}${asOwner}`,
    migration: `UPDATE notes SET body = '' WHERE body IS NULL; ALTER TABLE notes ALTER body SET NOT NULL`,
  },
  'a fill without a condition': {
    setup: `${forced}${asOwner}`,
    migration: `UPDATE notes SET body = ''; ALTER TABLE notes ALTER body SET NOT NULL`,
  },
  'SET NOT NULL alone': {
    setup: `${forced}${asOwner}`,
    migration: `ALTER TABLE notes ALTER body SET NOT NULL`,
  },
  'a unique index': { setup: `${forced}${asOwner}`, migration: `CREATE UNIQUE INDEX ON notes (kind)` },
  'a CHECK': { setup: `${forced}${asOwner}`, migration: `ALTER TABLE notes ADD CHECK (body IS NOT NULL)` },
  'a change of type': {
    setup: `${forced} DROP VIEW shown; ${asOwner}`,
    migration: `ALTER TABLE notes ALTER kind TYPE varchar(2)`,
  },
  'a foreign key to it': {
    setup: `${forced} INSERT INTO copies VALUES (30, 'x'); ${asOwner}`,
    migration: `ALTER TABLE copies ADD FOREIGN KEY (id) REFERENCES notes`,
  },
  'a foreign key of it': {
    setup: `${forced}${asOwner}`,
    migration: `ALTER TABLE notes ADD FOREIGN KEY (kind) REFERENCES teams`,
  },
  'a copy of it': {
    setup: `${forced}${asOwner}`,
    migration: `INSERT INTO copies SELECT id, body FROM notes; ALTER TABLE copies ALTER body SET NOT NULL`,
  },
  'a copy of a view of it': {
    setup: `${forced}${asOwner}`,
    migration: `CREATE TABLE c AS SELECT * FROM shown; ALTER TABLE c ALTER body SET NOT NULL`,
  },
  'a row that a policy may refuse': {
    setup: `${forced}${asOwner}`,
    migration: `INSERT INTO notes (id, team) VALUES (99, 2)`,
  },
  'a DELETE without a condition': {
    setup: `${forced}${asOwner}`,
    migration: `DELETE FROM notes; ALTER TABLE notes ADD code text NOT NULL`,
  },
  'a role that does not own it': {
    setup: `${enabled} SET ROLE hidden_reader`,
    migration: `INSERT INTO copies SELECT id, body FROM notes`,
  },
  'an UPDATE from it': {
    setup: `${forced} INSERT INTO copies SELECT id, 'x' FROM notes; ${asOwner}`,
    migration: `UPDATE copies SET body = notes.body FROM notes WHERE notes.id = copies.id; ALTER TABLE copies ALTER body SET NOT NULL`,
  },
  'row security that the migration forces': {
    setup: `${enabled}${asOwner}`,
    migration: `ALTER TABLE notes FORCE ROW LEVEL SECURITY; UPDATE notes SET body = ''; ALTER TABLE notes ALTER body SET NOT NULL`,
  },
  'a copy after the migration has forced it': {
    setup: `${enabled}${asOwner}`,
    migration: `ALTER TABLE notes FORCE ROW LEVEL SECURITY; INSERT INTO copies SELECT id, body FROM notes; ALTER TABLE copies ALTER body SET NOT NULL`,
  },
  'row security that the migration takes away': {
    setup: `${forced}${asOwner}`,
    migration: `ALTER TABLE notes DISABLE ROW LEVEL SECURITY; ALTER TABLE notes ALTER body SET NOT NULL`,
  },
  'a view of another that is made anew over what has changed': {
    setup: `${forced}`,
    migration: `UPDATE notes SET body = 'x' WHERE id = 1; INSERT INTO copies SELECT id, body FROM shown`,
  },
  'a partition': {
    setup: `CREATE TABLE parts (id int, body text) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (100);
      INSERT INTO parts VALUES (1, 'x'), (2, NULL); ALTER TABLE parts OWNER TO hidden_owner; ALTER TABLE part OWNER TO hidden_owner;
      GRANT ALL ON SCHEMA public TO hidden_owner;
      ALTER TABLE part ENABLE ROW LEVEL SECURITY; ALTER TABLE part FORCE ROW LEVEL SECURITY; ${asOwner}`,
    migration: `ALTER TABLE part ALTER body SET NOT NULL`,
  },
}

/** Nothing is hidden, so nothing is unknown. */
export const known: Record<string, { setup: string; migration: string; state?: string }> = {
  'the owner, where it is not forced': {
    setup: `${enabled}${asOwner}`,
    migration: `UPDATE notes SET body = '' WHERE body IS NULL; ALTER TABLE notes ALTER body SET NOT NULL`,
  },
  'a superuser': {
    setup: forced,
    migration: `UPDATE notes SET body = '' WHERE body IS NULL; ALTER TABLE notes ALTER body SET NOT NULL`,
  },
  'a role with BYPASSRLS': {
    setup: `${forced} SET ROLE hidden_nothing`,
    migration: `UPDATE notes SET body = 'x' WHERE id > 30; INSERT INTO copies SELECT id, body FROM notes WHERE id > 30`,
  },
  'row security that is not enabled': {
    setup: `${notes} ALTER TABLE notes FORCE ROW LEVEL SECURITY; ${asOwner}`,
    migration: `ALTER TABLE notes ALTER body SET NOT NULL`,
    state: '23502',
  },
  'row security that the migration enables for others': {
    setup: `${notes}${asOwner}`,
    migration: `ALTER TABLE notes ENABLE ROW LEVEL SECURITY; UPDATE notes SET body = ''; ALTER TABLE notes ALTER body SET NOT NULL`,
  },
  'keys that see every row': {
    setup: `${enabled}${asOwner}`,
    migration: `ALTER TABLE notes FORCE ROW LEVEL SECURITY; ALTER TABLE notes ALTER body SET NOT NULL`,
    state: '23502',
  },
  'another table': { setup: `${forced}${asOwner}`, migration: `INSERT INTO copies VALUES (1, 'x')` },
  'rows that TRUNCATE takes away, hidden or not': {
    setup: `${forced}${asOwner}`,
    migration: `TRUNCATE notes; ALTER TABLE notes ALTER body SET NOT NULL`,
  },
}
