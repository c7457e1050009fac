import type { TargetRefusal } from '../domain/target-refusal.js'
import { nodesIn } from './nodes.js'
import type { Node, ParsedStatement } from './parser.js'

/** Where an option stands, with the server's words for one that it does not know. */
interface OptionPlace {
  readonly sqlstate: string
  readonly refuse: (name: string) => string
  /** The version that brought it, of what came after PostgreSQL 14. Other names are not judged here. */
  readonly since: Readonly<Record<string, number>>
}

const syntax = '42601'

/** Nothing but the release notes tells: a server cannot be asked for its options, and it judges them when it runs the statement. */
const places = {
  view: {
    sqlstate: '22023',
    refuse: (name) => `unrecognized parameter "${name}"`,
    since: { security_invoker: 15 },
  },
  table: {
    sqlstate: '22023',
    refuse: (name) => `unrecognized parameter "${name}"`,
    since: { autovacuum_vacuum_max_threshold: 18 },
  },
  copy: {
    sqlstate: syntax,
    refuse: (name) => `option "${name}" not recognized`,
    since: { default: 16, on_error: 17, log_verbosity: 17, reject_limit: 18 },
  },
  explain: {
    sqlstate: syntax,
    refuse: (name) => `unrecognized EXPLAIN option "${name}"`,
    since: { generic_plan: 16, memory: 17, serialize: 17 },
  },
  vacuum: {
    sqlstate: syntax,
    refuse: (name) => `unrecognized VACUUM option "${name}"`,
    since: { process_main: 16, skip_database_stats: 16, only_database_stats: 16, buffer_usage_limit: 16 },
  },
  analyze: {
    sqlstate: syntax,
    refuse: (name) => `unrecognized ANALYZE option "${name}"`,
    since: { buffer_usage_limit: 16 },
  },
  publication: {
    sqlstate: syntax,
    refuse: (name) => `unrecognized publication parameter: "${name}"`,
    since: { publish_generated_columns: 18 },
  },
  subscription: {
    sqlstate: syntax,
    refuse: (name) => `unrecognized subscription parameter: "${name}"`,
    since: {
      two_phase: 15,
      disable_on_error: 15,
      origin: 16,
      password_required: 16,
      run_as_owner: 16,
      failover: 17,
    },
  },
  collation: {
    sqlstate: syntax,
    refuse: (name) => `collation attribute "${name}" not recognized`,
    since: { rules: 16 },
  },
  database: {
    sqlstate: syntax,
    refuse: (name) => `option "${name}" not recognized`,
    since: {
      strategy: 15,
      oid: 15,
      locale_provider: 15,
      icu_locale: 15,
      icu_rules: 16,
      builtin_locale: 17,
    },
  },
  privilege: {
    sqlstate: syntax,
    refuse: (name) => `unrecognized privilege type "${name}"`,
    since: { maintain: 17 },
  },
} satisfies Readonly<Record<string, OptionPlace>>

/** The first option of the statement that came with a later version than the server's. */
export function newerOptionOf(statement: ParsedStatement, serverVersion: number): TargetRefusal | undefined {
  const major = Math.floor(serverVersion / 10_000)
  for (const { place, name } of optionsOf(statement)) {
    const { since, refuse, sqlstate }: OptionPlace = places[place]
    if ((since[name] ?? 0) > major) return { sqlstate, message: refuse(name), object: name }
  }
  return undefined
}

interface Option {
  readonly place: keyof typeof places
  readonly name: string
}

function optionsOf({ kind, node }: ParsedStatement): Option[] {
  const named = (place: Option['place'], options: readonly Node[] = []): Option[] =>
    options.flatMap(({ DefElem: one }) =>
      one && one.defnamespace === undefined ? [{ place, name: one.defname as string }] : [],
    )
  switch (kind) {
    case 'ViewStmt':
      return named('view', node.options)
    case 'CreateStmt':
      return named('table', node.options)
    case 'AlterTableStmt': {
      const place = node.objtype === 'OBJECT_VIEW' ? 'view' : 'table'
      if (place === 'table' && node.objtype !== 'OBJECT_TABLE') return []
      return (node.cmds ?? []).flatMap(({ AlterTableCmd: { subtype, def } }: Node) =>
        subtype === 'AT_SetRelOptions' ? named(place, def?.List?.items) : [],
      )
    }
    case 'CopyStmt':
      return named('copy', node.options)
    case 'ExplainStmt':
      return named('explain', node.options)
    case 'VacuumStmt':
      return named(node.is_vacuumcmd ? 'vacuum' : 'analyze', node.options)
    case 'CreatePublicationStmt':
    case 'AlterPublicationStmt':
      return named('publication', node.options)
    case 'CreateSubscriptionStmt':
    case 'AlterSubscriptionStmt':
      return named('subscription', node.options)
    case 'DefineStmt':
      return node.kind === 'OBJECT_COLLATION' ? named('collation', node.definition) : []
    case 'CreatedbStmt':
      return named('database', node.options)
    case 'GrantStmt':
    case 'AlterDefaultPrivilegesStmt':
      return [...nodesIn(node)].flatMap(({ AccessPriv: one }) =>
        typeof one?.priv_name === 'string' ? [{ place: 'privilege' as const, name: one.priv_name }] : [],
      )
    default:
      return []
  }
}
