import { type Acceptance, type AcceptanceComment, findingCodePattern } from '../domain/acceptance.js'
import type { ParsedStatement } from './parser.js'
import { scanTokens } from './scan.js'

/** What the comments of one file accept, and those that cannot be understood. Lines are 1-based. */
export interface FoundComments {
  readonly acceptances: readonly (Acceptance & Pick<AcceptanceComment, 'line' | 'lines'>)[]
  readonly problems: readonly { readonly line: number; readonly message: string }[]
}

const marker = 'migrate-guard-accept'

/**
 * Reads `-- migrate-guard-accept <code>[:<object>]: <reason>` where Postgres itself sees a comment: not in a string or a
 * dollar quote. It is for the statement that follows, or on whose lines it stands; at the head of the file, with an empty
 * line between it and the first statement, it is for the whole file. `text` must be parsed already.
 */
export function readAcceptanceComments(text: string, statements: readonly ParsedStatement[]): FoundComments {
  // The scanner lists every word of the file, which is not for nothing.
  if (!text.includes(marker)) return { acceptances: [], problems: [] }
  const acceptances: FoundComments['acceptances'][number][] = []
  const problems: FoundComments['problems'][number][] = []
  for (const { body, line } of markedComments(text)) {
    const read = readBody(body)
    const scope = scopeOf(line, text, statements)
    if ('problem' in read) problems.push({ line, message: read.problem })
    else if (scope === undefined) problems.push({ line, message: 'the comment stands above no statement' })
    else acceptances.push({ ...read, line, ...scope })
  }
  return { acceptances, problems }
}

function markedComments(text: string): { body: string; line: number }[] {
  const bytes = Buffer.from(text, 'utf8')
  return scanTokens(text).flatMap(({ tokenName, start, text: token }) => {
    if (tokenName !== 'SQL_COMMENT' && tokenName !== 'C_COMMENT') return []
    const [, body] = /^(?:--+|\/\*+)\s*migrate-guard-accept\b(.*)$/s.exec(token) ?? []
    if (body === undefined) return []
    const line = bytes.subarray(0, start).filter((byte) => byte === 0x0a).length + 1
    return [{ body: body.replace(/\*\/$/, ''), line }]
  })
}

/** The object follows its colon at once, the reason after a space: names may hold colons. */
function readBody(body: string): Acceptance | { problem: string } {
  const [, code = '', rest = ''] = /^\s*([^\s:]*)(.*)$/s.exec(body) ?? []
  const [, object, reason = ''] = /^(?::(?!\s|$)(.*?))?\s*(?::(?=\s|$)\s*(.*?))?\s*$/s.exec(rest) ?? []
  if (!findingCodePattern.test(code)) return { problem: 'the comment does not give the code of a finding' }
  if (reason === '') return { problem: 'the comment has no reason, so it accepts nothing' }
  return { code, ...(object === undefined ? {} : { object: object.trim() }), reason }
}

/** Undefined when there is nothing that the comment could be for. */
function scopeOf(
  line: number,
  text: string,
  statements: readonly ParsedStatement[],
): Pick<AcceptanceComment, 'lines'> | undefined {
  if (statements.length === 0) return {}
  const ranges = statements.map(({ line: first, sql }) => ({ first, last: first + lineBreaks(sql) }))
  const around = ranges.filter(({ first, last }) => first <= line && line <= last)
  if (around.length > 0)
    return { lines: { first: around[0]?.first ?? line, last: around.at(-1)?.last ?? line } }
  const next = ranges.find(({ first }) => first > line)
  if (next === undefined) return undefined
  return next === ranges[0] && hasEmptyLine(text, line, next.first) ? {} : { lines: next }
}

function hasEmptyLine(text: string, after: number, before: number): boolean {
  return text
    .split('\n')
    .slice(after, before - 1)
    .some((line) => line.trim() === '')
}

function lineBreaks(sql: string): number {
  return sql.split('\n').length - 1
}
