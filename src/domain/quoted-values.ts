/**
 * What PostgreSQL quotes of rows in its messages: what it says goes to reports, logs of CI and tickets, and the values of
 * rows do not belong there. Names of objects stay.
 */

import { explainRaised, type RaisedWords, raisedPlace } from './raised.js'

/** So much of a message is read: a RAISE may hold a gigabyte. */
const mostCharacters = 20_000

/** In the place of a value. */
const hidden = '…'

/** What names a row without telling anything of it: numbers, UUIDs, truth values, nothing. */
const harmless = /^(-?\d+(\.\d+)?|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|true|false|t|f|null)$/i

/** What the server says of an error, as the driver gives it. */
export interface ServerMessage {
  readonly code?: string | undefined
  readonly message: string
  readonly detail?: string | undefined
  readonly hint?: string | undefined
  /** CONTEXT */
  readonly where?: string | undefined
  /** The function of the server that said it. */
  readonly routine?: string | undefined
  /** What a function has sent, where it is about that. */
  readonly internalQuery?: string | undefined
}

/**
 * The message of the server without values. Which words are values is told by the SQLSTATE: class 22 quotes them, class 42
 * names. What a RAISE says anybody has chosen: of it stays what stands in the code.
 * @param candidates what can be raised at the place that CONTEXT names
 */
export function withoutValues(said: ServerMessage, candidates: readonly RaisedWords[] = []) {
  const { internalQuery } = said
  const [message = '', detail, hint, where] = [said.message, said.detail, said.hint, said.where].map((text) =>
    text?.slice(0, mostCharacters),
  )
  const context = where === undefined ? {} : { where: maskContext(where) }
  if (isRaised(said)) return { ...maskRaised({ message, detail, hint, where }, candidates), ...context }
  // A function may put together SQL from rows, which then stand near its mistake.
  const code = said.code === '42601' && internalQuery !== undefined ? '22000' : (said.code ?? '')
  return {
    message: maskMessage(code, message),
    ...(detail === undefined ? {} : { detail: maskDetail(code, detail) }),
    ...(hint === undefined ? {} : { hint: namesOnly.test(code) ? hint : maskQuoted(hint) }),
    ...context,
  }
}

/**
 * Whether the words are those of whoever wrote a function: by RAISE or ASSERT, or in another language, whose errors have no
 * SQLSTATE of their own. An error of the server inside of PL/pgSQL or SQL names only these in its CONTEXT.
 */
export function isRaised({ code = '', routine, where }: ServerMessage): boolean {
  if (/^(exec_stmt_raise|exec_stmt_assert)$/.test(routine ?? '')) return true
  // The server says so itself of SELECT INTO STRICT.
  if (/^P000[1-4]$/.test(code)) return !(/^P000[23]$/.test(code) && routine === 'exec_stmt_execsql')
  if (where === undefined) return false
  if (/^(in )?PL\/(?!pgSQL )\w+ /m.test(where)) return true
  return /^(XX000|F0000|38|39)/.test(code) && !ownContext.test(where)
}

/** CONTEXT in which the server speaks itself. */
const ownContext =
  /^(PL\/pgSQL function|SQL function|SQL statement|SQL expression|PL\/pgSQL|COPY|while|compilation) /

/** SQLSTATE classes whose messages and details name objects, roles and processes, and quote no row. */
const namesOnly = /^(08|0A|25|28|2B|3D|3F|40|42|53|55|57)/

