import { type CorpusChain, chainsOver } from '../../support/corpus/corpus-chain.js'

const setup = `
  CREATE TABLE parents (id int PRIMARY KEY, total int);
  CREATE TABLE children (id serial PRIMARY KEY, parent int REFERENCES parents ON DELETE CASCADE, n int);
  CREATE TABLE log (id serial PRIMARY KEY, what text);
  INSERT INTO parents VALUES (1, 0), (2, 0);
  INSERT INTO children (parent, n) VALUES (1, 1), (2, 2);`

const logging = `${setup}
  CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log (what) VALUES (TG_OP); RETURN NULL; END $$;
  CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON children FOR EACH ROW EXECUTE FUNCTION note();`

const partitioned = `
  CREATE TABLE whole (id int PRIMARY KEY) PARTITION BY RANGE (id);
  CREATE TABLE part PARTITION OF whole FOR VALUES FROM (0) TO (9);
  CREATE TABLE notes (whole int REFERENCES whole ON DELETE CASCADE ON UPDATE CASCADE);
  INSERT INTO whole VALUES (1), (2); INSERT INTO notes VALUES (1), (2);`

/** Statements whose locks depend on the rows that they meet. */
export const locksOfRows: readonly CorpusChain[] = chainsOver('locks of rows', setup, [
  ['a trigger that writes', 'UPDATE children SET n = 3', logging],
  ['a trigger after a DELETE that is carried on', 'DELETE FROM parents', logging],
  [
    'a function that writes under an alias',
    'SELECT count_up()',
    `${setup} CREATE FUNCTION count_up() RETURNS void LANGUAGE sql AS 'UPDATE parents AS p SET total = 1 WHERE p.id = 1'`,
  ],
  [
    'a block that goes by rows',
    'DO $$ BEGIN IF EXISTS (SELECT FROM parents) THEN DELETE FROM children; END IF; END $$',
  ],
  ['a row that is changed twice', 'UPDATE children SET n = 3; UPDATE children SET n = 4'],
  [
    'checks that were put off',
    'UPDATE children SET parent = 2; SET CONSTRAINTS ALL IMMEDIATE',
    `${setup} ALTER TABLE children ALTER CONSTRAINT children_parent_fkey DEFERRABLE INITIALLY DEFERRED`,
  ],
  ['DEFAULT for a serial', 'INSERT INTO children (id, parent) VALUES (7, 1), (DEFAULT, 2)'],
  ['UPDATE to DEFAULT', 'UPDATE children SET id = DEFAULT WHERE n = 1'],
  [
    'ON CONFLICT to DEFAULT',
    'INSERT INTO children (id, n) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET id = DEFAULT',
  ],
  [
    'OVERRIDING USER VALUE',
    'INSERT INTO counted (id, n) OVERRIDING USER VALUE VALUES (1, 2)',
    'CREATE TABLE counted (id int GENERATED ALWAYS AS IDENTITY, n int)',
  ],
  [
    'an identity that has come after a serial',
    'INSERT INTO children (n) VALUES (1)',
    `${setup} ALTER TABLE children ALTER id DROP DEFAULT; ALTER TABLE children ALTER id ADD GENERATED ALWAYS AS IDENTITY (START WITH 10)`,
  ],
  [
    'a serial that the files make',
    ['CREATE TABLE made (id serial, n int)', 'INSERT INTO made (n) VALUES (1)'],
  ],
  ['DELETE from a part', 'DELETE FROM part WHERE id = 1', partitioned],
  [
    'UPDATE of a whole without parts',
    'UPDATE lonely SET id = 3',
    'CREATE TABLE lonely (id int PRIMARY KEY) PARTITION BY RANGE (id)',
  ],
  ['UPDATE of a part', 'UPDATE part SET id = 3 WHERE id = 1', partitioned],
])
