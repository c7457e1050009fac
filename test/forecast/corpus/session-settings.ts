export const setup = `
  CREATE TABLE members (id int PRIMARY KEY, email text);
  INSERT INTO members SELECT g, 'm' || g FROM generate_series(1, 300) g;
  CREATE SCHEMA club; CREATE TABLE club.members (id int PRIMARY KEY, badge text);
  INSERT INTO club.members VALUES (1, 'a'), (2, 'b');
  CREATE SCHEMA "Odd Name"; CREATE TABLE "Odd Name".members (id int PRIMARY KEY);
  INSERT INTO "Odd Name".members VALUES (1);`

export const inPublic = ['drop-table members 300 block']

export const inClub = ['drop-table club.members 2 block']

export const drop = 'DROP TABLE members'

/** What is dropped after these statements, and the code of what fails. */
export const cases: Record<string, { files: readonly string[]; losses: readonly string[]; fails?: string }> =
  {
    'SET counts to the end of its file': { files: [`SET search_path TO club; ${drop}`], losses: inClub },
    'and no longer': { files: ['SET search_path TO club', drop], losses: inPublic },
    'a dump empties the path for its own file only': {
      files: ["SELECT pg_catalog.set_config('search_path', '', false)", drop],
      losses: inPublic,
    },
    'in the file of the dump itself no name is found': {
      files: [`SELECT pg_catalog.set_config('search_path', '', false); ${drop}`],
      losses: [],
      fails: 'missing-object',
    },
    'RESET leads back to the schema of the URL': {
      files: [`SET search_path TO club; RESET search_path; ${drop}`],
      losses: inPublic,
    },
    'and so does SET … TO DEFAULT': {
      files: [`SET search_path TO club; SET search_path TO DEFAULT; ${drop}`],
      losses: inPublic,
    },
    'RESET ALL': { files: [`SET search_path TO club; RESET ALL; ${drop}`], losses: inPublic },
    'DISCARD ALL, in a file that runs statement by statement': {
      files: [`SET search_path TO club; DISCARD ALL; ${drop}`],
      losses: inPublic,
    },
    'SET LOCAL counts in the transaction of the file': {
      files: [`SET LOCAL search_path TO club; ${drop}`, 'SELECT 1'],
      losses: inClub,
    },
    'SET LOCAL ends with the transaction that the file commits': {
      files: [`BEGIN; SET LOCAL search_path TO club; COMMIT; BEGIN; ${drop}; COMMIT`],
      losses: inPublic,
    },
    'SET LOCAL does nothing outside a transaction': {
      files: [
        `SET LOCAL search_path TO club; CREATE INDEX CONCURRENTLY by_email ON public.members (email); ${drop}`,
      ],
      losses: inPublic,
    },
    'set_config for the transaction': {
      files: [`BEGIN; SELECT set_config('search_path', 'club', true); COMMIT; BEGIN; ${drop}; COMMIT`],
      losses: inPublic,
    },
    'set_config for the session stays': {
      files: [`BEGIN; SELECT set_config('search_path', 'club', false); COMMIT; BEGIN; ${drop}; COMMIT`],
      losses: inClub,
    },
    'set_config folds a name that is not quoted': {
      files: [`SELECT set_config('search_path', ' Club , public', false); ${drop}`],
      losses: inClub,
    },
    'and keeps one that is': {
      files: [`SELECT set_config('search_path', '"Odd Name",public', false); ${drop}`],
      losses: ['drop-table Odd Name.members 1 block'],
    },
    'ROLLBACK undoes SET': {
      files: [`BEGIN; SET search_path TO club; ROLLBACK; BEGIN; ${drop}; COMMIT`],
      losses: inPublic,
    },
    'so does ROLLBACK TO a savepoint': {
      files: [`SAVEPOINT s; SET search_path TO club; ROLLBACK TO s; ${drop}`],
      losses: inPublic,
    },
    'SET after SET LOCAL stays': {
      files: [
        `BEGIN; SET LOCAL search_path TO nowhere; SET search_path TO club; COMMIT; BEGIN; ${drop}; COMMIT`,
      ],
      losses: inClub,
    },
    'PERFORM set_config in a block': {
      files: [`DO $$ BEGIN PERFORM set_config('search_path', 'club', false); END $$; ${drop}`],
      losses: inClub,
    },
    'the schema of the role comes first only where there is one': {
      files: [`SET search_path TO "$user", club; ${drop}`],
      losses: inClub,
    },
  }
