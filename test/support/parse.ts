import { loadParser, type ParsedStatement, parseStatements } from '../../src/sql/parser.js'

// The grammar is a WebAssembly module: whoever imports this file finds it loaded.
await loadParser()

/** The statements of a text that must be good SQL. */
export function parse(text: string): ParsedStatement[] {
  const parsed = parseStatements(text)
  if ('problem' in parsed) throw new Error(`line ${parsed.problem.line}: ${parsed.problem.message}`)
  return parsed.statements
}
