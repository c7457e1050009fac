import { inspect } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { SettingsError } from '../../../src/domain/errors.js'
import type { TargetAddress } from '../../../src/domain/target.js'
import {
  formatTarget,
  parseDatabaseUrl,
  urlWithoutPassword,
  urlWithPassword,
} from '../../../src/settings/database-url.js'

const encodeHint =
  'Write it as postgresql://user:password@host:5432/database and percent-encode special characters: @ as %40, / as %2F, ? as %3F, # as %23, % as %25.'
const shapeHint = 'Write it as postgresql://user:password@host:5432/database.'

function parse(text: string) {
  const { password, ...address } = parseDatabaseUrl(text, 'DATABASE_URL')
  return { ...address, password: password?.reveal() }
}

function errorOf(text: string): SettingsError {
  try {
    parseDatabaseUrl(text, 'DATABASE_URL')
  } catch (error) {
    if (error instanceof SettingsError) return error
    throw error
  }
  throw new Error('the URL was read')
}

describe('a connection URL', () => {
  const shop = {
    host: 'db1.example.com',
    port: 5432,
    database: 'shop',
    user: 'deployer',
    password: 'pw',
    schema: 'public',
    parameters: {},
  }

  test.each([
    ['postgresql://deployer:pw@db1.example.com:5432/shop', shop],
    ['postgres://deployer:pw@db1.example.com/shop', shop],
    ['  POSTGRESQL://deployer:pw@db1.example.com/shop\n', shop],
    [
      'postgresql://deployer:pw@db1.example.com:6543/shop?schema=sales',
      { ...shop, port: 6543, schema: 'sales' },
    ],
    ['postgresql://deployer@db1.example.com/shop', { ...shop, password: undefined }],
    ['postgresql://deployer:@db1.example.com/shop?', { ...shop, password: undefined }],
    ['postgresql://deployer@prod:pw@db1.example.com/shop', { ...shop, user: 'deployer@prod' }],
    ['postgresql://deployer:pw@db1.example.com/my%20shop', { ...shop, database: 'my shop' }],
    ['postgresql://deployer:pw@[::1]:5433/shop', { ...shop, host: '::1', port: 5433 }],
    ['postgresql://deployer:pw@[::1]/shop', { ...shop, host: '::1' }],
    [
      'postgresql://deployer:pw@localhost/shop?host=/var/run/postgresql',
      { ...shop, host: '/var/run/postgresql' },
    ],
    ['postgresql://deployer:pw@/shop?host=/tmp&port=5433', { ...shop, host: '/tmp', port: 5433 }],
    ['postgresql://deployer:pw@%2Ftmp:5433/shop', { ...shop, host: '/tmp', port: 5433 }],
    [
      'postgresql://deployer:pw@db1.example.com/shop?sslmode=verify-full&sslrootcert=/etc/ca.pem&options=-c%20a%3Db',
      { ...shop, parameters: { sslmode: 'verify-full', sslrootcert: '/etc/ca.pem', options: '-c a=b' } },
    ],
    [
      'postgresql://deployer:pw@db1.example.com/shop?application_name=me@work&options=-c+a=b',
      { ...shop, parameters: { application_name: 'me@work', options: '-c a=b' } },
    ],
    [
      'postgresql://deployer:pw@db1.example.com/shop?pgbouncer=false&connection_limit=5&pool_timeout=1&statement_cache_size=0&socket_timeout=3&connect_timeout=9',
      { ...shop, parameters: { connect_timeout: '9' } },
    ],
  ])('%s is read in all its parts', (text, address) => {
    expect(parse(text)).toEqual(address)
  })

  test.each([
    ['sslaccept=accept_invalid_certs&sslmode=require', { sslmode: 'require' }],
    ['sslaccept=strict&sslmode=require', { sslmode: 'verify-full' }],
    ['sslaccept=strict', { sslmode: 'verify-full' }],
    ['sslaccept=strict&sslmode=verify-ca', { sslmode: 'verify-ca' }],
    ['sslaccept=strict&sslmode=disable', { sslmode: 'disable' }],
    ['sslcert=ca.pem&sslaccept=strict', { sslmode: 'verify-full', sslrootcert: 'ca.pem' }],
    ['sslmode=require&sslcert=ca.pem', { sslmode: 'require', sslrootcert: 'ca.pem' }],
    ['sslmode=require&sslcert=ca.pem&sslaccept=accept_invalid_certs', { sslmode: 'require' }],
    [
      'sslmode=verify-ca&sslcert=ca.pem&sslaccept=accept_invalid_certs',
      { sslmode: 'verify-ca', sslrootcert: 'ca.pem' },
    ],
    ['sslmode=no-verify&sslrootcert=ca.pem', { sslmode: 'require' }],
    ['sslcert=client.pem&sslkey=client.key', { sslcert: 'client.pem', sslkey: 'client.key' }],
    ['sslcert=client.pem&sslrootcert=ca.pem', { sslcert: 'client.pem', sslrootcert: 'ca.pem' }],
    ['sslmode=disable&sslmode=require', { sslmode: 'require' }],
  ])('?%s becomes %j', (query, parameters) => {
    expect(parse(`postgresql://deployer:pw@db1.example.com/shop?${query}`).parameters).toEqual(parameters)
  })

  test('is frozen with its parameters', () => {
    const address = parseDatabaseUrl('postgresql://deployer@db1/shop', 'DATABASE_URL')
    expect(Object.isFrozen(address) && Object.isFrozen(address.parameters)).toBe(true)
  })
})

