import { inspect } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { SettingsError } from '../../../src/domain/errors.js'
import {
  makeOfflineSettings,
  makeSettings,
  type SettingsInput,
  WrongSettingsError,
} from '../../../src/settings/settings.js'

const url = (database: string) => `postgresql://deployer:pw@db1.example.com/${database}`

const configPath = '/srv/shop/config/migrate-guard.config.ts'

/** The least that makes settings; a test adds what it is about. */
function input(over: Partial<SettingsInput> = {}): SettingsInput {
  return {
    command: 'deploy',
    flags: {},
    environment: { DATABASE_URL: url('shop') },
    dotEnv: {},
    directory: '/srv/shop',
    ...over,
  }
}

function withFlags(flags: Record<string, unknown>): SettingsInput {
  return input({ flags })
}

function withConfig(value: unknown, flags: Record<string, unknown> = {}): SettingsInput {
  return input({ flags, configFile: { path: configPath, value } })
}

function configOf({ configFile }: SettingsInput): Partial<SettingsInput> {
  return configFile ? { configFile } : {}
}

function errorOf(from: SettingsInput): WrongSettingsError {
  try {
    makeSettings(from)
  } catch (error) {
    if (error instanceof WrongSettingsError) return error
    throw error
  }
  throw new Error('the settings were made')
}

