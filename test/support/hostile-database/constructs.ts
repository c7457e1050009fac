import { doors } from './doors.js'

/** Something that a plain role may make, and that runs a function of it when others work with it. */
export interface Construct {
  readonly name: string
  /** SQL that makes it; `call` is an expression, `true` in the end. */
  readonly sql: (call: string) => string
  /** When the function is called: by the restore, or by this statement of a migration. */
  readonly by?: string
}

export const constructs: readonly Construct[] = [
  {
    name: 'CHECK',
    sql: (call) => `CREATE TABLE checked (i int CHECK (${call})); INSERT INTO checked VALUES (1)`,
  },
  {
    name: 'CHECK behind the rows',
    // The function needs the type of the table, so the constraint comes later.
    sql: (call) => `CREATE TABLE late (i int); INSERT INTO late VALUES (1);
      CREATE FUNCTION of_row(late) RETURNS boolean LANGUAGE plpgsql AS $f$ BEGIN RETURN ${call}; END $f$;
      ALTER TABLE late ADD CHECK (of_row(late))`,
  },
  {
    name: 'domain',
    sql: (call) =>
      `CREATE DOMAIN small AS int CHECK (${call}); CREATE TABLE of_domain (i small); INSERT INTO of_domain VALUES (1)`,
  },
  {
    name: 'domain in a default, without rows',
    sql: (call) =>
      `CREATE DOMAIN tiny AS int CHECK (${call}); CREATE TABLE with_default (i tiny[] DEFAULT '{1}')`,
  },
  {
    name: 'domain in a bound, without rows',
    sql: (
      call,
    ) => `CREATE DOMAIN place AS int CHECK (${call}); CREATE TABLE parts (i place) PARTITION BY LIST (i);
      CREATE TABLE part PARTITION OF parts FOR VALUES IN (1)`,
  },
  {
    name: 'domain in the default of an argument',
    sql: (call) => `CREATE DOMAIN given AS int CHECK (${call});
      CREATE FUNCTION takes(a given[] DEFAULT '{1}') RETURNS int LANGUAGE sql AS 'SELECT 1'`,
  },
  {
    name: 'generated column',
    sql: (call) =>
      `CREATE TABLE generated (i int, g boolean GENERATED ALWAYS AS (${call}) STORED); INSERT INTO generated VALUES (1)`,
  },
  {
    name: 'index expression',
    sql: (call) =>
      `CREATE TABLE indexed (i int); INSERT INTO indexed VALUES (1); CREATE INDEX ON indexed ((i > 0 AND ${call}))`,
  },
  {
    name: 'index condition',
    sql: (call) =>
      `CREATE TABLE partly (i int); INSERT INTO partly VALUES (1); CREATE INDEX ON partly (i) WHERE i > 0 AND ${call}`,
  },
  {
    name: 'exclusion constraint',
    sql: (call) =>
      `CREATE TABLE excluding (i int, EXCLUDE USING btree ((i > 0 AND ${call}) WITH =)); INSERT INTO excluding VALUES (1)`,
  },
  {
    name: 'partition key',
    sql: (call) => `CREATE TABLE parted (i int) PARTITION BY LIST ((i > 0 AND ${call}));
      CREATE TABLE parted_true PARTITION OF parted FOR VALUES IN (true); CREATE TABLE parted_rest PARTITION OF parted DEFAULT;
      INSERT INTO parted VALUES (1)`,
  },
  {
    name: 'statistics',
    sql: (call) => `CREATE TABLE measured (i int); INSERT INTO measured VALUES (1);
      CREATE STATISTICS of_it ON (i > 0 AND ${call}), i FROM measured`,
  },
  {
    name: 'materialized view',
    sql: (call) => `CREATE MATERIALIZED VIEW kept AS SELECT ${call} AS c`,
  },
  {
    name: 'trigger',
    sql: (call) => `CREATE TABLE triggering (i int);
      CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN PERFORM ${call}; RETURN NEW; END $f$;
      CREATE TRIGGER fires BEFORE INSERT ON triggering FOR EACH ROW EXECUTE FUNCTION fire()`,
    by: 'INSERT INTO triggering VALUES (1)',
  },
  {
    name: 'CHECK that is not valid',
    sql: (call) =>
      `CREATE TABLE not_valid (i int); INSERT INTO not_valid VALUES (1); ALTER TABLE not_valid ADD CHECK (${call}) NOT VALID`,
    by: 'UPDATE not_valid SET i = 2',
  },
  {
    name: 'default',
    sql: (call) => `CREATE TABLE defaulting (i int, d boolean DEFAULT ${call})`,
    by: 'INSERT INTO defaulting (i) VALUES (1)',
  },
  {
    name: 'rule',
    sql: (call) =>
      `CREATE TABLE ruled (i int); CREATE RULE asks AS ON INSERT TO ruled DO ALSO SELECT ${call}`,
    by: 'INSERT INTO ruled VALUES (1)',
  },
  {
    name: 'view',
    sql: (call) => `CREATE VIEW seen AS SELECT ${call} AS c`,
    by: 'CREATE TABLE of_view AS SELECT * FROM seen',
  },
]

/**
 * The function that tries all doors and notes in the table `evidence`, which it makes, that it was called, and each door that
 * was open.
 * @param more doors that are only in this database
 */
export function tryDoors(more: Readonly<Record<string, string>> = {}): string {
  const list = Object.entries({ ...doors, ...more }).map(([name, sql]) => `[$d$${name}$d$, $d$${sql}$d$]`)
  return `CREATE OR REPLACE FUNCTION public.all_doors(construct text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $function$
    DECLARE door text[];
    BEGIN
      IF pg_catalog.to_regclass('public.evidence') IS NULL THEN
        CREATE TABLE public.evidence (construct text, door text, role text DEFAULT current_user);
        GRANT ALL ON public.evidence TO PUBLIC;
      END IF;
      INSERT INTO public.evidence VALUES (construct, 'called');
      FOREACH door SLICE 1 IN ARRAY ARRAY[${list.join(', ')}]
      LOOP
        BEGIN
          EXECUTE door[2];
          INSERT INTO public.evidence VALUES (construct, door[1]);
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
      END LOOP;
      RETURN true;
    END $function$`
}

/** What stands in the constructs: IMMUTABLE, and calls what is not. */
export const beforehand = `
  CREATE FUNCTION public.all_doors(construct text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN true; END';
  CREATE FUNCTION public.harmless_looking(construct text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE
    AS 'BEGIN RETURN public.all_doors(construct); END'`
