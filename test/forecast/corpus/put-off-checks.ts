export const setup = `
  CREATE TABLE parents (id int PRIMARY KEY, code text UNIQUE, n int);
  INSERT INTO parents VALUES (1, 'a', 1), (2, NULL, 1), (3, 'c', 1);
  CREATE TABLE children (id int PRIMARY KEY, n int,
    parent int CONSTRAINT children_parent_fkey REFERENCES parents DEFERRABLE INITIALLY DEFERRED,
    code text REFERENCES parents (code) ON DELETE CASCADE DEFERRABLE,
    prompt int REFERENCES parents);
  INSERT INTO children VALUES (1, 1, 1, 'a', 1), (2, 1, NULL, NULL, NULL);
  CREATE TABLE empty (id int PRIMARY KEY, parent int REFERENCES parents DEFERRABLE INITIALLY DEFERRED);`

export const alter = 'ALTER TABLE children ADD COLUMN z int'

export const alterParents = 'ALTER TABLE parents ADD COLUMN z int'

export const waiting = [
  [`UPDATE children SET parent = 3; ${alter}`],
  [`UPDATE children SET parent = 3 WHERE id = 2; ${alter}`],
  [`UPDATE children SET parent = p.id FROM parents p WHERE p.n = children.n AND p.id = 3; ${alter}`],
  [`UPDATE children SET n = 2; INSERT INTO children VALUES (5, 1, NULL, NULL, NULL); ${alter}`],
  [`INSERT INTO children (id, n) SELECT id + 10, n FROM children; ${alter}`],
  [
    `INSERT INTO children (id, n) SELECT id, n FROM children ON CONFLICT DO NOTHING; INSERT INTO children VALUES (9); ${alter}`,
  ],
  [`DELETE FROM parents WHERE id = 2; ${alterParents}`],
  [`UPDATE parents SET id = 30 WHERE id = 3; ${alterParents}`],
  [`SET CONSTRAINTS ALL DEFERRED; UPDATE children SET code = 'c'; ${alter}`],
  [`UPDATE children SET parent = 3; DROP TABLE children`],
  [`UPDATE children SET parent = 3; TRUNCATE children`],
  [`UPDATE children SET parent = 3; CREATE INDEX ON children (n)`],
  [`UPDATE children SET parent = 3; CLUSTER children USING children_pkey`],
  [`UPDATE children SET parent = 3; ALTER TABLE children DROP CONSTRAINT children_parent_fkey`],
  [`UPDATE children SET parent = 3; ALTER TABLE children RENAME TO kids; ALTER TABLE kids DROP COLUMN n`],
  [`DO $$ BEGIN UPDATE children SET parent = 3; ${alter}; END $$`],
  [`SAVEPOINT s; UPDATE children SET parent = 3; RELEASE s; ${alter}`],
]

export const passing = [
  [`UPDATE children SET parent = 1 WHERE id = 1; ${alter}`],
  [`UPDATE children SET parent = NULL; ${alter}`],
  [`UPDATE children SET parent = 3 WHERE id > 9; ${alter}`],
  [`UPDATE children SET n = 2; ${alter}`],
  [`UPDATE children SET prompt = 3; ${alter}`],
  [`UPDATE children SET code = 'c'; ${alter}`],
  [`UPDATE children SET parent = 3; ${alterParents}`],
  [`UPDATE children SET parent = 3; SET CONSTRAINTS ALL IMMEDIATE; ${alter}`],
  [`UPDATE children SET parent = 3; SET CONSTRAINTS children_parent_fkey IMMEDIATE; ${alter}`],
  [`SET CONSTRAINTS ALL IMMEDIATE; UPDATE children SET parent = 3; ${alter}`],
  [`INSERT INTO children SELECT * FROM children WHERE id > 9; ${alter}`],
  [`INSERT INTO children (id) VALUES (1) ON CONFLICT DO NOTHING; ${alter}`],
  [`DELETE FROM children; ${alter}`],
  [`UPDATE parents SET n = 2; ${alterParents}`],
  [`UPDATE parents SET id = id; ${alterParents}`],
  [`UPDATE empty SET parent = 1; ALTER TABLE empty ADD COLUMN z int`],
  [
    `UPDATE children SET parent = 3; ALTER TABLE children RENAME COLUMN n TO m; COMMENT ON TABLE children IS 'x'`,
  ],
  [`SAVEPOINT s; UPDATE children SET parent = 3; ROLLBACK TO s; ${alter}`],
  [`ALTER TABLE children DISABLE TRIGGER ALL; UPDATE children SET parent = 3; ${alter}`],
  [
    `ALTER TABLE children ALTER CONSTRAINT children_parent_fkey NOT DEFERRABLE; UPDATE children SET parent = 3; ${alter}`,
  ],
]
