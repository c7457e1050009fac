import { quoteRelation } from '../sql/names.js'
import type { CatalogModel, TypeObject } from './model.js'

/** The server's own types that tables are made of, by `pg_type.typcategory`: https://www.postgresql.org/docs/current/catalog-pg-type.html */
const builtInTypes: Readonly<Record<string, string>> = {
  B: 'bool',
  D: 'date time timestamp timestamptz timetz',
  G: 'box circle line lseg path point polygon',
  I: 'cidr inet',
  N: 'float4 float8 int2 int4 int8 money numeric oid regclass regconfig regproc regtype',
  R: 'daterange int4range int8range numrange tsrange tstzrange datemultirange int4multirange int8multirange nummultirange tsmultirange tstzmultirange',
  S: 'bpchar name text varchar',
  T: 'interval',
  U: 'bytea json jsonb jsonpath macaddr macaddr8 pg_lsn tid tsquery tsvector uuid xid xid8 xml',
  V: 'bit varbit',
  Z: 'char',
}

/** Locks differ a little between versions; those of this one are told where no server is there to say. */
const assumedVersion = 170000

/** The catalog of a new database, without asking a server. */
export function makeEmptyCatalog(schema = 'public'): CatalogModel {
  const schemas = new Set(['public', schema])
  return {
    searchPath: [schema],
    schemas,
    relations: [],
    sequences: [],
    types: Object.entries(builtInTypes).flatMap(([category, names]) =>
      names.split(' ').map((name) => builtInType(name, category)),
    ),
    functions: [],
    publications: [],
    extensions: new Set(),
    serverVersion: assumedVersion,
    role: { name: '', isSuperuser: true, canBypassRowSecurity: true },
    isReplica: false,
  }
}

function builtInType(name: string, category: string): TypeObject {
  return {
    schema: 'pg_catalog',
    name,
    kind: category === 'R' ? 'range' : 'base',
    live: quoteRelation('pg_catalog', name),
    labels: [],
    addedNow: new Set(),
    category,
    isDropped: false,
  }
}
