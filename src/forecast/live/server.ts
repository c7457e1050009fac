import type { Reader } from '../../domain/reader.js'
import type { CatalogModel } from '../model.js'
import { rowsOf } from './rows.js'

interface ServerRow {
  version: number
  timeZone: string
  isolation: string
  aggregates: string[]
  role: string
  superuser: boolean
  bypassrls: boolean
  schemas: string[]
  extensions: string[]
}

const serverQuery = `
  SELECT pg_catalog.current_setting('server_version_num')::int AS version, current_user::text AS role,
         pg_catalog.current_setting('TimeZone') AS "timeZone",
         pg_catalog.current_setting('default_transaction_isolation') AS isolation,
         (SELECT pg_catalog.json_agg(DISTINCT p.proname) FROM pg_catalog.pg_proc p WHERE p.prokind = 'a') AS aggregates,
         r.rolsuper AS superuser, r.rolbypassrls AS bypassrls,
         (SELECT pg_catalog.json_agg(nspname) FROM pg_catalog.pg_namespace) AS schemas,
         (SELECT COALESCE(pg_catalog.json_agg(extname), '[]') FROM pg_catalog.pg_extension) AS extensions
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
    serverVersion: server.version,
    timeZone: server.timeZone,
    defaultIsolation: server.isolation,
    aggregates: new Set(server.aggregates),
    role: { name: server.role, isSuperuser: server.superuser, canBypassRowSecurity: server.bypassrls },
    isReplica: false,
  }
}
