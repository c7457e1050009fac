import type { Reader } from '../../domain/reader.js'
import type { CatalogModel } from '../model.js'
import { rowsOf } from './rows.js'

interface ServerRow {
  version: number
  timeZone: string
  volatile: string[]
  aggregates: string[]
  role: string
  superuser: boolean
  bypassrls: boolean
  schemas: string[]
  creatable: string[]
  extensions: string[]
  available: string[]
}

const serverQuery = `
  SELECT pg_catalog.current_setting('server_version_num')::int AS version, current_user::text AS role,
         pg_catalog.current_setting('TimeZone') AS "timeZone",
         (SELECT pg_catalog.json_agg(DISTINCT p.proname) FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
           WHERE p.provolatile = 'v' AND p.prokind = 'f' AND l.lanname IN ('c', 'internal')) AS volatile,
         (SELECT pg_catalog.json_agg(DISTINCT p.proname) FROM pg_catalog.pg_proc p WHERE p.prokind = 'a') AS aggregates,
         r.rolsuper AS superuser, r.rolbypassrls AS bypassrls,
         (SELECT pg_catalog.json_agg(nspname) FROM pg_catalog.pg_namespace) AS schemas,
         (SELECT COALESCE(pg_catalog.json_agg(nspname), '[]') FROM pg_catalog.pg_namespace
           WHERE pg_catalog.has_schema_privilege(oid, 'CREATE')) AS creatable,
         (SELECT COALESCE(pg_catalog.json_agg(extname), '[]') FROM pg_catalog.pg_extension) AS extensions,
         (SELECT COALESCE(pg_catalog.json_agg(name), '[]') FROM pg_catalog.pg_available_extensions) AS available
    FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`

/** The catalog as far as the server itself goes: version, role, schemas, extensions. Nothing else is in it yet. */
export async function readServer(reader: Reader, schema: string): Promise<CatalogModel> {
  const [server] = (await rowsOf<ServerRow>(reader, serverQuery)) as [ServerRow]
  return {
    searchPath: [schema],
    schemas: new Set(server.schemas),
    relations: [],
    sequences: [],
    types: [],
    functions: [],
    publications: [],
    extensions: new Set(server.extensions),
    availableExtensions: new Set(server.available),
    serverVersion: server.version,
    timeZone: server.timeZone,
    volatileFunctions: new Set(server.volatile),
    aggregates: new Set(server.aggregates),
    role: { name: server.role, isSuperuser: server.superuser, canBypassRowSecurity: server.bypassrls },
    creatableSchemas: new Set(server.creatable),
    isReplica: false,
  }
}