describe('settings', () => {
  test('are safe defaults when only a database is named', () => {
    const { target, ...settings } = makeSettings(input())
    expect(target).toMatchObject({ host: 'db1.example.com', database: 'shop', user: 'deployer' })
    expect(settings).toEqual({
      command: 'deploy',
      databaseUrlSource: 'DATABASE_URL',
      projectDirectory: '/srv/shop',
      backupsPath: '/srv/shop/backups',
      engine: 'hosted',
      failOn: 'block',
      lockTimeoutMs: 1_000,
      maxBlockingMs: 5_000,
      twin: { place: 'local' },
      waitMs: 0,
      statementTimeoutMs: 0,
      questionTimeoutMs: 600_000,
      jobs: 2,
      rehearsal: { place: 'local' },
      retries: 5,
      dryRun: false,
      skipBackup: false,
      skipRehearsal: false,
      yes: false,
      accept: [],
      checks: { before: [], after: [] },
      format: 'text',
      showValues: false,
      mostRuns: 20,
      quiet: false,
      verbose: false,
      plain: false,
      debug: false,
    })
  })

  test.each<[Record<string, unknown>, object]>([
    [{ schema: 'db/schema.prisma' }, { schemaPath: '/srv/shop/db/schema.prisma' }],
    [{ migrations: '/srv/migrations' }, { migrationsPath: '/srv/migrations' }],
    [{ backups: '../backups' }, { backupsPath: '/srv/backups' }],
    [{ engine: 'native' }, { engine: 'native' }],
    [{ lockTimeout: '500ms' }, { lockTimeoutMs: 500 }],
    [{ statementTimeout: '5m' }, { statementTimeoutMs: 300_000 }],
    [{ maxBlocking: '2s' }, { maxBlockingMs: 2_000 }],
    [{ terminateBlockers: '1m' }, { terminateBlockersMs: 60_000 }],
    [{ wait: '60s' }, { waitMs: 60_000 }],
    [{ questionTimeout: '30s' }, { questionTimeoutMs: 30_000 }],
    [{ jobs: '4' }, { jobs: 4 }],
    [{ dryRun: true }, { dryRun: true }],
    [
      { dryRun: true, yes: true },
      { dryRun: true, yes: true },
    ],
    [
      { dryRun: true, confirm: 'abcdef012345'.repeat(3) },
      { dryRun: true, confirmHash: 'abcdef012345'.repeat(3) },
    ],
    [
      { skipBackup: true, skipRehearsal: true },
      { skipBackup: true, skipRehearsal: true },
    ],
    [{ confirm: 'ABCDEF0123456789'.repeat(4) }, { confirmHash: 'abcdef0123456789'.repeat(4) }],
    [{ accept: ['drop-column=exported'] }, { accept: [{ code: 'drop-column', reason: 'exported' }] }],
    [{ format: 'markdown' }, { format: 'markdown' }],
    [{ json: true }, { format: 'json' }],
    [{ json: true, format: 'json' }, { format: 'json' }],
    [
      { quiet: true, verbose: true, plain: true, debug: true },
      { quiet: true, verbose: true, plain: true, debug: true },
    ],
  ])('from the options %j', (flags, expected) => {
    expect(makeSettings(withFlags(flags))).toMatchObject(expected)
  })

  test.each<[object, object]>([
    [{ schema: '../schema.prisma' }, { schemaPath: '/srv/shop/schema.prisma' }],
    [{ migrations: 'migrations' }, { migrationsPath: '/srv/shop/config/migrations' }],
    [{ backups: '/var/backups' }, { backupsPath: '/var/backups' }],
    [{ engine: 'native' }, { engine: 'native' }],
    [{ lockTimeout: '0' }, { lockTimeoutMs: 0 }],
    [{ statementTimeout: '2h' }, { statementTimeoutMs: 7_200_000 }],
    [{ jobs: 32 }, { jobs: 32 }],
    [
      { checks: { before: ['a.sql'], after: ['/b.sql'] } },
      { checks: { before: ['/srv/shop/config/a.sql'], after: ['/b.sql'] } },
    ],
  ])('from the configuration file %j', (config, expected) => {
    expect(makeSettings(withConfig(config))).toMatchObject(expected)
  })

  test('take an option before the configuration file', () => {
    const config = { engine: 'native', jobs: 8, lockTimeout: '9s', schema: 'a.prisma' }
    const flags = { engine: 'hosted', jobs: '1', lockTimeout: '2s', schema: 'b.prisma' }
    expect(makeSettings(withConfig(config, flags))).toMatchObject({
      engine: 'hosted',
      jobs: 1,
      lockTimeoutMs: 2_000,
      schemaPath: '/srv/shop/b.prisma',
    })
  })

  test('count the acceptances of the options and of the configuration file', () => {
    const config = { accept: [{ code: 'orphans', migration: '2026_a', reason: 'old' }] }
    expect(makeSettings(withConfig(config, { accept: ['drop-column:a.b=exported'] })).accept).toEqual([
      { code: 'drop-column', object: 'a.b', reason: 'exported' },
      { code: 'orphans', migration: '2026_a', reason: 'old' },
    ])
  })

  test("take Prisma's own paths when no others are given", () => {
    const prismaConfig = { path: '/srv/shop/prisma.config.ts', schema: 'db', migrations: 'db/migrations' }
    expect(makeSettings(input({ prismaConfig }))).toMatchObject({
      prismaConfigPath: '/srv/shop/prisma.config.ts',
      schemaPath: '/srv/shop/db',
      migrationsPath: '/srv/shop/db/migrations',
    })
    expect(makeSettings(input({ prismaConfig, flags: { schema: 'other' } })).schemaPath).toBe(
      '/srv/shop/other',
    )
  })

  test('are frozen to the last list', () => {
    const config = { accept: [{ code: 'orphans', reason: 'old' }], checks: { before: ['a.sql'] } }
    const settings = makeSettings(withConfig(config))
    const parts = [settings, settings.target, settings.target.parameters, settings.accept, settings.accept[0]]
    const checks = [settings.checks, settings.checks.before, settings.checks.after]
    expect([...parts, ...checks].every((part) => Object.isFrozen(part))).toBe(true)
  })

  test('do not show the password', () => {
    const settings = makeSettings(withFlags({ databaseUrl: 'postgresql://u:s3cr3t-canary@h/shop' }))
    expect(settings.target.password?.reveal()).toBe('s3cr3t-canary')
    expect(JSON.stringify(settings) + inspect(settings, { depth: null })).not.toContain('s3cr3t-canary')
  })
})

