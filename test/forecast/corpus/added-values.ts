/** Of the value `paid` that the running transaction has added to the enum `status`. */
export const usesOfAddedValue = [
  "ALTER TABLE t ALTER s SET DEFAULT 'paid'",
  "ALTER TABLE t ADD b status DEFAULT 'paid'",
  "ALTER TABLE t ADD CHECK (s <> 'paid')",
  "CREATE TABLE u (s status DEFAULT 'paid')",
  "CREATE INDEX ON t (a) WHERE s = 'paid'",
  "UPDATE t SET s = 'paid'",
  "UPDATE t SET s = 'paid'::status WHERE false",
  "INSERT INTO t VALUES ('paid')",
  "INSERT INTO t (a, s) SELECT 'x', 'paid' WHERE false",
  "DELETE FROM t WHERE s IN ('open', 'paid')",
  "SELECT CASE WHEN s = 'paid' THEN 1 END FROM t",
  "CREATE VIEW w AS SELECT 'paid'::status AS s",
  "SELECT '{open,paid}'::status[]",
]

export const onlyLooksLikeIt = [
  "INSERT INTO t VALUES ('open', 'paid')",
  "UPDATE t SET a = 'paid' WHERE s::text = 'paid'",
]
