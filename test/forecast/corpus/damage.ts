export const setup = `
  CREATE TABLE owners (id int PRIMARY KEY); INSERT INTO owners VALUES (1), (2);
  CREATE TABLE dogs (id int PRIMARY KEY, owner int REFERENCES owners ON DELETE CASCADE);
  INSERT INTO dogs VALUES (1, 1), (2, 2);
  CREATE TABLE toys (id int PRIMARY KEY, dog int); INSERT INTO toys VALUES (1, 1), (2, 9);`

export const off = 'ALTER TABLE dogs DISABLE TRIGGER ALL'

export const on = 'ALTER TABLE dogs ENABLE TRIGGER ALL'

export const replica = 'SET session_replication_role = replica'

/** What is told, in short, although every statement succeeds. */
export const cases: Record<string, { sql: string; told: readonly string[] }> = {
  'an orphan written while the triggers are off': {
    sql: `${off}; INSERT INTO dogs VALUES (3, 99); ${on}`,
    told: ['orphan-rows dogs.owner 1 block'],
  },
  'an UPDATE that leads nowhere': {
    sql: `${off}; UPDATE dogs SET owner = 99; ${on}`,
    told: ['orphan-rows dogs.owner 2 block'],
  },
  'a session that is a replica': {
    sql: `${replica}; INSERT INTO dogs VALUES (3, 98), (4, 99)`,
    told: ['orphan-rows dogs.owner 2 block'],
  },
  'rows deleted from under those that refer to them': {
    sql: `${replica}; DELETE FROM owners WHERE id = 2`,
    told: ['orphan-rows dogs.owner 1 block'],
  },
  'and from under them where only their own triggers are off': {
    sql: 'ALTER TABLE owners DISABLE TRIGGER ALL; DELETE FROM owners; ALTER TABLE owners ENABLE TRIGGER ALL',
    told: ['orphan-rows dogs.owner 2 block'],
  },
  'data loaded in any order, all of which is there in the end': {
    sql: `${replica}; INSERT INTO dogs VALUES (3, 3); INSERT INTO owners VALUES (3)`,
    told: [],
  },
  'triggers of the user alone': {
    sql: 'ALTER TABLE dogs DISABLE TRIGGER USER; INSERT INTO dogs VALUES (3, 1); ALTER TABLE dogs ENABLE TRIGGER USER',
    told: [],
  },
  'triggers that stay off': { sql: off, told: ['foreign-key-not-enforced dogs ? warn'] },
  'a foreign key that old rows need not keep': {
    sql: 'ALTER TABLE toys ADD CONSTRAINT of_dog FOREIGN KEY (dog) REFERENCES dogs NOT VALID',
    told: ['orphan-rows toys.dog 1 warn'],
  },
  'one whose rows are corrected before it is validated': {
    sql: 'ALTER TABLE toys ADD CONSTRAINT of_dog FOREIGN KEY (dog) REFERENCES dogs NOT VALID; DELETE FROM toys WHERE id = 2; ALTER TABLE toys VALIDATE CONSTRAINT of_dog',
    told: [],
  },
  'a key that goes': {
    sql: `${off}; INSERT INTO dogs VALUES (3, 99); ${on}; ALTER TABLE dogs DROP COLUMN owner`,
    told: [],
  },
}
