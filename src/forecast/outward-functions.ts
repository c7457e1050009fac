/**
 * Functions that act on something that a read-only transaction does not protect: other sessions, the server, files,
 * other servers. A question must never call one to see what it gives.
 * https://www.postgresql.org/docs/current/functions-admin.html
 */
const outward =
  /^(pg_notify|pg_sleep\w*|pg_(try_)?advisory_\w+|pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_rotate_logfile|pg_switch_wal|pg_create_restore_point|pg_promote|pg_logical_\w+|pg_replication_\w+|pg_drop_replication_slot|pg_create_\w*replication_slot|pg_stat_\w*reset\w*|pg_file_\w+|pg_wal_replay_\w+|pg_(start_|stop_)?backup\w*|lo_\w+|dblink\w*|set_config|setval|http\w*|net_\w+)$/

/** Of those, the ones that change nothing in the database and do not fail. */
const harmless = /^(pg_notify|pg_sleep\w*|pg_(try_)?advisory_\w+)$/

export function actsOutside(functionName: string): boolean {
  return outward.test(functionName)
}

/** Whether a statement may be passed over that does nothing but call it. */
export function changesNothing(functionName: string): boolean {
  return harmless.test(functionName)
}

/** Whether the text of a function calls one. */
export function mentionsOutward(body: string): boolean {
  return (body.match(/\b[a-z_][a-z0-9_]*(?=\s*\()/gi) ?? []).some((name) => actsOutside(name.toLowerCase()))
}
