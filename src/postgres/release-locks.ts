import type { Reader } from '../domain/reader.js'

/** no_active_sql_transaction: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const noTransaction = '25P01'

/**
 * Reads inside a transaction and gives back the locks that it took, on the tables and on all their indexes. Kept until
 * the end, those of some thousands of tables would fill the lock table, which the application shares.
 */
export async function releasingLocks<T>(reader: Reader, read: () => Promise<T>): Promise<T> {
  const isInside = await setSavepoint(reader)
  // A failure ends the transaction all the same.
  const result = await read()
  if (isInside) await reader.query('ROLLBACK TO SAVEPOINT reading; RELEASE SAVEPOINT reading')
  return result
}

async function setSavepoint(reader: Reader): Promise<boolean> {
  try {
    await reader.query('SAVEPOINT reading')
    return true
  } catch (error) {
    // Each statement for itself keeps no lock.
    if ((error as { code?: string }).code === noTransaction) return false
    throw error
  }
}
