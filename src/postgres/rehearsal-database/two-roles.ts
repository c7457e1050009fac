import { randomBytes } from 'node:crypto'
import { superuserNeeded } from '../../domain/rehearsal.js'
import { Secret, type TargetAddress } from '../../domain/target.js'
import { effect } from '../../effects/effect.js'
import { quoteIdentifier } from '../../sql/names.js'
import type { Client } from '../connection.js'

/*
 * On a server of our own two roles restore. What only a superuser may make, the maker makes; it runs nothing that somebody
 * has written. The restorer does everything else and is no superuser: a CHECK, a domain, a generated column or an index that
 * calls a function with COPY … TO PROGRAM in it gets what a plain role gets. No other role is superuser meanwhile, so that
 * a function that runs with the rights of its owner gets no more either.
 */

/** The superuser that initdb makes; on the target it has another name, and that is a plain role here. */
export const makerName = 'migrate_guard_maker'
export const restorerName = 'migrate_guard_restorer'

/** What the restore of a server of our own needs beside its address. */
export interface TwoRoles {
  /** As the superuser, on the copy. */
  readonly maker: TargetAddress
  readonly restorer: string
  /** Names of the target's superusers, who are plain roles here. */
  readonly superusers: readonly string[]
  /** The superuser that initdb made on the target: it owns what nobody else does. */
  readonly bootstrap: string
  /** Who owns each extension, by its name: no dump says it. */
  readonly extensionOwners: Readonly<Record<string, string>>
  /** The role of the migrations. */
  readonly deployer: string
}

/** Names of roles that are superusers. */
export async function readSuperusers(client: Client): Promise<string[]> {
  const { rows } = await client.query(
    'SELECT rolname::text AS name FROM pg_catalog.pg_roles WHERE rolsuper ORDER BY 1',
  )
  return rows.map(({ name }) => name)
}

/** The owners of the extensions, by the names of these. */
export async function readExtensionOwners(client: Client): Promise<Record<string, string>> {
  const { rows } = await client.query(
    'SELECT extname::text AS name, pg_catalog.pg_get_userbyid(extowner)::text AS owner FROM pg_catalog.pg_extension',
  )
  return Object.fromEntries(rows.map(({ name, owner }) => [name, owner]))
}

/**
 * Makes the restorer, who may read and write everything, and make objects as any role of the target.
 * @param maker a connection of the maker to the cluster, whose roles are there already
 */
export async function makeRestorer(
  maker: Client,
  database: string,
): Promise<{ name: string; password: Secret }> {
  const password = new Secret(randomBytes(18).toString('base64url'))
  const restorer = quoteIdentifier(restorerName)
  const roles = await readRoles(maker)
  await effect('rehearsal.restorer', async () => {
    await maker.query(
      `CREATE ROLE ${restorer} LOGIN INHERIT BYPASSRLS PASSWORD ${maker.escapeLiteral(password.reveal())}`,
    )
    // Of large objects only their owners may read and write, and a superuser.
    await maker.query(`ALTER ROLE ${restorer} SET lo_compat_privileges = on`)
    for (const role of [...roles, ...predefined])
      await maker.query(`GRANT ${quoteIdentifier(role)} TO ${restorer}`)
    await maker.query(
      `GRANT CREATE, CONNECT, TEMPORARY ON DATABASE ${quoteIdentifier(database)} TO ${restorer}`,
    )
  })
  return { name: restorerName, password }
}

/** For rows of tables that it does not own, and for those who watch. */
const predefined = ['pg_read_all_data', 'pg_write_all_data', 'pg_read_all_stats', 'pg_read_all_settings']

async function readRoles(client: Client): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT rolname::text AS name FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' AND rolname <> ALL ($1) ORDER BY 1`,
    [[makerName, restorerName]],
  )
  return rows.map(({ name }) => name)
}

/**
 * Gives the restorer what it must own to go on: what the maker has made and others build on. A function of the maker's that
 * runs with the rights of its owner would be superuser.
 */
export async function handOver(maker: Client, { restorer }: TwoRoles): Promise<void> {
  const { rows } = await maker.query(
    `WITH member AS (SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e')
     SELECT pg_catalog.format('ALTER SCHEMA %I OWNER TO %I', n.nspname, $1::text) AS statement
       FROM pg_catalog.pg_namespace n WHERE n.oid >= 16384 AND n.nspname !~ '^pg_' AND n.nspowner = $2::regrole
     UNION ALL
     SELECT pg_catalog.format('ALTER SERVER %I OWNER TO %I', s.srvname, $1::text)
       FROM pg_catalog.pg_foreign_server s WHERE s.srvowner = $2::regrole
     UNION ALL
     SELECT pg_catalog.format('ALTER FOREIGN TABLE %I.%I OWNER TO %I', n.nspname, c.relname, $1::text)
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'f' AND c.relowner = $2::regrole
        AND (c.oid NOT IN (SELECT objid FROM member WHERE classid = 'pg_catalog.pg_class'::regclass))`,
    [restorer, makerName],
  )
  await effect('rehearsal.hand-over', async () => {
    for (const { statement } of rows) await maker.query(statement)
    // ALTER FUNCTION would need the signature of each kind of function.
    await maker.query(
      `UPDATE pg_catalog.pg_proc p SET proowner = $1::regrole
        WHERE p.oid >= 16384 AND p.proowner = $2::regrole
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.deptype = 'e' AND d.objid = p.oid
                             AND d.classid = 'pg_catalog.pg_proc'::regclass)`,
      [restorer, makerName],
    )
  })
}

