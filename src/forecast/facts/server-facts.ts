import type { Reader } from '../../domain/reader.js'

/** A function of today's server. */
export interface ServerFunction {
  readonly schema: string
  /** Of its arguments; those from `required` on may be left out. */
  readonly arguments: readonly number[]
  readonly required: number
  readonly isVariadic: boolean
  readonly result: number
  readonly isSet: boolean
  readonly volatility: 'i' | 's' | 'v'
  /** Function, procedure, aggregate or window function. */
  readonly kind: 'f' | 'p' | 'a' | 'w'
  readonly isOwned: boolean
  /** In C or in the server itself, as those of extensions are: the model of the catalog leaves these out. */
  readonly isCompiled: boolean
}

/** Of `pg_cast`: implicit, in an assignment, explicit only; and whether nothing has to be computed. */
export interface ServerCast {
  readonly context: 'i' | 'a' | 'e'
  readonly isBinary: boolean
}

/** An event trigger: https://www.postgresql.org/docs/current/event-trigger-definition.html */
export interface EventTrigger {
  readonly name: string
  readonly event: string
  /** The command tags of its WHEN; null for any command. */
  readonly tags: readonly string[] | null
  readonly functionSchema: string | null
  readonly functionName: string
  readonly isEnabled: boolean
}

/**
 * What of today's server the model of the catalog does not hold, because migrations hardly ever change it. Read once
 * per reader: the snapshot does not change.
 */
export interface ServerFacts {
  readonly functions: ReadonlyMap<string, readonly ServerFunction[]>
  /** By `<source>><target>`, both OIDs. */
  readonly casts: ReadonlyMap<string, ServerCast>
  /** By name: the OIDs of the operands. */
  readonly operators: ReadonlyMap<string, readonly (readonly [number, number])[]>
  /** Access methods with the types that they have a default operator class for. */
  readonly accessMethods: ReadonlyMap<string, readonly number[]>
  /** `<access method> <operator class>` */
  readonly operatorClasses: ReadonlySet<string>
  /** Relations of pg_catalog and information_schema. */
  readonly systemRelations: ReadonlySet<string>
  readonly schemas: ReadonlySet<string>
  /** Those that the role in use owns: it may drop what is in them. */
  readonly ownSchemas: ReadonlySet<string>
  /** Those that the role in use may not look into. */
  readonly hiddenSchemas: ReadonlySet<string>
  readonly extensions: ReadonlySet<string>
  readonly roles: ReadonlySet<string>
  /** Those that the role in use is a member of. */
  readonly ownRoles: ReadonlySet<string>
  readonly languages: ReadonlySet<string>
  readonly publications: ReadonlySet<string>
  /** Without those of extensions. */
  readonly eventTriggers: readonly EventTrigger[]
  /** OIDs of array types, and of what they are arrays of. */
  readonly elements: ReadonlyMap<number, number>
  /** The pseudo-types, such as anyelement, which take more than themselves. */
  readonly pseudoTypes: ReadonlySet<number>
  /** OIDs of types and sequences that belong to others. */
  readonly notOwned: ReadonlySet<number>
  /** The role in use may make schemas in this database. */
  readonly canCreateSchemas: boolean
  readonly canCreateRoles: boolean
  /** The level of isolation that a transaction of the role begins with. */
  readonly defaultIsolation: string
}

const known = new WeakMap<Reader, Promise<ServerFacts>>()

export function serverFactsOf(reader: Reader): Promise<ServerFacts> {
  const facts = known.get(reader) ?? read(reader)
  known.set(reader, facts)
  return facts
}

interface Row {
  functions: [
    name: string,
    schema: string,
    args: string,
    defaults: number,
    isVariadic: boolean,
    result: number,
    isSet: boolean,
    volatility: string,
    kind: string,
    isOwned: boolean,
    isCompiled: boolean,
  ][]
  casts: [source: number, target: number, context: string, method: string][]
  operators: [name: string, left: number, right: number][]
  accessMethods: [name: string, types: number[] | null][]
  operatorClasses: string[]
  systemRelations: string[]
  schemas: string[]
  ownSchemas: string[] | null
  hiddenSchemas: string[] | null
  extensions: string[] | null
  roles: string[]
  ownRoles: string[]
  languages: string[]
  publications: string[] | null
  eventTriggers: EventTrigger[] | null
  elements: [array: number, element: number][]
  pseudoTypes: number[]
  notOwned: number[] | null
  canCreateSchemas: boolean
  canCreateRoles: boolean
  defaultIsolation: string
}

