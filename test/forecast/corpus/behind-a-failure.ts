export const setup = `
  CREATE TABLE members (id int PRIMARY KEY, name text, phone text, fax text);
  INSERT INTO members SELECT g, 'm' || g, CASE WHEN g % 2 = 0 THEN '1' || g END, '2' || g FROM generate_series(1, 10) g;
  CREATE TABLE letters (id int PRIMARY KEY, body text, member int);
  INSERT INTO letters SELECT g, 'b' || g, g FROM generate_series(1, 7) g;
  CREATE VIEW readable AS SELECT body FROM letters;
  CREATE SCHEMA old; CREATE TABLE old.log (id int PRIMARY KEY); INSERT INTO old.log VALUES (1), (2);`

export const notNull = 'ALTER TABLE members ALTER COLUMN phone SET NOT NULL'

export const missing = "ALTER TABLE members ALTER COLUMN nickname SET DEFAULT 'x'"

export interface Case {
  readonly files: readonly string[]
  readonly fails: string
  /** Codes of what stands behind it and would fail too. */
  readonly later?: readonly string[]
  readonly losses: readonly string[]
  readonly doubts?: number
}

export const cases: Record<string, Case> = {
  'rows refuse it, then DROP COLUMN': {
    files: [`${notNull}; ALTER TABLE members DROP COLUMN fax`],
    fails: 'not-null-violation',
    losses: ['drop-column members.fax 10 block'],
  },
  'a name is missing, then DROP COLUMN': {
    files: [`${missing}; ALTER TABLE members DROP COLUMN fax`],
    fails: 'missing-object',
    losses: ['drop-column members.fax 10 block'],
  },
  'the loss stands in the statement that is refused': {
    files: ["ALTER TABLE members ALTER COLUMN nickname SET DEFAULT 'x', DROP COLUMN fax"],
    fails: 'missing-object',
    losses: ['drop-column members.fax 10 block'],
  },
  'a column goes that fails before it goes': {
    files: [`${notNull}; ALTER TABLE members DROP COLUMN phone`],
    fails: 'not-null-violation',
    losses: ['drop-column members.phone 5 block'],
  },
  'a view depends on it, then TRUNCATE': {
    files: ['ALTER TABLE letters DROP COLUMN body; TRUNCATE members'],
    fails: 'dependent-object',
    losses: ['drop-column letters.body 7 block', 'truncate members 10 block'],
  },
  'a table is there already, then DELETE': {
    files: ['CREATE TABLE letters (id int); DELETE FROM members WHERE id > 4'],
    fails: 'object-exists',
    losses: ['delete members 6 block'],
  },
  'the loss is in a second file': {
    files: [notNull, 'DROP TABLE letters CASCADE'],
    fails: 'not-null-violation',
    losses: ['cascade letters 1 warn', 'drop-table letters 7 block'],
  },
  'inside BEGIN and COMMIT': {
    files: [`BEGIN; ${missing}; COMMIT; BEGIN; DROP SCHEMA old CASCADE; COMMIT`],
    fails: 'missing-object',
    losses: ['drop-schema old.log 2 block'],
  },
  'a change of type behind it': {
    files: [`${missing}; ALTER TABLE members ALTER COLUMN fax TYPE varchar(1) USING left(fax, 1)`],
    fails: 'missing-object',
    losses: ['narrowing members.fax 10 block'],
  },
  'an UPDATE without WHERE behind it': {
    files: [`${missing}; UPDATE letters SET body = ''`],
    fails: 'missing-object',
    losses: ['update-without-where letters.body 7 block'],
  },
  'a block raises, then DROP COLUMN': {
    files: [
      "DO $$ BEGIN IF EXISTS (SELECT FROM members WHERE phone IS NULL) THEN RAISE EXCEPTION 'no phone'; END IF; END $$; ALTER TABLE members DROP COLUMN fax",
    ],
    fails: 'raised-exception',
    losses: ['drop-column members.fax 10 block'],
  },
  'a block fails, and takes rows behind the place where it does': {
    files: ["DO $$ BEGIN RAISE EXCEPTION 'not yet'; DELETE FROM letters; END $$"],
    fails: 'raised-exception',
    losses: ['delete letters 7 unknown'],
  },
  'what is deleted cannot be told when it fails': {
    files: ['DELETE FROM letters WHERE nobody = 1; DROP TABLE letters CASCADE'],
    fails: 'missing-object',
    losses: ['cascade letters 1 warn', 'delete letters 7 unknown', 'drop-table letters 7 block'],
  },
  'a second failure is named as one behind the first': {
    files: [`${notNull}; CREATE UNIQUE INDEX ON members ((1)); DROP TABLE nowhere`],
    fails: 'not-null-violation',
    later: ['unique-violation', 'missing-object'],
    losses: [],
  },
  'what needs a statement that is not carried out is no failure of its own': {
    files: ['CREATE TABLE letters (id int, stamp text); ALTER TABLE letters ALTER COLUMN stamp SET NOT NULL'],
    fails: 'object-exists',
    later: ['missing-object'],
    losses: [],
  },
  'rows that a failing statement does not make raise nothing of their own': {
    files: ['UPDATE members SET id = id + name::int; ALTER TABLE members ADD CHECK (id > 0)'],
    fails: 'invalid-value',
    losses: ['update-without-where members.id ? unknown'],
    doubts: 1,
  },
  'a foreign key that orphans break counts as made': {
    files: [
      'DELETE FROM members WHERE id = 1; ALTER TABLE letters ADD CONSTRAINT of_member FOREIGN KEY (member) REFERENCES members ON DELETE CASCADE; DELETE FROM members WHERE id = 2',
    ],
    fails: 'foreign-key-violation',
    losses: ['cascade letters 1 block', 'delete members 1 warn', 'delete members 1 warn'],
  },
}
