import { RehearsalError } from '../../domain/errors.js'
import type { Client } from '../connection.js'
import type { LeftOut } from '../restore-list.js'
import { readOwnRole } from './facts.js'

export interface Restorable {
  /** For pg_restore. */
  readonly options: readonly string[]
  /** Objects that only a superuser may make. */
  readonly leftOut: readonly LeftOut[]
  /** What is not restored for these reasons, in words. */
  readonly differences: readonly string[]
  /**
   * On a server that is not ours alone: roles whose code the restore may run there unseen. The role of the connection to
   * the target, superusers, and roles as which nobody else can act.
   */
  readonly trusted?: readonly string[]
}

/** The roles that the objects of a database need, by what for. */
interface NeededRoles {
  readonly owners: readonly string[]
  readonly grantees: readonly string[]
  /** Named by ALTER DEFAULT PRIVILEGES. */
  readonly granting: readonly string[]
  readonly inPolicies: readonly string[]
}

/**
 * Leaves out the extension that runs jobs by itself. It can be made only in one database of a server, and only by a
 * server that runs its jobs: https://github.com/citusdata/pg_cron#setting-up-pg_cron
 */
export async function withoutJobs(target: Client): Promise<Restorable> {
  const { rows } = await target.query("SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_cron'")
  if (rows.length === 0) return { options: [], leftOut: [], differences: [] }
  return {
    options: [],
    leftOut: [{ kind: 'EXTENSION', name: 'pg_cron', schema: 'cron' }],
    differences: [
      'the extension "pg_cron" and its jobs are not here, because it would run them: a migration that calls it fails here',
    ],
  }
}

/**
 * Which owners and grants of the target a role that is perhaps no superuser can restore on a server that perhaps does
 * not have all roles. A role that is not superuser cannot give an object away before the grants are there that allow it.
 * @throws RehearsalError `role-missing` when a policy names a role that is not there.
 */
export async function decideRestorable(target: Client, copy: Client): Promise<Restorable> {
  const needed = await readNeededRoles(target)
  const own = await readOwnRole(copy)
  const there = await readRoleNames(copy)
  const missing = (names: readonly string[]) => names.filter((name) => !there.has(name))
  const inPolicies = missing(needed.inPolicies)
  if (inPolicies.length > 0) {
    throw new RehearsalError(
      'role-missing',
      `policies of the target name ${list(inPolicies)}, and the server of the copy has no such role`,
      { hint: 'Make the role there, or rehearse locally (--rehearsal local).' },
    )
  }
  const others = own.isSuperuser
    ? missing(needed.owners)
    : needed.owners.filter((name) => name !== own.name && name !== 'pg_database_owner')
  const grantees = missing(needed.grantees)
  const granting = own.isSuperuser
    ? missing(needed.granting)
    : needed.granting.filter((name) => name !== own.name)
  const leftOut = own.isSuperuser ? [] : await readSuperuserObjects(target)
  const jobs = await withoutJobs(target)
  const withoutGrants = grantees.length > 0 || granting.length > 0
  return {
    trusted: await readTrusted(target),
    options: [...(others.length > 0 ? ['--no-owner'] : []), ...(withoutGrants ? ['--no-privileges'] : [])],
    leftOut: [...jobs.leftOut, ...leftOut],
    differences: [
      ...jobs.differences,
      ...leftOut.map(
        ({ kind, name }) =>
          `the ${kind.toLowerCase()} "${name}" is not here: only a superuser may make it, and "${own.name}" is none`,
      ),
      ...(others.length > 0
        ? [`everything belongs to "${own.name}" here, on the target also to ${list(others)}`]
        : []),
      ...(grantees.length > 0
        ? [`no grants are restored: the server of the copy does not have ${list(grantees)}`]
        : []),
      ...(granting.length > 0
        ? [`no grants are restored: "${own.name}" may not set the default privileges of ${list(granting)}`]
        : []),
    ],
  }
}