const factsQuery = `
  SELECT
    (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
              p.proname, n.nspname, p.proargtypes::text, p.pronargdefaults, p.provariadic <> 0,
              p.prorettype::int4, p.proretset, p.provolatile, p.prokind,
              pg_catalog.pg_has_role(p.proowner, 'USAGE'),
              n.nspname = 'pg_catalog' OR l.lanname IN ('c', 'internal')))
       FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
       JOIN pg_catalog.pg_language l ON l.oid = p.prolang) AS functions,
    (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(castsource::int4, casttarget::int4, castcontext, castmethod))
       FROM pg_catalog.pg_cast) AS casts,
    (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(oprname, oprleft::int4, oprright::int4))
       FROM pg_catalog.pg_operator
      WHERE oprkind = 'b' AND oprname IN ('=', '<>', '<', '>', '<=', '>=', '~~', '!~~', '~~*', '!~~*')) AS operators,
    (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.amname,
              (SELECT pg_catalog.json_agg(opcintype::int4) FROM pg_catalog.pg_opclass WHERE opcmethod = a.oid AND opcdefault)))
       FROM pg_catalog.pg_am a WHERE a.amtype = 'i') AS "accessMethods",
    (SELECT pg_catalog.json_agg(a.amname || ' ' || o.opcname)
       FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am a ON a.oid = o.opcmethod) AS "operatorClasses",
    (SELECT pg_catalog.json_agg(n.nspname || '.' || c.relname)
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname IN ('pg_catalog', 'information_schema', 'pg_toast')) AS "systemRelations",
    (SELECT pg_catalog.json_agg(nspname) FROM pg_catalog.pg_namespace) AS schemas,
    (SELECT pg_catalog.json_agg(nspname) FROM pg_catalog.pg_namespace
      WHERE pg_catalog.pg_has_role(nspowner, 'USAGE')) AS "ownSchemas",
    (SELECT pg_catalog.json_agg(nspname) FROM pg_catalog.pg_namespace
      WHERE NOT pg_catalog.has_schema_privilege(oid, 'USAGE')) AS "hiddenSchemas",
    (SELECT pg_catalog.json_agg(extname) FROM pg_catalog.pg_extension) AS extensions,
    (SELECT pg_catalog.json_agg(rolname) FROM pg_catalog.pg_roles) AS roles,
    (SELECT pg_catalog.json_agg(rolname) FROM pg_catalog.pg_roles WHERE pg_catalog.pg_has_role(oid, 'MEMBER')) AS "ownRoles",
    (SELECT pg_catalog.json_agg(lanname) FROM pg_catalog.pg_language) AS languages,
    (SELECT pg_catalog.json_agg(pubname) FROM pg_catalog.pg_publication) AS publications,
    (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', t.evtname, 'event', t.evtevent, 'tags', t.evttags,
              'functionSchema', n.nspname, 'functionName', p.proname, 'isEnabled', t.evtenabled IN ('O', 'A')) ORDER BY t.evtname)
       FROM pg_catalog.pg_event_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.evtfoid
       JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'
              AND (d.classid, d.objid) IN (('pg_catalog.pg_event_trigger'::regclass, t.oid), ('pg_catalog.pg_proc'::regclass, p.oid)))) AS "eventTriggers",
    (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(oid::int4, typelem::int4)) FROM pg_catalog.pg_type
      WHERE typcategory = 'A' AND typelem <> 0 AND typlen = -1) AS elements,
    (SELECT pg_catalog.json_agg(oid::int4) FROM pg_catalog.pg_type WHERE typtype = 'p') AS "pseudoTypes",
    (SELECT pg_catalog.json_agg(oid::int4)
       FROM (SELECT oid FROM pg_catalog.pg_type WHERE NOT pg_catalog.pg_has_role(typowner, 'USAGE') AND typnamespace <> 11
             UNION ALL
             SELECT oid FROM pg_catalog.pg_class WHERE NOT pg_catalog.pg_has_role(relowner, 'USAGE') AND relkind = 'S') o
    ) AS "notOwned",
    pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS "canCreateSchemas",
    (SELECT rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user) AS "canCreateRoles",
    pg_catalog.current_setting('default_transaction_isolation') AS "defaultIsolation"`

async function read(reader: Reader): Promise<ServerFacts> {
  const row = (await reader.query(factsQuery)).rows[0] as unknown as Row
  return {
    functions: grouped(
      row.functions.map(([name, schema, args, defaults, isVariadic, result, isSet, ...rest]) => {
        const types = args.split(' ').filter(Boolean).map(Number)
        const [volatility, kind, isOwned, isCompiled] = rest
        return [
          name,
          {
            schema,
            arguments: types,
            required: types.length - defaults,
            isVariadic,
            result,
            isSet,
            volatility: volatility as ServerFunction['volatility'],
            kind: kind as ServerFunction['kind'],
            isOwned,
            isCompiled,
          },
        ]
      }),
    ),
    casts: new Map(
      row.casts.map(([source, target, context, method]) => [
        `${source}>${target}`,
        { context: context as ServerCast['context'], isBinary: method === 'b' },
      ]),
    ),
    operators: grouped(row.operators.map(([name, left, right]) => [name, [left, right]])),
    accessMethods: new Map(row.accessMethods.map(([name, types]) => [name, types ?? []])),
    operatorClasses: new Set(row.operatorClasses),
    systemRelations: new Set(row.systemRelations),
    schemas: new Set(row.schemas),
    ownSchemas: new Set(row.ownSchemas),
    hiddenSchemas: new Set(row.hiddenSchemas),
    extensions: new Set(row.extensions),
    roles: new Set(row.roles),
    ownRoles: new Set(row.ownRoles),
    languages: new Set(row.languages),
    publications: new Set(row.publications),
    eventTriggers: row.eventTriggers ?? [],
    elements: new Map(row.elements),
    pseudoTypes: new Set(row.pseudoTypes),
    notOwned: new Set(row.notOwned),
    canCreateSchemas: row.canCreateSchemas,
    canCreateRoles: row.canCreateRoles,
    defaultIsolation: row.defaultIsolation,
  }
}

function grouped<T>(pairs: readonly (readonly [string, T])[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const [key, value] of pairs) {
    const group = groups.get(key)
    if (group) group.push(value)
    else groups.set(key, [value])
  }
  return groups
}
