export const setup = `
  CREATE TABLE users (id int PRIMARY KEY, name text, email text);
  INSERT INTO users SELECT g, NULL, 'same' FROM generate_series(1, 5) g;
  CREATE TABLE notes (id int PRIMARY KEY, about int, body text);
  INSERT INTO notes SELECT g, g, 'n' || g FROM generate_series(1, 4) g;
  CREATE TABLE log (id serial PRIMARY KEY, what text);
  CREATE FUNCTION fill(prefix text) RETURNS void LANGUAGE plpgsql AS
    $$ BEGIN UPDATE users SET name = prefix || id WHERE name IS NULL; END $$;
  CREATE FUNCTION fill_all() RETURNS int LANGUAGE sql AS 'SELECT fill(''u''); SELECT 1';
  CREATE PROCEDURE fill_up() LANGUAGE sql AS 'UPDATE users SET name = ''x''';
  CREATE FUNCTION fill_any(t text) RETURNS void LANGUAGE plpgsql AS
    $$ BEGIN EXECUTE format('UPDATE %I SET name = ''x''', t); END $$;
  CREATE FUNCTION count_users() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM users';
  CREATE FUNCTION purge() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM notes; END $$;
  CREATE FUNCTION add_column(t text, c text) RETURNS void LANGUAGE plpgsql AS
    $$ BEGIN EXECUTE format('ALTER TABLE %I ADD COLUMN %I text', t, c); END $$;`

export const required = 'ALTER TABLE users ALTER COLUMN name SET NOT NULL'

export const unknown: Record<string, string> = {
  'SELECT of a function that fills the column': `SELECT fill('u'); ${required}`,
  'of one that calls it': `SELECT fill_all(); ${required}`,
  'CALL of a procedure': `CALL fill_up(); ${required}`,
  'a function that puts the name of the table into a text': `SELECT fill_any('users'); ${required}`,
  'PERFORM in a block': `DO $$ BEGIN PERFORM fill('u'); END $$; ${required}`,
  'a function that the migrations make': `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN UPDATE users SET name = 'x'; END $$; SELECT f(); ${required}`,
  'COPY into a table whose trigger fills the column': `CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE users SET name = 'x'; RETURN NULL; END $$; CREATE TRIGGER t AFTER INSERT ON log EXECUTE FUNCTION t(); COPY log FROM '/nowhere'; ${required}`,
  'a block that commits': `DO $$ DECLARE t text := 'us'; BEGIN EXECUTE 'UPDATE ' || t || 'ers SET name = 1'; COMMIT; END $$; ${required}`,
  'duplicates that a function removes': `CREATE FUNCTION merge_users() RETURNS void LANGUAGE sql AS 'DELETE FROM users WHERE id > 1'; SELECT merge_users(); ALTER TABLE users ADD UNIQUE (email)`,
  'a column that a function adds': `SELECT add_column('users', 'nick'); CREATE INDEX ON users (nick)`,
  'a table that a block makes by EXECUTE of a variable': `DO $$ DECLARE s text := 'CREATE TABLE more (id int)' || repeat(' ', (random() * 0)::int); BEGIN EXECUTE s; END $$; ALTER TABLE more ADD COLUMN x int`,
  'a table that a function makes': `CREATE FUNCTION make() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE more (id int); END $$; SELECT make(); INSERT INTO more VALUES (1)`,
}
