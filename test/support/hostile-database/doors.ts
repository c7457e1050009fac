/** Ways out of a database, as SQL. A superuser can take each of them, a plain role none. */
export const doors: Readonly<Record<string, string>> = {
  'COPY TO PROGRAM': "COPY (SELECT 1) TO PROGRAM 'cat > /dev/null'",
  'COPY FROM PROGRAM': "CREATE TEMP TABLE IF NOT EXISTS line (l text); COPY line FROM PROGRAM 'echo x'",
  'COPY TO a file': "COPY (SELECT 1) TO '/tmp/migrate-guard-test-door'",
  lo_export: `SELECT pg_catalog.lo_create(271828);
    SELECT pg_catalog.lo_export(271828, '/tmp/migrate-guard-test-door'); SELECT pg_catalog.lo_unlink(271828)`,
  lo_import: "SELECT pg_catalog.lo_import('/etc/hostname')",
  pg_read_file: "SELECT pg_catalog.pg_read_file('/etc/hostname')",
  pg_ls_dir: "SELECT pg_catalog.pg_ls_dir('/')",
  'language internal':
    "CREATE OR REPLACE FUNCTION public.of_the_server(oid, text) RETURNS int LANGUAGE internal AS 'be_lo_export'",
  'language C':
    "CREATE OR REPLACE FUNCTION public.of_a_library() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'",
  LOAD: "LOAD 'auto_explain'",
  'settings of the server': "ALTER ROLE ALL SET session_preload_libraries = 'auto_explain'",
  'settings that only a superuser changes':
    "SELECT pg_catalog.set_config('log_min_messages', 'panic', false)",
  pg_reload_conf: 'SELECT pg_catalog.pg_reload_conf()',
  'a new superuser': 'CREATE ROLE made_by_a_door SUPERUSER; DROP ROLE made_by_a_door',
  'rows of the catalog': 'UPDATE pg_catalog.pg_database SET datallowconn = datallowconn',
  'the session of a superuser': 'SET SESSION AUTHORIZATION migrate_guard_maker',
  'the role of a superuser': 'SET ROLE migrate_guard_maker',
}