/**
 * From pg_shdepend, where every owner, grantee and role of a policy is noted; not so the superuser that initdb made,
 * because it cannot be dropped: https://www.postgresql.org/docs/current/catalog-pg-shdepend.html
 */
async function readNeededRoles(target: Client): Promise<NeededRoles> {
  const { rows } = await target.query(`
    WITH pinned AS (
      SELECT 'pg_catalog.pg_class'::regclass AS class, oid, relowner AS owner FROM pg_catalog.pg_class
      UNION ALL SELECT 'pg_catalog.pg_proc'::regclass, oid, proowner FROM pg_catalog.pg_proc
      UNION ALL SELECT 'pg_catalog.pg_type'::regclass, oid, typowner FROM pg_catalog.pg_type
      UNION ALL SELECT 'pg_catalog.pg_namespace'::regclass, oid, nspowner FROM pg_catalog.pg_namespace
                 WHERE nspname !~ '^pg_'
      UNION ALL SELECT 'pg_catalog.pg_largeobject'::regclass, oid, lomowner FROM pg_catalog.pg_largeobject_metadata
    ), needed AS (
      SELECT s.classid, s.objid, s.refobjid AS role, s.deptype::text AS purpose FROM pg_catalog.pg_shdepend s
       WHERE s.refclassid = 'pg_catalog.pg_authid'::regclass
         AND s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
      UNION ALL
      SELECT class, oid, owner, 'o' FROM pinned WHERE owner = 10 AND oid >= 16384
    )
    SELECT DISTINCT CASE WHEN n.classid = 'pg_catalog.pg_default_acl'::regclass AND n.purpose = 'o' THEN 'd'
                         ELSE n.purpose END AS purpose,
           pg_catalog.pg_get_userbyid(n.role)::text AS name
      FROM needed n
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                        WHERE d.classid = n.classid AND d.objid = n.objid AND d.deptype = 'e')
       AND n.classid <> 'pg_catalog.pg_extension'::regclass
       AND pg_catalog.pg_get_userbyid(n.role) !~ '^pg_'
     ORDER BY 2`)
  const of = (purpose: string) => rows.filter((row) => row.purpose === purpose).map(({ name }) => name)
  return { owners: of('o'), grantees: of('a'), granting: of('d'), inPolicies: of('r') }
}

async function readTrusted(target: Client): Promise<string[]> {
  const { rows } = await target.query(`
    SELECT r.rolname::text AS name FROM pg_catalog.pg_roles r
     WHERE r.rolsuper
        OR NOT EXISTS (SELECT FROM pg_catalog.pg_roles other
                        WHERE other.rolcanlogin AND NOT other.rolsuper AND other.rolname <> SESSION_USER
                          AND pg_catalog.pg_has_role(other.oid, r.oid, 'MEMBER'))
     ORDER BY 1`)
  return rows.map(({ name }) => name)
}

/** Event triggers, and publications of all tables or of whole schemas, which came with PostgreSQL 15. */
async function readSuperuserObjects(target: Client): Promise<LeftOut[]> {
  const { rows } = await target.query(
    "SELECT pg_catalog.to_regclass('pg_catalog.pg_publication_namespace') IS NOT NULL AS has_schemas",
  )
  const ofSchemas = rows[0].has_schemas
    ? 'OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s WHERE s.pnpubid = p.oid)'
    : ''
  const found = await target.query(`
    SELECT 'EVENT TRIGGER' AS kind, t.evtname::text AS name FROM pg_catalog.pg_event_trigger t
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                        WHERE d.classid = 'pg_catalog.pg_event_trigger'::regclass AND d.objid = t.oid AND d.deptype = 'e')
    UNION ALL
    SELECT 'PUBLICATION', p.pubname::text FROM pg_catalog.pg_publication p WHERE p.puballtables ${ofSchemas}
    ORDER BY 1, 2`)
  return found.rows
}

async function readRoleNames(client: Client): Promise<Set<string>> {
  const { rows } = await client.query('SELECT rolname::text AS name FROM pg_catalog.pg_roles')
  return new Set(rows.map(({ name }) => name))
}

function list(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ')
}
