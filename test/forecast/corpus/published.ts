export const tables = `
  CREATE TABLE keyless (a int, b text); INSERT INTO keyless VALUES (1, 'x');
  CREATE TABLE keyed (id int PRIMARY KEY, a int NOT NULL); INSERT INTO keyed VALUES (1, 1), (2, 2);
  CREATE TABLE child (keyed int REFERENCES keyed ON DELETE CASCADE ON UPDATE CASCADE); INSERT INTO child VALUES (1);
  CREATE TABLE whole (a int, b int) PARTITION BY RANGE (a);
  CREATE TABLE low PARTITION OF whole FOR VALUES FROM (0) TO (10);
  CREATE TABLE high (a int PRIMARY KEY, b int); ALTER TABLE whole ATTACH PARTITION high FOR VALUES FROM (10) TO (20);
  INSERT INTO whole VALUES (1, 1), (11, 1);
  CREATE TABLE heir (PRIMARY KEY (id)) INHERITS (keyed);`

export const all = `${tables} CREATE PUBLICATION p FOR ALL TABLES;`

export interface Case {
  readonly setup: string
  readonly migration: string
  readonly state?: string
  readonly doubts?: number
}

export const update = `UPDATE keyless SET b = 'y'`

export const cases: Record<string, Case> = {
  UPDATE: { setup: all, migration: update, state: '55000' },
  'UPDATE of no row': { setup: all, migration: `${update} WHERE a = 9`, state: '55000' },
  DELETE: { setup: all, migration: `DELETE FROM keyless`, state: '55000' },
  INSERT: { setup: all, migration: `INSERT INTO keyless VALUES (2)` },
  TRUNCATE: { setup: all, migration: `TRUNCATE keyless` },
  'UPDATE of a table with a key': { setup: all, migration: `UPDATE keyed SET a = 5` },
  'UPDATE of a table without rows that the migration makes': {
    setup: all,
    migration: `CREATE TABLE made (a int); UPDATE made SET a = 1`,
    state: '55000',
  },
  'UPDATE of an unlogged and a temporary table': {
    setup: all,
    migration: `CREATE UNLOGGED TABLE u (a int); UPDATE u SET a = 1; CREATE TEMP TABLE te (a int); UPDATE te SET a = 1`,
  },
  'a key that is dropped before': {
    setup: all,
    migration: `ALTER TABLE heir NO INHERIT keyed; ALTER TABLE keyed DROP CONSTRAINT keyed_pkey CASCADE; UPDATE keyed SET a = 1`,
    state: '55000',
  },
  'a key that is given before': {
    setup: all,
    migration: `ALTER TABLE keyless ADD PRIMARY KEY (a); ${update}`,
  },
  'a key that can be put off': {
    setup: all,
    migration: `ALTER TABLE keyless ADD PRIMARY KEY (a) DEFERRABLE; ${update}`,
    state: '55000',
  },
  'REPLICA IDENTITY FULL': { setup: all, migration: `ALTER TABLE keyless REPLICA IDENTITY FULL; ${update}` },
  'REPLICA IDENTITY NOTHING': {
    setup: all,
    migration: `ALTER TABLE keyed REPLICA IDENTITY NOTHING; UPDATE keyed SET a = 1`,
    state: '55000',
  },
  'REPLICA IDENTITY USING INDEX': {
    setup: all,
    migration: `ALTER TABLE keyless ALTER a SET NOT NULL; CREATE UNIQUE INDEX i ON keyless (a); ALTER TABLE keyless REPLICA IDENTITY USING INDEX i; ${update}`,
  },
  'the index of the replica identity is dropped': {
    setup: `${all} ALTER TABLE keyless ALTER a SET NOT NULL; CREATE UNIQUE INDEX i ON keyless (a); ALTER TABLE keyless REPLICA IDENTITY USING INDEX i;`,
    migration: `${update}; DROP INDEX i; DELETE FROM keyless`,
    state: '55000',
  },
  'a unique index that is not named as the identity': {
    setup: all,
    migration: `CREATE UNIQUE INDEX ON keyless (a); ${update}`,
    state: '55000',
  },
  'inserts alone are published': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLE keyless WITH (publish = 'insert, delete');`,
    migration: update,
  },
  'deletes alone are published': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLE keyless WITH (publish = 'insert, delete');`,
    migration: `${update}; DELETE FROM keyless`,
    state: '55000',
  },
  'what is published changes before': {
    setup: all,
    migration: `ALTER PUBLICATION p SET (publish = 'insert'); ${update}; DELETE FROM keyless`,
  },
  'the publication goes before': { setup: all, migration: `DROP PUBLICATION p; ${update}` },
  'the publication comes before': {
    setup: tables,
    migration: `CREATE PUBLICATION p FOR TABLE keyed, keyless; ${update}`,
    state: '55000',
  },
  'the table is taken out before': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLE keyed, keyless;`,
    migration: `ALTER PUBLICATION p DROP TABLE keyless; ${update}`,
  },
  'other tables are set before': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLE keyless;`,
    migration: `ALTER PUBLICATION p SET TABLE keyed; ${update}`,
  },
  'another table is published': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLE keyed;`,
    migration: update,
  },
  'a published schema': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLES IN SCHEMA public;`,
    migration: update,
    state: '55000',
  },
  'a table that leaves the published schema': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLES IN SCHEMA public; DROP SCHEMA IF EXISTS other; CREATE SCHEMA other;`,
    migration: `ALTER TABLE keyless SET SCHEMA other; UPDATE other.keyless SET b = 'y'`,
  },
  'ON CONFLICT DO UPDATE': {
    setup: `${all} CREATE UNIQUE INDEX ON keyless (a);`,
    migration: `INSERT INTO keyless VALUES (9) ON CONFLICT (a) DO UPDATE SET b = 'z'`,
    state: '55000',
  },
  'ON CONFLICT DO NOTHING': {
    setup: `${all} CREATE UNIQUE INDEX ON keyless (a);`,
    migration: `INSERT INTO keyless VALUES (1) ON CONFLICT (a) DO NOTHING`,
  },
  'CASCADE to a child': { setup: all, migration: `DELETE FROM keyed WHERE id = 2`, state: '55000' },
  'CASCADE of no row': { setup: all, migration: `DELETE FROM keyed WHERE id = 9` },
  'CASCADE of a changed key': {
    setup: `${all} DROP TABLE heir;`,
    migration: `UPDATE keyed SET id = 5 WHERE id = 2`,
    state: '55000',
  },
  'no CASCADE of a key that stays': {
    setup: `${all} DROP TABLE heir;`,
    migration: `UPDATE keyed SET id = 1, a = 7 WHERE id = 1`,
  },
  'a trigger that deletes': {
    setup: `${all} CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM keyless WHERE a = 9; RETURN NULL; END $$;
      CREATE TRIGGER tr AFTER UPDATE ON keyed FOR EACH ROW EXECUTE FUNCTION f();`,
    migration: `UPDATE keyed SET a = 9 WHERE id = 1`,
    state: '55000',
  },
  'a trigger that deletes, for no row': {
    setup: `${all} CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM keyless WHERE a = 9; RETURN NULL; END $$;
      CREATE TRIGGER tr AFTER UPDATE ON keyed FOR EACH ROW EXECUTE FUNCTION f();`,
    migration: `UPDATE keyed SET a = 9 WHERE id = 77`,
  },
  'a block': { setup: all, migration: `DO $$ BEGIN ${update}; END $$`, state: '55000' },
  'a block that catches it': {
    setup: all,
    migration: `DO $$ BEGIN ${update}; EXCEPTION WHEN OTHERS THEN NULL; END $$`,
  },
  'a partition without a key': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLE whole;`,
    migration: `UPDATE low SET b = 2`,
    state: '55000',
  },
  'a partition with a key': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLE whole WITH (publish_via_partition_root);`,
    migration: `UPDATE high SET b = 2`,
  },
  'the condition leaves the partition with a key': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLE whole;`,
    migration: `UPDATE whole SET b = 2 WHERE a = 11`,
    doubts: 1,
  },
  'a partition alone is published': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLE high;`,
    migration: `UPDATE whole SET b = 2`,
  },
  'a list of columns without the key': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLE keyed (a);`,
    migration: `UPDATE keyed SET a = 2`,
    state: '42P10',
  },
  'a list of columns with the key': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLE keyed (id);`,
    migration: `UPDATE keyed SET a = 2`,
  },
  'a list of columns and REPLICA IDENTITY FULL': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLE ONLY keyed (id); ALTER TABLE keyed REPLICA IDENTITY FULL;`,
    migration: `UPDATE keyed SET a = 2`,
    state: '42P10',
  },
  'a condition over another column': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLE ONLY keyed WHERE (a > 3);`,
    migration: `DELETE FROM ONLY keyed WHERE id = 9`,
    state: '42P10',
  },
  'a condition over the key': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLE ONLY keyed WHERE (id > 3);`,
    migration: `UPDATE keyed SET a = 2`,
  },
  'a condition of a publication that the migration makes': {
    setup: tables,
    migration: `CREATE PUBLICATION p FOR TABLE ONLY keyed WHERE (a > 3) WITH (publish = 'update'); DELETE FROM ONLY keyed WHERE id = 9; UPDATE keyed SET a = 2`,
    doubts: 1,
    state: '42P10',
  },
  'a column of a list is dropped': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLE keyed (id, a);`,
    migration: `ALTER TABLE keyed DROP COLUMN a`,
    state: '2BP01',
  },
  'a column of a condition is dropped': {
    setup: tables,
    migration: `CREATE PUBLICATION p FOR TABLE ONLY keyed WHERE (a > 3); ALTER TABLE keyed DROP COLUMN a`,
    state: '2BP01',
  },
  'a column that no list names is dropped': {
    setup: `${tables} CREATE PUBLICATION p FOR TABLE keyed (id);`,
    migration: `ALTER TABLE keyed DROP COLUMN a`,
  },
}
