import { SettingsError } from '../domain/errors.js'
import type { TargetAddress } from '../domain/target.js'
import { formatTarget, parseDatabaseUrl } from './database-url.js'

/** A database URL and where it came from, e.g. `DATABASE_URL (.env)`. */
export interface SourcedUrl {
  readonly url: string
  readonly source: string
}

/**
 * The URL on which Prisma would migrate, if no other source names another database. A URL that says of itself that it leads to a
 * pooler is no target: then DIRECT_URL is.
 * @throws SettingsError `database-urls-disagree` that names both, without passwords
 */
export function chooseTarget(ofPrisma: SourcedUrl, others: readonly SourcedUrl[]): SourcedUrl {
  const given = others.filter(({ url }) => url !== '' && url !== ofPrisma.url)
  const direct = given.find(({ source }) => source.startsWith('DIRECT_URL'))
  const named = read(ofPrisma)
  if (!('host' in named)) {
    if (direct) return direct
    // It cannot be read, and its own error says why.
    return ofPrisma
  }
  for (const other of given) {
    const address = read(other)
    if ('host' in address && isSameDatabase(named, address)) continue
    throw disagree(ofPrisma, named, other, address)
  }
  return ofPrisma
}

function read({ url, source }: SourcedUrl): TargetAddress | { readonly problem: string } {
  try {
    return parseDatabaseUrl(url, source)
  } catch (error) {
    if (error instanceof SettingsError) return { problem: error.message }
    throw error
  }
}

/** As whom it is opened makes no other database of it. */
function isSameDatabase(one: TargetAddress, other: TargetAddress): boolean {
  return (
    hostOf(one) === hostOf(other) &&
    one.port === other.port &&
    one.database === other.database &&
    one.schema === other.schema
  )
}

function hostOf({ host }: TargetAddress): string {
  const name = host.toLowerCase()
  return ['localhost', '127.0.0.1', '::1'].includes(name) ? 'localhost' : name
}

function disagree(
  ofPrisma: SourcedUrl,
  named: TargetAddress,
  other: SourcedUrl,
  address: TargetAddress | { readonly problem: string },
): SettingsError {
  const second = 'host' in address ? `${other.source} names ${describe(address)}` : `${address.problem}`
  return new SettingsError(
    'database-urls-disagree',
    `two sources name different targets, so nothing was opened: Prisma would migrate ${describe(named)}, by ${ofPrisma.source}; ${second}`,
    {
      hint: 'Say which one is meant with --database-url, or take the other one away.',
    },
  )
}

function describe(address: TargetAddress): string {
  return `${formatTarget(address)}${address.schema === 'public' ? '' : `, schema ${address.schema}`}`
}
