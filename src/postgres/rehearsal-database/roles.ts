import { effect } from '../../effects/effect.js'
import type { Client } from '../connection.js'

/**
 * The statements that make the target's roles and memberships on a fresh cluster, without passwords. Superusers are plain
 * roles there that may do everything but what only a superuser may: what others have written must never run with the
 * rights of one. Predefined roles (`pg_…`) exist everywhere.
 */
export async function readRoleStatements(client: Client): Promise<string[]> {
  const { rows: roles } = await client.query(`
    SELECT pg_catalog.format('CREATE ROLE %I WITH NOSUPERUSER %s %s %s %s %s %s CONNECTION LIMIT %s %s', r.rolname,
             CASE WHEN r.rolsuper OR r.rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END,
             CASE WHEN r.rolsuper OR r.rolcreaterole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END,
             CASE WHEN r.rolsuper OR r.rolcreatedb THEN 'CREATEDB' ELSE 'NOCREATEDB' END,
             CASE WHEN r.rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END,
             CASE WHEN r.rolsuper OR r.rolreplication THEN 'REPLICATION' ELSE 'NOREPLICATION' END,
             CASE WHEN r.rolsuper OR r.rolbypassrls THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END,
             r.rolconnlimit,
             CASE WHEN r.rolvaliduntil IS NULL THEN ''
                  ELSE pg_catalog.format('VALID UNTIL %L', r.rolvaliduntil::text) END) AS statement
      FROM pg_catalog.pg_roles r
     WHERE r.rolname !~ '^pg_'
     ORDER BY r.rolname`)
  // INHERIT and SET per membership came with PostgreSQL 16.
  const { rows: memberships } = await client.query(`
    SELECT pg_catalog.format('GRANT %I TO %I', pg_catalog.pg_get_userbyid(m.roleid), pg_catalog.pg_get_userbyid(m.member))
           || CASE WHEN r.of ? 'inherit_option'
                   THEN pg_catalog.format(' WITH ADMIN %s, INHERIT %s, SET %s',
                          r.of ->> 'admin_option', r.of ->> 'inherit_option', r.of ->> 'set_option')
                   WHEN m.admin_option THEN ' WITH ADMIN OPTION' ELSE '' END AS statement
      FROM pg_catalog.pg_auth_members m, LATERAL (SELECT pg_catalog.to_jsonb(m) AS of) r
     ORDER BY 1`)
  return [...roles, ...memberships].map(({ statement }) => statement)
}

/** The superuser that initdb makes: https://www.postgresql.org/docs/current/app-initdb.html */
const bootstrapOid = 10

/** The name of the superuser that initdb made, who owns all that came with the server. */
export async function readBootstrapSuperuser(client: Client): Promise<string> {
  const { rows } = await client.query(
    `SELECT rolname::text AS name FROM pg_catalog.pg_roles WHERE oid = ${bootstrapOid}`,
  )
  return rows[0].name
}

/** Roles to which a provider gives, by a server of its own, more than PostgreSQL does. */
const providerRoles = [
  'alloydbsuperuser',
  'azure_pg_admin',
  'cloudsqlsuperuser',
  'rds_superuser',
  'supabase_admin',
]

/** What the target's role may do only at its provider, in words. */
export async function readProviderDifferences(client: Client): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT rolname::text AS name FROM pg_catalog.pg_roles
      WHERE rolname = ANY ($1) AND pg_catalog.pg_has_role(oid, 'MEMBER') AND NOT rolsuper ORDER BY 1`,
    [providerRoles],
  )
  return rows.map(
    ({ name }) =>
      `"${name}" may do more at its provider than here, where it is a plain role: a migration that makes an extension may fail here and pass there`,
  )
}

/** Makes them all, or none. */
export async function createRoles(client: Client, statements: readonly string[]): Promise<void> {
  await effect('rehearsal.roles', () => client.query(['BEGIN', ...statements, 'COMMIT'].join(';\n')))
}
