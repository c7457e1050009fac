export const setup = `
  CREATE TABLE t (id int PRIMARY KEY, n int);
  INSERT INTO t VALUES (1, 1), (2, 2);
  CREATE TABLE log (what text);
  CREATE TABLE other (id int);
  CREATE RULE quiet AS ON DELETE TO t DO INSTEAD INSERT INTO log VALUES ('kept ' || old.id);`

export const cases: Record<string, { migration: string; doubts?: number; unknown?: string[] }> = {
  'leaves what it is about, and what it names, to the rehearsal': {
    migration: `DELETE FROM t; INSERT INTO other VALUES (1)`,
    doubts: 1,
    unknown: ['log.what', 't.id', 't.n'],
  },
  'of another event is none': { migration: `UPDATE t SET n = 3` },
  'that goes is none': { migration: `DROP RULE quiet ON t; DELETE FROM t WHERE id = 1` },
  'that the migration makes': {
    migration: `CREATE RULE twice AS ON INSERT TO other DO ALSO INSERT INTO log VALUES ('x'); INSERT INTO other VALUES (1); UPDATE t SET n = 5`,
    doubts: 1,
    unknown: ['log.what', 'other.id'],
  },
}
