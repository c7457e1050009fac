import {
  appendFile,
  chmod,
  chown,
  cp,
  lchown,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { BackupError } from '../../src/domain/errors.js'
import type { RunRecord } from '../../src/domain/run-record.js'
import { assertBackupIntact } from '../../src/steps/intact-backup.js'
import { isLong } from '../support/long.js'
import { makeShop, removeShops } from '../support/shop.js'

const count = isLong ? 600 : 60

const filling = `INSERT INTO customers SELECT i, 'person' || i || '@example.com' FROM generate_series(10, 3000) i;
  SELECT lo_from_bytea(0, convert_to(repeat('large object ', 500), 'UTF8'));`

let scratch: string
/** Run folders: of the backup in question, of one made earlier, and of one of another database. */
let own: string
let older: string
let other: string
let record: RunRecord

beforeAll(async () => {
  // Others may look into it: one of the corruptions takes away the right to read.
  scratch = await mkdtemp(join(tmpdir(), 'guard-test-dumps-'))
  await chmod(scratch, 0o755)
  const [shop, neighbour] = await Promise.all([makeShop(), makeShop()])
  await Promise.all([shop.database.query(filling), neighbour.database.query(filling)])
  const dryRun = ['deploy', '--dry-run']
  const results = await Promise.all([shop.run(dryRun), neighbour.run(dryRun)])
  await shop.database.query("UPDATE customers SET fax = '556' WHERE id = 2")
  results.push(await shop.run(dryRun))
  expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0])
  const [first = '', second = ''] = await shop.runFolders()
  const [elsewhere = ''] = await neighbour.runFolders()
  const copies = { older: first, own: second, other: elsewhere }
  for (const [name, folder] of Object.entries(copies))
    await cp(folder, join(scratch, name), { recursive: true })
  ;[own, older, other] = ['own', 'older', 'other'].map((name) => join(scratch, name)) as [
    string,
    string,
    string,
  ]
  record = JSON.parse(await readFile(join(own, 'run.json'), 'utf8'))
})

afterAll(async () => {
  await removeShops()
  await rm(scratch, { recursive: true, force: true })
})

/** Asks for the backup in this folder, by what the run has written down of its own. */
async function assertIntact(folder: string, { backup, plan }: RunRecord = record): Promise<unknown> {
  if (!backup?.manifestSha256 || !plan) throw new Error('the run has no backup')
  const { manifestSha256 } = backup
  return assertBackupIntact({ path: join(folder, 'database.dump'), manifestSha256 }, plan.target, folder)
}

test('an intact backup passes, each by its own record', async () => {
  for (const folder of [own, older, other]) {
    const its = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')) as RunRecord
    expect(await assertIntact(folder, its)).toMatchObject({ runId: its.runId })
  }
})

test('an intact backup of another database is refused, and so is one whose record is of another run', async () => {
  const its = JSON.parse(await readFile(join(other, 'run.json'), 'utf8')) as RunRecord
  await expect(
    assertIntact(other, { ...record, ...(its.backup ? { backup: its.backup } : {}) }),
  ).rejects.toMatchObject({
    code: 'backup-of-another',
    exitCode: 4,
  })
  await expect(assertIntact(older)).rejects.toMatchObject({ code: 'manifest-changed' })
})

