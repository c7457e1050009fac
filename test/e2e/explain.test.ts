import { tmpdir } from 'node:os'
import { expect, test } from '@jest/globals'
import { codePages } from '../../src/steps/code-pages.js'
import { errorPages } from '../../src/steps/error-pages.js'
import { runCli } from '../support/run-cli.js'

// Without a project and without a database.
const explain = (...args: string[]) => runCli(['explain', ...args], { cwd: tmpdir() })

test('the page of a code', async () => {
  expect(await explain('migration-file-missing')).toEqual({
    exitCode: 0,
    stderr: '',
    stdout: `migration-file-missing: a migration folder holds no migration.sql
kind: history, files and migration history do not agree

Prisma refuses to deploy anything (P3015).

Restore the file, or remove the folder if the migration was never applied.

To accept it: --accept migration-file-missing="reason"
`,
  })
  const withExample = await explain('sql-not-parsed')
  expect(withExample.stdout).toContain(`
For example:

  CREATE TABEL "invoices" ("id" INTEGER NOT NULL);

Instead:

  CREATE TABLE "invoices" ("id" INTEGER NOT NULL);

To accept it:`)
})

test('the page of an error', async () => {
  expect(await explain('deploy-incomplete')).toEqual({
    exitCode: 0,
    stderr: '',
    stdout: `deploy-incomplete: the deploy failed, and the target is changed in part, or its state is unknown

Run npx migrate-guard status, then npx migrate-guard resolve: it finds out what is there and does
the one right thing.
`,
  })
})

test('all codes by kind', async () => {
  const { exitCode, stdout, stderr } = await explain()
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toMatch(/^failure: the migration fails\n {2}\S/)
  expect(stdout).toMatch(/\n\nOne of them: npx migrate-guard explain <code>\n$/)
  for (const { code, title } of [...codePages, ...errorPages])
    expect(stdout).toMatch(new RegExp(`^ {2}${code} +\\S.*${title.slice(-8).replace(/[().]/g, '.')}$`, 'm'))
})

test('as JSON', async () => {
  const page = await explain('orphan-rows', '--json')
  expect(JSON.parse(page.stdout)).toEqual(codePages.find(({ code }) => code === 'orphan-rows'))
  const all = JSON.parse((await explain('--json')).stdout)
  expect(all).toEqual([...codePages, ...errorPages.map((error) => ({ kind: 'error', ...error }))])
})

test.each([
  ['invalid-indx', 'Did you mean invalid-index?'],
  ['Orphans', 'Did you mean orphan-rows?'],
  ['check', 'Did you mean check-may-act, check-not-answered, check-not-readable?'],
  ['zzz', 'Run npx migrate-guard explain without a code to see all of them.'],
])('%s is no code', async (text, hint) => {
  expect(await explain(text)).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: `error: there is no code "${text}"\nhint: ${hint}\n`,
  })
})