/** A library of the server, which a function names: so a call says that it was disabled on the copy. */
const namesLibrary = /^could not (?:access|load) (?:file|library) "\$libdir\/[\w-]+"[^"]*$/

function maskMessage(code: string, message: string): string {
  if (namesOnly.test(code) || code.startsWith('23') || namesLibrary.test(message)) return message
  return maskText(maskQuoted(message)).replace(/^(invalid regular expression: ).*$/s, `$1${hidden}`)
}

/** Before what is quoted and names something. */
const namedThings =
  'encoding|column|parameter|relation|table|view|constraint|index|domain|schema|function|sequence|role|database|extension|type|enum|server|trigger'

/** From the first quotation mark that does not follow the word for a thing to the last one: a value may hold some. */
function maskQuoted(text: string): string {
  return text.replace(new RegExp(`(?<!\\b(?:${namedThings}) )(?<!\\w)"[\\s\\S]*"`, 'i'), `"${hidden}"`)
}

function maskDetail(code: string, detail: string): string {
  if (code.startsWith('23')) return maskText(detail)
  return namesOnly.test(code) ? detail : hidden
}

/** Of the lines of CONTEXT those that say where in a function; others quote SQL and rows. */
function maskContext(where: string): string {
  return where
    .split('\n')
    .map((line) => (/^(PL\/\w+|SQL) function .+ line \d+( at [\w /]+)?$/.test(line) ? line : hidden))
    .join('\n')
}

function maskRaised(said: ServerMessage, candidates: readonly RaisedWords[]) {
  const place = raisedPlace(said.where)
  const told = explainRaised(said, candidates, { hidden, maskValue })
  const by = place?.routine === undefined ? '' : `by ${place.routine}, line ${place.line}`
  if (told) return by ? { ...told, message: `${told.message} (raised ${by})` } : told
  const { detail, hint } = said
  return {
    message: `an exception was raised${by && ` ${by}`}; its words may hold values, --show-values shows them`,
    ...(detail === undefined ? {} : { detail: hidden }),
    ...(hint === undefined ? {} : { hint: hidden }),
  }
}

/** A value as it may be told: numbers and the like stay. */
export function maskValue(value: string): string {
  return harmless.test(value) ? value : hidden
}

/** The keys of `Key (a, b)=(…)`: numbers stay, so that the row can be found. */
const key =
  /\b(Key \([^\n]*?\)=)\(((?:(?! conflicts with )[\s\S])*?)\)(?= (?:already exists|is not present|is still referenced|is duplicated)|\.?(?:\n|$))/g
const conflictingKeys =
  /\b(Key \([^\n]*?\)=)\([\s\S]*?\)( conflicts with (?:existing )?key \([^\n]*?\)=)\([\s\S]*?\)(?=\.?(?:\n|$))/g
const failingRow =
  /(Failing row contains |Partition key of the failing row contains \([^\n]*?\) = )\([\s\S]*?\)\.?(?=\n|$)/g
const copiedRow = /(\bCOPY [^\n]+?, line \d+(?:, column [^\n:]+)?: )"[\s\S]*?"(?=\n|$)/g
/** Messages that end with a value behind a colon. */
const endsWithValue =
  /((?:invalid input (?:syntax|value) for [^\n":]+(?:"[^\n"]+")?|malformed [\w ]+ literal|(?:date\/time|interval) field value out of range|time zone displacement out of range|invalid value for [^\n":]+(?:"[^\n"]+")?|invalid [\w ]+ (?:literal|name|data)): )"[\s\S]*?"(?=\n|$)/g
/** Messages with a value in the middle. */
const holdsValue = /\b(value |Token |timestamp |time zone )"[^\n]*"(?= (?:is|for|out|not)\b)/g
/** A RAISE that Prisma's own engine tells, and one that a program of PostgreSQL tells. */
const raised = [
  /(Database error code: P000[1-4]\s+Database error:\s+ERROR: +)[^\n]*/g,
  /(ERROR: +)[^\n]*(?=\n(?:(?!ERROR)[^\n]*\n)*?[^\n]*\bat (?:RAISE|ASSERT)\b)/g,
]
/** DETAIL that says something else than the key or the row. */
const otherDetail = /(^|\n)(DETAIL: +)(?! |Key \(|Failing row|Partition key)([^\n]*)/g
/** Details that name objects and processes. */
const safeDetail =
  /\b(depends on|depend on|Process \d+|must be|permission|is already|does not exist|There (is|are) \d+ other session|objects? in)\b/

/** A value may hold a comma: where one is no number, all are hidden. */
function maskKey(values: string): string {
  return values.split(', ').every((value) => harmless.test(value)) ? values : hidden
}

/**
 * The same for text of programs that quote the server without its SQLSTATE: pg_dump, pg_restore, Prisma's own engine.
 */
export function maskText(text: string): string {
  const masked = cut(text)
    .replace(conflictingKeys, `$1(${hidden})$2(${hidden})`)
    .replace(key, (_, head: string, values: string) => `${head}(${maskKey(values)})`)
    .replace(failingRow, `$1(${hidden}).`)
    .replace(copiedRow, `$1"${hidden}"`)
    .replace(endsWithValue, `$1"${hidden}"`)
    .replace(holdsValue, `$1"${hidden}"`)
  return raised
    .reduce((rest, pattern) => rest.replace(pattern, `$1${hidden}`), masked)
    .replace(
      otherDetail,
      (_, before, head, rest) => `${before}${head}${safeDetail.test(rest) ? rest : hidden}`,
    )
}

/** Begin and end. A cut may part a value from the words that tell it: what is behind it is read from the next line on. */
function cut(text: string): string {
  if (text.length <= 2 * mostCharacters) return text
  return `${text.slice(0, mostCharacters)}\n…${text.slice(-mostCharacters).replace(/^[^\n]*/, '')}`
}