/** Numbers below `limit`, the same ones in every run. */
function makeRandom(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

interface Damaged {
  /** A copy of the run folder of its own. */
  readonly folder: string
  readonly dump: string
  /** A file of the dump, any of them in turn. */
  readonly file: string
  /** Another one. */
  readonly second: string
  readonly random: (limit: number) => number
}

async function change(path: string, how: (bytes: Buffer) => Buffer | undefined): Promise<void> {
  const bytes = await readFile(path)
  await writeFile(path, how(bytes) ?? bytes)
}

async function editManifest({ folder }: Damaged, edit: (text: string) => string): Promise<void> {
  await change(join(folder, 'manifest.json'), (bytes) => Buffer.from(edit(bytes.toString('utf8'))))
}

/** Each is done to files and places that the seed chooses. */
const corruptions: Readonly<Record<string, (damaged: Damaged) => Promise<unknown>>> = {
  'a flipped bit': ({ file, random }) =>
    change(file, (bytes) => {
      const at = random(bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8))
      return bytes
    }),
  'a zeroed byte more': ({ file }) => appendFile(file, Buffer.alloc(1)),
  'two bytes swapped': ({ file, random }) =>
    change(file, (bytes) => {
      // Two that are not equal.
      const one = random(bytes.length)
      const two = bytes.findIndex((byte) => byte !== bytes[one])
      ;[bytes[one], bytes[two]] = [bytes[two] ?? 0, bytes[one] ?? 0]
      return bytes
    }),
  'a truncated file': async ({ file, random }) => truncate(file, random((await readFile(file)).length)),
  'two swapped files': async ({ file, second }) => {
    await rename(file, `${file}.away`)
    await rename(second, file)
    await rename(`${file}.away`, second)
  },
  'one file in the place of another': ({ file, second }) => cp(file, second),
  'a missing file': ({ file }) => rm(file),
  'an extra file': ({ dump, file, random }) => cp(file, join(dump, `${9000 + random(999)}.dat.gz`)),
  'an extra file in a folder': ({ dump, file }) => cp(file, join(dump, 'more', 'toc.dat')),
  'a file renamed': ({ file }) => rename(file, `${file}.old`),
  'a link that leads nowhere': async ({ file }) => {
    await rm(file)
    await symlink('/nowhere', file)
  },
  'a file that cannot be read': ({ file }) => chmod(file, 0o000),
  'an older dump': async ({ dump }) => {
    await rm(dump, { recursive: true })
    await cp(join(older, 'database.dump'), dump, { recursive: true })
  },
  'an older backup with its manifest': async ({ folder }) => {
    await rm(folder, { recursive: true })
    await cp(older, folder, { recursive: true })
  },
  'the dump of another database': async ({ dump }) => {
    await rm(dump, { recursive: true })
    await cp(join(other, 'database.dump'), dump, { recursive: true })
  },
  'the backup of another database with its manifest': async ({ folder }) => {
    await rm(folder, { recursive: true })
    await cp(other, folder, { recursive: true })
  },
  'no dump': ({ dump }) => rm(dump, { recursive: true }),
  'no manifest': ({ folder }) => rm(join(folder, 'manifest.json')),
  'a manifest with another hash': (damaged) =>
    editManifest(damaged, (text) => text.replace(/"sha256": "./, (found) => `${found.slice(0, -1)}x`)),
  'a manifest with another number of rows': (damaged) =>
    editManifest(damaged, (text) => text.replace(/"rows": /, '"rows": 1')),
  'a manifest with a space more': (damaged) => editManifest(damaged, (text) => `${text} `),
  'an empty manifest': (damaged) => editManifest(damaged, () => ''),
  'a flipped bit in the manifest': ({ folder, random }) =>
    change(join(folder, 'manifest.json'), (bytes) => {
      const at = random(bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8))
      return bytes
    }),
  'an object less in the catalog': ({ folder, random }) =>
    change(join(folder, 'catalog.json'), (bytes) => {
      const objects = JSON.parse(bytes.toString('utf8')) as unknown[]
      objects.splice(random(objects.length), 1)
      return Buffer.from(JSON.stringify(objects))
    }),
  'half a catalog': ({ folder }) => truncate(join(folder, 'catalog.json'), 500),
}

const kinds = Object.keys(corruptions)

test(`${count} corruptions are all found before the backup is used`, async () => {
  const random = makeRandom(20_261_120)
  const missed: string[] = []
  for (let i = 0; i < count; i += 1) {
    const kind = kinds[i % kinds.length] ?? ''
    const folder = join(scratch, `damaged-${i}`)
    await cp(own, folder, { recursive: true })
    const dump = join(folder, 'database.dump')
    const files = (await readdir(dump)).sort().map((name) => join(dump, name))
    const first = random(files.length)
    const second = (first + 1 + random(files.length - 1)) % files.length
    await corruptions[kind]?.({ folder, dump, file: files[first] ?? '', second: files[second] ?? '', random })
    if (process.getuid?.() === 0) await giveAway(folder)
    const found = await withoutRoot(() => assertIntact(folder)).catch((error: unknown) => error)
    // Nothing but our own refusal counts: a crash would be told as a bug of ours.
    if (!(found instanceof BackupError) || found.exitCode !== 4) missed.push(`${i} ${kind}: ${found}`)
    await rm(folder, { recursive: true, force: true })
  }
  expect(missed).toEqual([])
}, 300_000)

const nobody = 65_534

async function giveAway(folder: string): Promise<void> {
  await chown(folder, nobody, nobody)
  for (const name of await readdir(folder, { recursive: true }))
    await lchown(join(folder, name), nobody, nobody)
}

/** Root may read everything; so the guard is asked as nobody, to whom the files are given. */
async function withoutRoot<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work()
  process.seteuid?.(nobody)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}
