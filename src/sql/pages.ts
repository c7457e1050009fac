import type { CodePage } from '../domain/code-page.js'

/** What the reading of a migration file finds before there is any SQL to speak of. */
export const filePages: readonly CodePage[] = [
  {
    code: 'byte-order-mark',
    kind: 'failure',
    title: 'a migration file begins with a byte order mark',
    why: 'Postgres takes the three bytes for SQL and answers with a syntax error (SQLSTATE 42601); the history then holds a failed migration.',
    remedy: 'Save the file as UTF-8 without a byte order mark.',
  },
  {
    code: 'invalid-utf8',
    kind: 'failure',
    title: 'a migration file is not valid UTF-8',
    why: 'Prisma cannot read it, or Postgres refuses the bytes in the middle of the deploy (SQLSTATE 22021).',
    remedy: 'Save the file as UTF-8.',
  },
  {
    code: 'nul-byte',
    kind: 'failure',
    title: 'a migration file holds a NUL byte',
    why: 'The protocol of Postgres ends a query at a NUL: what stands after it would not run.',
    remedy: 'Save the file as UTF-8; one that an editor has written as UTF-16 is full of them.',
  },
  {
    code: 'merge-conflict',
    kind: 'failure',
    title: 'a migration file holds a merge conflict',
    why: 'The markers are a syntax error (SQLSTATE 42601), and nobody has decided yet which of the two sides is to run.',
    remedy: 'Resolve the conflict and commit the file again.',
    example: {
      sql: '<<<<<<< HEAD\nALTER TABLE "customers" ADD COLUMN "phone" TEXT;\n=======\nALTER TABLE "customers" ADD COLUMN "mobile" TEXT;\n>>>>>>> mobile-numbers',
    },
  },
]
