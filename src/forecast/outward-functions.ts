/**
 * Functions that tell or wait, give nothing and change nothing in the database: a statement that only calls one may be
 * passed over, and the call need not be made to know what it gives.
 * https://www.postgresql.org/docs/current/functions-admin.html
 */
const passedOver = /^(pg_notify|pg_sleep\w*|pg_(try_)?advisory_\w+)$/

/** Whether a statement may be passed over that does nothing but call it. */
export function changesNothing(functionName: string): boolean {
  return passedOver.test(functionName)
}

/**
 * What is asked instead of a function, because it gives a value of the same kind: the extension that has the function may be
 * yet to come, and to ask for the number of our transaction would be to take one.
 */
const standIns: ReadonlyMap<string, string> = new Map([
  ['uuid_generate_v4', 'pg_catalog.gen_random_uuid()'],
  ['txid_current', 'pg_catalog.txid_snapshot_xmax(pg_catalog.txid_current_snapshot())'],
  ['pg_current_xact_id', 'pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())'],
])

/** SQL to ask instead of calling it; undefined where there is none. */
export function standInFor(functionName: string): string | undefined {
  return standIns.get(functionName)
}

/** Whether what a call of it comes to is known without making the call. */
export function isKnownUncalled(functionName: string): boolean {
  return (
    changesNothing(functionName) ||
    standIns.has(functionName) ||
    functionName === 'nextval' ||
    functionName === 'set_config'
  )
}
