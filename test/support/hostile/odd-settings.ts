import type { SettingsInput } from '../../../src/settings/settings.js'
import type { Random } from './random.js'

/** Stands where a password stands; no message may have it. */
export const passwordCanary = 'canary-of-the-url'

const options = [
  ...['databaseUrl', 'schema', 'migrations', 'backups', 'engine', 'lockTimeout', 'maxBlocking', 'wait'],
  ...[
    'statementTimeout',
    'questionTimeout',
    'rehearsal',
    'jobs',
    'retries',
    'accept',
    'checks',
    'terminateBlockers',
  ],
  ...[
    'confirm',
    'rehearsed',
    'since',
    'format',
    'json',
    'yes',
    'dryRun',
    'skipBackup',
    'skipRehearsal',
    'to',
  ],
]

const words = [
  ...[
    '',
    ' ',
    '0',
    '-1',
    '1',
    '10',
    '33',
    '1.5',
    '1e9',
    '1s',
    '500ms',
    '5m',
    '99999999999999999999h',
    '1 s',
    'NaN',
  ],
  ...[
    'hosted',
    'native',
    'local',
    'same-server',
    'text',
    'json',
    'markdown',
    'true',
    'null',
    '..',
    '/',
    '~',
    '.',
  ],
  ...[
    'a'.repeat(64),
    'f'.repeat(32),
    '20261120T043400Z-shop',
    '20261120T043400Z-shop@',
    `x@${'0'.repeat(32)}`,
  ],
  ...[
    'drop-column=x',
    'drop-column:users.fax=x',
    '=',
    ':=',
    'a:b:c=d=e',
    'DROP=x',
    '__proto__',
    'constructor',
  ],
  ...[
    '\u0000',
    '\u001b[31m',
    'a\nb',
    '\ufeff',
    '\u{1f600}',
    'x'.repeat(70_000),
    '%',
    '%zz',
    "'; DROP",
    '--yes',
    '$(id)',
  ],
]

const schemes = [
  'postgresql://',
  'postgres://',
  'postgres:',
  'mysql://',
  'prisma+postgres://',
  'POSTGRESQL://',
  '://',
  '',
  'file:',
  'jdbc:postgresql://',
]
const hosts = [
  'localhost',
  '127.0.0.1',
  '[::1]',
  '[::1',
  'h:5432',
  'h:0',
  'h:99999',
  'h:x',
  'a,b:1,c',
  '%2Fvar%2Frun',
  '',
  'h:5432:1',
  'h/',
  '..',
]
const users = ['app', 'a%20b', '', 'a@b', '%', 'ä', 'a:b']
const databases = ['shop', '', 'a/b', '%00', 'x'.repeat(300), 'a?b', '%zz', 'a#b', ' ']
const parameters = [
  ...[
    'schema=app',
    'schema=',
    'schema=%00',
    'sslmode=require',
    'sslmode=bogus',
    'sslcert=/nowhere',
    'sslrootcert=system',
  ],
  ...[
    'sslaccept=strict',
    'sslidentity=x&sslpassword=y',
    'host=/tmp',
    'host=',
    'port=x',
    'pgbouncer=true',
    'options=-c%20x',
  ],
  ...[
    'user=x',
    'password=y',
    'dbname=z',
    'connect_timeout=-1',
    'connection_limit=x',
    'a=b=c',
    '&&',
    '=',
    'schema=a&schema=b',
  ],
  ...[
    'application_name=%F0%9F',
    'target_session_attrs=any',
    '%zz=1',
    'statement_timeout=1',
    'channel_binding=require',
  ],
]