describe('offline settings', () => {
  test('are those of any command but for the target', () => {
    const { target, databaseUrlSource, twin, ...settings } = makeSettings(withFlags({ since: ' main ' }))
    expect(makeOfflineSettings(input({ flags: { since: ' main ' }, environment: {} }))).toEqual(settings)
    expect(settings.since).toBe('main')
    expect(Object.isFrozen(makeOfflineSettings(input()))).toBe(true)
  })

  test('look for no database URL, and refuse one that is given as an option', () => {
    const nowhere = { flags: {}, environment: {}, dotEnv: {} }
    expect(() => makeOfflineSettings(input(nowhere))).not.toThrow()
    expect(() => makeSettings(input(nowhere))).toThrow('no database URL was given')
    expect(() => makeOfflineSettings(withFlags({ databaseUrl: url('shop') }))).toThrow(
      '--offline and --database-url contradict each other',
    )
  })

  test('tell everything that is wrong at once', () => {
    expect(() => makeOfflineSettings(withFlags({ since: '', engine: 'wasm' }))).toThrow(
      '2 settings are wrong: --engine "wasm" is unknown; --since is empty',
    )
  })
})

describe('the database URL', () => {
  const everywhere = input({
    flags: { databaseUrl: url('option') },
    configFile: { path: configPath, value: { databaseUrl: url('config') } },
    environment: { DIRECT_URL: url('direct'), DATABASE_URL: url('database') },
    dotEnv: { DIRECT_URL: url('direct_file'), DATABASE_URL: url('database_file') },
    prismaConfig: { path: '/srv/shop/prisma.config.ts', databaseUrl: url('prisma') },
  })
  const { configFile: _, prismaConfig, ...withoutFiles } = everywhere
  const withoutOption = { ...withoutFiles, flags: {} }
  const onlyPrisma = {
    ...withoutOption,
    environment: {},
    dotEnv: {},
    ...(prismaConfig ? { prismaConfig } : {}),
  }

  test.each<[string, string, SettingsInput]>([
    ['--database-url', 'option', everywhere],
    ['databaseUrl in migrate-guard.config.ts', 'config', { ...withoutOption, ...configOf(everywhere) }],
    ['DIRECT_URL', 'direct', withoutOption],
    [
      'DATABASE_URL',
      'database',
      { ...withoutOption, environment: { DIRECT_URL: '', DATABASE_URL: url('database') } },
    ],
    ['DIRECT_URL (.env)', 'direct_file', { ...withoutOption, environment: {} }],
    [
      'DATABASE_URL (.env)',
      'database_file',
      { ...withoutOption, environment: {}, dotEnv: { DATABASE_URL: url('database_file') } },
    ],
    ['prisma.config.ts', 'prisma', onlyPrisma],
  ])('comes from %s when nothing before it is given', (source, database, from) => {
    const settings = makeSettings(from)
    expect(settings.databaseUrlSource).toBe(source)
    expect(settings.target.database).toBe(database)
  })

  const prismaUrl = {
    url: url('shop'),
    source: 'url (env SHOP_DB) in schema.prisma',
    otherVariables: ['DATABASE_URL'],
  }

  test.each<[string, Partial<SettingsInput>]>([
    ['the settings file', { ...configOf(everywhere) }],
    ['DIRECT_URL', { environment: { DIRECT_URL: url('direct') } }],
    ['DIRECT_URL in .env', { dotEnv: { DIRECT_URL: url('direct') } }],
    ['another host', { environment: { DIRECT_URL: url('shop').replace('db1', 'db2') } }],
    ['another schema', { environment: { DIRECT_URL: `${url('shop')}?schema=other` } }],
    ['a URL that cannot be read', { environment: { DIRECT_URL: 'postgresql://' } }],
  ])('is not guessed when %s names another target than Prisma', (_name, fields) => {
    const { code, message, hint } = errorOf(input({ environment: {}, prismaUrl, ...fields }))
    expect(code).toBe('database-urls-disagree')
    expect(message).toMatch(
      /^two sources name different targets, so nothing was opened: Prisma would migrate shop on .*, by url \(env SHOP_DB\) in schema.prisma; /,
    )
    expect(message).not.toContain('pw')
    expect(hint).toBe('Say which one is meant with --database-url, or take the other one away.')
    // The option says it.
    const said = makeSettings(
      input({ environment: {}, prismaUrl, ...fields, flags: { databaseUrl: url('shop') } }),
    )
    expect(said.databaseUrlSource).toBe('--database-url')
  })

  test.each<[string, Partial<SettingsInput>]>([
    ['a variable that Prisma names for something else', { environment: { DATABASE_URL: url('pooled') } }],
    ['another role', { environment: { DIRECT_URL: url('shop').replace('deployer', 'other') } }],
    ['nothing', {}],
  ])('is the one of Prisma beside %s', (_name, fields) => {
    const { databaseUrlSource, target } = makeSettings(input({ environment: {}, prismaUrl, ...fields }))
    expect([databaseUrlSource, target.database]).toEqual([prismaUrl.source, 'shop'])
  })

  test('is DIRECT_URL where Prisma names one that says of itself that it is pooled', () => {
    const pooled = { ...prismaUrl, url: `${url('shop')}?pgbouncer=true` }
    const { databaseUrlSource } = makeSettings(
      input({ environment: { DIRECT_URL: url('shop') }, prismaUrl: pooled }),
    )
    expect(databaseUrlSource).toBe('DIRECT_URL')
    expect(errorOf(input({ environment: {}, prismaUrl: pooled })).code).toBe('pooled-connection')
  })

  test('is missing when nothing gives it', () => {
    expect(errorOf(input({ environment: {} }))).toMatchObject({
      code: 'database-url-missing',
      message: 'no database URL was given, and there is no prisma.config.ts here',
      hint: 'Run the command in the folder of your Prisma project, or name its configuration by --prisma-config. Or give the URL: by --database-url, or as DIRECT_URL or DATABASE_URL in the environment or in .env.',
    })
    expect(
      errorOf(input({ environment: {}, prismaConfig: { path: '/shop/prisma.config.ts' } })),
    ).toMatchObject({
      message: 'no database URL was given, and prisma.config.ts has no datasource.url',
      hint: 'Give it by --database-url, or set DIRECT_URL or DATABASE_URL in the environment, in .env or in prisma.config.ts.',
    })
  })

  test('names the variable from which Prisma would take it, and takes no other in its place', () => {
    const variable = 'POSTGRES_URL_NON_POOLING'
    const source = `directUrl (env ${variable}) in prisma/schema.prisma`
    const prismaUrl = { url: '', source, variable, otherVariables: ['POSTGRES_PRISMA_URL'] }
    expect(errorOf(input({ environment: { DATABASE_URL: url('shop') }, prismaUrl }))).toMatchObject({
      message: `no database URL was given: ${source} is not set`,
      hint: 'Set that variable in the environment or in .env, or give the URL by --database-url.',
    })
  })

  test('is DIRECT_URL where Prisma names DATABASE_URL and it is not set, and not the one of the application', () => {
    const environment = { DIRECT_URL: url('direct') }
    const named = { url: '', source: 'url (env DATABASE_URL)', variable: 'DATABASE_URL', otherVariables: [] }
    expect(makeSettings(input({ environment, prismaUrl: named })).databaseUrlSource).toBe('DIRECT_URL')
    const direct = {
      url: '',
      source: 'directUrl (env DIRECT_URL)',
      variable: 'DIRECT_URL',
      otherVariables: ['DATABASE_URL'],
    }
    expect(errorOf(input({ environment: { DATABASE_URL: url('pooled') }, prismaUrl: direct })).message).toBe(
      'no database URL was given: directUrl (env DIRECT_URL) is not set',
    )
  })

  test('is not looked for elsewhere when the option is empty', () => {
    expect(errorOf(withFlags({ databaseUrl: '' })).message).toBe('--database-url is empty')
    expect(errorOf(withConfig({ databaseUrl: '' })).message).toBe(
      'databaseUrl in migrate-guard.config.ts is empty',
    )
  })

  test('of a pooler is refused under its own code and source', () => {
    expect(
      errorOf(input({ environment: {}, dotEnv: { DATABASE_URL: `${url('shop')}?pgbouncer=true` } })),
    ).toMatchObject({
      code: 'pooled-connection',
      message:
        'DATABASE_URL (.env) leads to a connection pooler, on which session locks and prepared statements do not hold',
    })
  })
})

