export const setup = `
  CREATE TABLE countries (code text PRIMARY KEY, name text UNIQUE);
  INSERT INTO countries VALUES ('de', 'Germany'), ('fr', 'France'), ('xx', 'None');
  CREATE TABLE cities (country text DEFAULT 'xx' REFERENCES countries ON UPDATE CASCADE ON DELETE SET DEFAULT, name text,
                       twin text REFERENCES countries (name) ON UPDATE SET NULL ON DELETE SET NULL, PRIMARY KEY (country, name));
  INSERT INTO cities VALUES ('de', 'Ulm', 'France'), ('fr', 'Metz', 'Germany'), ('de', 'Metz', NULL);
  CREATE TABLE streets (id int PRIMARY KEY, country text, city text,
                        FOREIGN KEY (country, city) REFERENCES cities ON UPDATE CASCADE ON DELETE CASCADE);
  INSERT INTO streets VALUES (1, 'de', 'Ulm'), (2, 'fr', 'Metz'), (3, NULL, 'Metz');
  CREATE TABLE parcels (id int, street int REFERENCES streets ON UPDATE RESTRICT);
  INSERT INTO parcels VALUES (1, 2);
  CREATE TABLE staff (id int PRIMARY KEY, boss int REFERENCES staff ON UPDATE CASCADE ON DELETE CASCADE);
  INSERT INTO staff VALUES (1, NULL), (2, 1), (3, 2), (4, NULL);`

export const cases: Record<string, { migration: string; state?: string }> = {
  'a key that changes takes along what refers to it, over two steps': {
    migration: `UPDATE countries SET code = upper(code), name = upper(name) WHERE code = 'de'`,
  },
  'a part of a composite key': { migration: `UPDATE cities SET name = name || '!' WHERE country = 'fr'` },
  'two keys change into one another': {
    migration: `UPDATE countries SET code = CASE code WHEN 'de' THEN 'fr2' WHEN 'fr' THEN 'de2' ELSE code END`,
  },
  'a key that would be there twice by the cascade': {
    migration: `ALTER TABLE cities DROP CONSTRAINT cities_pkey CASCADE; CREATE UNIQUE INDEX ON cities (name); UPDATE cities SET name = 'x' WHERE country = 'de'`,
    state: '23505',
  },
  'SET DEFAULT': {
    migration: `DELETE FROM parcels; DELETE FROM streets; DELETE FROM countries WHERE code = 'fr'`,
  },
  'SET DEFAULT to a row that is not there': {
    migration: `DELETE FROM parcels; DELETE FROM streets; DELETE FROM countries WHERE code IN ('fr', 'xx')`,
    state: '23503',
  },
  'a key of a row that refers to its own table': { migration: `UPDATE staff SET id = id + 10 WHERE id = 1` },
  'a row that refers to its own table goes': { migration: `DELETE FROM staff WHERE id = 1` },
  'a key that is held by RESTRICT': { migration: `UPDATE streets SET id = 20 WHERE id = 2`, state: '23503' },
  'a key that is not changed by what it is set to': {
    migration: `UPDATE streets SET id = id, city = NULL WHERE id = 2`,
  },
}
