import { loadModule, parseSync } from 'libpg-query'
import type { Statement } from '../domain/migration.js'
import { lineAt } from './file-text.js'

/** A node of the Postgres parse tree, as libpg_query prints it. */
// biome-ignore lint/suspicious/noExplicitAny: the tree has hundreds of shapes; readers name the fields they look at.
export type Node = Record<string, any>

/** A statement together with its parse tree. */
export interface ParsedStatement extends Statement {
  /** The fields of the node that `kind` names. */
  readonly node: Node
}

export interface SyntaxProblem {
  readonly line: number
  readonly message: string
}

let loaded: Promise<void> | undefined

/** Loads the Postgres parser once; the other functions of this file need it. */
export function loadParser(): Promise<void> {
  loaded ??= loadModule()
  return loaded
}

/**
 * Splits SQL into statements by the real Postgres parser, never by looking for `;`.
 * `text` must come from readFileText. An empty text, or one of comments only, has no statements.
 */
export function parseStatements(
  text: string,
): { statements: ParsedStatement[] } | { problem: SyntaxProblem } {
  if (text.trim() === '') return { statements: [] }
  let stmts: { stmt: Node; stmt_location?: number; stmt_len?: number }[]
  try {
    stmts = (parseSync(text).stmts ?? []) as typeof stmts
  } catch (error) {
    const position = (error as { sqlDetails?: { cursorPosition?: number } }).sqlDetails?.cursorPosition ?? 0
    // The parser counts whole characters, JavaScript halves of some.
    const offset = [...text].slice(0, position).join('').length
    return { problem: { line: lineAt(text, offset), message: messageOf(error as Error) } }
  }
  // The parser counts in bytes of UTF-8, JavaScript in UTF-16 units.
  const bytes = Buffer.from(text, 'utf8')
  const lines = new LineCounter(bytes)
  const statements = stmts.map(({ stmt, stmt_location: from = 0, stmt_len: length }, position) => {
    const to = length ? from + length : bytes.length
    const begin = skipBlank(bytes, from, to)
    const [kind = 'Unknown'] = Object.keys(stmt)
    return {
      index: position + 1,
      line: lines.at(begin),
      sql: bytes.toString('utf8', begin, to).trimEnd(),
      kind,
      node: stmt[kind] as Node,
    }
  })
  return { statements }
}

/** The stack of this process ends long before that of a server. */
function messageOf(error: Error): string {
  return error instanceof RangeError ? 'it is nested too deeply to be read here' : error.message
}

const [tab, carriageReturn, space, dash, slash, star] = [0x09, 0x0d, 0x20, 0x2d, 0x2f, 0x2a]

/** The first byte of the statement itself: past white space and comments. */
function skipBlank(bytes: Buffer, from: number, to: number): number {
  let at = from
  while (at < to) {
    const byte = bytes[at] ?? 0
    if (byte === space || (byte >= tab && byte <= carriageReturn)) at += 1
    else if (byte === dash && bytes[at + 1] === dash) at = endOfLine(bytes, at, to)
    else if (byte === slash && bytes[at + 1] === star) at = endOfBlockComment(bytes, at, to)
    else return at
  }
  return at
}

function endOfLine(bytes: Buffer, from: number, to: number): number {
  const end = bytes.indexOf(0x0a, from)
  return end < 0 || end > to ? to : end + 1
}

/** Block comments nest in Postgres: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-COMMENTS */
function endOfBlockComment(bytes: Buffer, from: number, to: number): number {
  let depth = 0
  for (let at = from; at < to; at += 1) {
    if (bytes[at] === slash && bytes[at + 1] === star) {
      depth += 1
      at += 1
    } else if (bytes[at] === star && bytes[at + 1] === slash) {
      depth -= 1
      at += 1
      if (depth === 0) return at + 1
    }
  }
  return to
}

/** Counts lines forward only, so that a file of many statements is read once. */
class LineCounter {
  #offset = 0
  #line = 1

  constructor(private readonly bytes: Buffer) {}

  at(offset: number): number {
    for (; this.#offset < offset; this.#offset += 1) if (this.bytes[this.#offset] === 0x0a) this.#line += 1
    return this.#line
  }
}
