export const tables = `
  CREATE TYPE state AS ENUM ('OPEN', 'DONE');
  CREATE FUNCTION make_id(prefix text) RETURNS text LANGUAGE sql VOLATILE AS 'SELECT prefix || random()';
  CREATE TABLE orgs (id text PRIMARY KEY, name text, at state);
  CREATE TABLE teams (id text PRIMARY KEY, org text REFERENCES orgs);`

/** Whose values nobody can compute, and which hit no row. */
export const idle: Record<string, string> = {
  'INSERT … SELECT': `INSERT INTO teams SELECT make_id('t'), id FROM orgs`,
  'over a WITH item': `WITH o AS (SELECT id, unnest(ARRAY[1, 2]) FROM orgs) INSERT INTO teams SELECT make_id('t'), o.id FROM o`,
  UPDATE: `UPDATE orgs SET name = make_id('n')`,
  'UPDATE … FROM': `UPDATE orgs o SET name = make_id('n') FROM teams t WHERE t.org = o.id`,
  'DELETE by the order of an enum': `DELETE FROM orgs WHERE id IN (SELECT id FROM orgs ORDER BY at = 'OPEN', at)`,
  'WITH items that write': `WITH new AS (INSERT INTO orgs (id) SELECT make_id('o') FROM teams RETURNING id) UPDATE teams t SET org = new.id FROM new`,
  'a join': `INSERT INTO teams SELECT make_id('t'), o.id FROM orgs o LEFT JOIN teams t ON t.org = o.id`,
}

/** They hit a row although a table is empty. */
export const busy: Record<string, string> = {
  'an aggregate without GROUP BY': `INSERT INTO teams SELECT make_id('t'), max(id) FROM orgs`,
  VALUES: `INSERT INTO teams VALUES (make_id('t'), NULL)`,
  'a full join': `INSERT INTO teams SELECT make_id('t'), o.id FROM (SELECT 1 AS one) x LEFT JOIN orgs o ON true`,
  'a part of a UNION': `INSERT INTO teams SELECT make_id('t'), id FROM orgs UNION ALL SELECT make_id('u'), NULL`,
}

export const after = 'ALTER TABLE teams ALTER org SET NOT NULL; CREATE UNIQUE INDEX ON teams (org)'
