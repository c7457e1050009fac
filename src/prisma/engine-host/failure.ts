import { GuardError } from '../../domain/errors.js'

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
