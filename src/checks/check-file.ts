import type { ParsedStatement } from '../sql/parser.js'

/** A user's own check: one query with a header of comments. */
export interface CheckFile {
  /** Name by which results and `equals` refer to it, e.g. `20261120_contacts/before/010_customers_exists.sql`. */
  readonly id: string
  /** For the finding, relative to the project. */
  readonly file: string
  readonly migration?: string
  readonly title: string
  readonly verdict: 'block' | 'warn' | 'info'
  readonly hint?: string
  readonly fixSql?: string
  /** Id of the before-check whose result this query must give again. */
  readonly equals?: string
  readonly query: string
}

export interface CheckFileSource {
  readonly id: string
  readonly file: string
  readonly migration?: string
  /** Id of the folder of checks, before `before/` or `after/`; what `equals` is relative to. */
  readonly folderId: string
  readonly text: string
}

const keys = ['title', 'verdict', 'hint', 'fix', 'equals'] as const
type Key = (typeof keys)[number]

/**
 * Reads a check file: `-- title:`, `-- verdict: block|warn|info`, optional `-- hint:`, `-- fix:`, `-- equals:`. Comment
 * lines indented by three spaces or more go on with the line before; other comments are the author's own.
 * @returns the check, or one sentence that says what is wrong with the file.
 */
export function readCheckFile(
  source: CheckFileSource,
  parse: (text: string) => { statements: ParsedStatement[] } | { problem: { line: number; message: string } },
): CheckFile | { problem: string } {
  const header = readHeader(source.text)
  const title = header.get('title')
  const verdict = header.get('verdict')
  if (!title) return { problem: 'it has no "-- title:" line' }
  if (verdict !== 'block' && verdict !== 'warn' && verdict !== 'info') {
    return { problem: 'its "-- verdict:" line must say block, warn or info' }
  }
  const parsed = parse(source.text)
  if ('problem' in parsed) return { problem: `line ${parsed.problem.line}: ${parsed.problem.message}` }
  const [query, ...others] = parsed.statements
  if (query === undefined || others.length > 0 || query.kind !== 'SelectStmt') {
    return { problem: 'it must hold exactly one query' }
  }
  const equals = header.get('equals')
  const hint = header.get('hint')
  const fixSql = header.get('fix')
  return {
    id: source.id,
    file: source.file,
    ...(source.migration ? { migration: source.migration } : {}),
    title,
    verdict,
    ...(hint ? { hint } : {}),
    ...(fixSql ? { fixSql } : {}),
    ...(equals ? { equals: `${source.folderId}/${equals}` } : {}),
    query: query.sql,
  }
}

function readHeader(text: string): Map<Key, string> {
  const header = new Map<Key, string>()
  let current: Key | undefined
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') current = undefined
    else if (!line.startsWith('--')) break
    const named = /^--\s?(\w+):\s*(.*)$/.exec(line)
    const key = keys.find((name) => name === named?.[1])
    if (key) {
      current = key
      header.set(key, (named?.[2] ?? '').trim())
    } else if (current && /^--\s{3,}\S/.test(line)) {
      header.set(current, `${header.get(current)}\n${line.slice(5)}`.trim())
    } else {
      current = undefined
    }
  }
  return header
}
