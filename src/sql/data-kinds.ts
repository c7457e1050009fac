/** Kinds of statements that write rows and leave the catalog as it is. */
export const dataKinds: ReadonlySet<string> = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'TruncateStmt',
])
