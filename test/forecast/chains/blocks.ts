import { over } from './chain.js'

const shop = `
  CREATE TABLE users (id int PRIMARY KEY, email text, age int, team_id int);
  CREATE TABLE teams (id serial PRIMARY KEY, name text UNIQUE);
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  INSERT INTO users VALUES (1, 'a@x', 30, 1), (2, 'b@x', 20, 1), (3, NULL, 40, NULL);
  INSERT INTO teams (name) VALUES ('red'), ('blue');`

const block = (body: string, declare = '') => `DO $$ ${declare} BEGIN ${body} END $$`

export const blocks = over(shop, [
  [
    'a block with statements',
    block(`UPDATE users SET email = 'none' WHERE email IS NULL; ALTER TABLE users ALTER email SET NOT NULL;`),
  ],
  [
    'a block that fails',
    block(`ALTER TABLE users ALTER email SET NOT NULL;`),
    { fails: ['1.1', '23502', 1] },
  ],
  [
    'IF EXISTS over rows',
    block(
      `IF EXISTS (SELECT 1 FROM users WHERE email IS NULL) THEN DELETE FROM users WHERE email IS NULL; ELSE DELETE FROM users; END IF;`,
    ),
  ],
  [
    'a block raises',
    block(
      `IF (SELECT count(*) FROM users WHERE team_id IS NULL) > 0 THEN RAISE EXCEPTION 'there are % users', 1; END IF;`,
    ),
    { fails: ['1.1', 'P0001'] },
  ],
  [
    'a block would raise but does not',
    `UPDATE users SET team_id = 2 WHERE team_id IS NULL; ${block(`IF (SELECT count(*) FROM users WHERE team_id IS NULL) > 0 THEN RAISE EXCEPTION 'there are users'; END IF;`)}`,
  ],
  [
    'a block raises its own state',
    block(`RAISE EXCEPTION USING ERRCODE = '23514', MESSAGE = 'no';`),
    { fails: ['1.1', '23514'] },
  ],
  [
    'a variable',
    block(
      `SELECT id INTO t FROM teams WHERE name = 'blue'; UPDATE users SET team_id = t WHERE team_id IS NULL;`,
      'DECLARE t int;',
    ),
  ],
  [
    'a variable from RETURNING',
    block(
      `INSERT INTO teams (name) VALUES ('green') RETURNING id INTO t; UPDATE users SET team_id = t WHERE team_id IS NULL; ALTER TABLE users ALTER team_id SET NOT NULL;`,
      'DECLARE t int;',
    ),
  ],
  [
    'a variable with a default',
    block(
      `n := n + 1; UPDATE users SET age = n WHERE id = 1;`,
      'DECLARE n int := (SELECT max(age) FROM users);',
    ),
  ],
  [
    'FOR over a query',
    block(
      `FOR r IN SELECT id, email FROM users ORDER BY id LOOP UPDATE users SET age = r.id * 10, email = coalesce(r.email, 'e' || r.id) WHERE id = r.id; END LOOP;`,
      'DECLARE r record;',
    ),
  ],
  ['FOR over numbers', block(`FOR i IN 1..3 LOOP INSERT INTO teams (name) VALUES ('t' || i); END LOOP;`)],
  [
    'FOR over numbers in reverse',
    block(`FOR i IN REVERSE 6..1 BY 2 LOOP INSERT INTO teams (name) VALUES ('t' || i); END LOOP;`),
  ],
  [
    'FOREACH',
    block(
      `FOREACH n IN ARRAY ARRAY['x', 'y'] LOOP INSERT INTO teams (name) VALUES (n); END LOOP;`,
      'DECLARE n text;',
    ),
  ],
  [
    'WHILE with EXIT and CONTINUE',
    block(
      `WHILE true LOOP i := i + 1; CONTINUE WHEN i = 2; EXIT WHEN i > 3; INSERT INTO teams (name) VALUES ('t' || i); END LOOP;`,
      'DECLARE i int := 0;',
    ),
  ],
  [
    'a batched UPDATE',
    block(
      `LOOP UPDATE users SET age = 0 WHERE id IN (SELECT id FROM users WHERE age > 0 ORDER BY id LIMIT 1); GET DIAGNOSTICS n = ROW_COUNT; EXIT WHEN n = 0; END LOOP;`,
      'DECLARE n int;',
    ),
  ],
  ['EXECUTE', block(`EXECUTE 'ALTER TABLE users ADD COLUMN z int DEFAULT 5';`)],
  [
    'EXECUTE of a made text',
    block(
      `FOREACH c IN ARRAY ARRAY['email', 'age'] LOOP EXECUTE format('ALTER TABLE users RENAME COLUMN %I TO %I', c, 'old_' || c); END LOOP;`,
      'DECLARE c text;',
    ),
  ],
  ['EXECUTE with USING', block(`EXECUTE 'UPDATE users SET age = $1 WHERE id = $2' USING 7, 1;`)],
  [
    'FOR over tables of the catalog',
    block(
      `FOR r IN SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name IN ('users', 'teams') LOOP EXECUTE 'ALTER TABLE ' || quote_ident(r.table_name) || ' ADD COLUMN tenant int NOT NULL DEFAULT 1'; END LOOP;`,
      'DECLARE r record;',
    ),
  ],
  [
    'a guard by pg_type',
    block(
      `IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood') THEN CREATE TYPE mood AS ENUM ('x'); END IF; IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'fresh') THEN CREATE TYPE fresh AS ENUM ('x'); END IF;`,
    ),
  ],
  [
    'a guard by pg_constraint',
    `${block(`IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'fk') THEN ALTER TABLE users ADD CONSTRAINT fk FOREIGN KEY (team_id) REFERENCES teams; END IF;`)}; ${block(`IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'fk') THEN ALTER TABLE users ADD CONSTRAINT fk FOREIGN KEY (age) REFERENCES teams; END IF;`)}`,
  ],
  [
    'a guard by information_schema',
    block(
      `IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'age') THEN ALTER TABLE users RENAME age TO years; END IF; IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'age') THEN ALTER TABLE users ADD COLUMN age int; END IF;`,
    ),
  ],
  [
    'an exception is not met',
    block(`CREATE TYPE fresh AS ENUM ('x'); EXCEPTION WHEN duplicate_object THEN NULL;`),
  ],
  [
    'an exception is caught: unique violation',
    block(
      `INSERT INTO teams (name) VALUES ('red'); EXCEPTION WHEN unique_violation THEN INSERT INTO teams (name) VALUES ('caught');`,
    ),
  ],
  [
    'an exception is raised and caught',
    block(`RAISE EXCEPTION 'x'; EXCEPTION WHEN OTHERS THEN UPDATE users SET age = 1;`),
  ],
  [
    'CASE',
    block(
      `CASE (SELECT count(*) FROM teams) WHEN 1 THEN DELETE FROM teams; WHEN 2 THEN UPDATE users SET age = 2; ELSE DELETE FROM users; END CASE;`,
    ),
  ],
  [
    'CASE WHEN',
    block(
      `CASE WHEN (SELECT count(*) FROM teams) > 5 THEN DELETE FROM teams; ELSE UPDATE users SET age = 2; END CASE;`,
    ),
  ],
  [
    'a nested block',
    block(`DECLARE x int := 4; BEGIN UPDATE users SET age = x; END; UPDATE users SET age = age + 1;`),
  ],
  [
    'ELSIF and NULL',
    block(
      `IF NULL THEN DELETE FROM users; ELSIF (SELECT bool_or(age > 35) FROM users) THEN UPDATE users SET age = 35 WHERE age > 35; END IF;`,
    ),
  ],
  [
    'PERFORM and RAISE NOTICE',
    block(
      `PERFORM 1 FROM users; RAISE NOTICE 'hello %', 1; PERFORM setval('teams_id_seq', 50); INSERT INTO teams (name) VALUES ('fifty');`,
    ),
  ],
  [
    'FOUND',
    block(
      `UPDATE users SET age = 1 WHERE id = 99; IF NOT FOUND THEN INSERT INTO users (id) VALUES (99); END IF; UPDATE users SET age = 1 WHERE id = 99; IF FOUND THEN UPDATE users SET email = 'f' WHERE id = 99; END IF;`,
    ),
  ],
  [
    'a whole row variable',
    block(
      `SELECT * INTO u FROM users WHERE id = 2; UPDATE users SET email = u.email WHERE id = 3;`,
      'DECLARE u users%ROWTYPE;',
    ),
  ],
  [
    'a variable of a column type',
    block(`SELECT max(age) INTO n FROM users; DELETE FROM users WHERE age = n;`, 'DECLARE n users.age%TYPE;'),
  ],
  [
    'a block after changes',
    `ALTER TABLE users RENAME TO people; ${block(`IF EXISTS (SELECT 1 FROM people WHERE email IS NULL) THEN UPDATE people SET email = 'x' WHERE email IS NULL; END IF;`)}; ALTER TABLE people ALTER email SET NOT NULL`,
  ],
  ['ASSERT', block(`ASSERT (SELECT count(*) FROM users) = 4, 'four users';`), { fails: ['1.1', 'P0004'] }],
])
