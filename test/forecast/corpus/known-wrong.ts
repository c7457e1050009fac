/** Chains in which something is said without a doubt and is not so. */
export const knownWrong: readonly string[] = [
  'code with DDL: ltree of the file',
  'locks of rows: DEFAULT for a serial',
  'locks of rows: DELETE from a part',
  'locks of rows: UPDATE of a part',
  'made types: no row, a query that groups by a primary key',
]