/**
 * Gives everything to those who own it on the target, where nothing is evaluated any more. Some kinds of objects only a
 * superuser may own, so those of the target are superusers again for the time of this transaction, which nobody sees.
 * @param statements `ALTER … OWNER TO …`
 */
export async function giveToOwners(
  maker: Client,
  { restorer, superusers, bootstrap, extensionOwners }: TwoRoles,
  statements: readonly string[],
): Promise<void> {
  const altered = (attribute: string) =>
    superusers.map((name) => `ALTER ROLE ${quoteIdentifier(name)} ${attribute}`)
  // Until PostgreSQL 14 the schema "public" belongs to the superuser that initdb makes.
  const { rows: publicSchema } = await maker.query(
    "SELECT nspname::text AS name FROM pg_catalog.pg_namespace WHERE nspname = 'public' AND nspowner = $1::regrole",
    [makerName],
  )
  await effect('rehearsal.owners', () =>
    maker.query(
      [
        'BEGIN',
        ...altered('SUPERUSER'),
        ...statements.map((statement) => statement.replace(/;\s*$/, '')),
        ...publicSchema.map(
          ({ name }) => `ALTER SCHEMA ${quoteIdentifier(name)} OWNER TO ${quoteIdentifier(bootstrap)}`,
        ),
        ...Object.entries(extensionOwners).map(([name, owner]) =>
          giveExtension(maker.escapeLiteral(name), maker.escapeLiteral(owner)),
        ),
        `REASSIGN OWNED BY ${quoteIdentifier(restorer)} TO ${quoteIdentifier(bootstrap)}`,
        ...altered('NOSUPERUSER'),
        'COMMIT',
      ].join(';\n'),
    ),
  )
}

/**
 * There is no ALTER EXTENSION … OWNER. A role that made an extension may alter and drop it; the superuser that initdb makes
 * needs no entry among the dependencies.
 */
function giveExtension(name: string, owner: string): string {
  return `
    WITH given AS (
      UPDATE pg_catalog.pg_extension SET extowner = r.oid FROM pg_catalog.pg_roles r
       WHERE extname = ${name} AND r.rolname = ${owner} AND extowner <> r.oid RETURNING pg_extension.oid, extowner)
    INSERT INTO pg_catalog.pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
    SELECT d.oid, 'pg_catalog.pg_extension'::regclass, g.oid, 0, 'pg_catalog.pg_authid'::regclass, g.extowner, 'o'
      FROM given g, pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`
}

/**
 * From now on the restorer only reads: it looks at the copy for the rest of the run. A superuser who deploys becomes one
 * here, too, when what others have written is harmless. The other superusers get all rights but that one.
 * @param harm why it is not, and whose it may be
 * @returns what is different, in words
 */
export async function endRestore(
  maker: Client,
  { restorer, superusers, deployer }: TwoRoles,
  harm: { readonly reason: string; readonly others: readonly string[] } | undefined,
): Promise<string[]> {
  const { rows } = await maker.query(
    `SELECT pg_catalog.pg_get_userbyid(m.roleid)::text AS name FROM pg_catalog.pg_auth_members m
      WHERE m.member = $1::regrole AND pg_catalog.pg_get_userbyid(m.roleid) !~ '^pg_read_all_'`,
    [restorer],
  )
  const isSuperuser = superusers.includes(deployer) && harm === undefined
  await effect('rehearsal.end-restore', async () => {
    for (const { name } of rows)
      await maker.query(`REVOKE ${quoteIdentifier(name)} FROM ${quoteIdentifier(restorer)}`)
    const database = quoteIdentifier(await readDatabase(maker))
    await maker.query(`REVOKE ALL ON DATABASE ${database} FROM ${quoteIdentifier(restorer)}`)
    if (!(await mayConnect(maker, restorer)))
      await maker.query(`GRANT CONNECT ON DATABASE ${database} TO ${quoteIdentifier(restorer)}`)
    for (const superuser of superusers) await grantAll(maker, superuser, superusers)
    if (isSuperuser) await maker.query(`ALTER ROLE ${quoteIdentifier(deployer)} SUPERUSER`)
  })
  if (harm === undefined) return []
  const { reason, others } = harm
  const named = others.slice(0, 3).map((name) => `"${name}"`)
  return [
    `"${deployer}" is no superuser here, because it would run on this machine what ${named.join(', ')}${others.length > 3 ? ' and others' : ''} may have written: ${reason}. ${superuserNeeded}`,
  ]
}

async function readDatabase(client: Client): Promise<string> {
  return (await client.query('SELECT pg_catalog.current_database() AS name')).rows[0].name
}

async function mayConnect(client: Client, role: string): Promise<boolean> {
  const { rows } = await client.query(
    "SELECT pg_catalog.has_database_privilege($1, pg_catalog.current_database(), 'CONNECT') AS may",
    [role],
  )
  return rows[0].may
}

/** All rights but that of a superuser: those of every role that is none, and what comes with the server for them. */
async function grantAll(maker: Client, superuser: string, superusers: readonly string[]): Promise<void> {
  const { rows } = await maker.query(
    `SELECT r.rolname::text AS name FROM pg_catalog.pg_roles r
      WHERE r.rolname <> ALL ($1) AND r.rolname !~ '^pg_(execute|read_server|write_server|database_owner)'
        -- A role that is a member of it cannot have it as a member.
        AND NOT pg_catalog.pg_has_role(r.oid, $2::regrole, 'MEMBER')`,
    [[...superusers, makerName, restorerName], superuser],
  )
  for (const { name } of rows)
    await maker.query(`GRANT ${quoteIdentifier(name)} TO ${quoteIdentifier(superuser)}`)
}