/** What may stand in the options, the environment, `.env` and the configuration files, wrong in a place or two. */
export function oddSettings(random: Random): SettingsInput {
  // Odd in the URL alone, so that what comes behind the reading of settings is tried too.
  if (random.onceIn(4)) {
    const DATABASE_URL = oddUrl(random)
    return {
      command: 'plan',
      flags: {},
      environment: { DATABASE_URL },
      dotEnv: {},
      directory: '/nowhere/project',
    }
  }
  const environment = some(random, ['DATABASE_URL', 'DIRECT_URL', 'PGPASSWORD', 'PGHOST'], () =>
    oddUrl(random),
  )
  return {
    command: random.pick(['deploy', 'rehearse', 'check', 'plan', 'verify', 'status', 'resolve', 'doctor']),
    flags: some(random, options, (name) => oddFlag(name, random)),
    environment: random.onceIn(3) ? { ...environment, DATABASE_URL: oddUrl(random) } : environment,
    dotEnv: some(random, ['DATABASE_URL', 'DIRECT_URL'], () => oddUrl(random)) as Record<string, string>,
    directory: '/nowhere/project',
    ...(random.onceIn(2)
      ? { configFile: { path: '/nowhere/project/migrate-guard.config.ts', value: oddConfig(random) } }
      : {}),
    ...(random.onceIn(3)
      ? {
          prismaConfig: {
            path: '/nowhere/project/prisma.config.ts',
            ...(some(random, ['databaseUrl', 'schema', 'migrations'], () => oddText(random)) as object),
          },
        }
      : {}),
  }
}

/** A URL that may be right, and has the canary for a password. */
export function oddUrl(random: Random): string {
  const asked = Array.from({ length: random.below(3) }, () => random.pick(parameters)).join('&')
  const whole = `${random.pick(schemes)}${random.pick(users)}:${passwordCanary}@${random.pick(hosts)}/${random.pick(databases)}${asked ? `?${asked}` : ''}`
  if (random.onceIn(2))
    return `postgresql://app:${passwordCanary}@localhost:5432/shop${asked ? `?${asked}` : ''}`
  if (!random.onceIn(4)) return whole
  const at = random.below(whole.length)
  return whole.slice(0, at) + random.pick(words) + whole.slice(at + random.below(4))
}

function oddText(random: Random): string {
  return random.onceIn(3) ? oddUrl(random) : random.pick(words)
}

/** As commander gives them: texts, a list of texts, or true. */
function oddFlag(name: string, random: Random): unknown {
  if (name === 'accept') return Array.from({ length: random.below(4) }, () => random.pick(words))
  if (/^(json|yes|dryRun|skip)/.test(name)) return true
  return name === 'databaseUrl' ? oddUrl(random) : oddText(random)
}

/** The default export of a module: anything at all. */
function oddConfig(random: Random): unknown {
  if (random.onceIn(10)) return oddValue(random, 2)
  const known = some(random, options, (name) =>
    random.onceIn(2) ? oddFlag(name, random) : oddValue(random, 3),
  )
  return random.onceIn(5) ? { ...known, [random.pick(words)]: oddValue(random, 2) } : known
}

function oddValue(random: Random, depth: number): unknown {
  const inner = () => oddValue(random, depth - 1)
  const plain = [
    undefined,
    null,
    true,
    0,
    -1,
    Number.NaN,
    1e308,
    10n,
    Symbol('s'),
    () => 1,
    new Date(0),
    new Map(),
    /x/,
  ]
  switch (depth === 0 ? 0 : random.below(5)) {
    case 1:
      return Array.from({ length: random.below(4) }, inner)
    case 2:
      return { code: inner(), reason: inner(), object: inner() }
    case 3:
      return { before: inner(), after: [random.pick(words)] }
    case 4:
      return oddText(random)
    default:
      return random.pick(plain)
  }
}

function some(
  random: Random,
  names: readonly string[],
  value: (name: string) => unknown,
): Record<string, string | undefined> {
  const chosen = Array.from({ length: random.below(4) }, () => random.pick(names))
  return Object.fromEntries(chosen.map((name) => [name, value(name)])) as Record<string, string | undefined>
}
