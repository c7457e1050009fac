export const setup = `
  CREATE DOMAIN word AS text;
  CREATE TABLE users (id serial PRIMARY KEY, name text, team int, n int DEFAULT 0);
  INSERT INTO users (name, team) SELECT 'u' || i, i % 3 FROM generate_series(1, 250) i;
  CREATE TABLE teams (id int PRIMARY KEY, n int DEFAULT 0, name text UNIQUE, token uuid DEFAULT gen_random_uuid());
  INSERT INTO teams (id, name) VALUES (0, 'zero'), (1, 'one'), (2, 'two');
  CREATE TABLE log (id serial PRIMARY KEY, what text, about int);`

export function block(body: string, declare = ''): string {
  return `DO $$ DECLARE ${declare} BEGIN ${body} END $$`
}

export const cases: Record<
  string,
  { migration: string; state?: string; doubts?: number; unknown?: string[] }
> = {
  'CASE with a value': {
    migration: block(
      `FOR i IN 0..3 LOOP CASE i WHEN 0, 1 THEN UPDATE teams SET n = 10 + i WHERE id = i; WHEN 2 THEN NULL; ELSE INSERT INTO teams (id, token) VALUES (i, NULL); END CASE; END LOOP;
       UPDATE teams SET token = NULL;`,
    ),
  },
  'CASE with conditions, none of which holds': {
    migration: block(`CASE WHEN (SELECT count(*) FROM teams) > 3 THEN NULL; WHEN false THEN NULL; END CASE;`),
    state: '20000',
  },
  'EXECUTE … USING': {
    migration: block(
      `EXECUTE format('UPDATE %I SET n = $1 + $2, name = $3 || name WHERE id = $4', 'teams') USING k, 1, 'x', 2;
       EXECUTE 'SELECT n FROM teams WHERE id = $1' INTO k USING 2; INSERT INTO log (about) VALUES (k);
       FOR r IN EXECUTE 'SELECT id FROM teams WHERE id < $1 ORDER BY 1' USING 2 LOOP INSERT INTO log (about) VALUES (r.id); END LOOP;`,
      'k int := 5; r record;',
    ),
  },
  'FOR … REVERSE … BY': {
    migration: block(
      `FOR i IN REVERSE 9..1 BY 4 LOOP INSERT INTO log (about) VALUES (i); END LOOP; FOR i IN 1..9 BY 3 LOOP INSERT INTO log (about) VALUES (i); END LOOP;`,
    ),
  },
  'EXIT and CONTINUE of labelled loops': {
    migration: block(
      `<<outside>> FOR i IN 1..5 LOOP FOR j IN 1..5 LOOP CONTINUE outside WHEN j = 3; EXIT outside WHEN i = 4; INSERT INTO log (about) VALUES (10 * i + j); END LOOP; END LOOP;
       <<part>> BEGIN EXIT part; INSERT INTO log (about) VALUES (99); END;`,
    ),
  },
  'RETURNING … INTO': {
    migration: block(
      `INSERT INTO log (what) VALUES ('a') RETURNING id, upper(what) INTO k, s; INSERT INTO log (what, about) VALUES (s, k);
       UPDATE teams SET n = n + 7 WHERE id = 1 RETURNING n INTO k; DELETE FROM log WHERE id = 1 RETURNING what INTO s; INSERT INTO log (what, about) VALUES (s, k);`,
      'k int; s text;',
    ),
  },
  'RETURNING … INTO of a random value': {
    migration: block(
      `INSERT INTO teams (id) VALUES (9) RETURNING token INTO k; INSERT INTO log (what) VALUES (k);`,
      'k uuid;',
    ),
    doubts: 1,
    unknown: ['log.id', 'log.what', 'log.about', 'teams.id', 'teams.n', 'teams.name', 'teams.token'],
  },
  'a row of a table, and a type of a schema': {
    migration: block(
      `SELECT * INTO r FROM teams WHERE id = 1; k := 'x'; s := r.name || k; INSERT INTO log (what, about) VALUES (s, r.id);
       FOR r IN SELECT * FROM teams WHERE id > 1 LOOP INSERT INTO log (what, about) VALUES (r.name, r.id); END LOOP;`,
      `r teams%ROWTYPE; k public.word; s teams.name%TYPE;`,
    ),
  },
  'FOUND and ROW_COUNT': {
    migration: block(
      `UPDATE teams SET n = 1 WHERE id = 77; IF NOT FOUND THEN INSERT INTO teams (id, token) VALUES (77, NULL); END IF;
       UPDATE users SET n = 1 WHERE team = 2; GET DIAGNOSTICS k = ROW_COUNT; INSERT INTO log (about) VALUES (k); UPDATE teams SET token = NULL;`,
      'k int;',
    ),
  },
  'a loop over many rows, each changed': {
    migration: block(
      `FOR r IN SELECT id, name || '-' || team AS tag FROM users ORDER BY id LOOP UPDATE users SET name = r.tag, n = n + 1 WHERE users.id = r.id; END LOOP;`,
      'r record;',
    ),
  },
  'a loop over many rows that counts': {
    migration: `${block(
      `FOR r IN SELECT * FROM users LOOP UPDATE teams SET n = n + r.id WHERE id = r.team; END LOOP;`,
      'r record;',
    )}; UPDATE teams SET token = NULL`,
  },
  'a loop over many rows that puts in': {
    migration: block(
      `FOR a, b IN SELECT id, name FROM users ORDER BY id LOOP INSERT INTO log (what, about) VALUES (b, a); END LOOP;`,
      'a int; b text;',
    ),
  },
  'a loop over many rows that removes': {
    migration: block(
      `FOR r IN SELECT id FROM users WHERE team > 0 LOOP DELETE FROM users u WHERE u.id = r.id; END LOOP;`,
      'r users%ROWTYPE;',
    ),
  },
  'a loop over many rows that puts in a key twice': {
    migration: block(
      `FOR r IN SELECT id, team FROM users LOOP INSERT INTO teams (id) VALUES (r.team + 50); END LOOP;`,
      'r record;',
    ),
    state: '23505',
  },
  'PERFORM finds a row, and the block raises': {
    migration: block(
      `PERFORM 1 FROM users WHERE team = 2; IF FOUND THEN RAISE EXCEPTION 'team 2 is in use'; END IF;`,
    ),
    state: 'P0001',
  },
  'PERFORM finds no row, and the block goes on': {
    migration: block(
      `PERFORM 1 FROM users WHERE team = 9; IF FOUND THEN RAISE EXCEPTION 'team 9 is in use'; END IF; INSERT INTO log (about) VALUES (9);`,
    ),
  },
  'PERFORM finds no row, and the block wants one': {
    migration: block(
      `UPDATE users SET team = 9 WHERE id = 1; PERFORM id FROM users WHERE team = 10; IF NOT FOUND THEN RAISE EXCEPTION USING ERRCODE = '23503'; END IF;`,
    ),
    state: '23503',
  },
  'PERFORM, then a statement that sets FOUND again': {
    migration: block(
      `PERFORM 1 FROM users WHERE id = 1; IF FOUND THEN UPDATE teams SET n = 4; END IF;
       IF FOUND THEN INSERT INTO log (about) VALUES (1); END IF;`,
    ),
  },
  'a loop over many rows that reads what it writes': {
    migration: block(
      `FOR r IN SELECT id FROM users LOOP UPDATE users SET n = (SELECT max(n) FROM users) + 1 WHERE id = r.id; END LOOP;`,
      'r record;',
    ),
    doubts: 1,
    unknown: ['users.id', 'users.name', 'users.team', 'users.n'],
  },
}
