import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { makeGuardedDatabase, writeObserver } from '../support/guarded-database.js'

// Below 20 means that the guard changed nothing. Whatever breaks in the guard itself, that must stay true.

const phones = '20260201000000_phones'
const sql = "ALTER TABLE people ADD COLUMN phone text;\nUPDATE people SET phone = 'none';\n"
const inGuard = "process.argv[1].endsWith('cli/main.js')"

async function deployWith(observer: string) {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  const before = await guarded.truth()
  const result = await guarded.deploy({ env: await writeObserver(guarded.project, observer) })
  return { guarded, before, result, after: await guarded.truth() }
}

test('the disk is full from the deploy on: deployed and verified, but 22, because nothing of it could be saved', async () => {
  const { result, after } = await deployWith(`
    begun: false,
    before(name) {
      if (!${inGuard}) return
      if (name === 'deploy.prisma') this.begun = true
      if (name === 'file.write' && this.begun) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    }`)
  expect(after.columns).toContain('phone')
  expect(result.exitCode).toBe(22)
  expect(result.record.databaseState).toBe('unknown')
  expect(result.stdout + result.stderr).toMatch(/nothing can be written to .*backups: the disk is full/)
})

test('the disk is full when the record must say unknown: 4, nothing was begun', async () => {
  const { result, before, after } = await deployWith(`
    asked: 0,
    before(name) {
      if (name === 'backup.hash') this.asked += 1
      if (name === 'file.write' && this.asked === 2 && ++this.count > 4) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    },
    count: 0`)
  expect(result.exitCode).toBe(4)
  expect(after).toEqual(before)
})

test('an error of our own after the deploy: 21, and the record says unknown', async () => {
  const { result } = await deployWith(
    "after(name) { if (name === 'deploy.prisma') throw new Error('a bug of ours') }",
  )
  expect(result.exitCode).toBe(21)
  expect(result.record).toMatchObject({
    databaseState: 'unknown',
    failure: { code: 'bug', message: 'a bug of ours' },
  })
})

test('an error of our own before it: 1, unchanged', async () => {
  const { result, before, after } = await deployWith(
    "before(name) { if (name === 'backup.read') throw new Error('a bug of ours') }",
  )
  expect(result.exitCode).toBe(1)
  expect(result.record.databaseState).toBe('unchanged')
  expect(after).toEqual(before)
})

test('an error that nobody caught, in the middle of the deploy: 21', async () => {
  const { result } = await deployWith(
    `before(name) { if (name === 'deploy.prisma') setTimeout(() => { throw new Error('out of nowhere') }, 100) }`,
  )
  expect(result.exitCode).toBe(21)
  expect(result.record.failure).toMatchObject({ code: 'bug', message: 'out of nowhere' })
})

test('an error of our own in the verification: 22, changed', async () => {
  const { result, after } = await deployWith(`
    begun: false,
    before(name) {
      if (name === 'deploy.prisma') this.begun = true
      else if (this.begun && name === 'verify.diff') throw new Error('a bug of ours: ' + name)
    }`)
  expect(after.columns).toContain('phone')
  expect(result.exitCode).toBe(22)
  expect(result.record.databaseState).toBe('changed')
})

test.each([
  ['the catalog', "'psql', [process.env.DATABASE_URL, '-c', 'CREATE TABLE of_another (id int)']"],
  [
    'the history',
    `'psql', [process.env.DATABASE_URL, '-c', "UPDATE _prisma_migrations SET rolled_back_at = now()"]`,
  ],
  ['a pending file', `'sh', ['-c', 'echo "-- later" >> prisma/migrations/${phones}/migration.sql']`],
])('%s changes between plan and deploy: 3, plan-out-of-date', async (_, command) => {
  const { guarded, result, before, after } = await deployWith(`
    async after(name) {
      if (name !== 'backup.read') return
      const { spawnSync } = await import('node:child_process')
      const { status, stderr } = spawnSync(${command})
      if (status !== 0) throw new Error(String(stderr))
    }`)
  expect(result.exitCode).toBe(3)
  expect(result.record.databaseState).toBe('unchanged')
  expect(result.record.failure).toMatchObject({
    code: 'plan-out-of-date',
    message: 'the database or the migrations changed since the plan was made',
  })
  expect(after.columns).toEqual(before.columns)
  const report = await readFile(
    join(guarded.project.directory, 'backups', result.record.runId, 'report.txt'),
    'utf8',
  )
  expect(report).toContain('the database or the migrations changed since the plan was made')
})
