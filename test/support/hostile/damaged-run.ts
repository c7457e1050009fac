import { chmod, cp, mkdir, open, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import type { Random } from './random.js'

/** Damages one thing in a folder of run folders, and says what. */
export async function damageRuns(backups: string, random: Random): Promise<string> {
  const runs = (await readdir(backups)).filter((name) => /^\d{8}T/.test(name)).sort()
  const run = random.pick(runs)
  const folder = join(backups, run)
  if (random.onceIn(12)) return `${run}: ${await damageFolder(backups, run, random)}`
  const files = (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => entry.isFile() && /json$/.test(entry.name))
    .map(({ name }) => name)
    .sort()
  // What everything else depends on is damaged as often as all the rest.
  const file = random.onceIn(2) && files.includes('run.json') ? 'run.json' : random.pick(files)
  return `${run}/${file}: ${await damageFile(join(folder, file), random)}`
}

async function damageFolder(backups: string, run: string, random: Random): Promise<string> {
  const folder = join(backups, run)
  const ways: Record<string, () => Promise<unknown>> = {
    'a file': async () => {
      await rm(folder, { recursive: true })
      await writeFile(folder, 'x')
    },
    'a link to nothing': async () => {
      await rm(folder, { recursive: true })
      await symlink('/nowhere', folder)
    },
    'a link to itself': async () => {
      await rm(folder, { recursive: true })
      await symlink(folder, folder)
    },
    'a link to the run': async () => {
      await rename(folder, join(backups, 'elsewhere'))
      await symlink(join(backups, 'elsewhere'), folder)
    },
    empty: async () => {
      await rm(folder, { recursive: true })
      await mkdir(folder)
    },
    'closed to all': () => chmod(folder, 0),
    'under the name of another time': () => rename(folder, join(backups, `2099${run.slice(4)}`)),
    'copied under another name': () => cp(folder, join(backups, `2099${run.slice(4)}`), { recursive: true }),
  }
  const way = random.pick(Object.keys(ways))
  await ways[way]?.()
  return way
}

async function damageFile(path: string, random: Random): Promise<string> {
  const content = await readFile(path)
  if (random.onceIn(3)) return damageBytes(path, content, random)
  return damageValue(path, content.toString(), random)
}

async function damageBytes(path: string, content: Buffer, random: Random): Promise<string> {
  const anywhere = () => random.below(content.length + 1)
  const ways: Record<string, () => Promise<unknown>> = {
    truncated: () => writeFile(path, content.subarray(0, anywhere())),
    emptied: () => writeFile(path, ''),
    removed: () => rm(path),
    'with bytes turned': () => {
      const turned = Buffer.from(content)
      for (let i = 0; i <= random.below(20); i += 1) turned[anywhere()] = random.below(256)
      return writeFile(path, turned)
    },
    'with a byte-order mark': () => writeFile(path, Buffer.concat([Buffer.from('\ufeff'), content])),
    'with its end twice': () => writeFile(path, Buffer.concat([content, content.subarray(anywhere())])),
    'in UTF-16': () => writeFile(path, Buffer.from(content.toString(), 'utf16le')),
    'all zeros': () => writeFile(path, Buffer.alloc(content.length)),
    'nested without an end': () => writeFile(path, '['.repeat(300_000)),
    'nested deep': () => writeFile(path, `${'{"plan":'.repeat(90_000)}1${'}'.repeat(90_000)}`),
    'a huge hole': async () => {
      const file = await open(path, 'w')
      await file.truncate(3 * 1024 ** 3)
      await file.close()
    },
    'a folder': async () => {
      await rm(path)
      await mkdir(path)
    },
    'a pipe': async () => {
      await rm(path)
      await execa('mkfifo', [path])
    },
    'a link to an endless file': async () => {
      await rm(path)
      await symlink('/dev/zero', path)
    },
    'a link to itself': async () => {
      await rm(path)
      await symlink(path, path)
    },
    'closed to all': () => chmod(path, 0),
  }
  const way = random.pick(Object.keys(ways))
  await ways[way]?.()
  return way
}

/** One value somewhere in it becomes another one; of a file with a text a line, in one of them. */
async function damageValue(path: string, content: string, random: Random): Promise<string> {
  const isLines = path.endsWith('.ndjson')
  const lines = isLines ? content.split('\n') : [content]
  const at = isLines ? random.below(Math.max(1, lines.length - 1)) : 0
  const holder = { root: JSON.parse(lines[at] || 'null') as unknown }
  const said: string[] = []
  for (let times = random.below(3); times >= 0; times -= 1) said.push(damageInside(holder, random))
  lines[at] = stringify(holder.root)
  await writeFile(path, lines.join('\n'))
  return said.join(', ')
}

type Holder = Record<string, unknown>

function damageInside(holder: Holder, random: Random): string {
  let parent: Holder = holder
  let key = 'root'
  const way = [key]
  for (let inner = parent[key]; isNested(inner) && !random.onceIn(6); inner = parent[key]) {
    parent = inner as Holder
    const names = Object.keys(parent).filter((name) => name !== '__proto__')
    if (names.length === 0) break
    key = random.pick(names)
    way.push(key)
  }
  const place = way.join('.').slice(0, 200)
  if (random.onceIn(5)) {
    delete parent[key]
    if (Array.isArray(parent)) parent.length = Math.max(0, parent.length - 1)
    return `${place} is gone`
  }
  if (Array.isArray(parent) && random.onceIn(4)) {
    parent.push(parent[Number(key)])
    return `${place} is there twice`
  }
  // A copy: the next try may damage what is inside it.
  const value = JSON.parse(stringify(random.pick(odd)))
  parent[key] = value
  return `${place} = ${stringify(value).slice(0, 40)}`
}

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

/** `undefined`, which a mutation may leave, becomes null. */
function stringify(value: unknown): string {
  return JSON.stringify(value) ?? 'null'
}

const odd: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  99_999_999_999_999,
  '',
  'x',
  '../../..',
  "'; DROP TABLE people; --",
  'a\u0000b',
  '\u001b]0;title\u0007\u001b[31m',
  '2026-99-99T99:99:99.000Z',
  '99999999999999999999',
  'x'.repeat(100_000),
  [],
  {},
  [[]],
  [null],
  ['x'],
  { length: -1 },
  { toString: 1, valueOf: 1 },
  JSON.parse('{"__proto__": {"polluted": true}}'),
  { constructor: { prototype: null } },
  Array.from({ length: 300 }, () => 'x'),
]
