import { GuardError } from '../../domain/errors.js'
import type { EngineFailure } from '../engine-events.js'

/** A failure as the Prisma CLI prints it. */
export interface Failure {
  readonly code: string | undefined
  readonly message: string
}

/** Prisma's codes for what keeps a connection from being made. */
const prismaCodes: Readonly<Record<string, string>> = {
  'authentication-failed': 'P1000',
  'database-missing': 'P1003',
}

/** Gives an error of the guard one of Prisma's codes, and its hint, for which the protocol has no place of its own. */
export function failureOf(error: Error & { readonly code?: string }): Failure {
  if (!(error instanceof GuardError)) return { code: error.code, message: error.message }
  return { code: prismaCodes[error.code] ?? 'P1001', message: `${error.message}. ${error.hint}` }
}

/** A failed migration in the words of Prisma's own engine, and on which line; the one of WebAssembly tells neither. */
export class FailedMigration extends Error {
  readonly code = 'P3018'

  constructor(migration: string, { line, sqlstate, message }: EngineFailure) {
    const lines = [
      'A migration failed to apply. New migrations cannot be applied before the error is recovered from. Read more about how to resolve migration issues in a production database: https://pris.ly/d/migrate-resolve',
      `Migration name: ${migration}`,
      ...(sqlstate ? [`Database error code: ${sqlstate}`] : []),
      `Database error:\nERROR: ${message}`,
      ...(line ? [`Line: ${line}`] : []),
    ]
    super(`${lines.join('\n\n')}\n`)
  }
}
