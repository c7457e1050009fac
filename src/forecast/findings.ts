import type { Finding } from '../domain/finding.js'
import type { Prediction } from '../domain/prediction.js'
import type { Failure, Forecast } from './forecast.js'
import type { Doubt, StatementPlace } from './requirement.js'

/** Whether the statements succeed: the one that will fail, and what only a rehearsal can tell. */
export function outcomeFindings(forecast: Forecast): Finding[] {
  const doubts = forecast.doubts.filter((one) => !unjudged(forecast).includes(one))
  return [...failureFindings(forecast), ...doubts.map(doubtFinding)]
}

/** Where a file begins to be without a schema twin: from there on what the server refuses whatever the rows is not known. */
export function unjudged({ doubts }: Pick<Forecast, 'doubts'>): readonly Doubt[] {
  return doubts.filter(({ code }) => code === 'no-schema-twin')
}

/** The statement that will fail, and those behind it that would fail too. */
export function failureFindings({ failure, later }: Pick<Forecast, 'failure' | 'later'>): Finding[] {
  return [...(failure ? [failure] : []), ...later].map(failureFinding)
}

/**
 * What becomes of each file. What stands after one that fails does not run, and what stands after a statement of unknown
 * effect may meet anything: nothing is claimed of them.
 */
export function predictionsOf(
  { failure, doubts, behindUnknown }: Pick<Forecast, 'failure' | 'doubts' | 'behindUnknown'>,
  migrations: readonly string[],
): Record<string, Prediction> {
  const failing = failure ? migrations.indexOf(failure.place.migration) : migrations.length
  const doubtful = new Set(doubts.map(({ place }) => place.migration))
  return Object.fromEntries(
    migrations.map((migration, i) => {
      if (i === failing) return [migration, 'fails']
      const isOpen = i > failing || doubtful.has(migration) || behindUnknown.has(migration)
      return [migration, isOpen ? 'decided-by-rehearsal' : 'succeeds']
    }),
  )
}

/** The statement that will fail, as the check reports it. */
export function failureFinding({
  place,
  behind,
  code,
  sqlstate,
  object,
  schema,
  title,
  message,
  evidence,
  findSql,
  fixSql,
  hint,
}: Failure): Finding {
  const { migration, file, index, line } = place
  return {
    code,
    kind: 'failure',
    // What corrects the failure before it may change what it meets.
    verdict: behind ? 'unknown' : 'block',
    step: 'check',
    migration,
    file,
    line,
    object,
    ...(schema === undefined ? {} : { schema }),
    ...(behind ? { cause: `${code} behind ${behind.file}:${behind.line}` } : {}),
    message: `statement ${index} (line ${line}) ${
      behind ? behindWords(behind, place) : 'will fail'
    } with SQLSTATE ${sqlstate}: ${explain(code, title, message, evidence?.count)}`,
    ...(evidence ? { evidence } : {}),
    ...(findSql === undefined ? {} : { findSql }),
    ...(fixSql === undefined ? {} : { fixSql }),
    hint: hint ?? hints[code] ?? 'Fix what is named, then run the command again.',
  }
}

function behindWords(behind: StatementPlace, place: StatementPlace): string {
  if (behind.migration === place.migration && behind.index === place.index)
    return 'has a second reason to fail: without the first one it would fail too,'
  return `follows the failure of ${placeOf(behind, place.migration)}, and with the data of now it would fail too,`
}

function placeOf({ migration, file, line }: StatementPlace, from: string): string {
  return migration === from ? `line ${line}` : `${file}:${line}`
}

function explain(
  code: string,
  title: string,
  message: string | undefined,
  count: number | undefined,
): string {
  if (count === undefined) return message === undefined ? `it requires that ${title}` : withoutValue(message)
  const [one, more] =
    code === 'unique-violation' ? ['key violates', 'keys violate'] : ['row violates', 'rows violate']
  return `it requires that ${title}; ${count} ${count === 1 ? one : more} this`
}

/** The server's message without the value that it quotes at the end, which goes to CI logs and tickets. */
function withoutValue(message: string): string {
  return message.replace(/: "(.?).*"$/s, (_, first: string) =>
    first === '~' ? ': a value does not fit' : `: "${first}…"`,
  )
}

const hints: Readonly<Record<string, string>> = {
  'not-null-violation': 'Fill the column in a statement before this one, or give it a default.',
  'unique-violation': 'Merge the rows, or change the key of all but one of each, before this statement.',
  'foreign-key-violation':
    'Restore the missing rows, or remove or correct the references, before this statement.',
  'check-violation':
    'Correct the rows before this statement, or add the constraint NOT VALID and validate it later.',
  'exclusion-violation': 'Move or remove one row of each conflict before this statement.',
  'pending-trigger-events':
    'Put SET CONSTRAINTS ALL IMMEDIATE before this statement, or move it into a migration of its own.',
  'no-replica-identity':
    'Give the table a primary key or a REPLICA IDENTITY before this statement, or take it out of the publication.',
  'newer-syntax': 'Write it in words that the server of the target knows, or upgrade the server first.',
  'invalid-value': 'Change the values that do not fit before this statement.',
}

function doubtFinding({ place, reason, cause, object, schema, ownError }: Doubt): Finding {
  const { migration, file, index, line } = place
  return {
    code: 'decided-by-rehearsal',
    kind: 'failure',
    verdict: 'unknown',
    step: 'check',
    migration,
    file,
    line,
    object: object ?? migration,
    ...(schema === undefined ? {} : { schema }),
    cause: cause ?? reason,
    message: `whether statement ${index} (line ${line}) succeeds cannot be told from the rows: ${reason}`,
    hint: ownError
      ? 'Please report it with the trace that --debug prints; meanwhile run the migration on a copy, then accept it by name with what that showed.'
      : 'Run the migration on a copy; then accept it by name with what that showed.',
  }
}
