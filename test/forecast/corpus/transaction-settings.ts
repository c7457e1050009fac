export const setup = 'CREATE TABLE t (a int); INSERT INTO t VALUES (1)'

export const serializable = 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE'

export const write = 'UPDATE t SET a = 2'

export const passing = [
  `${serializable}; ${write}`,
  `SET LOCAL lock_timeout = '1s'; SHOW lock_timeout; LOCK TABLE t; ${serializable}; ${write}`,
  `SET CONSTRAINTS ALL DEFERRED; SET transaction_isolation = 'serializable'; ${write}`,
  `${write}; SET TRANSACTION ISOLATION LEVEL READ COMMITTED`,
  `${serializable}; ${write}; ${serializable}`,
  `${write}; SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE; ${write}`,
  `${write}; SET TRANSACTION READ ONLY; SELECT a FROM t; LOCK TABLE t IN ACCESS SHARE MODE; SHOW lock_timeout`,
  `SET TRANSACTION READ ONLY; SET TRANSACTION READ WRITE; ${write}`,
  `${serializable}, READ ONLY, DEFERRABLE; SELECT count(*) FROM t`,
  `SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; ${write}`,
]

export const refused: [sqlstate: string, migration: string][] = [
  ['25001', `${write}; ${serializable}`],
  ['25001', `SELECT a FROM t; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`],
  ['25001', `CREATE TABLE u (a int); SET transaction_isolation = 'serializable'`],
  ['25001', `${serializable}; ${write}; SET TRANSACTION ISOLATION LEVEL READ COMMITTED`],
  ['25001', `${write}; SET TRANSACTION DEFERRABLE`],
  ['25001', `SET TRANSACTION READ ONLY; SELECT a FROM t; SET TRANSACTION READ WRITE`],
  ['25006', `SET TRANSACTION READ ONLY; ${write}`],
  ['25006', `SET TRANSACTION READ ONLY; CREATE TABLE u (a int)`],
  ['25006', `SET transaction_read_only = on; DROP TABLE t`],
  ['25006', `${serializable}, READ ONLY; SELECT a FROM t FOR UPDATE`],
]
