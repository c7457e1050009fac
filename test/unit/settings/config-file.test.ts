import { describe, expect, test } from '@jest/globals'
import { defineConfig, type GuardConfig, readGuardConfig } from '../../../src/settings/config-file.js'

const path = '/srv/shop/migrate-guard.config.ts'

function errorsOf(value: unknown): { code: string; message: string; hint: string }[] {
  return readGuardConfig({ path, value }).errors.map(({ code, message, hint }) => ({ code, message, hint }))
}

describe('a configuration file', () => {
  test('gives back what it defines', () => {
    const config: GuardConfig = {
      databaseUrl: 'postgresql://deployer@db1/shop',
      schema: 'prisma/schema.prisma',
      migrations: 'prisma/migrations',
      backups: '/var/backups/shop',
      engine: 'native',
      lockTimeout: '2s',
      statementTimeout: '5m',
      jobs: 4,
      accept: [{ code: 'drop-column', object: 'customers.fax', migration: '2026_fax', reason: 'exported' }],
      checks: { before: ['checks/before.sql'], after: ['checks/after.sql'] },
    }
    expect(readGuardConfig({ path, value: defineConfig(config) })).toEqual({ config, errors: [] })
  })

  test('may leave out everything, also by undefined', () => {
    expect(readGuardConfig({ path, value: {} })).toEqual({ config: {}, errors: [] })
    expect(readGuardConfig({ path, value: { jobs: undefined } })).toEqual({ config: {}, errors: [] })
  })

  test.each([undefined, null, 'text', [], () => ({})])('that exports %p is refused', (value) => {
    expect(errorsOf(value)).toEqual([
      {
        code: 'invalid-setting',
        message: 'migrate-guard.config.ts does not export an object',
        hint: 'Write it as export default defineConfig({ … }).',
      },
    ])
  })

  const allSettings =
    'The settings there are databaseUrl, schema, migrations, backups, engine, lockTimeout, maxBlocking, wait, statementTimeout, questionTimeout, rehearsal, twin, jobs, retries, accept, checks.'

  test.each([
    [
      { lockTimout: '1s' },
      'unknown setting "lockTimout" in migrate-guard.config.ts',
      'Did you mean lockTimeout?',
    ],
    [
      { databaseURL: 'x' },
      'unknown setting "databaseURL" in migrate-guard.config.ts',
      'Did you mean databaseUrl?',
    ],
    [{ colour: true }, 'unknown setting "colour" in migrate-guard.config.ts', allSettings],
    [{ toString: '1s' }, 'unknown setting "toString" in migrate-guard.config.ts', allSettings],
    [
      { checks: { befor: [] } },
      'unknown setting "befor" in checks in migrate-guard.config.ts',
      'Did you mean before?',
    ],
    [
      { accept: [{ code: 'drop-column', reasons: 'exported' }] },
      'unknown setting "reasons" in accept[0] in migrate-guard.config.ts',
      'Did you mean reason?',
    ],
  ])('with %j has an unknown setting', (value, message, hint) => {
    expect(errorsOf(value)).toEqual([{ code: 'unknown-setting', message, hint }])
  })

  test.each([
    [{ lockTimeout: 1000 }, 'lockTimeout', 'migrate-guard.config.ts', 'a string'],
    [{ databaseUrl: null }, 'databaseUrl', 'migrate-guard.config.ts', 'a string'],
    [{ jobs: '4' }, 'jobs', 'migrate-guard.config.ts', 'a number'],
    [{ accept: 'drop-column' }, 'accept', 'migrate-guard.config.ts', 'a list of objects'],
    [{ accept: ['drop-column=x'] }, 'accept', 'migrate-guard.config.ts', 'a list of objects'],
    [{ accept: [{ code: 1 }] }, 'code', 'accept[0] in migrate-guard.config.ts', 'a string'],
    [{ checks: ['a.sql'] }, 'checks', 'migrate-guard.config.ts', 'an object'],
    [{ checks: { after: 'a.sql' } }, 'after', 'checks in migrate-guard.config.ts', 'a list of strings'],
  ])('with %j has a setting of the wrong type', (value, key, place, kind) => {
    expect(errorsOf(value)).toEqual([
      {
        code: 'invalid-setting',
        message: `${key} in ${place} is not ${kind}`,
        hint: `Give ${kind}, or leave ${key} out.`,
      },
    ])
  })

  test('that is wrong in one place still gives the rest', () => {
    const { config, errors } = readGuardConfig({ path, value: { jobs: 'many', engine: 'native', x: 1 } })
    expect(config).toEqual({ engine: 'native' })
    expect(errors).toHaveLength(2)
  })

  test('is never quoted in an error', () => {
    const value = { databaseUrl: { url: 's3cr3t-canary' }, schema: ['s3cr3t-canary'] }
    expect(JSON.stringify(errorsOf(value))).not.toContain('s3cr3t-canary')
  })
})
