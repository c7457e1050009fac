import type { Node } from '../sql/parser.js'
import type { ScriptEntry } from './restore-script.js'

/** Languages in which a plain role may write functions; of any other one, a superuser makes them. */
const plainLanguages = new Set([
  'sql',
  'plpgsql',
  'plperl',
  'pltcl',
  'plv8',
  'plcoffee',
  'plls',
  'pllua',
  'pljava',
])

/** Statements that only a superuser may run, or that a plain role may run only sometimes. They define and evaluate nothing. */
const definitions = new Set([
  ...[
    'CreateExtensionStmt',
    'CreatePLangStmt',
    'CreateOpClassStmt',
    'CreateOpFamilyStmt',
    'AlterOpFamilyStmt',
  ],
  ...['CreateCastStmt', 'CreateTransformStmt', 'CreateAmStmt', 'CreateFdwStmt', 'CreateConversionStmt'],
  ...[
    'CreateForeignServerStmt',
    'CreateUserMappingStmt',
    'CreateForeignTableStmt',
    'AlterTSConfigurationStmt',
  ],
])

/** Kinds of DefineStmt that only a superuser may run. */
const definedKinds = new Set([
  ...['OBJECT_TYPE', 'OBJECT_OPERATOR', 'OBJECT_TSPARSER', 'OBJECT_TSTEMPLATE'],
  ...['OBJECT_TSDICTIONARY', 'OBJECT_TSCONFIGURATION'],
])

/** What is run with them in one entry. */
const beside = new Set(['AlterOwnerStmt', 'AlterTableStmt', 'VariableSetStmt'])

/**
 * Which entries of a dump a superuser must restore. Everything else is for a plain role, and so is whatever could run
 * what somebody has written: a literal of a type of users is read when the statement is, by the CHECK of a domain in it.
 *
 * Where that means that a plain role gets what only a superuser may do, the restore fails with the server's words.
 */
export function entriesForSuperuser(script: ReadonlyMap<string, ScriptEntry>): ReadonlySet<string> {
  const all = [...script.values()]
  const trees = all.flatMap(({ trees }) => trees ?? [])
  const shells = new Set(trees.flatMap(shellOf))
  // A validator is called by every statement about servers and their tables, and may be anybody's.
  const hasOwnValidator = trees.some(({ CreateFdwStmt }) =>
    JSON.stringify(CreateFdwStmt?.func_options ?? []).includes('"validator"'),
  )
  const isForSuperuser = (tree: Node) => {
    const [kind = '', node] = Object.entries(tree)[0] ?? []
    if (hasOwnValidator && /^Create(ForeignServer|UserMapping|ForeignTable)Stmt$/.test(kind)) return false
    if (definitions.has(kind)) return true
    if (kind === 'DefineStmt') return definedKinds.has(node.kind) || worksInside(node)
    if (kind === 'CreateRangeStmt') return shells.has(nameOf(node.typeName))
    return kind === 'CreateFunctionStmt' && isForSuperuserFunction(node)
  }
  return new Set(
    all
      .filter(
        ({ trees = [] }) =>
          trees.some(isForSuperuser) &&
          trees.every((tree) => isForSuperuser(tree) || beside.has(Object.keys(tree)[0] ?? '')) &&
          !mayEvaluate(trees),
      )
      .map(({ id }) => id),
  )
}

/** `CREATE TYPE t;`: its completion must be by its owner. */
function shellOf({ DefineStmt }: Node): string[] {
  return DefineStmt?.kind === 'OBJECT_TYPE' && !DefineStmt.definition ? [nameOf(DefineStmt.defnames)] : []
}

function nameOf(parts: readonly Node[] = []): string {
  return JSON.stringify(parts.map((part) => part.String?.sval))
}

/** An aggregate whose state is `internal`. */
function worksInside({ kind, definition = [] }: Node): boolean {
  return (
    kind === 'OBJECT_AGGREGATE' &&
    definition.some(
      ({ DefElem }: Node) =>
        /^m?stype$/.test(DefElem.defname) && DefElem.arg.TypeName?.names.at(-1).String.sval === 'internal',
    )
  )
}

function isForSuperuserFunction({ options = [] }: Node): boolean {
  return options.some(({ DefElem: { defname, arg } }: Node) => {
    if (defname === 'language') return !plainLanguages.has(arg.String.sval)
    // Some settings are a superuser's to set.
    if (defname === 'set') return !plainSettings.has(arg.VariableSetStmt.name)
    return (defname === 'leakproof' && arg.Boolean?.boolval === true) || defname === 'support'
  })
}

/** Settings of functions that everybody may set, less those that would be told by a failure. */
const plainSettings = new Set([
  ...[
    'search_path',
    'statement_timeout',
    'lock_timeout',
    'work_mem',
    'timezone',
    'TimeZone',
    'datestyle',
    'DateStyle',
  ],
  ...['row_security', 'client_min_messages', 'enable_seqscan', 'plan_cache_mode', 'jit', 'role'],
])

/**
 * A call, an operator, a literal or a cast of a type that is none of the server's own; pg_dump writes the schema of every
 * other. A statement that only defines computes what is constant in it, in some versions of the server.
 */
function mayEvaluate(tree: unknown): boolean {
  if (typeof tree !== 'object' || tree === null) return false
  return Object.entries(tree).some(
    ([kind, node]) =>
      kind === 'FuncCall' ||
      kind === 'A_Expr' ||
      (kind === 'TypeCast' && isOwnType(node.typeName)) ||
      mayEvaluate(node),
  )
}

function isOwnType({ names = [] }: Node): boolean {
  return names.length > 1 && names[0].String.sval !== 'pg_catalog'
}
