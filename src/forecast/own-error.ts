/**
 * The names of errors that say that our own code, or its parser, cannot do with a statement: a shape of the tree that
 * nobody thought of, or one too deep for the stack. Errors of the server, of the connection and of this machine have
 * other names, and end the run.
 */
const ownNames: ReadonlySet<string> = new Set([
  'TypeError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  // Of WebAssembly, in which the parser runs.
  'RuntimeError',
  // Of the parser.
  'SqlError',
])

/** Whether an error is a fault of the guard itself and of nothing that it was given to work with. */
export function isOwnError(error: unknown): error is Error {
  return error instanceof Error && ownNames.has(error.name)
}

/** What a person is told of it. */
export function ownErrorReason({ message }: Error): string {
  return `migrate-guard cannot follow it, because of an error of its own (${message})`
}