describe('a password', () => {
  test.each([
    ['p%40ss', 'p@ss'],
    ['p%2540ss', 'p%40ss'],
    ['p@ss', 'p@ss'],
    ['@', '@'],
    ['a:b', 'a:b'],
    ['a/b', 'a/b'],
    ['1234/b', '1234/b'],
    ['a@b/c', 'a@b/c'],
    ['a#b', 'a#b'],
    ['a?b', 'a?b'],
    ['a?b=c', 'a?b=c'],
    ['100%', '100%'],
    ['100%sure', '100%sure'],
    ['a b', 'a b'],
    ['a\'b"c\\d', 'a\'b"c\\d'],
    ['p@%:/\'"\\?# x', 'p@%:/\'"\\?# x'],
    ['[x]{y}|^`<z>', '[x]{y}|^`<z>'],
    ['a+b&c=d', 'a+b&c=d'],
    ['pässwörd', 'pässwörd'],
    ['p%C3%A4ss', 'päss'],
    ['a%ffb', 'a%ffb'],
  ])('pasted as %s is %s', (pasted, password) => {
    expect(parse(`postgresql://deployer:${pasted}@db1.example.com:5432/shop?sslmode=require`)).toMatchObject({
      user: 'deployer',
      password,
      host: 'db1.example.com',
      database: 'shop',
    })
  })

  test('pasted without encoding is never read as another one', () => {
    const character = fc.constantFrom(...'ab1@:/\'"\\?# =&.[],')
    fc.assert(
      fc.property(fc.string({ unit: character, minLength: 1 }), (password) => {
        const text = `postgresql://deployer:${password}@db1.example.com:5432/shop?sslmode=require`
        try {
          expect(parse(text)).toMatchObject({ user: 'deployer', password, host: 'db1.example.com' })
        } catch (error) {
          if (!(error instanceof SettingsError)) throw error
          expect(error.message).toBe('DATABASE_URL can be read in more than one way')
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('a URL that cannot be used is refused:', () => {
  const accelerate = 'DATABASE_URL is a Prisma Accelerate URL, through which migrations cannot run'
  const unreadable = 'DATABASE_URL is not a connection URL that can be read'
  const twoWays = 'DATABASE_URL can be read in more than one way'
  const directHint = "Give the database's own URL by --database-url or DIRECT_URL."
  const hostHint = 'Write the host before the database, or give a socket folder as ?host=/path.'
  const primaryHint = 'Give the URL of the primary server alone.'

  test.each([
    ['', 'DATABASE_URL is empty', shapeHint],
    ['shop', 'DATABASE_URL does not begin with postgresql://', shapeHint],
    ['"postgresql://u:p@h/shop"', 'DATABASE_URL does not begin with postgresql://', shapeHint],
    ['mysql://u:p@h/shop', 'DATABASE_URL is a mysql URL, not one of PostgreSQL', shapeHint],
    ['file:./dev.db', 'DATABASE_URL is a file URL, not one of PostgreSQL', shapeHint],
    ['prisma://accelerate.prisma-data.net/?api_key=x', accelerate, directHint],
    ['prisma+postgres://accelerate.prisma-data.net/?api_key=x', accelerate, directHint],
    ['postgresql://', 'DATABASE_URL names no database', encodeHint],
    ['postgresql://u:p@h', 'DATABASE_URL names no database', encodeHint],
    ['postgresql://u:p@h:5432/', 'DATABASE_URL names no database', encodeHint],
    ['postgresql://u:p@h/?sslmode=require', 'DATABASE_URL names no database', encodeHint],
    ['postgresql://localhost/shop', 'DATABASE_URL names no user', shapeHint],
    ['postgresql://:p@localhost/shop', 'DATABASE_URL names no user', shapeHint],
    ['postgresql://u:p@/shop', 'DATABASE_URL names no host', hostHint],
    ['postgresql://u:p@h1,h2/shop', 'DATABASE_URL names more than one host', primaryHint],
    ['postgresql://u:p@h1:5432,h2:5433/shop', 'DATABASE_URL names more than one host', primaryHint],
    ['postgresql://u:p@h/shop?host=h1,h2', 'DATABASE_URL names more than one host', primaryHint],
    ['postgresql://u:p@h:0/shop', 'DATABASE_URL has a port that is not a number from 1 to 65535', shapeHint],
    [
      'postgresql://u:p@h:70000/shop',
      'DATABASE_URL has a port that is not a number from 1 to 65535',
      shapeHint,
    ],
    ['postgresql://u:p@h:abc/shop', unreadable, encodeHint],
    ['postgresql://u:p@[::::]/shop', unreadable, encodeHint],
    ['postgresql://u:p@h/shop?host=a@b', unreadable, encodeHint],
    ['postgresql://u:p@h/shop/more', unreadable, encodeHint],
    ['postgresql://u:p@h/shop#more', unreadable, encodeHint],
    ['postgresql://u:p@h/shop?sslmode', unreadable, encodeHint],
    ['postgresql://u:p@h/shop?application_name=a@b/c', twoWays, encodeHint],
    ['postgresql://u:5432/x?a=b@h/shop', twoWays, encodeHint],
    [
      'postgresql://u:5%of%40@h/shop',
      'DATABASE_URL has a lone % beside characters that are percent-encoded',
      encodeHint,
    ],
    ['postgresql://u@h/shop?password=p', 'DATABASE_URL has password among its parameters', shapeHint],
    ['postgresql://u@h/shop?dbname=other', 'DATABASE_URL has dbname among its parameters', shapeHint],
  ])('%s', (text, message, hint) => {
    expect(errorOf(text)).toMatchObject({ code: 'invalid-database-url', message, hint, exitCode: 2 })
  })

  test.each(['pgbouncer=true', 'sslmode=require&pgbouncer=true', 'pgbouncer=false&pgbouncer=TRUE'])(
    'a pooled connection, ?%s',
    (query) => {
      expect(errorOf(`postgresql://u:p@h/shop?${query}`)).toMatchObject({
        code: 'pooled-connection',
        message:
          'DATABASE_URL leads to a connection pooler, on which session locks and prepared statements do not hold',
        hint: directHint,
      })
    },
  )

  const canary = 's3cr3t-canary'
  test.each([
    canary,
    `${canary}://u@h/shop`,
    `u:${canary}@h/shop`,
    `//u:${canary}@h/shop`,
    `postgres:u:${canary}@h/shop`,
    `postgresql:/u:${canary}@h/shop`,
    `jdbc:postgresql://u:${canary}@h/shop`,
    `"postgresql://u:${canary}@h/shop"`,
    `mysql://u:${canary}@h/shop`,
    `mongodb+srv://u:${canary}@h/shop`,
    `sqlserver://h;user=u;password=${canary}`,
    `file:${canary}`,
    `prisma://h/?api_key=${canary}`,
    `prisma+postgres://h/?api_key=${canary}`,
    `postgresql://${canary}`,
    `postgresql://${canary}@`,
    `postgresql://:${canary}@h/shop`,
    `postgresql://u:${canary}`,
    `postgresql://u:${canary}@`,
    `postgresql://u:${canary}@h`,
    `postgresql://u:${canary}@h/`,
    `postgresql://u:${canary}@/shop`,
    `postgresql://u:${canary}/h/shop`,
    `postgresql://u:${canary}#h/shop`,
    `postgresql://u:${canary}?h/shop`,
    `postgresql://u:${canary}@h:abc/shop`,
    `postgresql://u:${canary}@h:0/shop`,
    `postgresql://u:${canary}@h:99999/shop`,
    `postgresql://u:${canary}@h h/shop`,
    `postgresql://u:${canary}@[::1/shop`,
    `postgresql://u:${canary}@[:::]/shop`,
    `postgresql://u:${canary}@h1,h2/shop`,
    `postgresql://u:${canary}@h/shop/more`,
    `postgresql://u:${canary}@h/shop#more`,
    `postgresql://u:${canary}@h/shop?sslmode`,
    `postgresql://u:${canary}@h/shop?pgbouncer=true`,
    `postgresql://u:${canary}@h/shop?a=b@c/d`,
    `postgresql://u:${canary}%%40@h/shop`,
    `postgresql://u:%zz%40${canary}@h/shop`,
    `postgresql://u:x@h/${canary}@h/shop?a`,
    `postgresql://u:x@h/${canary}?a=b@h/shop`,
    `postgresql://u@h/shop?password=${canary}`,
    `postgresql://u@h/shop?sslpassword=${canary}&password=p`,
    `postgresql://u@h/shop?host=${canary}@h`,
  ])('without a word of the password, %s', (text) => {
    const error = errorOf(text)
    for (const shown of [error.message, error.hint, String(error), JSON.stringify(error)]) {
      expect(shown).not.toContain(canary)
    }
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain(canary)
  })
})

describe('an address', () => {
  test('shows the passphrase of a key no more than the password', () => {
    const address = parseDatabaseUrl(
      'postgresql://u@h/shop?sslidentity=a.p12&sslpassword=S3cret%26',
      'DATABASE_URL',
    )
    expect(address.keyPassword?.reveal()).toBe('S3cret&')
    expect(inspect(address, { depth: null, showHidden: true }) + JSON.stringify(address)).not.toContain(
      'S3cret',
    )
    expect(urlWithoutPassword(address)).not.toContain('S3cret')
    expect(
      urlWithPassword({ ...address, identityPath: '/a.p12', parameters: { sslcert: '/x', sslkey: '/x' } }),
    ).toBe('postgresql://u@h:5432/shop?schema=public&sslidentity=%2Fa.p12&sslpassword=S3cret%26')
  })

  test.each([
    ['postgresql://deployer:pw@db1.example.com/shop', 'shop on db1.example.com:5432 as deployer'],
    ['postgresql://deployer:pw@[::1]:5433/shop', 'shop on [::1]:5433 as deployer'],
    ['postgresql://deployer:pw@/shop?host=/tmp', 'shop on /tmp:5432 as deployer'],
  ])('%s in words is %s', (text, words) => {
    expect(formatTarget(parseDatabaseUrl(text, 'DATABASE_URL'))).toBe(words)
  })

  test.each([
    [
      'postgres://deployer:p@ss@db1.example.com/shop?schema=sales&sslmode=require&pgbouncer=false',
      'postgresql://deployer@db1.example.com:5432/shop?schema=sales&sslmode=require',
    ],
    ['postgresql://a@b:pw@[::1]/my shop', 'postgresql://a%40b@[::1]:5432/my%20shop?schema=public'],
    [
      'postgresql://deployer:pw@/shop?host=/tmp&port=5433',
      'postgresql://deployer@localhost:5433/shop?schema=public&host=%2Ftmp',
    ],
    [
      'postgresql://deployer:pw@db1/shop?sslaccept=strict',
      'postgresql://deployer@db1:5432/shop?schema=public&sslmode=require&sslaccept=strict',
    ],
    [
      'postgresql://deployer:pw@db1/shop?sslmode=verify-ca&sslrootcert=/ca.pem',
      'postgresql://deployer@db1:5432/shop?schema=public&sslmode=require&sslcert=%2Fca.pem&sslaccept=strict',
    ],
  ])('%s without the password is %s', (text, url) => {
    expect(urlWithoutPassword(parseDatabaseUrl(text, 'DATABASE_URL'))).toBe(url)
  })

  test('has every special character of its password percent-encoded', () => {
    const address = parseDatabaseUrl('postgresql://deployer:p@:/\'"\\?# !*()@db1/shop', 'DATABASE_URL')
    expect(urlWithPassword(address)).toBe(
      'postgresql://deployer:p%40%3A%2F%27%22%5C%3F%23%20%21%2A%28%29@db1:5432/shop?schema=public',
    )
  })

  const word = fc.string({ unit: 'binary', minLength: 1 })
  const host = fc.constantFrom(
    'db1.example.com',
    '10.0.0.7',
    '::1',
    'fe80::1:2',
    '/var/run/postgresql',
    '/tmp/a b',
  )

  test('is the same after it was written as a URL and read again, whatever its words are', () => {
    fc.assert(
      fc.property(
        word,
        word,
        word,
        word,
        word,
        host,
        (user, password, database, schema, application, host) => {
          const parameters = { application_name: application }
          const expected = { host, port: 5433, database, user, password, schema, parameters }
          const text = `postgresql://${[user, password].map(encodeURIComponent).join(':')}@${
            host.startsWith('/') ? '' : host.includes(':') ? `[${host}]` : host
          }:5433/${encodeURIComponent(database)}?${new URLSearchParams({
            schema,
            ...parameters,
            ...(host.startsWith('/') ? { host } : {}),
          })}`
          const address: TargetAddress = parseDatabaseUrl(text, 'DATABASE_URL')
          expect(parse(urlWithPassword(address))).toEqual(expected)
          expect(parse(urlWithoutPassword(address))).toEqual({ ...expected, password: undefined })
          expect(URL.canParse(urlWithPassword(address))).toBe(true)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
