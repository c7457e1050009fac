import { RehearsalError } from '../domain/errors.js'

/** Kinds of objects that pg_restore names in more than one word. */
const kinds =
  'TABLE DATA|MATERIALIZED VIEW DATA|MATERIALIZED VIEW|FK CONSTRAINT|CHECK CONSTRAINT|FOREIGN TABLE|EVENT TRIGGER|DEFAULT ACL|USER MAPPING|SERVER|FOREIGN DATA WRAPPER|ROW SECURITY|SEQUENCE SET|SEQUENCE OWNED BY|INDEX ATTACH|TABLE ATTACH|PUBLICATION TABLES? IN SCHEMA|PUBLICATION TABLE|TEXT SEARCH \\w+|OPERATOR (?:CLASS|FAMILY)|PROCEDURAL LANGUAGE|ACCESS METHOD|SHELL TYPE|STATISTICS|[A-Z]+'

/** What is known of failures: what the server says, and what helps. */
const causes: readonly (readonly [says: RegExp, hint: string])[] = [
  [
    /SQL function "|PL\/pgSQL function .* (line|during)|during inlining|(function|relation|type|operator|text search \w+) .*does not exist/,
    'A restore works with an empty search_path, so a function that is called by a constraint, an index, a generated column, a trigger or a materialized view must name its schemas: ALTER FUNCTION … SET search_path = … on the target. A backup of the database does not restore as long as it does not.',
  ],
  [
    /extension control file|extension "[^"]*" is not available|could not access file "\$libdir/,
    'Install the extension on the server of the copy, or rehearse on a server that has it.',
  ],
  [
    /shared_preload_libraries/,
    'The library must be loaded when the server starts; rehearse on a server that does, with --rehearsal same-server or a URL.',
  ],
  [
    /permission denied to create extension|must be superuser|permission denied (to|for)|must be (owner|member) of|must be able to SET ROLE/,
    'The role that restores may not do this on the server of the copy; rehearse locally, where it is superuser.',
  ],
  [/role "[^"]*" does not exist/, 'Make the role on the server of the copy, or rehearse locally.'],
  [/row-level security|row security/, 'Dump and restore as a role that may bypass row level security.'],
  [/No space left on device|could not extend file/, 'Free some disk, or rehearse on a server that has more.'],
  [
    /collation .* (does not exist|for encoding)|could not create locale|could not open collator/,
    'Install the locale on the server of the copy, or rehearse on a server that has it.',
  ],
]

/** The failure of pg_restore in one sentence, with the object and, where it is known, what helps. */
export function readRestoreFailure(lines: readonly string[], ending: string): RehearsalError {
  const { at, said } = findError(lines)
  const object = formatObject(lines.slice(0, at + 1))
  const reason = withoutValue(said, object)
  const context = lines.slice(at).join('\n')
  const hint =
    causes.find(([says]) => says.test(context))?.[1] ??
    'Fix the cause on the target or on the server of the copy, then run the command again.'
  return new RehearsalError(
    'restore-failed',
    `the dump does not restore: pg_restore ${ending}${object ? ` at ${object}` : ''}: ${reason}`,
    { hint },
  )
}

/**
 * The words of the server, else those of pg_restore. Several jobs write into each other's lines, and a worker that dies
 * is told by its leader too: the first is the cause.
 */
function findError(lines: readonly string[]): { readonly at: number; readonly said: string } {
  // "ERROR" is another word on a server that speaks another language.
  const ofServer = /(?:could not execute query|COPY failed for table ".*"): \S+: +(.*)$/
  for (const words of [ofServer, /(?:ERROR|FATAL): {2}(.*)$/, /\berror: (.*)$/]) {
    const at = lines.findIndex((line) => words.test(line))
    if (at !== -1) return { at, said: words.exec(lines[at] as string)?.[1] ?? '' }
  }
  return { at: 0, said: lines.at(-1) ?? 'it said nothing' }
}

function formatObject(linesUpToError: readonly string[]): string | undefined {
  const entries = linesUpToError.flatMap((line) => {
    const found = new RegExp(`from TOC entry \\d+; \\d+ \\d+ (${kinds}) (.*?) \\S*$`).exec(line)
    return found ? [found] : []
  })
  const [, kind, name] = entries.at(-1) ?? []
  if (!kind) return undefined
  return kind === 'TABLE DATA' ? `the rows of "${name}"` : `${kind.toLowerCase()} "${name}"`
}

/** Errors about a row quote what stands in it, which is nobody's business. */
function withoutValue(message: string, object: string | undefined): string {
  return object?.startsWith('the rows') ? message.replace(/: ".*"$/, '') : message
}