describe('wrong settings are refused:', () => {
  const notHash = '--confirm is not the hash of a plan: it takes 32 to 64 hexadecimal digits'

  test.each<[string, SettingsInput]>([
    ['--yes and --confirm contradict each other', withFlags({ yes: true, confirm: 'a'.repeat(32) })],
    ['--json and --format text contradict each other', withFlags({ json: true, format: 'text' })],
    ['--json and --format markdown contradict each other', withFlags({ json: true, format: 'markdown' })],
    ['--format "html" is unknown', withFlags({ format: 'html' })],
    ['--engine "rust" is unknown', withFlags({ engine: 'rust' })],
    ['engine in migrate-guard.config.ts "rust" is unknown', withConfig({ engine: 'rust' })],
    [notHash, withFlags({ confirm: 'a'.repeat(31) })],
    [notHash, withFlags({ confirm: 'a'.repeat(65) })],
    [notHash, withFlags({ confirm: 'yes, I am sure' })],
    ['--confirm is empty', withFlags({ confirm: '' })],
    ['--jobs is not a whole number from 1 to 32', withFlags({ jobs: '0' })],
    ['--jobs is not a whole number from 1 to 32', withFlags({ jobs: '33' })],
    ['--jobs is not a whole number from 1 to 32', withFlags({ jobs: 'two' })],
    ['jobs in migrate-guard.config.ts is not a whole number from 1 to 32', withConfig({ jobs: 1.5 })],
    ['--lock-timeout "soon" is not a duration', withFlags({ lockTimeout: 'soon' })],
    ['lockTimeout in migrate-guard.config.ts "soon" is not a duration', withConfig({ lockTimeout: 'soon' })],
    ['--backups is empty', withFlags({ backups: ' ' })],
    ['--schema is not a string', withFlags({ schema: true })],
    ['--accept "drop-column" has no reason', withFlags({ accept: ['drop-column'] })],
    ['accept[0] in migrate-guard.config.ts has no reason', withConfig({ accept: [{ code: 'drop-column' }] })],
    ['unknown setting "lockTimout" in migrate-guard.config.ts', withConfig({ lockTimout: '1s' })],
  ])('%s', (message, from) => {
    const error = errorOf(from)
    expect(error.message).toBe(message)
    expect(error.errors).toHaveLength(1)
    expect(error).toMatchObject({ code: error.errors[0]?.code, hint: error.errors[0]?.hint, exitCode: 2 })
    expect(error).toBeInstanceOf(SettingsError)
  })

  test('all of them at once', () => {
    const error = errorOf(
      input({
        environment: {},
        flags: { jobs: 'two', lockTimeout: 'soon', yes: true, confirm: 'x' },
        configFile: { path: configPath, value: { lockTimout: '1s' } },
      }),
    )
    expect(error.code).toBe('several-settings-wrong')
    expect(error.message).toBe(
      '6 settings are wrong: unknown setting "lockTimout" in migrate-guard.config.ts; no database URL was given, and there is no prisma.config.ts here; ' +
        '--lock-timeout "soon" is not a duration; --jobs is not a whole number from 1 to 32; ' +
        '--confirm is not the hash of a plan: it takes 32 to 64 hexadecimal digits; ' +
        '--yes and --confirm contradict each other',
    )
    expect(error.hint).toContain(
      'Did you mean lockTimeout? Run the command in the folder of your Prisma project',
    )
    expect(error.errors.map(({ code }) => code)).toEqual([
      'unknown-setting',
      'database-url-missing',
      'invalid-setting',
      'invalid-setting',
      'invalid-setting',
      'contradicting-settings',
    ])
  })

  test('a repeated hint is given once', () => {
    const error = errorOf(withFlags({ lockTimeout: 'soon', statementTimeout: 'later' }))
    expect(error.hint).toBe('Write a number with its unit: 500ms, 1s, 5m or 2h; or 0 for no limit.')
  })
})
