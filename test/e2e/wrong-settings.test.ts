import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeShop, removeShops, type Shop } from '../support/shop.js'

let shop: Shop
let before: string

beforeAll(async () => {
  shop = await makeShop()
  before = await shop.fingerprint()
})
afterAll(async () => {
  await removeShops()
})

const wrong: [args: string[], stderr: string][] = [
  [
    ['deploy', '--froce'],
    "error: unknown option '--froce'\nhint: Run migrate-guard --help to see commands and options.\n",
  ],
  [['--yse'], "error: unknown option '--yse'\nhint: Run migrate-guard --help to see commands and options.\n"],
  // An option of another command is unknown, too.
  [
    ['status', '--yes'],
    "error: unknown option '--yes'\nhint: Run migrate-guard --help to see commands and options.\n",
  ],
  [
    ['depoly'],
    "error: unknown command 'depoly' (Did you mean deploy?)\nhint: Run migrate-guard --help to see commands and options.\n",
  ],
  [
    ['deploy', 'now'],
    "error: too many arguments for 'deploy'. Expected 0 arguments but got 1.\nhint: Run migrate-guard --help to see commands and options.\n",
  ],
  [
    ['deploy', '--database-url'],
    "error: option '--database-url <url>' argument missing\nhint: Run migrate-guard --help to see commands and options.\n",
  ],
  [
    ['deploy', '--yes', '--confirm', '0123456789abcdef'.repeat(2)],
    'error: --yes and --confirm contradict each other\nhint: Give one of them.\n',
  ],
  [
    ['deploy', '--confirm', 'yes'],
    'error: --confirm is not the hash of a plan: it takes 32 to 64 hexadecimal digits\nhint: Copy the hash that npx migrate-guard plan prints.\n',
  ],
  [
    ['deploy', '--accept', 'drop-column'],
    `error: --accept "drop-column" has no reason
hint: Give the finding's code and why it is safe, e.g. --accept drop-column:customers.fax="exported on Monday".
`,
  ],
  [
    ['deploy', '--lock-timeout', '5', '--jobs', '0', '--format', 'html'],
    `error: 3 settings are wrong: --lock-timeout "5" is not a duration; --jobs is not a whole number from 1 to 32; --format "html" is unknown
hint: Write a number with its unit: 500ms, 1s, 5m or 2h; or 0 for no limit. Leave it out for the default. Write one of text, json, markdown.
`,
  ],
  [
    ['check', '--config', 'missing.ts'],
    'error: there is no settings file at missing.ts\nhint: Correct the path given by --config.\n',
  ],
]

test.each(wrong)('migrate-guard %j', async (args, stderr) => {
  expect(await shop.run(args)).toEqual({ exitCode: 2, stdout: '', stderr })
})

const wrongFiles: [name: string, content: string, stderr: string][] = [
  [
    'an unknown key',
    'export default { lockTimout: "1s" }\n',
    'error: unknown setting "lockTimout" in guard.config.ts\nhint: Did you mean lockTimeout?\n',
  ],
  [
    'two errors at once',
    'export default { frobnicate: true, jobs: "many" }\n',
    `error: 2 settings are wrong: unknown setting "frobnicate" in guard.config.ts; jobs in guard.config.ts is not a number
hint: The settings there are databaseUrl, schema, migrations, backups, engine, lockTimeout, maxBlocking, wait, statementTimeout, questionTimeout, rehearsal, twin, jobs, retries, accept, checks. Give a number, or leave jobs out.
`,
  ],
  [
    'a file that throws',
    'throw new Error("the vault is closed\\nand more")\n',
    `error: PATH cannot be read: the vault is closed
hint: Correct the file; if it asks for an environment variable, set that variable.
`,
  ],
  [
    'a file that throws something that is no error',
    'throw undefined\n',
    `error: PATH cannot be read: it throws undefined
hint: Correct the file; if it asks for an environment variable, set that variable.
`,
  ],
  [
    'a file that is not TypeScript',
    'export default {\n  jobs: = 2,\n}\n',
    `error: PATH cannot be read: ParseError: Unexpected token (line 2)
hint: Correct the file; if it asks for an environment variable, set that variable.
`,
  ],
  [
    'a file without settings in it',
    'export const jobs = 2\n',
    'error: PATH has no default export\nhint: Write it as export default defineConfig({ … }).\n',
  ],
]

test.each(wrongFiles)('a settings file with %s', async (name, content, stderr) => {
  const folder = `settings-${name.replaceAll(' ', '-')}`
  const path = `${folder}/guard.config.ts`
  await shop.write(path, content)
  const result = await shop.run(['deploy', '--yes', '--config', path])
  expect(result).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: stderr.replace('PATH', `${shop.project.directory}/${path}`),
  })
})

test('none of this has touched the database or left a run folder', async () => {
  expect(await shop.fingerprint()).toBe(before)
  expect(await shop.runFolders()).toEqual([])
  expect(await shop.leftovers()).toEqual([])
})

test('a folder called .env is left alone', async () => {
  await shop.write('.env/pyvenv.cfg', '')
  expect(await shop.run(['plan'])).toMatchObject({ exitCode: 0, stderr: '' })
})
