import { expect, test } from '@jest/globals'
import { optionsToRepeat } from '../../../src/cli/options-to-repeat.js'

test('options that say where the project is and how to deploy are repeated, as a shell takes them', () => {
  const flags = {
    prismaConfig: 'packages/my db/prisma.config.ts',
    lockTimeout: '3s',
    backups: '/var/backups/shop',
  }
  expect(optionsToRepeat(flags)).toEqual({
    project: ["--prisma-config 'packages/my db/prisma.config.ts'", '--backups /var/backups/shop'],
    scope: [],
    deploy: [
      "--prisma-config 'packages/my db/prisma.config.ts'",
      '--lock-timeout 3s',
      '--backups /var/backups/shop',
    ],
  })
})

test('a URL is not shown, and what the deploy is given anew is left out', () => {
  const flags = {
    databaseUrl: 'postgresql://app:S3cret@db/shop',
    rehearsal: 'postgresql://app:S3cret@db/postgres',
    twin: 'postgresql://app:S3cret@db/empty',
    accept: ['delete=known'],
    format: 'text',
    dryRun: true,
    yes: true,
  }
  expect(optionsToRepeat(flags)).toEqual({
    project: ["--database-url '<the same URL>'"],
    scope: [],
    deploy: ["--database-url '<the same URL>'", "--twin '<the same URL>'"],
  })
})
