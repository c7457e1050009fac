import { type AclType, privilegeList, roleName, words } from './fragments.js'

interface GrantedCatalog {
  readonly catalog: string
  readonly type: string
  readonly acl: string
  readonly owner: string
  /** SQL: does the server itself bring it along? */
  readonly isBuiltIn: string
  readonly column?: string
  readonly joins?: string
}

/** Not information_schema: what is granted there, initdb does not remember, and pg_dump leaves it alone. */
const isBuiltInSchema = (oid: string) => `${oid} = 'pg_catalog'::regnamespace`

const acl = (type: AclType) => `'${type}'`

const catalogs: readonly GrantedCatalog[] = [
  {
    catalog: 'pg_class',
    type: `CASE x.relkind WHEN 'S' THEN ${acl('s')} ELSE ${acl('r')} END`,
    acl: 'x.relacl',
    owner: 'x.relowner',
    isBuiltIn: isBuiltInSchema('x.relnamespace'),
  },
  {
    catalog: 'pg_class',
    type: acl('c'),
    acl: 'a.attacl',
    owner: 'x.relowner',
    isBuiltIn: isBuiltInSchema('x.relnamespace'),
    column: 'a.attnum',
    joins: 'JOIN pg_catalog.pg_attribute a ON a.attrelid = x.oid AND a.attnum > 0 AND NOT a.attisdropped',
  },
  {
    catalog: 'pg_proc',
    type: acl('f'),
    acl: 'x.proacl',
    owner: 'x.proowner',
    isBuiltIn: isBuiltInSchema('x.pronamespace'),
  },
  {
    catalog: 'pg_type',
    type: acl('T'),
    acl: 'x.typacl',
    owner: 'x.typowner',
    isBuiltIn: isBuiltInSchema('x.typnamespace'),
  },
  {
    catalog: 'pg_namespace',
    type: acl('n'),
    acl: 'x.nspacl',
    owner: 'x.nspowner',
    isBuiltIn: isBuiltInSchema('x.oid'),
  },
  {
    catalog: 'pg_language',
    type: acl('l'),
    acl: 'x.lanacl',
    owner: 'x.lanowner',
    isBuiltIn: 'x.oid < 16384',
  },
  {
    catalog: 'pg_foreign_data_wrapper',
    type: acl('F'),
    acl: 'x.fdwacl',
    owner: 'x.fdwowner',
    isBuiltIn: 'false',
  },
  { catalog: 'pg_foreign_server', type: acl('S'), acl: 'x.srvacl', owner: 'x.srvowner', isBuiltIn: 'false' },
]

function changedIn({
  catalog,
  type,
  acl,
  owner,
  isBuiltIn,
  column = '0',
  joins = '',
}: GrantedCatalog): string {
  return `SELECT 'pg_catalog.${catalog}'::regclass AS classid, x.oid, ${column}::int AS subid, (${type})::"char" AS acl_type,
      ${owner} AS owner, ${acl} AS acl, i.initprivs
    FROM pg_catalog.${catalog} x ${joins}
    LEFT JOIN pg_catalog.pg_init_privs i ON i.classoid = 'pg_catalog.${catalog}'::regclass AND i.objoid = x.oid AND i.objsubid = ${column}
   WHERE ${acl} IS DISTINCT FROM i.initprivs AND (${isBuiltIn}
      OR EXISTS (SELECT FROM member WHERE member.classid = 'pg_catalog.${catalog}'::regclass AND member.objid = x.oid))`
}

/** Who owns what the server or an extension brings along is who made them, and in no dump. */
const orOwner = (oid: string) => `CASE ${oid} WHEN owner THEN 'the owner' ELSE ${roleName(oid)} END`
const now = privilegeList('coalesce(acl, pg_catalog.acldefault(acl_type, owner))', orOwner)
const atFirst = privilegeList('coalesce(initprivs, pg_catalog.acldefault(acl_type, owner))', orOwner)

/**
 * The objects of the server and of extensions on which somebody has granted or revoked something; the only thing about
 * them that a dump holds. Their names say so, because it is the change that comes and goes: https://www.postgresql.org/docs/current/catalog-pg-init-privs.html
 */
export const changedPrivilegesQuery = `
  SELECT ${words('i.type', { 'table column': 'column', 'foreign table column': 'column', 'view column': 'column' })},
         i.identity || ' with changed privileges',
         pg_catalog.jsonb_build_object('privileges', coalesce(now, '[]')), NULL
    FROM (${catalogs.map(changedIn).join('\n UNION ALL ')}) changed,
         LATERAL pg_catalog.pg_identify_object(classid, oid, subid) i,
         LATERAL (SELECT ${now} AS now, ${atFirst} AS at_first) lists
   WHERE now IS DISTINCT FROM at_first`
