/**
 * A whole number with a comma at every thousand: `1,200,000`. By hand, because the first toLocaleString() of a process
 * was measured to take 40 ms and 10 MB.
 */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** A count and its noun: `1 pending migration`, `2 pending migrations`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

const sizeUnits = ['kB', 'MB', 'GB', 'TB', 'PB']

/** A size in the units of Postgres's own pg_size_pretty(), 1024 of one make the next: `412 MB`. */
export function formatBytes(sizeBytes: number): string {
  if (sizeBytes < 1024) return plural(sizeBytes, 'byte')
  let size = sizeBytes / 1024
  let unit = 0
  // Weighed as it will be shown, so that nothing is ever "1,024 kB".
  while (Math.round(size) >= 1024 && unit < sizeUnits.length - 1) {
    size /= 1024
    unit += 1
  }
  return `${formatShort(size)} ${sizeUnits[unit]}`
}

/** A duration as a person would say it: `40 ms`, `3.1 s`, `2 min 5 s`, `1 h 10 min`. */
export function formatMs(durationMs: number): string {
  const ms = Math.round(durationMs)
  if (ms < 1000) return `${ms} ms`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${formatShort(ms / 1000)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** One decimal below ten, none above. */
function formatShort(value: number): string {
  return value < 9.95 ? value.toFixed(1) : formatCount(Math.round(value))
}

// Colours and cursor movements (CSI), titles and links (OSC), device strings (DCS, SOS, PM, APC), then the short ones.
const escapeSequences =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-~]/g
const lineBreaksAndTabs = /\r\n|[\t\n\v\f\r\x85\u2028\u2029]/g
// Also the marks that turn the direction of writing: with them a name can look like another one.
const invisible = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/**
 * Text as one harmless line: no escape sequences, no control characters, a space for a line break. Names and values come
 * from the database, so whoever can create a table there chooses what we print.
 */
export function clean(text: string): string {
  return text.replace(escapeSequences, '').replace(lineBreaksAndTabs, ' ').replace(invisible, '')
}

/** The same for text of several lines, e.g. SQL: each line is cleaned by itself and keeps its place. */
export function cleanLines(text: string): string[] {
  return text
    .replace(/\s+$/, '')
    .split(/\r\n|\n/)
    .map(clean)
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
