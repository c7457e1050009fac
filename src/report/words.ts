import type { TargetIdentity } from '../domain/target.js'

// Findings say quantities too, and are made further down.
export { formatBytes, formatCount, formatMs, plural } from '../domain/quantities.js'

// Colours and cursor movements (CSI), titles and links (OSC), device strings (DCS, SOS, PM, APC), then the short ones.
const escapeSequences =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-~]/g
const lineBreaksAndTabs = /\r\n|[\t\n\v\f\r\x85\u2028\u2029]/g
// Also the marks that turn the direction of writing: with them a name can look like another one.
const invisibleInJson = /[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
const invisible = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/**
 * Text as one harmless line: no escape sequences, no control characters, a space for a line break. Names and values come
 * from the database, so whoever can create a table there chooses what we print.
 */
export function clean(text: string): string {
  return text.replace(escapeSequences, '').replace(lineBreaksAndTabs, ' ').replace(invisible, '')
}

/** `shop on db1.example.com:5432 as deployer`, and the schema where the URL names another one than Prisma's default. Not cleaned. */
export function formatTargetName(
  target: Pick<TargetIdentity, 'database' | 'host' | 'port' | 'user' | 'schema'>,
): string {
  const { database, host, port, user, schema } = target
  return `${database} on ${host}:${port} as ${user}${schema === 'public' ? '' : `, schema ${schema}`}`
}

/** The same for text of several lines, e.g. SQL: each line is cleaned by itself and keeps its place. */
export function cleanLines(text: string): string[] {
  return text
    .replace(/\s+$/, '')
    .split(/\r\n|\n/)
    .map(clean)
}

/** JSON for standard output, which may be a terminal: JSON itself escapes only some of what steers one. */
export function formatJson(value: unknown): string {
  const escaped = (mark: string) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value, null, 2).replace(invisibleInJson, escaped)
}

/** Cuts at `length` characters and shows that something is missing. */
export function shorten(text: string, length: number): string {
  const characters = [...text]
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`
}

const longestValue = 60

/** A value from the database: `NULL`, `4`, `anna`, `[1,2]`, `"two words"`. */
export function formatValue(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'string') {
    const text = shorten(clean(value), longestValue)
    // An array of plain values is as easy to read as one of them.
    return /^([\w.@:+*-]+|\[[\w.,-]*\])$/.test(text) ? text : JSON.stringify(text)
  }
  if (typeof value !== 'object') return String(value)
  const json = JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner))
  return shorten(clean(json), longestValue)
}

/** A row from the database: `id=4, email=anna@example.com`. */
export function formatRow(row: Readonly<Record<string, unknown>>): string {
  return Object.entries(row)
    .map(([column, value]) => `${clean(column)}=${formatValue(value)}`)
    .join(', ')
}
