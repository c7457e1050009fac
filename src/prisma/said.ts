import type { ProcessResult } from '../effects/run-process.js'

const keptWords = 600

/** What the CLI says before it comes to the matter, and what Node prints of its own. */
const noise =
  /^(Loaded Prisma config from|Prisma schema loaded from|Prisma config detected, skipping|Environment variables loaded from|Datasource "|\d+ migrations? found in|No pending migrations|Node\.js v\d|\s+at |[\s^~]+$|node:internal\/|Require stack:|- \/|\s*(code|requireStack|url|errno|syscall|path):|\s*[[\]{},']+$)/

/**
 * What Prisma said on its way to failing, in one line; undefined when it said nothing. Its own words stand on standard error, and on
 * standard output when there are none.
 */
export function wordsOf({ stdout, stderr }: Pick<ProcessResult, 'stdout' | 'stderr'>): string | undefined {
  return condense(stderr) ?? condense(stdout)
}

function condense(text: string): string | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const telling = lines.filter((line) => !noise.test(line))
  const words = (telling.length > 0 ? telling : lines).join(' ').replace(/\s+/g, ' ').trim()
  if (words === '') return undefined
  return words.length > keptWords ? `${words.slice(0, keptWords - 1)}…` : words
}

/** The same where values of rows may stand in it: Prisma's code and the one of the server, and nothing else. */
export function codesOf({ stdout, stderr }: Pick<ProcessResult, 'stdout' | 'stderr'>): string | undefined {
  const text = `${stderr}\n${stdout}`
  const prisma = /\b(P[13]\d{3})\b/.exec(text)?.[1]
  const server = /Database error code: (\w{5})/.exec(text)?.[1]
  const words = [prisma, server && `database error code ${server}`].filter(Boolean).join(', ')
  return words === '' ? undefined : words
}
